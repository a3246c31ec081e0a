//! What is asked of a phantom.

use crate::mass::{Difficulty, MassKind, MassSpec};
use crate::path::PathKind;
use crate::random::Key;

/// How a phantom is made and scanned.
#[derive(Debug, Clone, PartialEq)]
pub struct PhantomConfig {
    /// Which masses there are.
    pub masses: MassPlan,
    /// Width and height of the frames, in pixels: 64 to 4096 each.
    pub size_px: [u32; 2],
    /// Frames a second: 1 to 240.
    pub fps: f32,
    /// The machine's settings; drawn from the seed where `None`.
    pub preset: Option<Preset>,
    /// How fast the probe moves along the sweep: 0.5 to 60 mm/s.
    pub speed_mm_s: f32,
    /// How long the sweep is: 5 to 200 mm.
    pub length_mm: f32,
    /// How the probe is led.
    pub path: PathKind,
    /// Whether frames with the vendor's screen around them carry the calibration of the picture's rectangle
    /// (as a DICOM file would); otherwise their spacing is unknown (as from a frame grabber).
    pub screen_calibrated: bool,
}

impl Default for PhantomConfig {
    fn default() -> Self {
        Self {
            masses: MassPlan::OneOfEach(Difficulty::Easy),
            size_px: [640, 480],
            fps: 30.0,
            preset: None,
            speed_mm_s: 10.0,
            length_mm: 90.0,
            path: PathKind::Freehand,
            screen_calibrated: false,
        }
    }
}

/// Which masses a breast has.
#[derive(Debug, Clone, PartialEq)]
pub enum MassPlan {
    /// None.
    Normal,
    /// A cyst, a fibroadenoma and a carcinoma in an order drawn from the seed, with stretches without a lesion
    /// before, between and after.
    OneOfEach(Difficulty),
    /// These.
    Given(Vec<MassSpec>),
}

impl MassPlan {
    pub(crate) fn specs(&self, key: Key, length_mm: f32) -> Vec<MassSpec> {
        match self {
            Self::Normal => Vec::new(),
            Self::Given(specs) => specs.clone(),
            Self::OneOfEach(difficulty) => {
                let mut kinds = [MassKind::Cyst, MassKind::Fibroadenoma, MassKind::Carcinoma];
                let mut stream = key.stream();
                kinds.swap(2, stream.below(3));
                kinds.swap(1, stream.below(2));
                let spec = |(number, kind): (usize, MassKind)| MassSpec {
                    kind,
                    difficulty: *difficulty,
                    along_mm: length_mm * ((number as f32 + 0.5) / 3.0 + stream.range(-0.03, 0.03)),
                    lateral_mm: None,
                };
                kinds.into_iter().enumerate().map(spec).collect()
            }
        }
    }
}

/// The settings of the machine. Decibels are relative to plain gland at unit gain.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Preset {
    /// Depth of the picture, mm: 20 to 60.
    pub depth_mm: f32,
    /// Dynamic range, dB.
    pub dynamic_range_db: f32,
    /// How far above gland white is, dB.
    pub reference_db: f32,
    /// Grey is taken to the power 1 + curve.
    pub curve: f32,
    /// Gain at six depths, evenly spaced from the skin to the bottom, dB.
    pub tgc_db: [f32; 6],
    /// The electronic noise at the skin, dB.
    pub noise_db: f32,
    /// Smoothing after the logarithm, in samples and lines (standard deviation).
    pub smoothing: f32,
    /// Strength of the unsharp mask, 0 for none.
    pub sharpening: f32,
    /// How thick the plane is: the probe's lens.
    pub elevation: Elevation,
}

/// The beam across the plane. Off its focus it opens by what the method's beam does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Elevation {
    /// Depth of the focus, mm: 8 to 40.
    pub focus_mm: f32,
    /// Full width there, mm: 0.6 to 2.
    pub width_mm: f32,
}

impl Elevation {
    /// The beam that the method was measured with.
    pub const METHOD: Self = Self { focus_mm: 18.0, width_mm: 0.9 };
}

impl Preset {
    /// A machine's settings drawn from a seed, within the ranges of the method.
    #[must_use]
    pub fn drawn(seed: u64) -> Self {
        let mut stream = Key::new(seed).purpose(3).stream();
        let mut gain = 0.0;
        let tgc_db = std::array::from_fn(|knot| {
            if knot > 0 {
                gain += -0.6 + 0.8 * stream.normal();
            }
            gain
        });
        Self {
            depth_mm: stream.range(30.0, 38.0),
            dynamic_range_db: stream.range(60.0, 74.0),
            reference_db: stream.range(21.0, 28.0),
            curve: stream.range(0.15, 0.6),
            tgc_db,
            noise_db: stream.range(-58.0, -47.0),
            smoothing: stream.range(0.6, 1.1),
            sharpening: stream.range(0.0, 0.5),
            elevation: Elevation::METHOD,
        }
    }
}

/// Why a phantom cannot be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PhantomError {
    /// A number lies outside its range.
    #[error("the phantom's {field} is {value}, not between {low} and {high}")]
    OutOfRange {
        /// Which field of [`PhantomConfig`] or [`Preset`].
        field: &'static str,
        /// What was given.
        value: f32,
        /// The least it may be.
        low: f32,
        /// The most it may be.
        high: f32,
    },
}

impl PhantomConfig {
    /// Checks every number against its range.
    ///
    /// # Errors
    /// [`PhantomError::OutOfRange`] names the first that is outside.
    pub fn check(&self) -> Result<(), PhantomError> {
        let [width, height] = self.size_px.map(|px| px as f32);
        let depth = self.preset.map_or(30.0, |preset| preset.depth_mm);
        let elevation = self.preset.map_or(Elevation::METHOD, |preset| preset.elevation);
        let rows = [
            ("width in pixels", width, 64.0, 4096.0),
            ("height in pixels", height, 64.0, 4096.0),
            ("frame rate", self.fps, 1.0, 240.0),
            ("depth in mm", depth, 20.0, 60.0),
            ("elevational focus in mm", elevation.focus_mm, 8.0, 40.0),
            ("elevational width in mm", elevation.width_mm, 0.6, 2.0),
            ("speed in mm/s", self.speed_mm_s, 0.5, 60.0),
            ("length in mm", self.length_mm, 5.0, 200.0),
        ];
        for (field, value, low, high) in rows {
            if !(low..=high).contains(&value) {
                return Err(PhantomError::OutOfRange { field, value, low, high });
            }
        }
        Ok(())
    }
}
