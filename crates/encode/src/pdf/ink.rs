//! Colours, pens and paths.

use peony_model::BiRads;

/// A colour: red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ink(pub u8, pub u8, pub u8);

impl Ink {
    pub const BLACK: Self = Self(0x1b, 0x1a, 0x1d);
    /// Captions and what stands at the foot; 7.3 to 1 on white.
    pub const SECOND: Self = Self(0x55, 0x53, 0x58);
    pub const RULE: Self = Self(0xb5, 0xb1, 0xac);
    pub const WASH: Self = Self(0xee, 0xee, 0xf0);
    /// The diagonal word: seen, and never in the way of reading.
    pub const WATER: Self = Self(0xee, 0xed, 0xef);
    pub const WHITE: Self = Self(0xff, 0xff, 0xff);

    /// What a category's box is filled with and what its number is drawn in: empty up to 2, and then darker as it gets worse,
    /// in grey as well.
    pub fn of(category: BiRads) -> (Self, Self) {
        match category {
            BiRads::Cat0 | BiRads::Cat1 | BiRads::Cat2 => (Self::WHITE, Self::BLACK),
            BiRads::Cat3 => (Self(0xf5, 0xe6, 0xa0), Self::BLACK),
            BiRads::Cat4 | BiRads::Cat4A => (Self(0xf5, 0xc4, 0x51), Self::BLACK),
            BiRads::Cat4B => (Self(0xf2, 0x99, 0x3f), Self::BLACK),
            BiRads::Cat4C => (Self(0xec, 0x74, 0x40), Self::BLACK),
            BiRads::Cat5 => (Self(0xc9, 0x2f, 0x2f), Self::WHITE),
            BiRads::Cat6 => (Self(0x6a, 0x3f, 0xb8), Self::WHITE),
        }
    }
}

/// A line's colour, width in points, and dashes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pen {
    pub ink: Ink,
    pub width: f32,
    /// Length of a dash and of a gap.
    pub dash: Option<[f32; 2]>,
}

impl Pen {
    pub const fn new(ink: Ink, width: f32) -> Self {
        Self { ink, width, dash: None }
    }

    /// Dashed: a machine's.
    pub const fn dashed(self) -> Self {
        Self { dash: Some([2.6, 2.0]), ..self }
    }

    /// Dotted: under a machine's words.
    pub const fn dotted(self) -> Self {
        Self { dash: Some([0.8, 1.4]), ..self }
    }
}

/// A step of a path; points of the page, from its upper left corner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Step {
    Move([f32; 2]),
    Line([f32; 2]),
    Curve([f32; 2], [f32; 2], [f32; 2]),
    Close,
}

/// How far the handles of a quarter of a circle reach.
const QUARTER: f32 = 0.552_285;

pub fn line(from: [f32; 2], to: [f32; 2]) -> Vec<Step> {
    vec![Step::Move(from), Step::Line(to)]
}

pub fn rectangle([x, y]: [f32; 2], [width, height]: [f32; 2]) -> Vec<Step> {
    let corners = [[x, y], [x + width, y], [x + width, y + height], [x, y + height]];
    polygon(&corners)
}

pub fn polygon(points: &[[f32; 2]]) -> Vec<Step> {
    let steps = points.iter().enumerate();
    let mut steps: Vec<Step> =
        steps.map(|(nth, point)| if nth == 0 { Step::Move(*point) } else { Step::Line(*point) }).collect();
    steps.push(Step::Close);
    steps
}

/// A rectangle with round corners.
pub fn rounded([x, y]: [f32; 2], [width, height]: [f32; 2], radius: f32) -> Vec<Step> {
    let (r, k) = (radius, radius * (1.0 - QUARTER));
    let (right, bottom) = (x + width, y + height);
    vec![
        Step::Move([x + r, y]),
        Step::Line([right - r, y]),
        Step::Curve([right - k, y], [right, y + k], [right, y + r]),
        Step::Line([right, bottom - r]),
        Step::Curve([right, bottom - k], [right - k, bottom], [right - r, bottom]),
        Step::Line([x + r, bottom]),
        Step::Curve([x + k, bottom], [x, bottom - k], [x, bottom - r]),
        Step::Line([x, y + r]),
        Step::Curve([x, y + k], [x + k, y], [x + r, y]),
        Step::Close,
    ]
}

pub fn circle([x, y]: [f32; 2], radius: f32) -> Vec<Step> {
    rounded([x - radius, y - radius], [2.0 * radius, 2.0 * radius], radius)
}
