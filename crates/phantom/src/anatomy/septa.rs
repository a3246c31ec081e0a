//! The walls between fat lobules: the faces of a Worley diagram, which is what packed lobules look like.

use crate::random::Key;

/// Lobule size, mm.
const CELL: [f32; 3] = [6.5, 6.5, 3.0];

/// The seeds of the lobules near one column.
pub(crate) struct Septa {
    key: Key,
}

/// How far a sample is from the nearest wall.
#[derive(Clone, Copy, Default)]
pub(crate) struct Wall {
    /// Second nearest seed's distance less the nearest's, in cells: 0 on a wall.
    pub(crate) gap: f32,
    /// How much the wall faces the beam, 0..1.
    pub(crate) facing: f32,
}

impl Septa {
    pub(crate) fn new(key: Key) -> Self {
        Self { key }
    }

    /// Walls along a column for depths `z` (already warped), at most 512 of them.
    pub(crate) fn column(&self, x: f32, y: f32, z: &[f32], out: &mut Vec<Wall>) {
        out.clear();
        let (u, v) = (x / CELL[0], y / CELL[1]);
        let (i, j) = (u.floor() as i32, v.floor() as i32);
        let mut start = 0;
        while start < z.len() {
            let k = (z[start] / CELL[2]).floor() as i32;
            let same = |z: &&f32| (**z / CELL[2]).floor() as i32 == k;
            let count = z[start..].iter().take_while(same).count().min(64);
            self.run([u, v], [i, j, k], &z[start..start + count], out);
            start += count;
        }
    }

    /// A run of samples that lie in one layer of cells.
    fn run(&self, [u, v]: [f32; 2], [i, j, k]: [i32; 3], z: &[f32], out: &mut Vec<Wall>) {
        let (mut near, mut second) = ([1e9_f32; 64], [1e9_f32; 64]);
        let (mut near_z, mut second_z) = ([0.0_f32; 64], [0.0_f32; 64]);
        for di in -1..=1 {
            for dj in -1..=1 {
                for dk in -1..=1 {
                    let bits = self.key.lattice(i + di, j + dj, k + dk);
                    let part = |shift: u32| 0.1 + 0.8 * ((bits >> shift) & 0xffff) as f32 / 65_535.0;
                    let flat =
                        ((i + di) as f32 + part(0) - u).powi(2) + ((j + dj) as f32 + part(16) - v).powi(2);
                    let seed = (k + dk) as f32 + part(32);
                    for (at, z) in z.iter().enumerate() {
                        let dz = seed - z / CELL[2];
                        let far = flat + dz * dz;
                        let closer = far < near[at];
                        let pushed = if closer { near[at] } else { far };
                        let pushed_z = if closer { near_z[at] } else { dz };
                        near_z[at] = if closer { dz } else { near_z[at] };
                        near[at] = if closer { far } else { near[at] };
                        let takes = pushed < second[at];
                        second_z[at] = if takes { pushed_z } else { second_z[at] };
                        second[at] = if takes { pushed } else { second[at] };
                    }
                }
            }
        }
        for at in 0..z.len() {
            let (f1, f2) = (near[at].sqrt(), second[at].sqrt());
            // The gradient of F2 - F1 is the difference of two unit vectors; its length is about 1.7.
            let steep = (second_z[at] / f2 - near_z[at] / f1) / CELL[2];
            let level = (2.9 - (steep * CELL[2]).powi(2)).max(0.0) / (CELL[0] * CELL[0]);
            let facing = steep.abs() / (steep * steep + level).sqrt().max(1e-6);
            out.push(Wall { gap: f2 - f1, facing });
        }
    }
}
