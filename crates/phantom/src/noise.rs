//! Smooth lattice noise of zero mean and unit variance: random numbers on a lattice, joined by quadratic
//! B-splines. The lattice is hashed, so a point's value does not depend on which slab asks for it.

use crate::random::{Key, normal_of};

/// One noise field; `scale` is the pitch of its lattice in mm.
#[derive(Debug, Clone)]
pub(crate) struct Noise {
    key: Key,
    per_mm: [f32; 3],
}

/// The power of the quadratic B-spline averaged over its phase, along one axis.
const SPLINE_POWER: f32 = 0.55;

/// First lattice index and the three weights at `u` (in pitches).
#[inline]
fn spline(u: f32) -> (i32, [f32; 3]) {
    let cell = (u + 0.5).floor();
    let f = u - cell;
    (cell as i32 - 1, [0.5 * (0.5 - f) * (0.5 - f), 0.75 - f * f, 0.5 * (0.5 + f) * (0.5 + f)])
}

impl Noise {
    pub(crate) fn new(key: Key, scale: [f32; 3]) -> Self {
        Self { key, per_mm: scale.map(|mm| 1.0 / mm) }
    }

    #[inline]
    fn lattice(&self, i: i32, j: i32, k: i32) -> f32 {
        normal_of(self.key.lattice(i, j, k))
    }

    /// The field on the plane z = 0, scaled to unit variance there.
    pub(crate) fn surface(&self, x: f32, y: f32) -> f32 {
        let (i, wx) = spline(x * self.per_mm[0]);
        let (j, wy) = spline(y * self.per_mm[1]);
        let mut sum = 0.0;
        for (di, wx) in (0..).zip(wx) {
            for (dj, wy) in (0..).zip(wy) {
                sum += wx * wy * self.lattice(i + di, j + dj, 0);
            }
        }
        sum / SPLINE_POWER
    }

    /// The field at a point.
    pub(crate) fn point(&self, p: [f32; 3]) -> f32 {
        let (i, wx) = spline(p[0] * self.per_mm[0]);
        let (j, wy) = spline(p[1] * self.per_mm[1]);
        let (k, wz) = spline(p[2] * self.per_mm[2]);
        let mut sum = 0.0;
        for (di, wx) in (0..).zip(wx) {
            for (dj, wy) in (0..).zip(wy) {
                let row: f32 = (0..).zip(wz).map(|(dk, w)| w * self.lattice(i + di, j + dj, k + dk)).sum();
                sum += wx * wy * row;
            }
        }
        sum * SPLINE_POWER.powf(-1.5)
    }

    /// The part of the field over a region, ready to be read column by column.
    pub(crate) fn block(&self, region: &Region) -> Block {
        Block::new(self, region)
    }
}

/// A box of breast space: columns between two corners, `depth` samples of `pitch` mm each from z = 0.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Region {
    pub(crate) x: [f32; 2],
    pub(crate) y: [f32; 2],
    pub(crate) depth: usize,
    pub(crate) pitch: f32,
}

/// The lattice of one field over a region, z fastest.
pub(crate) struct Block {
    per_mm: [f32; 3],
    first: [i32; 2],
    rows: usize,
    nodes: usize,
    values: Vec<f32>,
    along_z: Vec<(u32, [f32; 3])>,
}

impl Block {
    fn new(noise: &Noise, region: &Region) -> Self {
        let ends =
            |range: [f32; 2], per_mm: f32| (spline(range[0] * per_mm).0, spline(range[1] * per_mm).0 + 3);
        let (x0, x1) = ends(region.x, noise.per_mm[0]);
        let (y0, y1) = ends(region.y, noise.per_mm[1]);
        let along_z: Vec<_> = (0..region.depth)
            .map(|k| spline((k as f32 + 0.5) * region.pitch * noise.per_mm[2]))
            .map(|(cell, weights)| ((cell + 1) as u32, weights))
            .collect();
        let nodes = along_z.last().map_or(0, |(first, _)| *first as usize + 3);
        let mut values = Vec::with_capacity((x1 - x0) as usize * (y1 - y0) as usize * nodes);
        let norm = SPLINE_POWER.powf(-1.5);
        for i in x0..x1 {
            for j in y0..y1 {
                values.extend((0..nodes).map(|k| norm * noise.lattice(i, j, k as i32 - 1)));
            }
        }
        Self { per_mm: noise.per_mm, first: [x0, y0], rows: (y1 - y0) as usize, nodes, values, along_z }
    }

    /// The field down the column at (x, y) for samples `from..from + out.len()`.
    pub(crate) fn column(&self, x: f32, y: f32, from: usize, out: &mut [f32]) {
        if out.is_empty() {
            return;
        }
        let (i, wx) = spline(x * self.per_mm[0]);
        let (j, wy) = spline(y * self.per_mm[1]);
        let (i, j) = ((i - self.first[0]) as usize, (j - self.first[1]) as usize);
        let mut nodes = [0.0_f32; 512];
        let along_z = &self.along_z[from..from + out.len()];
        let (low, high) = (along_z[0].0 as usize, along_z[out.len() - 1].0 as usize + 3);
        let nodes = &mut nodes[..high - low];
        for (di, wx) in wx.into_iter().enumerate() {
            for (dj, wy) in wy.into_iter().enumerate() {
                let row = ((i + di) * self.rows + j + dj) * self.nodes;
                let w = wx * wy;
                for (node, value) in nodes.iter_mut().zip(&self.values[row + low..row + high]) {
                    *node += w * value;
                }
            }
        }
        for (out, (first, w)) in out.iter_mut().zip(along_z) {
            let first = *first as usize - low;
            *out = w[0] * nodes[first] + w[1] * nodes[first + 1] + w[2] * nodes[first + 2];
        }
    }
}

/// 0 below `-width / 2`, 1 above `width / 2`, smooth between.
#[inline]
pub(crate) fn step(value: f32, width: f32) -> f32 {
    let u = (value / width + 0.5).clamp(0.0, 1.0);
    u * u * (3.0 - 2.0 * u)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_has_unit_variance_and_columns_agree_with_points() {
        let noise = Noise::new(Key::new(3), [1.3, 0.7, 0.9]);
        let region = Region { x: [-20.0, 20.0], y: [0.0, 30.0], depth: 200, pitch: 0.15 };
        let block = noise.block(&region);
        let (mut sum, mut squares, mut count) = (0.0_f64, 0.0_f64, 0.0_f64);
        let mut column = vec![0.0; 150];
        for a in 0..60 {
            for b in 0..60 {
                let (x, y) = (-20.0 + a as f32 * 0.66, b as f32 * 0.49);
                block.column(x, y, 20, &mut column);
                for (k, value) in column.iter().enumerate().step_by(5) {
                    let point = noise.point([x, y, (k as f32 + 20.5) * 0.15]);
                    assert!((value - point).abs() < 2e-3, "at {x} {y} {k}: {value} and {point}");
                    sum += f64::from(*value);
                    squares += f64::from(value * value);
                    count += 1.0;
                }
            }
        }
        let variance = squares / count - (sum / count).powi(2);
        assert!((sum / count).abs() < 0.06 && (variance - 1.0).abs() < 0.08, "{} {variance}", sum / count);
    }
}
