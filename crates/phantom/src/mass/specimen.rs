//! Which masses there are, and how one is drawn from a seed. The ranges are those of the method's page.

use serde::Serialize;

use super::{Mass, MassKind, Shape, Tissue, relief_noise};
use crate::noise::Noise;
use crate::random::{Key, Stream};

/// How hard a mass is to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Difficulty {
    /// As in a text book.
    #[default]
    Easy,
    /// Its echo differs little from the gland's.
    LowContrast,
    /// 2 to 4 mm across.
    Small,
    /// Its echo is the gland's: only its outline and what it does to the tissue behind show it. A cyst cannot be
    /// that: it becomes one filled with echoes.
    Isoechoic,
    /// The border of the picture cuts it.
    Cut,
    /// One of the four above, drawn from the seed.
    Hard,
}

/// A mass to be placed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MassSpec {
    /// What it is.
    pub kind: MassKind,
    /// How hard it is to see.
    pub difficulty: Difficulty,
    /// Where its centre lies along the sweep, in mm from its start.
    pub along_mm: f32,
    /// Where its centre lies across, in mm from the middle; drawn from the seed where `None`.
    pub lateral_mm: Option<f32>,
}

/// Where a mass may lie: half the picture's width, and the gland under a place, in mm.
pub(crate) struct Room<'a> {
    pub(crate) half_width: f32,
    pub(crate) gland: &'a dyn Fn(f32, f32) -> [f32; 2],
}

/// Draws one mass.
pub(crate) fn draw(id: u32, spec: &MassSpec, key: Key, room: &Room<'_>) -> Mass {
    let mut stream = key.stream();
    let difficulty = match spec.difficulty {
        Difficulty::Hard => {
            [Difficulty::LowContrast, Difficulty::Small, Difficulty::Isoechoic, Difficulty::Cut]
                [stream.below(4)]
        }
        given => given,
    };
    let mut semi = size(spec.kind, difficulty, &mut stream);
    let lateral = lateral(spec, difficulty, semi[0], room.half_width, &mut stream);
    let [top, bottom] = (room.gland)(lateral, spec.along_mm);
    let thick = (bottom - top).max(4.0);
    if semi[2] > 0.45 * thick {
        let shrink = 0.45 * thick / semi[2];
        semi = semi.map(|s| s * shrink);
    }
    let low = (top + 0.75 * semi[2]).max(3.0 + semi[2]);
    let depth = stream.range(low, (bottom - 0.85 * semi[2]).max(low + 0.5));
    let shape = shape(spec.kind, key, &mut stream);
    let tissue = tissue(spec.kind, difficulty, semi, key, &mut stream);
    Mass { id, kind: spec.kind, difficulty, centre: [lateral, spec.along_mm, depth], semi, shape, tissue }
}

fn size(kind: MassKind, difficulty: Difficulty, stream: &mut Stream) -> [f32; 3] {
    let (width, ratio) = match kind {
        MassKind::Cyst => (stream.range(3.5, 7.5), stream.range(0.6, 0.95)),
        MassKind::Fibroadenoma => (stream.range(4.0, 8.0), stream.range(0.5, 0.75)),
        MassKind::Carcinoma => (stream.range(3.5, 6.0), stream.range(0.95, 1.45)),
    };
    let width = if difficulty == Difficulty::Small { stream.range(1.0, 2.0) } else { width };
    [width, width * stream.range(0.8, 1.15), width * ratio]
}

fn lateral(spec: &MassSpec, difficulty: Difficulty, semi: f32, half_width: f32, stream: &mut Stream) -> f32 {
    let free = (half_width - semi - 2.5).max(1.0);
    let side = if stream.chance(0.5) { 1.0 } else { -1.0 };
    let inside = stream.range(-free, free);
    let at_border = side * (half_width + semi * stream.range(-0.35, 0.3));
    spec.lateral_mm.unwrap_or(if difficulty == Difficulty::Cut { at_border } else { inside })
}

fn shape(kind: MassKind, key: Key, stream: &mut Stream) -> Shape {
    let (relief, pitch) = match kind {
        MassKind::Cyst => (stream.range(0.01, 0.05), 0.9),
        MassKind::Fibroadenoma => (stream.range(0.03, 0.13), 0.75),
        MassKind::Carcinoma => (stream.range(0.16, 0.28), stream.range(0.42, 0.7)),
    };
    let turn = stream.range(0.0, std::f32::consts::TAU);
    let lean = stream.range(-0.25, 0.25);
    let pair = |angle: f32| [angle.cos(), angle.sin()];
    Shape { turn: pair(turn), lean: pair(lean), relief, noise: relief_noise(key.purpose(1), pitch) }
}

fn tissue(kind: MassKind, difficulty: Difficulty, semi: [f32; 3], key: Key, stream: &mut Stream) -> Tissue {
    let noise = Noise::new(key.purpose(2), [1.3, 1.3, 0.8]);
    let mut tissue = match kind {
        MassKind::Cyst => Tissue {
            db: -58.0,
            texture_db: 0.0,
            attenuation: stream.range(-0.9, -0.45),
            margin: 0.15,
            halo_db: 0.0,
            capsule: stream.range(1.5, 3.5),
            arms: false,
            edge_shadow: stream.range(0.4, 0.9),
            calcifications: Vec::new(),
            noise,
        },
        MassKind::Fibroadenoma => Tissue {
            db: stream.range(-17.0, -11.0),
            texture_db: stream.range(0.8, 1.8),
            attenuation: stream.range(-0.45, 0.15),
            margin: 0.25,
            halo_db: 0.0,
            capsule: stream.range(0.6, 2.2),
            arms: false,
            edge_shadow: stream.range(0.3, 0.9),
            calcifications: Vec::new(),
            noise,
        },
        MassKind::Carcinoma => Tissue {
            db: stream.range(-22.0, -15.0),
            texture_db: stream.range(1.0, 2.6),
            attenuation: stream.range(0.35, 1.3),
            margin: stream.range(0.4, 1.0),
            halo_db: 5.0,
            capsule: 0.0,
            arms: true,
            edge_shadow: 0.0,
            calcifications: calcifications(semi, stream),
            noise,
        },
    };
    harden(kind, difficulty, &mut tissue, stream);
    tissue
}

/// Takes away what makes a mass easy to see.
fn harden(kind: MassKind, difficulty: Difficulty, tissue: &mut Tissue, stream: &mut Stream) {
    let (db, attenuation) = match (difficulty, kind) {
        (Difficulty::LowContrast, MassKind::Cyst) => (stream.range(-22.0, -14.0), -0.3),
        (Difficulty::LowContrast, MassKind::Fibroadenoma) => (stream.range(-6.0, -3.0), 0.0),
        (Difficulty::LowContrast, MassKind::Carcinoma) => (stream.range(-8.0, -4.5), 0.2),
        (Difficulty::Isoechoic, MassKind::Cyst) => (stream.range(-12.0, -7.0), -0.25),
        (Difficulty::Isoechoic, MassKind::Fibroadenoma) => (stream.range(-1.5, 1.0), 0.0),
        (Difficulty::Isoechoic, MassKind::Carcinoma) => (stream.range(-3.0, -1.0), 0.35),
        _ => return,
    };
    tissue.db = db;
    tissue.attenuation = attenuation;
    tissue.edge_shadow *= 0.5;
    tissue.capsule *= 0.6;
    tissue.halo_db *= 0.5;
}

/// A cluster of specks in four carcinomas of ten.
fn calcifications(semi: [f32; 3], stream: &mut Stream) -> Vec<[f32; 3]> {
    if !stream.chance(0.4) {
        return Vec::new();
    }
    let middle = semi.map(|s| s * stream.range(-0.35, 0.35));
    let count = 4 + stream.below(8);
    (0..count).map(|_| std::array::from_fn(|a| middle[a] + 0.25 * semi[a] * stream.normal())).collect()
}
