//! One breast under one transducer: a pose goes in, a frame with its truth comes out.

use std::sync::{Arc, OnceLock};

use image::GrayImage;
use peony_model::{
    BoxPx, CalibratedRegion, CalibrationSource, Frame, MmPerPx, Pixels, PointPx, RegionKind, Spacing,
};

use crate::anatomy::{Anatomy, Extent};
use crate::beam::{self, Probe, SAMPLE};
use crate::compound::{self, Resolution};
use crate::config::{PhantomConfig, PhantomError, Preset};
use crate::display::{self, Disturbance, Picture};
use crate::fault::{Fault, Faults};
use crate::marks;
use crate::mass::{self, Mass};
use crate::path::Path;
use crate::pose::Pose;
use crate::random::Key;
use crate::screen;
use crate::tile::{BLOCK, Tile};
use crate::truth::{self, Truth};

/// Lines of the transducer.
const LINES: usize = 192;
/// Shortest and longest face, mm.
const FACE: [f32; 2] = [34.0, 51.0];
/// The way of the probe within one frame that is scanned too fast, mm, and the moments that are averaged.
const FAST_WAY: f32 = 1.3;
const FAST_MOMENTS: usize = 4;

/// A simulated breast and the machine that looks at it. Clones share the breast.
#[derive(Clone)]
pub struct Phantom {
    breast: Arc<Breast>,
}

struct Breast {
    seed: u64,
    key: Key,
    config: PhantomConfig,
    preset: Preset,
    probe: Probe,
    width_mm: f32,
    anatomy: Anatomy,
    volumes: Vec<f32>,
    shift: [f32; 3],
    path: Path,
}

/// A frame and what is really on it.
#[derive(Debug, Clone)]
pub struct PhantomFrame {
    /// As a machine would give it: `Luma8`, or `Rgb8` with a colour box; its calibration's source is the phantom.
    pub frame: Frame,
    /// As only a phantom knows it.
    pub truth: Truth,
}

impl Phantom {
    /// The breast of a seed. Cheap: tissue is built where the probe comes.
    ///
    /// # Errors
    /// [`PhantomError`] where a number of the configuration is out of range.
    pub fn new(seed: u64, config: &PhantomConfig) -> Result<Self, PhantomError> {
        config.check()?;
        let key = Key::new(seed);
        let preset = config.preset.unwrap_or_else(|| Preset::drawn(seed));
        let [w, h] = config.size_px.map(|px| px as f32);
        let width_mm = (preset.depth_mm * w / h).clamp(FACE[0], FACE[1]);
        let pitch = width_mm / LINES as f32;
        let samples = ((preset.depth_mm / SAMPLE).ceil() as usize).next_multiple_of(BLOCK);
        let extent = Extent::new(0.5 * width_mm + 2.5, [-6.0, config.length_mm + 6.0], preset.depth_mm + 2.0);
        let anatomy = Anatomy::new(key.purpose(10), extent, |gland| {
            let room = mass::Room { half_width: 0.5 * width_mm, gland };
            let specs = config.masses.specs(key.purpose(11), config.length_mm);
            let one = |(id, spec): (u32, _)| mass::draw(id, spec, key.purpose(100 + u64::from(id)), &room);
            (0..).zip(&specs).map(one).collect()
        });
        let mut stream = key.purpose(12).stream();
        let shift = [stream.range(0.0, 11.0), stream.range(0.0, 22.0), stream.range(0.0, 19.0)];
        let volumes = anatomy.masses().iter().map(Mass::volume).collect();
        let path = Path::new(key.purpose(13), config.path, config.speed_mm_s, config.length_mm);
        let probe = Probe { lines: LINES, pitch, samples, elevation: preset.elevation };
        let config = config.clone();
        let breast = Breast { seed, key, config, preset, probe, width_mm, anatomy, volumes, shift, path };
        Ok(Self { breast: Arc::new(breast) })
    }

    /// The seed of the breast.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.breast.seed
    }

    /// What it was made from.
    #[must_use]
    pub fn config(&self) -> &PhantomConfig {
        &self.breast.config
    }

    /// The machine's settings.
    #[must_use]
    pub fn preset(&self) -> &Preset {
        &self.breast.preset
    }

    /// The path of the configured sweep.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.breast.path
    }

    /// Where the masses lie in breast space, mm: lateral, along the sweep, depth.
    pub fn mass_centres_mm(&self) -> impl Iterator<Item = [f32; 3]> {
        self.breast.anatomy.masses().iter().map(|mass| mass.centre)
    }

    /// The frame at a pose, with index and time 0. It depends on the seed, the configuration, the pose and the
    /// faults only. [`Fault::Frozen`], [`Fault::Jerky`] and frames that are dropped do nothing to a single frame.
    #[must_use]
    pub fn frame(&self, pose: &Pose, faults: Faults) -> PhantomFrame {
        let breast = &*self.breast;
        let picture = breast.picture(faults);
        let samples = breast.samples(pose, faults);
        let [w, h] = breast.config.size_px;
        let mut pixels = GrayImage::new(w, h);
        display::convert(&samples, &breast.probe, &breast.preset, &picture, &mut pixels);
        if faults.contains(Fault::VendorScreen) {
            screen::draw(&mut pixels, &picture, &breast.preset, breast.seed);
        }
        if faults.contains(Fault::Marks) {
            marks::draw(&mut pixels, &picture, breast.key);
        }
        let pixels = if faults.contains(Fault::ColourBox) {
            Pixels::Rgb8(marks::coloured(&pixels, &picture, breast.key))
        } else {
            Pixels::Luma8(pixels)
        };
        let masses = breast.anatomy.masses().iter().zip(&breast.volumes);
        let masses = masses.filter_map(|(m, volume)| truth::slice(m, *volume, pose, &picture)).collect();
        PhantomFrame {
            frame: Frame { index: 0, time_ns: 0, pixels, spacing: breast.spacing(&picture, faults) },
            truth: Truth { seed: breast.seed, pose: *pose, faults, masses },
        }
    }

    /// Builds one slab of tissue unless it is there; [`Self::slabs_at`] says which are needed.
    pub(crate) fn build(&self, number: usize) {
        if number < self.breast.anatomy.slab_count() {
            self.breast.anatomy.slab(number);
        }
    }

    /// The slabs that the picture at a pose reads.
    pub(crate) fn slabs_at(&self, pose: &Pose) -> std::ops::RangeInclusive<usize> {
        let [low, high] = self.breast.along(pose);
        self.breast.anatomy.slab_at(low)..=self.breast.anatomy.slab_at(high)
    }
}

impl Breast {
    /// The least and the greatest place along the sweep that the beams of a pose touch.
    fn along(&self, pose: &Pose) -> [f32; 2] {
        let (half, depth) = (0.5 * self.width_mm, self.preset.depth_mm);
        let mut ends = [f32::MAX, f32::MIN];
        for x in [-half, half] {
            for z in [0.0, 0.5 * depth, depth + 1.0] {
                let reach = self.preset.elevation.reach(z);
                for y in [-reach, reach] {
                    let along = pose.to_breast([x, y, z])[1];
                    ends = [ends[0].min(along), ends[1].max(along)];
                }
            }
        }
        ends
    }

    fn picture(&self, faults: Faults) -> Picture {
        let (corner, room) = if faults.contains(Fault::VendorScreen) {
            screen::room(self.config.size_px)
        } else {
            ([0, 0], self.config.size_px)
        };
        Picture::fit(corner, room, self.width_mm, self.preset.depth_mm)
    }

    /// Compressed and smoothed samples, lines slowest.
    fn samples(&self, pose: &Pose, faults: Faults) -> Vec<f32> {
        let mut samples = if faults.contains(Fault::TooFast) {
            let mut sum = vec![0.0; self.probe.lines * self.probe.samples];
            for moment in 0..FAST_MOMENTS {
                let part = (moment as f32 + 0.5) / FAST_MOMENTS as f32 - 0.5;
                let one = self.echoes(&pose.moved([0.5 * part * FAST_WAY, part * FAST_WAY, 0.0]), faults);
                sum.iter_mut().zip(one).for_each(|(sum, v)| *sum += v / FAST_MOMENTS as f32);
            }
            sum
        } else {
            self.echoes(pose, faults)
        };
        display::smooth(&mut samples, &self.probe, &self.preset);
        samples
    }

    fn echoes(&self, pose: &Pose, faults: Faults) -> Vec<f32> {
        let view = self.anatomy.view(self.along(pose));
        let mut beams = beam::sum(&view, tile(), self.shift, &self.probe, pose);
        let resolution =
            if faults.contains(Fault::Blur) { Resolution::DEFOCUSED } else { Resolution::COMPOUND };
        let intensity = compound::intensity(&beams, &self.probe, resolution);
        let key = self.key.purpose(14).purpose(pose.bits());
        let disturbance = self.disturbance(faults);
        display::compress(&intensity, &mut beams.attenuation, &self.probe, &self.preset, key, &disturbance)
    }

    fn disturbance(&self, faults: Faults) -> Disturbance {
        let mut stream = self.key.purpose(15).stream();
        let half = 0.5 * self.width_mm;
        let part = self.width_mm * stream.range(0.3, 0.5);
        let side = if stream.chance(0.5) { [-half - 2.0, -half + part] } else { [half - part, half + 2.0] };
        let gain = |fault, db| if faults.contains(fault) { db } else { 0.0 };
        Disturbance {
            no_contact: faults.contains(Fault::LostContact).then_some(side),
            gain_db: gain(Fault::TooDark, -22.0) + gain(Fault::TooBright, 20.0),
        }
    }

    fn spacing(&self, picture: &Picture, faults: Faults) -> Spacing {
        let Ok(mm_per_px) = MmPerPx::new(picture.mm_per_px, picture.mm_per_px, CalibrationSource::Phantom)
        else {
            return Spacing::Unknown;
        };
        if !faults.contains(Fault::VendorScreen) {
            return Spacing::Uniform(mm_per_px);
        }
        if !self.config.screen_calibrated {
            return Spacing::Unknown;
        }
        let corner = |px: [u32; 2]| PointPx::new(px[0] as f32, px[1] as f32);
        let end = [picture.corner[0] + picture.size[0], picture.corner[1] + picture.size[1]];
        let area_px = BoxPx::new(corner(picture.corner), corner(end));
        Spacing::PerRegion(
            [CalibratedRegion { area_px, kind: RegionKind::Tissue, mm_per_px: Some(mm_per_px) }].into(),
        )
    }
}

/// The one speckle tile, made on first use (some tenths of a second).
pub(crate) fn tile() -> &'static Tile {
    static TILE: OnceLock<Tile> = OnceLock::new();
    TILE.get_or_init(|| Tile::new(0x70_65_6f_6e_79))
}
