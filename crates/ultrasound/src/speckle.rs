//! From the likeness of speckle to a distance out of the plane: the beam, its theory, and what a probe's own beam makes of it.

use std::sync::{Arc, LazyLock};

use peony_model::report::CalibrationRecord;

/// What a probe and its processing do to a distance read from speckle by the theory of the phantom's beam.
#[derive(Debug, Clone, PartialEq)]
pub struct BeamCalibration {
    /// True step over the step read from pure speckle's curve: structure keeps the likeness of tissue up.
    pub gain: f32,
    /// The same for the turn about the depth axis.
    pub turn_gain: f32,
    /// How the gain differs with depth, least depth first: a probe whose beam is thin elsewhere. Empty where one gain serves all depths.
    pub by_depth: Vec<DepthGain>,
}

/// The gain of one depth over that of the whole picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DepthGain {
    /// Below the upper edge of the picture, mm.
    pub depth_mm: f32,
    /// To be multiplied with [`BeamCalibration::gain`].
    pub factor: f32,
}

/// A beam that somebody has measured, with what to say of it beside every length that is made with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// Of which probe and preset, from when, and how far lengths along the way and volumes may be off.
    pub record: Arc<CalibrationRecord>,
    /// What it does.
    pub beam: BeamCalibration,
}

impl BeamCalibration {
    /// The gain that distances at a depth have over those of the whole picture: between two depths in proportion, beyond the
    /// last ones as there.
    pub(crate) fn factor_at(&self, depth_mm: f32) -> f32 {
        let above = self.by_depth.iter().rev().find(|known| known.depth_mm <= depth_mm);
        let below = self.by_depth.iter().find(|known| known.depth_mm > depth_mm);
        match (above, below) {
            (Some(above), Some(below)) => {
                let part = (depth_mm - above.depth_mm) / (below.depth_mm - above.depth_mm);
                above.factor + part * (below.factor - above.factor)
            }
            (Some(only), None) | (None, Some(only)) => only.factor,
            (None, None) => 1.0,
        }
    }
}

/// For a probe that nobody has measured the phantom's beam is assumed, which can be far off: good enough for a light that says that the
/// probe moves too fast, and for telling planes apart; not for a size.
pub(crate) static ASSUMED: BeamCalibration =
    BeamCalibration { gain: 1.28, turn_gain: 1.5, by_depth: Vec::new() };

/// For frames of the phantom, whose beam this is. The gains are what `examples/speckle_gain.rs` shows on the breasts that [`distance_mm`] names; the
/// error is what `examples/sweep_error.rs` shows (with true masks, 43 of 53 solids within it).
pub(crate) static PHANTOM: LazyLock<Calibration> = LazyLock::new(|| Calibration {
    record: Arc::new(CalibrationRecord {
        probe: "virtual transducer".to_owned(),
        preset: String::new(),
        made: String::new(),
        relative_error: 0.25,
    }),
    beam: ASSUMED.clone(),
});

/// The elevational standard deviation of the beam at a depth, in mm: full width 0.9 at the focus (18 mm), widening
/// on both sides, less so above it.
pub(crate) fn beam_sigma_mm(depth_mm: f32) -> f32 {
    let off_focus = 2.2 * (depth_mm / 18.0 - 1.0);
    let above = if depth_mm < 18.0 { 0.35 } else { 1.0 };
    (0.81 + off_focus * off_focus * above).sqrt() / 2.355
}

/// What of the likeness of tissue is structure: septa, strands and fascia that planes some millimetres apart have in common (0.13 to 0.28 of it,
/// by breast).
const STRUCTURE: f32 = 0.17;
/// What pictures of one plane differ by, as the logarithm of a likeness: noise, and shifts by parts of a pixel.
const NOISE: f32 = 0.15;

/// How alike the speckle of two patches is, out of how alike their high-passed pictures are.
pub(crate) fn speckle_likeness(rho: f32) -> f32 {
    ((rho - STRUCTURE) / (1.0 - STRUCTURE)).clamp(0.02, 0.9995)
}

/// The distance between two planes, in mm, whose speckle is so alike ([`speckle_likeness`]) at a depth.
///
/// Intensity correlates by exp(−d² / 2 s²) at a distance d for a beam of elevational standard deviation s. A high-passed picture of tissue has structure
/// and noise besides: both numbers were chosen on sweeps over 23 breasts of the phantom (9,030 to 9,040, and every third of 900 to 933), straight,
/// by hand and turning, at 6 to 16 mm/s, so that slow and quick sweeps read alike. With neither, slow ones by hand read 1.14 times as long as quick ones.
pub(crate) fn distance_mm(likeness: f32, depth_mm: f32) -> f32 {
    beam_sigma_mm(depth_mm) * (2.0 * (-likeness.ln() - NOISE).max(0.0)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gain_of_a_depth_lies_between_those_that_are_known() {
        let known = |depths: &[(f32, f32)]| {
            let by_depth = depths.iter().map(|&(depth_mm, factor)| DepthGain { depth_mm, factor }).collect();
            BeamCalibration { by_depth, ..ASSUMED.clone() }
        };
        let check = |depths: &[(f32, f32)], at: f32, expect: f32| {
            let factor = known(depths).factor_at(at);
            assert!((factor - expect).abs() < 1e-6, "{depths:?} at {at}: {factor}");
        };
        check(&[], 12.0, 1.0);
        check(&[(10.0, 0.8)], 3.0, 0.8);
        check(&[(10.0, 0.8), (20.0, 1.2)], 3.0, 0.8);
        check(&[(10.0, 0.8), (20.0, 1.2)], 15.0, 1.0);
        check(&[(10.0, 0.8), (20.0, 1.2)], 20.0, 1.2);
        check(&[(10.0, 0.8), (20.0, 1.2)], 33.0, 1.2);
    }
}
