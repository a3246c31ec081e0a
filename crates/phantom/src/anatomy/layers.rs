//! The layers of one breast as heights under each place of the skin, in mm of depth.

use crate::noise::Noise;
use crate::random::Key;

/// What one breast is made of; drawn from the seed.
#[derive(Debug)]
pub(crate) struct Layers {
    skin: f32,
    gland_base: f32,
    gland_bottom: f32,
    retro: f32,
    muscle: f32,
    crest: f32,
    rib: Ribs,
    pub(crate) fat_db: f32,
    pub(crate) muscle_db: f32,
    /// Where the noise of the fat inclusions must pass to be fat; falls as the breast is fattier.
    pub(crate) inclusion_threshold: f32,
    noise: [Noise; 7],
}

/// The ribs under it.
#[derive(Debug)]
struct Ribs {
    apart: f32,
    half_width: f32,
    direction: [f32; 2],
    phase: f32,
}

/// The heights under one place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heights {
    pub(crate) skin_top: f32,
    pub(crate) skin: f32,
    pub(crate) gland_top: f32,
    pub(crate) gland_bottom: f32,
    pub(crate) fascia: f32,
    /// Top of the rib where there is one, else the pleura.
    pub(crate) wall: f32,
    pub(crate) on_rib: bool,
    /// The ridge field whose zero lines carry the ligaments.
    pub(crate) ridge: f32,
}

impl Layers {
    pub(crate) fn new(key: Key) -> Self {
        let mut stream = key.purpose(1).stream();
        let density = stream.range(0.0, 1.0);
        let angle = stream.range(-0.5, 0.5);
        let noise = |number: u64, pitch: f32| Noise::new(key.purpose(20 + number), [pitch; 3]);
        Self {
            skin: stream.range(1.1, 2.0),
            gland_base: stream.range(4.5, 11.0) - 2.0 * density,
            gland_bottom: stream.range(17.0, 25.0),
            retro: stream.range(1.5, 4.0),
            muscle: stream.range(6.0, 12.0),
            crest: stream.range(0.15, 0.75),
            rib: Ribs {
                apart: stream.range(19.0, 26.0),
                half_width: stream.range(5.0, 7.0),
                direction: [angle.cos(), angle.sin()],
                phase: stream.range(0.0, 26.0),
            },
            fat_db: stream.range(-15.0, -10.0),
            muscle_db: stream.range(-17.0, -12.0),
            inclusion_threshold: 0.8 + 1.4 * density,
            noise: [
                noise(0, 14.0),
                noise(1, 7.0),
                noise(2, 6.5),
                noise(3, 11.0),
                noise(4, 16.0),
                noise(5, 9.0),
                noise(6, 12.0),
            ],
        }
    }

    /// The gland's top and bottom, where masses are put.
    pub(crate) fn gland(&self, x: f32, y: f32) -> [f32; 2] {
        let heights = self.under(x, y);
        [heights.gland_top, heights.gland_bottom]
    }

    pub(crate) fn under(&self, x: f32, y: f32) -> Heights {
        let n = |number: usize| self.noise[number].surface(x, y);
        let skin_top = 0.35 + 0.06 * n(0);
        let skin = skin_top + self.skin * (1.0 + 0.06 * n(3));
        let ridge = n(2);
        let crest = (1.0 - (1.15 * ridge.abs()).min(1.0)).powf(2.2);
        let base = self.gland_base + 1.2 * n(0) + 0.5 * n(1);
        let fat = (base - skin).max(1.0);
        let gland_top = skin + fat * (1.0 - self.crest * crest).max(0.12);
        let gland_bottom = (self.gland_bottom + 1.8 * n(4) + 0.5 * n(5)).max(gland_top + 5.0);
        let fascia = gland_bottom + (self.retro * (1.0 + 0.35 * n(5))).max(0.6);
        let wall_plane = fascia + self.muscle + 0.9 * n(6);
        let (wall, on_rib) = self.rib.wall(x, y, wall_plane);
        Heights { skin_top, skin, gland_top, gland_bottom, fascia, wall, on_rib, ridge }
    }
}

impl Ribs {
    /// The chest wall at a place: a rounded rib, or the pleura some millimetres deeper.
    fn wall(&self, x: f32, y: f32, plane: f32) -> (f32, bool) {
        let across = x * self.direction[0] + y * self.direction[1] + self.phase;
        let from_middle = (across.rem_euclid(self.apart) - 0.5 * self.apart).abs() / self.half_width;
        if from_middle < 1.0 {
            (plane + 3.2 * (1.0 - (1.0 - from_middle * from_middle).sqrt()), true)
        } else {
            (plane + 4.5, false)
        }
    }
}
