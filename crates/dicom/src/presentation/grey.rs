//! The grey levels of a presentation state (PS3.4 §N.2.1): what it says replaces what the picture says, and what it leaves out changes nothing.

use super::{PresentationLut, PresentationState};
use crate::pixels::ImageHeader;
use crate::pixels::grey::{Shown, WHITE, level, stored_values};

impl PresentationState {
    /// For each stored value of a frame its grey level, 0 to 255. Frames are counted from 0.
    #[must_use]
    pub fn grey_levels(&self, image: &ImageHeader, instance_uid: &str, frame: u64) -> Vec<u8> {
        let voi = self.vois.iter().find(|voi| voi.is_for(instance_uid, frame)).map(|voi| &voi.what);
        let shown = Shown::new(image, &self.modality, voi);
        let of = |stored: u16| {
            let shown = (shown.of(stored) / WHITE).clamp(0.0, 1.0);
            level(
                WHITE
                    * match &self.presentation_lut {
                        PresentationLut::Identity => shown,
                        PresentationLut::Inverse => 1.0 - shown,
                        PresentationLut::Table(lut) => lut.along(shown) / lut.most(),
                    },
            )
        };
        stored_values(image).map(of).collect()
    }
}
