//! How the probe is led over the breast.

use crate::noise::Noise;
use crate::pose::{Pose, Turn};
use crate::random::Key;

/// The kind of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PathKind {
    /// A steady straight line, the probe upright.
    Straight,
    /// A hand: speed, place and attitude waver.
    #[default]
    Freehand,
    /// A hand that also turns the probe slowly about its axis, up to 12 degrees either way.
    Turning,
    /// The probe rests in the middle of the sweep; only its hand trembles.
    Still,
}

/// A path: the pose at each time.
#[derive(Debug, Clone)]
pub struct Path {
    kind: PathKind,
    speed_mm_s: f32,
    length_mm: f32,
    waver: Noise,
    drift: Noise,
}

impl Path {
    pub(crate) fn new(key: Key, kind: PathKind, speed_mm_s: f32, length_mm: f32) -> Self {
        Self {
            kind,
            speed_mm_s,
            length_mm,
            waver: Noise::new(key.purpose(1), [0.45, 1.0, 1.0]),
            drift: Noise::new(key.purpose(2), [2.2, 1.0, 1.0]),
        }
    }

    /// How long it takes, in seconds.
    #[must_use]
    pub fn duration_s(&self) -> f32 {
        self.length_mm / self.speed_mm_s
    }

    /// The pose so many seconds after the start; before it and past the end the path goes on.
    #[must_use]
    pub fn pose(&self, seconds: f32) -> Pose {
        // Each quantity reads its own row of the noise.
        let waver = |row: f32| self.waver.surface(seconds, 8.0 * row);
        let drift = |row: f32| self.drift.surface(seconds, 8.0 * row);
        let along = self.speed_mm_s * seconds;
        match self.kind {
            PathKind::Straight => Pose::upright(along),
            PathKind::Still => Pose::turned(
                [0.05 * waver(1.0), 0.5 * self.length_mm + 0.06 * waver(2.0), 0.0],
                Turn::default(),
            ),
            PathKind::Freehand | PathKind::Turning => {
                let yaw = if self.kind == PathKind::Turning { 6.0 } else { 1.2 };
                // The hand slows and hastens by about a fifth.
                let uneven = 0.25 * self.speed_mm_s * drift(1.0) + 0.012 * self.speed_mm_s * waver(1.0);
                let t = [0.7 * drift(2.0) + 0.06 * waver(2.0), along + uneven, 0.08 * drift(3.0)];
                let turn = Turn {
                    yaw: yaw * drift(4.0).clamp(-2.0, 2.0) + 0.1 * waver(4.0),
                    tilt: 1.2 * drift(5.0) + 0.08 * waver(5.0),
                    roll: 0.4 * drift(6.0) + 0.03 * waver(6.0),
                };
                Pose::turned(t, turn)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hand_moves_at_about_the_stated_speed_and_never_jumps() {
        for kind in [PathKind::Straight, PathKind::Freehand, PathKind::Turning] {
            let path = Path::new(Key::new(9), kind, 10.0, 80.0);
            let steps: Vec<f32> = (0..240)
                .map(|i| path.pose((i + 1) as f32 / 30.0).t_mm[1] - path.pose(i as f32 / 30.0).t_mm[1])
                .collect();
            let mean = steps.iter().sum::<f32>() / 240.0;
            assert!((mean - 1.0 / 3.0).abs() < 0.05, "{kind:?}: mean step {mean} mm");
            assert!(steps.iter().all(|s| (0.0..0.9).contains(s)), "{kind:?} goes back or jumps");
        }
    }
}
