//! Softcopy presentation states (PS3.3 §A.33): how a picture is to be shown, read by the same scan as everything and bounded.
//!
//! [`PresentationState::open`] reads a state for grey or for colour pictures. What it says of grey levels is made into a table by
//! [`PresentationState::grey_levels`]; the rest is told as numbers, for whoever draws. A state that asks for what is not read (masks to
//! subtract, annotations of tiled pictures, compound graphics alone) is refused whole: half a state would be another picture.
//!
//! Deliberately not read: ICC profiles, styles of lines and of letters, and the registration between pictures.

mod grey;
mod marks;
mod overlay;
mod shutter;

use std::io::{Read, Seek};

use dicom_core::Tag;

use crate::elements::Elements;
use crate::error::{DicomError, Field};
use crate::node::Node;
use crate::pixels::Window;
use crate::pixels::grey::{Modality, Voi};
use crate::pixels::lut::{self, Lut};

pub use marks::{Ink, Layer, Mark, Shape, Side, Text, Units};
pub use overlay::{Overlay, Plane, planes};
pub use shutter::Shutter;

/// Grayscale Softcopy Presentation State Storage.
pub const GREY_STATE: &str = "1.2.840.10008.5.1.4.1.1.11.1";
/// Color Softcopy Presentation State Storage.
pub const COLOUR_STATE: &str = "1.2.840.10008.5.1.4.1.1.11.2";
/// Pictures that a state is for.
const REFERENCES: usize = 10_000;

const SOP_CLASS: Field = Field::new(0x0008, 0x0016, "SOP Class UID");
const REFERENCED_SERIES: Field = Field::new(0x0008, 0x1115, "Referenced Series Sequence");
const REFERENCED_IMAGE: Tag = Tag(0x0008, 0x1140);
const REFERENCED_INSTANCE: Tag = Tag(0x0008, 0x1155);
const REFERENCED_FRAME: Tag = Tag(0x0008, 0x1160);
const SERIES: Tag = Tag(0x0020, 0x000E);
const WINDOW_CENTER: Tag = Tag(0x0028, 0x1050);
const WINDOW_WIDTH: Field = Field::new(0x0028, 0x1051, "Window Width");
const RESCALE_INTERCEPT: Tag = Tag(0x0028, 0x1052);
const RESCALE_SLOPE: Field = Field::new(0x0028, 0x1053, "Rescale Slope");
const VOI_FUNCTION: Tag = Tag(0x0028, 0x1056);
const MODALITY_LUTS: Tag = Tag(0x0028, 0x3000);
const VOI_LUTS: Tag = Tag(0x0028, 0x3010);
const SOFTCOPY_VOI_LUTS: Tag = Tag(0x0028, 0x3110);
const MASKS: Tag = Tag(0x0028, 0x6100);
const FLIP: Tag = Tag(0x0070, 0x0041);
const ROTATION: Field = Field::new(0x0070, 0x0042, "Image Rotation");
const CORNERS: [Field; 2] = [
    Field::new(0x0070, 0x0052, "Displayed Area Top Left Hand Corner"),
    Field::new(0x0070, 0x0053, "Displayed Area Bottom Right Hand Corner"),
];
const AREAS: Tag = Tag(0x0070, 0x005A);
const SIZE_MODE: Tag = Tag(0x0070, 0x0100);
const PIXEL_SPACING: Tag = Tag(0x0070, 0x0101);
const PIXEL_ASPECT: Tag = Tag(0x0070, 0x0102);
const MAGNIFICATION: Field = Field::new(0x0070, 0x0103, "Presentation Pixel Magnification Ratio");
const PRESENTATION_LUTS: Tag = Tag(0x2050, 0x0010);
const PRESENTATION_SHAPE: Field = Field::new(0x2050, 0x0020, "Presentation LUT Shape");

const TAGS: [Tag; 25] = [
    SOP_CLASS.tag,
    REFERENCED_SERIES.tag,
    REFERENCED_IMAGE,
    REFERENCED_INSTANCE,
    REFERENCED_FRAME,
    SERIES,
    WINDOW_CENTER,
    WINDOW_WIDTH.tag,
    RESCALE_INTERCEPT,
    RESCALE_SLOPE.tag,
    VOI_FUNCTION,
    MODALITY_LUTS,
    VOI_LUTS,
    SOFTCOPY_VOI_LUTS,
    MASKS,
    FLIP,
    ROTATION.tag,
    CORNERS[0].tag,
    CORNERS[1].tag,
    AREAS,
    SIZE_MODE,
    PIXEL_SPACING,
    PIXEL_ASPECT,
    MAGNIFICATION.tag,
    PRESENTATION_LUTS,
];

fn is_wanted(tag: Tag) -> bool {
    let lists: [&[Tag]; 4] = [&TAGS, &lut::TAGS, &marks::TAGS, &shutter::TAGS];
    tag == PRESENTATION_SHAPE.tag || overlay::is_wanted(tag) || lists.iter().any(|list| list.contains(&tag))
}

/// How pictures are to be shown. It has no debug form: its texts may be of a patient (invariant 5).
#[derive(Clone)]
pub struct PresentationState {
    colour: bool,
    references: Vec<Reference>,
    modality: Modality,
    vois: Vec<For<Voi>>,
    presentation_lut: PresentationLut,
    turn: Turn,
    areas: Vec<For<Area>>,
    shutters: Vec<Shutter>,
    shutter_level: u8,
    overlays: Vec<Overlay>,
    layers: Vec<Layer>,
    marks: Vec<For<Vec<Mark>>>,
}

/// A picture that a state is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Series Instance UID.
    pub series_uid: String,
    /// SOP Instance UID.
    pub instance_uid: String,
    /// Frames, counted from 0; none: all of them.
    pub frames: Vec<u64>,
}

impl Reference {
    fn is_for(&self, instance_uid: &str, frame: u64) -> bool {
        self.instance_uid == instance_uid && (self.frames.is_empty() || self.frames.contains(&frame))
    }
}

/// Something that is said for some pictures of the state, or for all.
#[derive(Clone)]
struct For<T> {
    images: Vec<Reference>,
    what: T,
}

impl<T> For<T> {
    fn read(item: &Node, what: T) -> Result<Self, DicomError> {
        let mut images = Vec::new();
        references(item, "", &mut images)?;
        Ok(Self { images, what })
    }

    fn is_for(&self, instance_uid: &str, frame: u64) -> bool {
        self.images.is_empty() || self.images.iter().any(|image| image.is_for(instance_uid, frame))
    }
}

#[derive(Clone)]
enum PresentationLut {
    Identity,
    Inverse,
    Table(Lut),
}

/// How the picture is turned (PS3.3 §C.10.6): first by quarters clockwise, then over its vertical axis.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Turn {
    /// Quarters of a turn clockwise, 0 to 3.
    pub quarters: u8,
    /// Left and right are exchanged.
    pub flipped: bool,
}

/// What of a picture is shown, and how large (PS3.3 §C.10.4).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    /// Left, top, right and bottom in pixels of the picture from its upper left corner on; they may lie outside it.
    pub edges_px: [i64; 4],
    /// Height of a pixel in its widths.
    pub tall: f64,
    /// Pixels of the screen for the width of one of the picture; `None` where the state leaves it to the viewer (as large as fits) or wants
    /// lengths on the glass, which a picture has not.
    pub magnified: Option<f64>,
}

impl PresentationState {
    /// Reads a file of PS3.10.
    ///
    /// # Errors
    /// [`DicomError`]: damaged, past a limit, no state of a kind that is read, or one that asks for what is not.
    pub fn open(file: impl Read + Seek) -> Result<Self, DicomError> {
        let file = Elements::open(file)?;
        let root = Node::read(file.data_set(), is_wanted)?;
        let colour = match root.code(SOP_CLASS.tag).as_str() {
            GREY_STATE => false,
            COLOUR_STATE => true,
            _ => {
                return Err(DicomError::Unsupported(
                    "an object that is no grey or colour presentation state",
                ));
            }
        };
        if root.has(MASKS) {
            return Err(DicomError::Unsupported("a presentation state that subtracts a mask"));
        }
        let mut images = Vec::new();
        for series in root.items(REFERENCED_SERIES.tag) {
            references(series, &series.code(SERIES), &mut images)?;
        }
        if images.is_empty() {
            return Err(DicomError::Missing(REFERENCED_SERIES));
        }
        let layers = marks::layers(&root)?;
        Ok(Self {
            colour,
            references: images,
            modality: modality(&root)?,
            vois: vois(&root)?,
            presentation_lut: presentation_lut(&root)?,
            turn: turn(&root)?,
            areas: areas(&root)?,
            shutters: shutter::read(&root)?,
            shutter_level: shutter::level(&root),
            overlays: overlay::read(&root)?,
            marks: marks::read(&root)?,
            layers,
        })
    }

    /// Whether it is for colour pictures, whose levels it leaves as they are.
    #[must_use]
    pub fn is_for_colour(&self) -> bool {
        self.colour
    }

    /// The pictures that it is for, at least one.
    #[must_use]
    pub fn references(&self) -> &[Reference] {
        &self.references
    }

    /// Whether it is for this frame, counted from 0.
    #[must_use]
    pub fn is_for(&self, instance_uid: &str, frame: u64) -> bool {
        self.references.iter().any(|image| image.is_for(instance_uid, frame))
    }

    /// How pictures are turned.
    #[must_use]
    pub fn turn(&self) -> Turn {
        self.turn
    }

    /// What is shown of a frame; `None` where the state does not say.
    #[must_use]
    pub fn area(&self, instance_uid: &str, frame: u64) -> Option<Area> {
        self.areas.iter().find(|area| area.is_for(instance_uid, frame)).map(|area| area.what)
    }

    /// What covers the picture around what matters.
    #[must_use]
    pub fn shutters(&self) -> &[Shutter] {
        &self.shutters
    }

    /// The grey level of what is covered.
    #[must_use]
    pub fn shutter_level(&self) -> u8 {
        self.shutter_level
    }

    /// The overlays that are shown, and those that shutters are made of.
    #[must_use]
    pub fn overlays(&self) -> &[Overlay] {
        &self.overlays
    }

    /// The grey level or colour of a layer; white for one that says none.
    #[must_use]
    pub fn ink_of(&self, layer: &str) -> Ink {
        self.layers.iter().find(|known| known.name == layer).map_or(Ink::WHITE, |layer| layer.ink)
    }

    /// What is drawn on a frame, from the lowest layer up.
    #[must_use]
    pub fn marks(&self, instance_uid: &str, frame: u64) -> Vec<&Mark> {
        let marks = self.marks.iter().filter(|mark| mark.is_for(instance_uid, frame));
        let mut marks: Vec<&Mark> = marks.flat_map(|marks| &marks.what).collect();
        let order = |name: &str| self.layers.iter().find(|layer| layer.name == name).map(|layer| layer.order);
        marks.sort_by_key(|mark| order(&mark.layer));
        marks
    }
}

/// The pictures of a Referenced Image Sequence, after those of others.
fn references(item: &Node, series_uid: &str, all: &mut Vec<Reference>) -> Result<(), DicomError> {
    let images = item.items(REFERENCED_IMAGE);
    if all.len() + images.len() > REFERENCES {
        let (value, limit) = ((all.len() + images.len()) as u64, REFERENCES as u64);
        return Err(DicomError::TooLarge {
            what: "the number of pictures of a presentation state",
            value,
            limit,
        });
    }
    let read = |image: &Node| Reference {
        series_uid: series_uid.to_owned(),
        instance_uid: image.code(REFERENCED_INSTANCE),
        frames: image
            .numbers(REFERENCED_FRAME)
            .iter()
            .filter_map(|frame| (*frame as u64).checked_sub(1))
            .collect(),
    };
    all.extend(images.iter().map(read));
    Ok(())
}

fn modality(root: &Node) -> Result<Modality, DicomError> {
    if let Some(item) = root.items(MODALITY_LUTS).first() {
        return Ok(Modality::Table(Lut::read(item)?));
    }
    Ok(match (root.number(RESCALE_SLOPE.tag), root.number(RESCALE_INTERCEPT)) {
        (None, None) => Modality::Identity,
        (Some(0.0), _) => return Err(DicomError::Missing(RESCALE_SLOPE)),
        (slope, intercept) => {
            Modality::Rescale { slope: slope.unwrap_or(1.0), intercept: intercept.unwrap_or(0.0) }
        }
    })
}

fn vois(root: &Node) -> Result<Vec<For<Voi>>, DicomError> {
    let read = |item: &Node| {
        let voi = match item.items(VOI_LUTS).first() {
            Some(table) => Voi::Table(Lut::read(table)?),
            None => {
                let window = item.number(WINDOW_CENTER).zip(item.number(WINDOW_WIDTH.tag));
                let window =
                    window.and_then(|(center, width)| Window::of(&item.code(VOI_FUNCTION), center, width));
                Voi::Window(window.ok_or(DicomError::Missing(WINDOW_WIDTH))?)
            }
        };
        For::read(item, voi)
    };
    root.items(SOFTCOPY_VOI_LUTS).iter().map(read).collect()
}

fn presentation_lut(root: &Node) -> Result<PresentationLut, DicomError> {
    if let Some(item) = root.items(PRESENTATION_LUTS).first() {
        return Ok(PresentationLut::Table(Lut::read(item)?));
    }
    match root.code(PRESENTATION_SHAPE.tag).as_str() {
        "" | "IDENTITY" => Ok(PresentationLut::Identity),
        "INVERSE" => Ok(PresentationLut::Inverse),
        _ => Err(DicomError::Missing(PRESENTATION_SHAPE)),
    }
}

fn turn(root: &Node) -> Result<Turn, DicomError> {
    let degrees = root.number(ROTATION.tag).unwrap_or(0.0);
    let quarters = (0..4_u8).find(|quarters| degrees == 90.0 * f64::from(*quarters));
    let quarters = quarters.ok_or(DicomError::BadValue {
        field: ROTATION,
        value: degrees as i64,
        allowed: "0, 90, 180 or 270",
    })?;
    Ok(Turn { quarters, flipped: root.code(FLIP) == "Y" })
}

fn areas(root: &Node) -> Result<Vec<For<Area>>, DicomError> {
    root.items(AREAS).iter().map(|item| For::read(item, area(item)?)).collect()
}

fn area(item: &Node) -> Result<Area, DicomError> {
    let corner = |field: Field| item.array::<2>(field.tag).ok_or(DicomError::Missing(field));
    let ([x0, y0], [x1, y1]) = (corner(CORNERS[0])?, corner(CORNERS[1])?);
    // Each is a pixel of the picture as it was before it was turned, counted from 1, and belongs to the area.
    let edges = [x0.min(x1) - 1.0, y0.min(y1) - 1.0, x0.max(x1), y0.max(y1)];
    let ratio = |tag| item.array::<2>(tag).map(|[high, wide]| high / wide);
    let tall = ratio(PIXEL_SPACING).or(ratio(PIXEL_ASPECT)).unwrap_or(1.0);
    if !(0.01..=100.0).contains(&tall) {
        return Err(DicomError::Unsupported(
            "a pixel that is a hundred times as high as wide, or as wide as high",
        ));
    }
    let magnified = match item.code(SIZE_MODE).as_str() {
        "MAGNIFY" => {
            let ratio = item.number(MAGNIFICATION.tag).filter(|ratio| *ratio > 0.0);
            Some(ratio.ok_or(DicomError::Missing(MAGNIFICATION))?)
        }
        _ => None,
    };
    // Written with 32 bits, so an integer of 64 holds them.
    Ok(Area { edges_px: edges.map(|edge| edge as i64), tall, magnified })
}
