//! Grey levels of any depth to eight bits, as the file asks for them to be shown.

use super::{ImageHeader, Photometric};
use crate::error::ReadIssue;
use crate::header::{self, Header};

const WHITE: f64 = 255.0;

/// How values are spread over grey levels (VOI LUT Function, PS3.3 §C.11.2.1.2).
#[derive(Debug, Clone, Copy)]
enum Window {
    Linear { center: f64, width: f64 },
    LinearExact { center: f64, width: f64 },
    Sigmoid { center: f64, width: f64 },
}

/// For each stored value its grey level: rescaled (PS3.3 §C.11.1), windowed with the first window of the file or,
/// without one, over the range of the stored bits, and inverted for MONOCHROME1.
pub(super) fn table(header: &Header, image: &ImageHeader, issues: &mut Vec<ReadIssue>) -> Vec<u8> {
    for field in [header::MODALITY_LUT, header::VOI_LUT] {
        if header.has(field) {
            issues.push(ReadIssue::TableNotApplied { field });
        }
    }
    let slope = header.number(header::RESCALE_SLOPE).filter(|slope| *slope != 0.0).unwrap_or(1.0);
    let intercept = header.number(header::RESCALE_INTERCEPT).unwrap_or(0.0);
    let window = window(header, issues);
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
    let window = match function.as_deref() {
        Some("LINEAR_EXACT") if width > 0.0 => Window::LinearExact { center, width },
        Some("SIGMOID") if width > 0.0 => Window::Sigmoid { center, width },
        // §C.11.2.1.2.1: the width of the default function is at least 1.
        _ if width >= 1.0 => Window::Linear { center, width },
        _ => {
            issues.push(ReadIssue::ValueIgnored { field: header::WINDOW_WIDTH });
            return None;
        }
    };
    Some(window)
}

impl Window {
    /// The grey level, before it is clamped to 0..=255.
    fn level(self, value: f64) -> f64 {
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
