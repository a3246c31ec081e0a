//! Where the probe is.

/// The probe's place and attitude over the breast: p = t + R b takes a point b of the beam's frame (x lateral,
/// y elevational, z depth; mm) to breast space (x lateral, y along the sweep, z depth; mm).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pose {
    /// The middle of the transducer's face, mm.
    pub t_mm: [f32; 3],
    /// Rotation, rows first.
    pub r: [[f32; 3]; 3],
}

/// How the probe is turned, in degrees.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Turn {
    /// About z: the face turns on the skin.
    pub yaw: f32,
    /// About x: the plane fans forward.
    pub tilt: f32,
    /// About y: one end presses deeper.
    pub roll: f32,
}

impl Pose {
    /// Upright, `along` mm from the start of the sweep.
    #[must_use]
    pub fn upright(along_mm: f32) -> Self {
        Self { t_mm: [0.0, along_mm, 0.0], r: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]] }
    }

    /// At `t_mm`, turned: R = Rz(yaw) Rx(tilt) Ry(roll).
    #[must_use]
    pub fn turned(t_mm: [f32; 3], turn: Turn) -> Self {
        let (sz, cz) = turn.yaw.to_radians().sin_cos();
        let (sx, cx) = turn.tilt.to_radians().sin_cos();
        let (sy, cy) = turn.roll.to_radians().sin_cos();
        let z = [[cz, -sz, 0.0], [sz, cz, 0.0], [0.0, 0.0, 1.0]];
        let x = [[1.0, 0.0, 0.0], [0.0, cx, -sx], [0.0, sx, cx]];
        let y = [[cy, 0.0, sy], [0.0, 1.0, 0.0], [-sy, 0.0, cy]];
        Self { t_mm, r: times(&times(&z, &x), &y) }
    }

    /// A point of the beam's frame in breast space.
    #[must_use]
    #[inline]
    pub fn to_breast(&self, b: [f32; 3]) -> [f32; 3] {
        std::array::from_fn(|row| {
            self.t_mm[row] + self.r[row][0] * b[0] + self.r[row][1] * b[1] + self.r[row][2] * b[2]
        })
    }

    /// A point of breast space in the beam's frame.
    #[must_use]
    pub fn to_beam(&self, p: [f32; 3]) -> [f32; 3] {
        let d: [f32; 3] = std::array::from_fn(|axis| p[axis] - self.t_mm[axis]);
        std::array::from_fn(|axis| self.r[0][axis] * d[0] + self.r[1][axis] * d[1] + self.r[2][axis] * d[2])
    }

    /// The pose a step along the beam's own frame away.
    #[must_use]
    pub fn moved(&self, step_mm: [f32; 3]) -> Self {
        Self { t_mm: self.to_breast(step_mm), r: self.r }
    }

    /// The bits of the pose, for the electronic noise of the frame.
    pub(crate) fn bits(&self) -> u64 {
        let numbers = self.t_mm.iter().chain(self.r.iter().flatten());
        numbers.fold(0, |bits, v| crate::random::mix(bits ^ u64::from(v.to_bits())))
    }
}

fn times(a: &[[f32; 3]; 3], b: &[[f32; 3]; 3]) -> [[f32; 3]; 3] {
    std::array::from_fn(|row| std::array::from_fn(|column| (0..3).map(|k| a[row][k] * b[k][column]).sum()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_comes_back_from_breast_space() {
        let pose = Pose::turned([1.0, 20.0, -0.2], Turn { yaw: 20.0, tilt: -8.0, roll: 3.0 });
        let b = [7.0, -1.5, 22.0];
        let back = pose.to_beam(pose.to_breast(b));
        assert!((0..3).all(|a| (back[a] - b[a]).abs() < 1e-4), "{back:?}");
    }
}
