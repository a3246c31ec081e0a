//! The masses: star-shaped bodies whose surface is known exactly, so that truth can be had on any frame.

use serde::Serialize;

use crate::noise::{Noise, step};
use crate::random::Key;

mod specimen;

pub use specimen::{Difficulty, MassSpec};
pub(crate) use specimen::{Room, draw};

/// What a mass is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MassKind {
    /// Fluid: anechoic, smooth, enhancement behind. Benign.
    Cyst,
    /// A smooth, wider than tall, slightly darker body with a thin capsule. Benign.
    Fibroadenoma,
    /// An irregular, often taller than wide, dark body with an unsharp margin, a bright halo and a shadow.
    Carcinoma,
}

impl MassKind {
    /// Whether it is cancer.
    #[must_use]
    pub fn malignant(self) -> bool {
        self == Self::Carcinoma
    }

    /// `cyst`, `fibroadenoma`, `carcinoma`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cyst => "cyst",
            Self::Fibroadenoma => "fibroadenoma",
            Self::Carcinoma => "carcinoma",
        }
    }
}

/// A mass in the breast: lengths in mm, x lateral, y along the sweep, z depth.
#[derive(Debug, Clone)]
pub(crate) struct Mass {
    pub(crate) id: u32,
    pub(crate) kind: MassKind,
    pub(crate) difficulty: Difficulty,
    pub(crate) centre: [f32; 3],
    pub(crate) semi: [f32; 3],
    pub(crate) shape: Shape,
    pub(crate) tissue: Tissue,
}

/// How the surface leaves the ellipsoid.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    /// The ellipsoid turned about z and leaned about y: cosine and sine of each.
    pub(crate) turn: [f32; 2],
    pub(crate) lean: [f32; 2],
    /// The radius is multiplied by 1 + `relief` n(direction).
    pub(crate) relief: f32,
    pub(crate) noise: Noise,
}

/// How it looks; decibels are relative to gland, attenuations are two-way and in excess of the gland's.
#[derive(Debug, Clone)]
pub(crate) struct Tissue {
    pub(crate) db: f32,
    pub(crate) texture_db: f32,
    pub(crate) attenuation: f32,
    pub(crate) margin: f32,
    pub(crate) halo_db: f32,
    pub(crate) capsule: f32,
    pub(crate) arms: bool,
    pub(crate) edge_shadow: f32,
    pub(crate) calcifications: Vec<[f32; 3]>,
    pub(crate) noise: Noise,
}

/// What the tissue is at a point, as the volume keeps it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Voxel {
    /// Diffuse echo, dB.
    pub(crate) db: f32,
    /// Specular amplitude, gland being 1.
    pub(crate) specular: f32,
    /// Excess two-way attenuation, dB/mm.
    pub(crate) attenuation: f32,
}

/// A point seen from a mass.
pub(crate) struct Seen {
    /// Millimetres outside the surface, measured along the ray from the centre; negative inside.
    pub(crate) outside: f32,
    direction: [f32; 3],
    /// How far the surface's normal points up or down, 0..1.
    upright: f32,
}

impl Mass {
    /// No part of the body, halo or arm is farther than this from the centre.
    pub(crate) fn reach(&self) -> f32 {
        self.largest() + if self.tissue.halo_db > 0.0 || self.tissue.arms { 4.0 } else { 1.0 }
    }

    /// No part of the body is farther than this from the centre.
    pub(crate) fn largest(&self) -> f32 {
        self.semi.iter().fold(0.0_f32, |a, b| a.max(*b)) * (1.0 + 2.5 * self.shape.relief)
    }

    fn local(&self, p: [f32; 3]) -> [f32; 3] {
        let d = [p[0] - self.centre[0], p[1] - self.centre[1], p[2] - self.centre[2]];
        let [c, s] = self.shape.turn;
        let (x, y) = (c * d[0] + s * d[1], c * d[1] - s * d[0]);
        let [c, s] = self.shape.lean;
        [c * x + s * d[2], y, c * d[2] - s * x]
    }

    fn radius(&self, direction: [f32; 3]) -> f32 {
        let n = self.shape.noise.point(direction).clamp(-2.5, 2.5);
        (1.0 + self.shape.relief * n).max(0.4)
    }

    /// Where a point lies as the body sees it.
    pub(crate) fn see(&self, p: [f32; 3]) -> Seen {
        let local = self.local(p);
        let q = [local[0] / self.semi[0], local[1] / self.semi[1], local[2] / self.semi[2]];
        let r = (q[0] * q[0] + q[1] * q[1] + q[2] * q[2]).sqrt().max(1e-4);
        let direction = q.map(|v| v / r);
        let length = (local[0] * local[0] + local[1] * local[1] + local[2] * local[2]).sqrt().max(1e-4);
        let normal = [q[0] / self.semi[0], q[1] / self.semi[1], q[2] / self.semi[2]];
        let steep = (normal[0] * normal[0] + normal[1] * normal[1] + normal[2] * normal[2]).sqrt().max(1e-6);
        Seen {
            outside: (r - self.radius(direction)) * length / r,
            direction,
            upright: (normal[2] / steep).abs(),
        }
    }

    /// Lays the mass over the tissue that was there.
    pub(crate) fn paint(&self, p: [f32; 3], under: Voxel) -> Voxel {
        let seen = self.see(p);
        let (d, tissue) = (seen.outside, &self.tissue);
        if d > 4.0 {
            return under;
        }
        let rough = if tissue.texture_db > 0.0 || tissue.halo_db > 0.0 { tissue.noise.point(p) } else { 0.0 };
        let mut inside = 1.0 - step(d, tissue.margin * (1.0 + 0.35 * rough).max(0.3));
        if tissue.arms && d > 0.0 {
            let n = self.shape.noise.point(seen.direction.map(|v| 2.3 * v + 7.0));
            inside = inside.max(0.8 * step(n - 1.35, 0.5) * (1.0 - d / 3.0).max(0.0));
        }
        let mut db = under.db;
        if d > 0.0 {
            db += tissue.halo_db * (-d / 1.0).exp() * (0.6 + 0.5 * rough).clamp(0.0, 1.4);
        }
        db += inside * (tissue.db + tissue.texture_db * rough - db);
        let mut specular = under.specular * (1.0 - inside);
        if tissue.capsule > 0.0 {
            let line = (-(d / 0.17).powi(2)).exp() * seen.upright * seen.upright;
            let patchy =
                (0.75 + 0.5 * self.shape.noise.point(seen.direction.map(|v| 1.7 * v - 5.0))).max(0.0);
            specular = specular.max(tissue.capsule * line * patchy);
        }
        let mut attenuation = under.attenuation + inside * (tissue.attenuation - under.attenuation);
        if tissue.edge_shadow > 0.0 && d.abs() < 0.35 && seen.upright < 0.4 {
            attenuation += tissue.edge_shadow;
        }
        if d < 0.0 {
            for spot in &tissue.calcifications {
                let far = (0..3).map(|a| (p[a] - spot[a] - self.centre[a]).powi(2)).sum::<f32>();
                if far < 0.2 * 0.2 {
                    db = db.max(4.0);
                    specular = specular.max(2.5);
                }
            }
        }
        Voxel { db, specular, attenuation }
    }

    /// The volume within the surface, mm³: the mean of R³ over evenly spread directions (a Fibonacci sphere)
    /// times that of the ellipsoid.
    pub(crate) fn volume(&self) -> f32 {
        const DIRECTIONS: usize = 2000;
        let cubes: f32 = (0..DIRECTIONS)
            .map(|i| {
                let z = 1.0 - (2 * i + 1) as f32 / DIRECTIONS as f32;
                let (sin, cos) = (i as f32 * 2.399_963_2).sin_cos();
                let flat = (1.0 - z * z).sqrt();
                self.radius([flat * cos, flat * sin, z]).powi(3)
            })
            .sum();
        4.0 / 3.0 * std::f32::consts::PI * self.semi.iter().product::<f32>() * cubes / DIRECTIONS as f32
    }
}

/// The noise that shapes a surface: its lattice pitch is in radii.
pub(crate) fn relief_noise(key: Key, pitch: f32) -> Noise {
    Noise::new(key, [pitch; 3])
}
