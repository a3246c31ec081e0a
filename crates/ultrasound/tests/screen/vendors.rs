//! Screens as vendors draw them around a picture: furniture in words that are no words, invented here.

use image::{GrayImage, Luma, imageops};
use peony_imaging::PixelRect;

/// A full-HD capture.
pub const SCREEN: [u32; 2] = [1920, 1080];

/// Numbers without end from a seed (xorshift), so that every screen can be drawn again.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 33) % u64::from(limit.max(1))) as u32
    }

    pub fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high - low + 1)
    }
}

/// The form of the picture within its rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Form {
    Linear,
    /// Narrower at the top by this share on each side.
    Trapezoid(f32),
    /// A fan from a tip above the middle of the top.
    Sector,
}

/// What is drawn where.
pub struct Layout {
    pub name: &'static str,
    pub picture: PixelRect,
    pub form: Form,
    /// Grey of the ground, of panels and of text.
    pub theme: [u8; 3],
    /// Panels, each filled with text or, where it is `true`, with a ramp.
    pub panels: Vec<(PixelRect, bool)>,
    /// Small pictures of tissue that stand still.
    pub thumbnails: Vec<PixelRect>,
    /// Black bars left and right of a 4:3 screen.
    pub letterbox: bool,
    pub text_over_tissue: bool,
    pub ecg: bool,
}

pub fn rect(x: u32, y: u32, width: u32, height: u32) -> PixelRect {
    PixelRect { x, y, width, height }
}

/// Seven layouts, none of which is a real vendor's.
pub fn layouts() -> Vec<Layout> {
    let plain = |name, picture, form| Layout {
        name,
        picture,
        form,
        theme: [0, 46, 205],
        panels: Vec::new(),
        thumbnails: Vec::new(),
        letterbox: false,
        text_over_tissue: false,
        ecg: false,
    };
    vec![
        Layout {
            panels: vec![
                (rect(0, 0, 1920, 76), false),
                (rect(0, 110, 250, 900), false),
                (rect(1830, 140, 30, 380), true),
                (rect(0, 1030, 1920, 50), false),
            ],
            ..plain("dark, linear", rect(421, 131, 1050, 850), Form::Linear)
        },
        Layout {
            theme: [198, 225, 40],
            panels: vec![(rect(0, 0, 1920, 60), false), (rect(1500, 80, 400, 960), false)],
            ..plain("light, linear", rect(263, 90, 1111, 933), Form::Linear)
        },
        Layout {
            panels: vec![(rect(0, 0, 1920, 90), false), (rect(20, 120, 22, 500), true)],
            thumbnails: (0..5).map(|at| rect(1640, 110 + 190 * at, 240, 170)).collect(),
            ..plain("thumbnails, trapezoid", rect(300, 100, 1210, 905), Form::Trapezoid(0.16))
        },
        Layout {
            theme: [22, 60, 180],
            panels: vec![(rect(0, 0, 330, 1080), false), (rect(340, 1010, 1580, 70), false)],
            thumbnails: (0..3).map(|at| rect(60, 500 + 170 * at, 200, 150)).collect(),
            ecg: true,
            ..plain("grey, sector", rect(520, 60, 1180, 860), Form::Sector)
        },
        Layout {
            letterbox: true,
            panels: vec![(rect(240, 0, 1440, 70), false), (rect(250, 90, 160, 800), false)],
            ..plain("4:3 in black bars", rect(500, 104, 853, 870), Form::Linear)
        },
        Layout {
            text_over_tissue: true,
            panels: vec![(rect(0, 0, 1920, 50), false), (rect(1600, 60, 320, 1000), false)],
            ..plain("text over the tissue", rect(117, 72, 1400, 949), Form::Linear)
        },
        Layout {
            theme: [90, 140, 250],
            panels: vec![
                (rect(0, 0, 1920, 110), false),
                (rect(0, 940, 1920, 140), false),
                (rect(1700, 130, 60, 600), true),
            ],
            thumbnails: (0..6).map(|at| rect(40 + 240 * at, 955, 210, 115)).collect(),
            ..plain("grey, strip of thumbnails", rect(605, 133, 811, 780), Form::Linear)
        },
    ]
}

impl Layout {
    /// The furniture, with a hole where the picture goes; `tissue` fills the thumbnails.
    pub fn furniture(&self, tissue: &GrayImage, dice: &mut Dice) -> GrayImage {
        let [ground, panel, ink] = self.theme;
        let mut screen = GrayImage::from_pixel(SCREEN[0], SCREEN[1], Luma([ground]));
        for &(place, ramp) in &self.panels {
            if ramp {
                let grey = |row: u32| (255 - 255 * row / place.height) as u8;
                fill(&mut screen, place, |_, y| grey(y - place.y));
            } else {
                fill(&mut screen, place, |_, _| panel);
                text(&mut screen, place, ink, dice);
            }
        }
        for &place in &self.thumbnails {
            let small = imageops::resize(tissue, place.width, place.height, imageops::FilterType::Triangle);
            imageops::replace(&mut screen, &small, i64::from(place.x), i64::from(place.y));
        }
        if self.letterbox {
            fill(&mut screen, rect(0, 0, 240, SCREEN[1]), |_, _| 0);
            fill(&mut screen, rect(1680, 0, 240, SCREEN[1]), |_, _| 0);
        }
        screen
    }

    /// The rectangle around what the form leaves of the picture.
    pub fn truth(&self) -> PixelRect {
        let place = self.picture;
        let shown =
            |x: u32, y: u32| self.form.holds(x as f32 / place.width as f32, y as f32 / place.height as f32);
        let column = |x: &u32| (0..place.height).any(|y| shown(*x, y));
        let row = |y: &u32| (0..place.width).any(|x| shown(x, *y));
        let ends = |mut set: Vec<u32>| (set[0], set.pop().unwrap_or_default() + 1);
        let (left, right) = ends((0..place.width).filter(column).collect());
        let (top, bottom) = ends((0..place.height).filter(row).collect());
        rect(place.x + left, place.y + top, right - left, bottom - top)
    }

    /// Puts the picture in, cut to its form over black, and what lies over it. `number` is the frame's.
    pub fn show(&self, screen: &mut GrayImage, tissue: &GrayImage, number: u32) {
        let place = self.picture;
        let scaled = imageops::resize(tissue, place.width, place.height, imageops::FilterType::Triangle);
        let black_ground = self.form != Form::Linear;
        for (x, y, pixel) in scaled.enumerate_pixels() {
            if self.form.holds(x as f32 / place.width as f32, y as f32 / place.height as f32) {
                screen.put_pixel(place.x + x, place.y + y, *pixel);
            } else if black_ground {
                screen.put_pixel(place.x + x, place.y + y, Luma([0]));
            }
        }
        if self.text_over_tissue {
            let mut dice = Dice::new(5);
            for line in
                [rect(place.x + 20, place.y + 4, 420, 40), rect(place.x + 900, place.y + 860, 380, 60)]
            {
                text(screen, line, 255, &mut dice);
            }
        }
        if self.ecg {
            for x in 0..place.width {
                let beat = (x + 7 * number) % 180;
                let y = 960 - if beat < 12 { 3 * beat } else { 0 };
                screen.put_pixel(place.x + x, y, Luma([230]));
            }
        }
    }
}

impl Form {
    fn holds(self, x: f32, y: f32) -> bool {
        let off = (x - 0.5).abs();
        match self {
            Self::Linear => true,
            Self::Trapezoid(share) => off <= 0.5 - share * (1.0 - y),
            Self::Sector => {
                // The tip lies 0.35 heights above the rectangle; the fan opens to the full width at its lower corners.
                let (down, radius) = (y + 0.35, (y + 0.35).hypot(off * 1.2));
                off <= 0.5 * down / 1.22 && (0.42..=1.35).contains(&radius)
            }
        }
    }
}

pub fn fill(screen: &mut GrayImage, place: PixelRect, grey: impl Fn(u32, u32) -> u8) {
    for y in place.y..(place.y + place.height).min(screen.height()) {
        for x in place.x..(place.x + place.width).min(screen.width()) {
            screen.put_pixel(x, y, Luma([grey(x, y)]));
        }
    }
}

/// Lines of strokes that look like words from afar.
pub fn text(screen: &mut GrayImage, place: PixelRect, ink: u8, dice: &mut Dice) {
    let height = dice.between(9, 15);
    let mut y = place.y + 8;
    while y + height + 4 < place.y + place.height {
        let mut x = place.x + 10;
        let end = place.x + place.width * dice.between(40, 95) / 100;
        while x + 10 < end {
            let width = dice.between(5, 9);
            for _ in 0..3 {
                if dice.below(2) == 0 {
                    fill(screen, rect(x + dice.below(width), y, 2, height), |_, _| ink);
                } else {
                    fill(screen, rect(x, y + dice.below(height), width, 2), |_, _| ink);
                }
            }
            x += width + if dice.below(6) == 0 { 9 } else { 3 };
        }
        y += height + dice.between(6, 18);
    }
}
