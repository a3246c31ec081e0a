//! A sweep that turns at its end and comes back over the same breast.

use peony_model::Frame;
use peony_phantom::{Faults, Phantom, PhantomFrame, Pose};

/// How far beside its own trace the hand comes back, mm: nobody comes back exactly.
const BESIDE_MM: f32 = 3.0;
/// How early the hand slows before it turns, mm.
const TURN_MM: f32 = 1.5;

/// The frames of the way there and back.
///
/// The phantom's path goes on past its end; mirrored there, it is the way back, with the hand wavering on as it did. No
/// frame of the way back is one of the way there.
pub fn frames(phantom: &Phantom) -> impl Iterator<Item = PhantomFrame> {
    let fps = phantom.config().fps;
    let count = 2 * turn_frame(phantom);
    (0..count).map(move |index| {
        let made = phantom.frame(&pose(phantom, index as f32 / fps), Faults::default());
        let time_ns = (index as f64 * 1e9 / f64::from(fps)).round() as u64;
        PhantomFrame { frame: Frame { index, time_ns, ..made.frame }, ..made }
    })
}

/// The frame at which the hand has turned.
pub fn turn_frame(phantom: &Phantom) -> u64 {
    (phantom.path().duration_s() * phantom.config().fps) as u64
}

fn pose(phantom: &Phantom, seconds: f32) -> Pose {
    let mut pose = phantom.path().pose(seconds);
    let past_end = pose.t_mm[1] - phantom.config().length_mm;
    // A hyperbola: the way is the path's own on both sides and round at the turn.
    let round = past_end.hypot(TURN_MM);
    pose.t_mm[1] = phantom.config().length_mm - round;
    // From 0 to 1 around the turn, smoothly.
    pose.t_mm[0] += BESIDE_MM * 0.5 * (1.0 + past_end / past_end.hypot(4.0 * TURN_MM));
    pose
}

#[cfg(test)]
mod tests {
    use peony_phantom::PhantomConfig;

    use super::*;

    #[test]
    fn the_hand_comes_back_to_where_it_began_without_a_jump() {
        let phantom = Phantom::new(3, &PhantomConfig::default()).unwrap();
        let along = |index: u64| pose(&phantom, index as f32 / 30.0).t_mm;
        let (turn, end) = (turn_frame(&phantom), 2 * turn_frame(&phantom));
        let steps: Vec<f32> = (1..end).map(|index| along(index)[1] - along(index - 1)[1]).collect();
        assert!(steps.iter().all(|step| step.abs() < 0.7), "it jumps");
        assert!((along(turn)[1] - 90.0).abs() < 4.0 && along(end)[1].abs() < 6.0);
        let beside = along(end)[0] - along(0)[0];
        assert!((beside - BESIDE_MM).abs() < 2.0, "{beside} mm beside");
    }
}
