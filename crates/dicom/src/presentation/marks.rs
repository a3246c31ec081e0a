//! Graphic annotations and their layers (PS3.3 §C.10.5, §C.10.7).

use dicom_core::Tag;

use super::For;
use crate::error::{DicomError, Field};
use crate::node::Node;

const LAYER: Tag = Tag(0x0070, 0x0002);
const BOX_UNITS: Tag = Tag(0x0070, 0x0003);
const ANCHOR_UNITS: Tag = Tag(0x0070, 0x0004);
const GRAPHIC_UNITS: Tag = Tag(0x0070, 0x0005);
const TEXT_VALUE: Tag = Tag(0x0070, 0x0006);
const TEXTS: Tag = Tag(0x0070, 0x0008);
const GRAPHICS: Tag = Tag(0x0070, 0x0009);
const BOX: [Tag; 2] = [Tag(0x0070, 0x0010), Tag(0x0070, 0x0011)];
const JUSTIFICATION: Tag = Tag(0x0070, 0x0012);
const ANCHOR: Field = Field::new(0x0070, 0x0014, "Anchor Point");
const ANCHOR_VISIBLE: Tag = Tag(0x0070, 0x0015);
const GRAPHIC_DATA: Field = Field::new(0x0070, 0x0022, "Graphic Data");
const GRAPHIC_TYPE: Field = Field::new(0x0070, 0x0023, "Graphic Type");
const FILLED: Tag = Tag(0x0070, 0x0024);
const ANNOTATIONS: Tag = Tag(0x0070, 0x0001);
const LAYERS: Tag = Tag(0x0070, 0x0060);
const LAYER_ORDER: Tag = Tag(0x0070, 0x0062);
const LAYER_GREY: Tag = Tag(0x0070, 0x0066);
const LAYER_LAB: Tag = Tag(0x0070, 0x0401);
const COMPOUND: Tag = Tag(0x0070, 0x0209);

pub(super) const TAGS: [Tag; 21] = [
    LAYER,
    BOX_UNITS,
    ANCHOR_UNITS,
    GRAPHIC_UNITS,
    TEXT_VALUE,
    TEXTS,
    GRAPHICS,
    BOX[0],
    BOX[1],
    JUSTIFICATION,
    ANCHOR.tag,
    ANCHOR_VISIBLE,
    GRAPHIC_DATA.tag,
    GRAPHIC_TYPE.tag,
    FILLED,
    ANNOTATIONS,
    LAYERS,
    LAYER_ORDER,
    LAYER_GREY,
    LAYER_LAB,
    COMPOUND,
];

/// Graphics and texts of one state.
const MARKS: usize = 5_000;
/// Their points together.
const POINTS: usize = 100_000;
/// Characters of a text (PS3.5 §6.2, ST).
const CHARACTERS: usize = 1_024;
/// How far outside a picture something may lie: no picture has so many pixels on a side.
const FAR: f64 = 1e6;

/// A colour: red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ink(pub [u8; 3]);

impl Ink {
    /// Where nothing is said.
    pub const WHITE: Self = Self([255; 3]);

    /// Whether it has no hue.
    #[must_use]
    pub fn is_grey(self) -> bool {
        let Self([red, green, blue]) = self;
        red == green && green == blue
    }
}

/// A layer that marks lie in.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// Its name.
    pub name: String,
    /// Higher ones lie over lower ones.
    pub order: i64,
    /// What its marks are drawn with.
    pub ink: Ink,
}

/// Something that is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// The name of its layer.
    pub layer: String,
    /// What it is.
    pub shape: Shape,
}

/// In what positions are said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Units {
    /// Pixels of the picture, from the upper left corner of its first pixel on.
    Pixel,
    /// Parts of the displayed area, as it is shown: 0 to 1.
    Display,
}

/// The shape of a mark. Points are column and row, or right and down.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A spot.
    Point {
        /// In what its place is said.
        units: Units,
        /// Its place.
        at: [f64; 2],
    },
    /// Straight lines between points.
    Polyline {
        /// In what points are said.
        units: Units,
        /// The points, at least two.
        points: Vec<[f64; 2]>,
        /// What they enclose is filled.
        filled: bool,
    },
    /// A curve through points.
    Curve {
        /// In what points are said.
        units: Units,
        /// The points, at least two.
        points: Vec<[f64; 2]>,
        /// What it encloses is filled.
        filled: bool,
    },
    /// A circle or an ellipse.
    Ellipse {
        /// In what points are said.
        units: Units,
        /// Its centre.
        center: [f64; 2],
        /// From the centre to the ends of two axes.
        axes: [[f64; 2]; 2],
        /// It is filled.
        filled: bool,
    },
    /// Letters.
    Text(Text),
}

/// A text.
#[derive(Clone, PartialEq)]
pub struct Text {
    /// What is written; lines end where it says.
    pub text: String,
    /// Two corners of the place in which it is written.
    pub within: Option<(Units, [[f64; 2]; 2])>,
    /// What it is about, and whether a line is drawn there.
    pub anchor: Option<(Units, [f64; 2], bool)>,
    /// Where its lines stand.
    pub side: Side,
}

/// It may be of a patient (invariant 5).
impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Text")
            .field("within", &self.within)
            .field("anchor", &self.anchor)
            .finish_non_exhaustive()
    }
}

/// Where the lines of a text stand in their place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// At its left.
    Left,
    /// In its middle.
    Center,
    /// At its right.
    Right,
}

pub(super) fn layers(root: &Node) -> Result<Vec<Layer>, DicomError> {
    let items = root.items(LAYERS);
    within("the number of layers", items.len(), MARKS)?;
    let read = |item: &Node| Layer {
        name: item.code(LAYER),
        order: item.number(LAYER_ORDER).unwrap_or(0.0) as i64,
        ink: ink(item),
    };
    Ok(items.iter().map(read).collect())
}

fn ink(item: &Node) -> Ink {
    if let Some(lab) = item.array::<3>(LAYER_LAB) {
        return Ink(srgb(lab));
    }
    let level = item.number(LAYER_GREY).map_or(255, |level| (level / 257.0).round() as u8);
    Ink([level; 3])
}

/// PCS-Values, CIELab of the white point D50 in words (PS3.3 §C.10.7.1.1), as sRGB.
fn srgb([lightness, a, b]: [f64; 3]) -> [u8; 3] {
    let (lightness, a, b) = (lightness / 65_535.0 * 100.0, a / 257.0 - 128.0, b / 257.0 - 128.0);
    let y = (lightness + 16.0) / 116.0;
    let linear =
        |t: f64| if t > 6.0 / 29.0 { t.powi(3) } else { 3.0 * (6.0_f64 / 29.0).powi(2) * (t - 4.0 / 29.0) };
    let (x, y, z) = (0.9642 * linear(y + a / 500.0), linear(y), 0.8249 * linear(y - b / 200.0));
    // To D65 by Bradford, and to the primaries of sRGB, in one (B. Lindbloom).
    let primaries = [
        3.133_856_1 * x - 1.616_866_7 * y - 0.490_614_6 * z,
        -0.978_768_4 * x + 1.916_141_5 * y + 0.033_454_0 * z,
        0.071_945_3 * x - 0.228_991_4 * y + 1.405_242_7 * z,
    ];
    primaries.map(|linear| {
        let linear = linear.clamp(0.0, 1.0);
        let coded =
            if linear <= 0.003_130_8 { 12.92 * linear } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 };
        (coded * 255.0).round() as u8
    })
}

pub(super) fn read(root: &Node) -> Result<Vec<For<Vec<Mark>>>, DicomError> {
    let (mut annotations, mut count, mut points) = (Vec::new(), 0, 0);
    for item in root.items(ANNOTATIONS) {
        let (graphics, texts) = (item.items(GRAPHICS), item.items(TEXTS));
        // A compound graphic stands beside graphics that look like it; without them there would be nothing to draw.
        if item.has(COMPOUND) && graphics.is_empty() && texts.is_empty() {
            return Err(DicomError::Unsupported("a compound graphic"));
        }
        let mut marks = Vec::new();
        let layer = item.code(LAYER);
        for shape in graphics.iter().map(graphic).chain(texts.iter().map(text)) {
            let shape = shape?;
            (count, points) = (count + 1, points + shape.points());
            within("the number of graphics and texts", count, MARKS)?;
            within("the number of points of a presentation state", points, POINTS)?;
            marks.push(Mark { layer: layer.clone(), shape });
        }
        annotations.push(For::read(item, marks)?);
    }
    Ok(annotations)
}

fn within(what: &'static str, value: usize, limit: usize) -> Result<(), DicomError> {
    if value <= limit {
        return Ok(());
    }
    Err(DicomError::TooLarge { what, value: value as u64, limit: limit as u64 })
}

impl Shape {
    fn points(&self) -> usize {
        match self {
            Self::Polyline { points, .. } | Self::Curve { points, .. } => points.len(),
            _ => 4,
        }
    }
}

fn units(item: &Node, tag: Tag) -> Result<Units, DicomError> {
    match item.code(tag).as_str() {
        "PIXEL" => Ok(Units::Pixel),
        "DISPLAY" => Ok(Units::Display),
        _ => Err(DicomError::Unsupported("an annotation in units of a tiled picture, or in none")),
    }
}

fn is_near(point: [f64; 2]) -> bool {
    point.iter().all(|at| at.abs() <= FAR)
}

fn graphic(item: &Node) -> Result<Shape, DicomError> {
    let units = units(item, GRAPHIC_UNITS)?;
    let filled = item.code(FILLED) == "Y";
    let points: Vec<[f64; 2]> = item.numbers(GRAPHIC_DATA.tag).as_chunks().0.to_vec();
    let missing = DicomError::Missing(GRAPHIC_DATA);
    if !points.iter().copied().all(is_near) {
        return Err(missing);
    }
    let less = |[a, b]: [f64; 2], [c, d]: [f64; 2]| [a - c, b - d];
    let kind = item.code(GRAPHIC_TYPE.tag);
    match (kind.as_str(), points.as_slice()) {
        ("POINT", [at, ..]) => Ok(Shape::Point { units, at: *at }),
        ("POLYLINE", [_, _, ..]) => Ok(Shape::Polyline { units, points, filled }),
        ("INTERPOLATED", [_, _, ..]) => Ok(Shape::Curve { units, points, filled }),
        ("CIRCLE", [center, edge, ..]) => {
            let [x, y] = less(*edge, *center);
            let axes = [[x, y], [-y, x]];
            Ok(Shape::Ellipse { units, center: *center, axes, filled })
        }
        ("ELLIPSE", [a, b, c, d, ..]) => {
            let center = [(a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0];
            let half = |[from, to]: [&[f64; 2]; 2]| less(*to, *from).map(|side| side / 2.0);
            Ok(Shape::Ellipse { units, center, axes: [half([a, b]), half([c, d])], filled })
        }
        ("POINT" | "POLYLINE" | "INTERPOLATED" | "CIRCLE" | "ELLIPSE", _) => Err(missing),
        _ => Err(DicomError::Missing(GRAPHIC_TYPE)),
    }
}

fn text(item: &Node) -> Result<Shape, DicomError> {
    let text = item.text(TEXT_VALUE).unwrap_or_default().replace("\r\n", "\n").replace('\r', "\n");
    within("the number of characters of a text", text.chars().count(), CHARACTERS)?;
    let corners = item.array(BOX[0]).zip(item.array(BOX[1]));
    let corners = corners.filter(|(a, b)| is_near(*a) && is_near(*b));
    let within = corners.map(|(a, b)| units(item, BOX_UNITS).map(|units| (units, [a, b]))).transpose()?;
    let anchor = item.array(ANCHOR.tag).filter(|at| is_near(*at));
    let visible = item.code(ANCHOR_VISIBLE) == "Y";
    let anchor = anchor.map(|at| units(item, ANCHOR_UNITS).map(|units| (units, at, visible))).transpose()?;
    if within.is_none() && anchor.is_none() {
        return Err(DicomError::Missing(ANCHOR));
    }
    let side = match item.code(JUSTIFICATION).as_str() {
        "CENTER" => Side::Center,
        "RIGHT" => Side::Right,
        _ => Side::Left,
    };
    Ok(Shape::Text(Text { text, within, anchor, side }))
}
