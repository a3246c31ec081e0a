//! Grey levels of any depth to eight bits, as the file asks for them to be shown.

use super::lut::Lut;
use super::{ImageHeader, Photometric};
use crate::error::{Field, ReadIssue};
use crate::header::{self, Header};

pub(crate) const WHITE: f64 = 255.0;

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

/// From stored values to those that a window or a table is for (PS3.3 §C.11.1).
#[derive(Clone)]
pub(crate) enum Modality {
    Identity,
    Rescale { slope: f64, intercept: f64 },
    Table(Lut),
}

/// What of these values is shown, and how bright (PS3.3 §C.11.2).
#[derive(Clone)]
pub(crate) enum Voi {
    Window(Window),
    Table(Lut),
}

/// How bright stored values are shown; without a window or a table, over the range of the values that there can be.
pub(crate) struct Shown<'a> {
    image: &'a ImageHeader,
    modality: &'a Modality,
    voi: Option<&'a Voi>,
    low: f64,
    high: f64,
}

impl<'a> Shown<'a> {
    pub fn new(image: &'a ImageHeader, modality: &'a Modality, voi: Option<&'a Voi>) -> Self {
        let (least, most) = range_of(image);
        let (low, high) = match modality {
            Modality::Identity => (least, most),
            Modality::Rescale { slope, intercept } => {
                let (a, b) = (least * slope + intercept, most * slope + intercept);
                (a.min(b), a.max(b))
            }
            Modality::Table(lut) => (0.0, lut.most()),
        };
        Self { image, modality, voi, low, high }
    }

    /// 0 for black to [`WHITE`], and beyond them.
    pub fn of(&self, stored: u16) -> f64 {
        let value = value_of(stored, self.image);
        let value = match self.modality {
            Modality::Identity => value,
            Modality::Rescale { slope, intercept } => value * slope + intercept,
            Modality::Table(lut) => lut.at(value, self.image.signed),
        };
        match self.voi {
            Some(Voi::Window(window)) => window.level(value),
            Some(Voi::Table(lut)) => lut.at(value, self.low < 0.0) / lut.most() * WHITE,
            None => (value - self.low) / (self.high - self.low) * WHITE,
        }
    }
}

/// For each stored value its grey level: through the file's modality table or rescaling, the first window of the file or, without one, its
/// VOI table, and inverted for MONOCHROME1.
pub(super) fn table(header: &Header, image: &ImageHeader, issues: &mut Vec<ReadIssue>) -> Vec<u8> {
    let window = window(header, issues).map(Voi::Window);
    // Where a file has both, either may be chosen (§C.11.2.1): the window, which is what other viewers begin with.
    let voi = window.or_else(|| read_table(header, header::VOI_LUT, issues).map(Voi::Table));
    shown_table(header, image, voi.as_ref(), issues)
}

/// The same with a window instead of what the file says.
pub(super) fn windowed_table(
    header: &Header,
    image: &ImageHeader,
    window: Window,
    issues: &mut Vec<ReadIssue>,
) -> Vec<u8> {
    shown_table(header, image, Some(&Voi::Window(window)), issues)
}

fn shown_table(
    header: &Header,
    image: &ImageHeader,
    voi: Option<&Voi>,
    issues: &mut Vec<ReadIssue>,
) -> Vec<u8> {
    let modality = modality(header, issues);
    let shown = Shown::new(image, &modality, voi);
    levels(image, |stored| shown.of(stored))
}

/// A table stands instead of rescaling (§C.11.1: a picture has one of them).
fn modality(header: &Header, issues: &mut Vec<ReadIssue>) -> Modality {
    if let Some(lut) = read_table(header, header::MODALITY_LUT, issues) {
        return Modality::Table(lut);
    }
    let slope = header.number(header::RESCALE_SLOPE).filter(|slope| *slope != 0.0).unwrap_or(1.0);
    let intercept = header.number(header::RESCALE_INTERCEPT).unwrap_or(0.0);
    Modality::Rescale { slope, intercept }
}

/// The first table of a sequence; one that cannot be read is said.
fn read_table(header: &Header, field: Field, issues: &mut Vec<ReadIssue>) -> Option<Lut> {
    let lut = header.tables(field).first().and_then(|item| Lut::read(item).ok());
    if lut.is_none() && header.has(field) {
        issues.push(ReadIssue::TableNotApplied { field });
    }
    lut
}

/// The table of a picture without rescaling or window.
pub(super) fn plain_table(image: &ImageHeader) -> Vec<u8> {
    let shown = Shown::new(image, &Modality::Identity, None);
    levels(image, |stored| shown.of(stored))
}

/// The grey level of each stored value, from what `shown` says of it.
fn levels(image: &ImageHeader, shown: impl Fn(u16) -> f64) -> Vec<u8> {
    let inverted = image.photometric == Photometric::Monochrome1;
    let of = |stored| {
        let level = level(shown(stored));
        if inverted { 255 - level } else { level }
    };
    stored_values(image).map(of).collect()
}

pub(crate) fn stored_values(image: &ImageHeader) -> impl Iterator<Item = u16> {
    0..=u16::MAX >> (16 - image.bits_stored)
}

/// Half is rounded up; the conversion to an integer makes not-a-number 0.
pub(crate) fn level(shown: f64) -> u8 {
    (shown.clamp(0.0, WHITE) + 0.5).floor() as u8
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
