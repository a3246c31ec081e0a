//! What fills the layers: one column of voxels at a time.

use super::layers::{Heights, Layers};
use super::septa::{Septa, Wall};
use super::{PITCH, Under};
use crate::mass::Voxel;
use crate::noise::{Block, Noise, Region, step};
use crate::random::Key;

/// The fields of one slab and the column that is being filled.
pub(crate) struct Tissues {
    coarse: Block,
    middle: Block,
    fine: Block,
    inclusion: Block,
    strand: Block,
    fibril: Block,
    warp: Block,
    patch: Block,
    shine: Block,
    septa: Septa,
    column: Vec<Voxel>,
    walls: Vec<Wall>,
}

/// Which surface.
type Height = fn(&Heights) -> f32;

/// Half thickness of a mirroring surface, mm.
const SURFACE_WIDTH: f32 = 0.18;

/// A range of samples between two depths in mm.
fn samples(from: f32, to: f32, count: usize) -> std::ops::Range<usize> {
    let index = |z: f32| ((z / PITCH[2]).max(0.0) as usize).min(count);
    index(from)..index(to).max(index(from))
}

fn depth(k: usize) -> f32 {
    (k as f32 + 0.5) * PITCH[2]
}

impl Tissues {
    pub(crate) fn new(key: Key, region: &Region) -> Self {
        let block = |number: u64, scale: [f32; 3]| Noise::new(key.purpose(number), scale).block(region);
        Self {
            coarse: block(40, [3.2, 3.2, 0.9]),
            middle: block(41, [1.6, 1.6, 0.5]),
            fine: block(42, [0.8, 0.8, 0.3]),
            inclusion: block(43, [4.5, 4.5, 1.7]),
            strand: block(44, [5.0, 5.0, 1.1]),
            fibril: block(45, [11.0, 6.0, 0.7]),
            warp: block(46, [7.0, 7.0, 3.0]),
            patch: block(47, [4.0, 4.0, 4.0]),
            shine: block(48, [3.4, 3.4, 2.4]),
            septa: Septa::new(key.purpose(49)),
            column: vec![Voxel { db: -80.0, specular: 0.0, attenuation: 0.0 }; region.depth],
            walls: Vec::new(),
        }
    }

    /// The tissue under one place.
    pub(crate) fn column(&mut self, layers: &Layers, [x, y]: [f32; 2], under: Under) -> &mut [Voxel] {
        let h = under.here;
        self.ground(layers, &h);
        let mut shine = vec![0.0; self.column.len()];
        self.shine.column(x, y, 0, &mut shine);
        // Always modulated: unbroken lines look drawn.
        shine.iter_mut().for_each(|v| *v = (0.75 + 0.55 * *v).clamp(0.0, 1.6));
        self.fat(layers, [x, y], &h, &shine);
        self.gland(layers, [x, y], &h, &shine);
        self.muscle([x, y], &h, &shine);
        self.ligaments(&h);
        self.chest(&h);
        self.surfaces(&under, &shine);
        &mut self.column
    }

    /// Skin, fat and muscle without their texture.
    fn ground(&mut self, layers: &Layers, h: &Heights) {
        let (fat, muscle) = (layers.fat_db, layers.muscle_db);
        for (k, voxel) in self.column.iter_mut().enumerate() {
            let z = depth(k);
            let skin = -4.0;
            let db = if z < h.skin + 0.5 {
                let gel = -38.0;
                let skin = gel + (skin - gel) * step(z - h.skin_top, 0.3);
                skin + (fat - skin) * step(z - h.skin, 0.35)
            } else {
                fat + (muscle - fat) * step(z - h.fascia, 0.5)
            };
            *voxel = Voxel { db, specular: 0.0, attenuation: 0.0 };
        }
    }

    /// Lobules of fat between the skin and the gland, and behind the gland.
    fn fat(&mut self, layers: &Layers, [x, y]: [f32; 2], h: &Heights, shine: &[f32]) {
        let count = self.column.len();
        let walls_in =
            [samples(h.skin, h.gland_top + 0.5, count), samples(h.gland_bottom - 0.3, h.fascia, count)];
        for (range, strength) in walls_in.into_iter().zip([1.0_f32, 0.6]) {
            let mut warp = vec![0.0; range.len()];
            let mut tone = vec![0.0; range.len()];
            self.warp.column(x, y, range.start, &mut warp);
            self.patch.column(x, y, range.start, &mut tone);
            let z: Vec<f32> = range.clone().zip(&warp).map(|(k, n)| depth(k) + 0.75 * n).collect();
            // The shift across follows the same field half a lobule deeper, so that walls curve.
            let bend = warp.first().copied().unwrap_or(0.0);
            self.septa.column(x + 0.8 * bend, y, &z, &mut self.walls);
            for (at, k) in range.enumerate() {
                let (wall, voxel) = (self.walls[at], &mut self.column[k]);
                let line = 1.0 - step(wall.gap - 0.055, 0.06);
                let faint = (0.35 + 0.65 * shine[k]).min(1.2) * strength;
                voxel.db += 0.8 * tone[at] + 8.0 * line * faint;
                voxel.db = voxel.db.min(layers.fat_db + 13.0);
                voxel.specular += 2.7 * line * wall.facing.powi(3) * shine[k] * strength;
            }
        }
    }

    /// Glandular tissue: three octaves, inclusions of fat, strands, patches that attenuate.
    fn gland(&mut self, layers: &Layers, [x, y]: [f32; 2], h: &Heights, shine: &[f32]) {
        let range = samples(h.gland_top - 0.5, h.gland_bottom + 0.5, self.column.len());
        let mut fields: [Vec<f32>; 6] = std::array::from_fn(|_| vec![0.0; range.len()]);
        let blocks = [&self.coarse, &self.middle, &self.fine, &self.inclusion, &self.strand, &self.patch];
        for (block, field) in blocks.into_iter().zip(&mut fields) {
            block.column(x, y, range.start, field);
        }
        let [coarse, middle, fine, inclusion, strand, patch] = fields;
        for (at, k) in range.clone().enumerate() {
            let z = depth(k);
            let within = step(z - h.gland_top, 0.5) * step(h.gland_bottom - z, 0.6);
            let texture = 3.2 * (0.78 * coarse[at] + 0.5 * middle[at] + 0.36 * fine[at]);
            // Ragged and seldom pure: a smooth dark island would be a mass.
            let fat = 0.8 * step(inclusion[at] + 0.45 * middle[at] - layers.inclusion_threshold, 1.0);
            let mut db = texture.clamp(-9.0, 6.0);
            db += fat * (layers.fat_db + 1.0 - db);
            let slope = match (strand.get(at + 1), at) {
                (Some(next), _) => next - strand[at],
                (None, 0) => 0.0,
                (None, _) => strand[at] - strand[at - 1],
            } / PITCH[2];
            // Strands lie flat where the field falls steeply down the beam; its slope across is about 0.35 / mm.
            let facing = slope * slope / (slope * slope + 0.12);
            let line = (-(strand[at] / 0.13).powi(2)).exp();
            db += 3.0 * line * shine[k];
            let voxel = &mut self.column[k];
            voxel.db += within * (db - voxel.db);
            voxel.specular += within * 1.7 * line * facing * facing * shine[k] * shine[k];
            voxel.attenuation += within * 0.1 * patch[at];
        }
    }

    fn muscle(&mut self, [x, y]: [f32; 2], h: &Heights, shine: &[f32]) {
        let range = samples(h.fascia, h.wall, self.column.len());
        let mut fibril = vec![0.0; range.len()];
        self.fibril.column(x, y, range.start, &mut fibril);
        for (at, k) in range.enumerate() {
            let line = (-(fibril[at] / 0.15).powi(2)).exp() * (1.3 * shine[k] - 0.4).max(0.0);
            self.column[k].db += 1.2 * fibril[at] + 6.0 * line;
            self.column[k].specular += 1.3 * line;
        }
    }

    /// Cooper's ligaments: sheets from the crests of the gland to the skin, leaning a little.
    fn ligaments(&mut self, h: &Heights) {
        let fat = (h.gland_top - h.skin).max(0.5);
        for k in samples(h.skin, h.gland_top, self.column.len()) {
            let up = (h.gland_top - depth(k)) / fat;
            let sheet = (h.ridge + 0.16 * up).abs();
            let width = 0.035 + 0.05 * (1.0 - up);
            let line = 1.0 - step(sheet - width, 0.05);
            self.column[k].db += 9.0 * line;
            self.column[k].attenuation += 0.3 * line;
        }
    }

    /// Below the chest wall: rib's shadow, or lung behind the pleura.
    fn chest(&mut self, h: &Heights) {
        let count = self.column.len();
        for k in samples(h.wall, depth(count), count) {
            let below = depth(k) - h.wall;
            let voxel = &mut self.column[k];
            if h.on_rib {
                voxel.db = -8.0 - 9.0 * below.min(2.5);
                voxel.attenuation = 2.5;
            } else {
                voxel.db = -7.0 - 1.6 * below.min(6.0);
                voxel.attenuation = 0.8;
            }
        }
    }

    /// The smooth borders that mirror the beam where they face it.
    fn surfaces(&mut self, under: &Under, shine: &[f32]) {
        // Strength, and which part of it is broken up by the shine.
        let strengths: [(Height, f32, f32); 6] = [
            (|h| h.skin_top, 8.0, 0.3),
            (|h| h.skin, 4.5, 0.8),
            (|h| h.gland_top, 1.9, 1.0),
            (|h| h.gland_bottom, 1.6, 1.0),
            (|h| h.fascia, 2.7, 1.0),
            (|h| h.wall, 4.5, 0.6),
        ];
        let (h, count) = (&under.here, self.column.len());
        for (height, strength, broken) in strengths {
            let z0 = height(h);
            let slope = [(height(&under.across) - z0) / PITCH[0], (height(&under.along) - z0) / PITCH[1]];
            // cos² of the angle between the surface's normal and the beam.
            let facing = 1.0 / (1.0 + slope[0] * slope[0] + slope[1] * slope[1]);
            for k in samples(z0 - 0.6, z0 + 0.6, count) {
                let far = (depth(k) - z0) * facing.sqrt() / SURFACE_WIDTH;
                let line = strength * (-far * far).exp() * facing * facing;
                let modulated = 1.0 - broken + broken * shine[k];
                self.column[k].specular = self.column[k].specular.max(line * modulated);
            }
        }
    }
}
