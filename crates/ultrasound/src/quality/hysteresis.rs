//! Lights that do not flicker: a fault shows when it held for a while and goes when it was gone for a while.

use peony_model::{QualityCode, QualityIssue};

use crate::output::ContactSide;

/// Frames in a row with a fault before it shows: a tenth of a second.
const ON: u8 = 3;
/// Frames in a row without it before it goes: a third of a second.
const OFF: u8 = 10;

#[derive(Debug, Clone, Copy, Default)]
struct Light {
    with: u8,
    without: u8,
    shown: Option<QualityIssue>,
}

/// The state of each light.
#[derive(Debug, Default)]
pub(super) struct Hysteresis {
    lights: [Light; QualityCode::ALL.len()],
    /// The side that lost contact, while that light is on.
    pub side: Option<ContactSide>,
}

impl Hysteresis {
    /// The faults that hold, given those of this frame. What is known of the source and not seen in the picture (the
    /// scale), and what keeps the network from being asked, holds at once: a frame that nobody reads must say why.
    pub fn settle(&mut self, now: &[QualityIssue]) -> Vec<QualityIssue> {
        for (light, code) in self.lights.iter_mut().zip(QualityCode::ALL) {
            match now.iter().find(|issue| issue.code == code) {
                Some(issue) => {
                    light.with = light.with.saturating_add(1);
                    light.without = 0;
                    if light.with >= ON || light.shown.is_some() || holds_at_once(code) {
                        light.shown = Some(*issue);
                    }
                }
                None => {
                    light.with = 0;
                    light.without = light.without.saturating_add(1);
                    if light.without >= OFF || goes_at_once(code) {
                        light.shown = None;
                    }
                }
            }
        }
        self.lights.iter().filter_map(|light| light.shown).collect()
    }
}

fn holds_at_once(code: QualityCode) -> bool {
    matches!(code, QualityCode::ScaleUnknown | QualityCode::WrongDomain | QualityCode::NoBmode)
}

/// The scale is known or not; what kind of picture it is was held for half a second before (`Domain`), and what is graded
/// must not be called unreadable.
fn goes_at_once(code: QualityCode) -> bool {
    matches!(code, QualityCode::ScaleUnknown | QualityCode::WrongDomain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_shows_after_three_frames_and_goes_after_ten() {
        let check = |frames: &str, expect: &str| {
            let mut hysteresis = Hysteresis::default();
            let blur = [QualityIssue::new(QualityCode::Blur)];
            let shown: String =
                frames
                    .chars()
                    .map(|c| {
                        if hysteresis.settle(if c == 'x' { &blur } else { &[] }).is_empty() {
                            '.'
                        } else {
                            'x'
                        }
                    })
                    .collect();
            assert_eq!(shown, expect, "for {frames}");
        };
        check("..xx..xx..", "..........");
        check("xxx.........xx", "..xxxxxxxxxxxx");
        check("xxx..........xx", "..xxxxxxxxxx...");
    }

    #[test]
    fn the_scale_is_known_or_not_at_once() {
        let mut hysteresis = Hysteresis::default();
        assert_eq!(hysteresis.settle(&[QualityIssue::new(QualityCode::ScaleUnknown)]).len(), 1);
        assert!(hysteresis.settle(&[]).is_empty());
    }
}
