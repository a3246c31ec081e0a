//! The grey levels of a presentation state (PS3.4 §N.2.1): what it says replaces what the picture says, and what it leaves out changes nothing.

use super::{Modality, PresentationLut, PresentationState, Voi};
use crate::pixels::ImageHeader;

const WHITE: f64 = 255.0;

impl PresentationState {
    /// For each stored value of a frame its grey level, 0 to 255. Frames are counted from 0.
    #[must_use]
    pub fn grey_levels(&self, image: &ImageHeader, instance_uid: &str, frame: u64) -> Vec<u8> {
        let voi = self.vois.iter().find(|voi| voi.is_for(instance_uid, frame)).map(|voi| &voi.what);
        let half = f64::from(1_u32 << (image.bits_stored - 1));
        let (least, most) = if image.signed { (-half, half - 1.0) } else { (0.0, 2.0 * half - 1.0) };
        let (low, high) = match &self.modality {
            Modality::Identity => (least, most),
            Modality::Rescale { slope, intercept } => {
                let (a, b) = (least * slope + intercept, most * slope + intercept);
                (a.min(b), a.max(b))
            }
            Modality::Table(lut) => (0.0, lut.most()),
        };
        let level = |stored: u16| {
            let stored = f64::from(stored);
            let value = if image.signed && stored >= half { stored - 2.0 * half } else { stored };
            let value = match &self.modality {
                Modality::Identity => value,
                Modality::Rescale { slope, intercept } => value * slope + intercept,
                Modality::Table(lut) => lut.at(value, image.signed),
            };
            let shown = match voi {
                Some(Voi::Window(window)) => window.level(value) / WHITE,
                Some(Voi::Table(lut)) => lut.at(value, low < 0.0) / lut.most(),
                None => (value - low) / (high - low),
            };
            let shown = shown.clamp(0.0, 1.0);
            let shown = match &self.presentation_lut {
                PresentationLut::Identity => shown,
                PresentationLut::Inverse => 1.0 - shown,
                PresentationLut::Table(lut) => lut.along(shown) / lut.most(),
            };
            // Half is rounded up; the conversion to an integer makes not-a-number 0.
            (shown * WHITE + 0.5).floor() as u8
        };
        (0..=u16::MAX >> (16 - image.bits_stored)).map(level).collect()
    }
}
