//! Grey levels of any depth to eight bits, as the file asks for them to be shown.

use super::{ImageHeader, Photometric};
use crate::error::ReadIssue;
use crate::header::{self, Header};

const WHITE: f64 = 255.0;

/// How values are spread over grey levels (VOI LUT Function, PS3.3 §C.11.2.1.2).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Window {
    /// LINEAR: the function without a name.
    Linear {
        /// Window Center, in rescaled values.
        center: f64,
        /// Window Width, at least 1.
        width: f64,
    },
    /// LINEAR_EXACT.
    LinearExact {
        /// Window Center, in rescaled values.
        center: f64,
        /// Window Width, above 0.
        width: f64,
    },
    /// SIGMOID.
    Sigmoid {
        /// Window Center, in rescaled values.
        center: f64,
        /// Window Width, above 0.
        width: f64,
    },
}

/// For each stored value its grey level: rescaled (PS3.3 §C.11.1), windowed with the first window of the file or,
/// without one, over the range of the stored bits, and inverted for MONOCHROME1.
pub(super) fn table(header: &Header, image: &ImageHeader, issues: &mut Vec<ReadIssue>) -> Vec<u8> {
    let window = window(header, issues);
    windowed_table(header, image, window, issues)
}

/// The same with a window instead of the file's.
pub(super) fn windowed_table(
    header: &Header,
    image: &ImageHeader,
    window: Option<Window>,
    issues: &mut Vec<ReadIssue>,
) -> Vec<u8> {
    for field in [header::MODALITY_LUT, header::VOI_LUT] {
        if header.has(field) {
            issues.push(ReadIssue::TableNotApplied { field });
        }
    }
    let slope = header.number(header::RESCALE_SLOPE).filter(|slope| *slope != 0.0).unwrap_or(1.0);
    let intercept = header.number(header::RESCALE_INTERCEPT).unwrap_or(0.0);
    let (a, b) = range_of(image);
    let (a, b) = (a * slope + intercept, b * slope + intercept);
    let (low, high) = (a.min(b), a.max(b));
    levels(image, |value| {
        let rescaled = value * slope + intercept;
        window.map_or_else(|| (rescaled - low) / (high - low) * WHITE, |window| window.level(rescaled))
    })
}

/// The table of a picture without rescaling or window.
pub(super) fn plain_table(image: &ImageHeader) -> Vec<u8> {
    let (low, high) = range_of(image);
    levels(image, |value| (value - low) / (high - low) * WHITE)
}

/// The grey level of each stored value, from what `level` says of its number.
fn levels(image: &ImageHeader, level: impl Fn(f64) -> f64) -> Vec<u8> {
    let inverted = image.photometric == Photometric::Monochrome1;
    (0..=u16::MAX >> (16 - image.bits_stored))
        .map(|stored| {
            // Half is rounded up; the conversion to an integer makes not-a-number 0.
            let level = (level(value_of(stored, image)).clamp(0.0, WHITE) + 0.5).floor() as u8;
            if inverted { 255 - level } else { level }
        })
        .collect()
}

fn value_of(stored: u16, image: &ImageHeader) -> f64 {
    let stored = f64::from(stored);
    let half = f64::from(1_u32 << (image.bits_stored - 1));
    if image.signed && stored >= half { stored - 2.0 * half } else { stored }
}

fn range_of(image: &ImageHeader) -> (f64, f64) {
    let values = f64::from(1_u32 << image.bits_stored);
    if image.signed { (-values / 2.0, values / 2.0 - 1.0) } else { (0.0, values - 1.0) }
}

fn window(header: &Header, issues: &mut Vec<ReadIssue>) -> Option<Window> {
    let (center, width) = (header.number(header::WINDOW_CENTER)?, header.number(header::WINDOW_WIDTH)?);
    let function = header.code(header::VOI_LUT_FUNCTION);
    let window = Window::of(function.as_deref().unwrap_or_default(), center, width);
    if window.is_none() {
        issues.push(ReadIssue::ValueIgnored { field: header::WINDOW_WIDTH });
    }
    window
}

impl Window {
    /// The window of a VOI LUT Function, whose default is LINEAR; `None` where its width cannot be one.
    #[must_use]
    pub fn of(function: &str, center: f64, width: f64) -> Option<Self> {
        Some(match function {
            "LINEAR_EXACT" if width > 0.0 => Self::LinearExact { center, width },
            "SIGMOID" if width > 0.0 => Self::Sigmoid { center, width },
            // §C.11.2.1.2.1: the width of the default function is at least 1.
            _ if width >= 1.0 => Self::Linear { center, width },
            _ => return None,
        })
    }

    /// The grey level, before it is clamped to 0..=255.
    pub(crate) fn level(self, value: f64) -> f64 {
        match self {
            // The half pixel and the width less one are the standard's (§C.11.2.1.2.1).
            Self::Linear { center, width } if width > 1.0 => {
                ((value - (center - 0.5)) / (width - 1.0) + 0.5) * WHITE
            }
            Self::Linear { center, .. } => {
                if value <= center - 0.5 {
                    0.0
                } else {
                    WHITE
                }
            }
            Self::LinearExact { center, width } => ((value - center) / width + 0.5) * WHITE,
            Self::Sigmoid { center, width } => WHITE / (1.0 + (-4.0 * (value - center) / width).exp()),
        }
    }
}
