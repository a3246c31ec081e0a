//! Small DICOM files made in the test: no shared data is needed.
#![allow(dead_code)] // Each test file uses its part.

use std::collections::BTreeMap;

type Tag = (u16, u16);

/// A file in explicit little endian; elements by tag.
#[derive(Clone)]
pub struct File {
    pub syntax: &'static str,
    elements: BTreeMap<Tag, Vec<u8>>,
}

/// Spatial format, data type, x0, y0, x1, y1, units, delta in cm.
type Region = (Option<u16>, u16, [u32; 4], u16, f64);

pub const EXPLICIT: &str = "1.2.840.10008.1.2.1";
pub const RLE: &str = "1.2.840.10008.1.2.5";
pub const JPEG: &str = "1.2.840.10008.1.2.4.50";

pub const ROWS: Tag = (0x0028, 0x0010);
pub const COLUMNS: Tag = (0x0028, 0x0011);
pub const NUMBER_OF_FRAMES: Tag = (0x0028, 0x0008);
pub const PHOTOMETRIC: Tag = (0x0028, 0x0004);
pub const SAMPLES: Tag = (0x0028, 0x0002);
pub const BITS_ALLOCATED: Tag = (0x0028, 0x0100);
pub const BITS_STORED: Tag = (0x0028, 0x0101);
pub const HIGH_BIT: Tag = (0x0028, 0x0102);
pub const PIXEL_SPACING: Tag = (0x0028, 0x0030);
pub const FRAME_TIME: Tag = (0x0018, 0x1063);
pub const FRAME_TIME_VECTOR: Tag = (0x0018, 0x1065);
pub const FRAME_INCREMENT_POINTER: Tag = (0x0028, 0x0009);
pub const CINE_RATE: Tag = (0x0018, 0x0040);
pub const MODALITY: Tag = (0x0008, 0x0060);
pub const SOP_CLASS: Tag = (0x0008, 0x0016);
pub const REGIONS: Tag = (0x0018, 0x6011);
pub const PIXEL_DATA: Tag = (0x7FE0, 0x0010);

impl File {
    /// A grey ultrasound cine of `frames` frames of three rows and four columns; pixel values count up from 0.
    pub fn cine(frames: u16) -> Self {
        let pixels: Vec<u8> = (0..frames * 12).map(|value| value as u8).collect();
        Self { syntax: EXPLICIT, elements: BTreeMap::new() }
            .text(MODALITY, b"CS", "US")
            .text(NUMBER_OF_FRAMES, b"IS", &frames.to_string())
            .text(FRAME_TIME, b"DS", "40")
            .words(SAMPLES, &[1])
            .text(PHOTOMETRIC, b"CS", "MONOCHROME2")
            .words(ROWS, &[3])
            .words(COLUMNS, &[4])
            .words(BITS_ALLOCATED, &[8])
            .words(BITS_STORED, &[8])
            .words(HIGH_BIT, &[7])
            .native(&pixels)
    }

    pub fn syntax(mut self, syntax: &'static str) -> Self {
        self.syntax = syntax;
        self
    }

    pub fn without(mut self, tag: Tag) -> Self {
        self.elements.remove(&tag);
        self
    }

    /// An element as it is written after its tag.
    pub fn raw(mut self, tag: Tag, after_tag: Vec<u8>) -> Self {
        self.elements.insert(tag, after_tag);
        self
    }

    pub fn text(self, tag: Tag, vr: &[u8; 2], text: &str) -> Self {
        let padded = if text.len().is_multiple_of(2) { text.to_owned() } else { format!("{text} ") };
        self.raw(tag, short(vr, padded.as_bytes()))
    }

    pub fn words(self, tag: Tag, words: &[u16]) -> Self {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        self.raw(tag, short(b"US", &bytes))
    }

    pub fn native(self, pixels: &[u8]) -> Self {
        self.raw(PIXEL_DATA, long(b"OB", pixels))
    }

    pub fn encapsulated(self, fragments: &[&[u8]]) -> Self {
        let mut after_tag = b"OB\0\0\xFF\xFF\xFF\xFF".to_vec();
        after_tag.extend(item(&[]));
        fragments.iter().for_each(|fragment| after_tag.extend(item(fragment)));
        after_tag.extend(SEQUENCE_END);
        self.raw(PIXEL_DATA, after_tag)
    }

    /// Ultrasound regions without a spatial format: data type, x0, y0, x1, y1, units, delta in cm.
    pub fn regions(self, regions: &[(u16, [u32; 4], u16, f64)]) -> Self {
        let regions = regions.iter().map(|&(kind, area, units, delta)| (None, kind, area, units, delta));
        self.screen(&regions.collect::<Vec<_>>())
    }

    /// Ultrasound regions.
    pub fn screen(self, regions: &[Region]) -> Self {
        let items = regions.iter().map(|(format, kind, area, units, delta)| {
            let mut elements = BTreeMap::new();
            if let Some(format) = format {
                elements.insert((0x0018, 0x6012), short(b"US", &format.to_le_bytes()));
            }
            elements.insert((0x0018, 0x6014), short(b"US", &kind.to_le_bytes()));
            for (element, value) in [0x6018, 0x601A, 0x601C, 0x601E].into_iter().zip(area) {
                elements.insert((0x0018, element), short(b"UL", &value.to_le_bytes()));
            }
            for element in [0x6024, 0x6026] {
                elements.insert((0x0018, element), short(b"US", &units.to_le_bytes()));
            }
            for element in [0x602C, 0x602E] {
                elements.insert((0x0018, element), short(b"FD", &delta.to_le_bytes()));
            }
            item(&written(&elements))
        });
        let items: Vec<u8> = items.flatten().collect();
        self.raw(REGIONS, long(b"SQ", &items))
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; 128];
        bytes.extend(b"DICM");
        bytes.extend(meta(self.syntax));
        bytes.extend(written(&self.elements));
        bytes
    }
}

pub const SEQUENCE_END: [u8; 8] = [0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0];

pub fn meta(syntax: &str) -> Vec<u8> {
    let padded = if syntax.len().is_multiple_of(2) { syntax.to_owned() } else { format!("{syntax}\0") };
    [&[0x02, 0x00, 0x10, 0x00], short(b"UI", padded.as_bytes()).as_slice()].concat()
}

fn written(elements: &BTreeMap<Tag, Vec<u8>>) -> Vec<u8> {
    let each = elements.iter().map(|((group, element), after_tag)| {
        [&group.to_le_bytes(), &element.to_le_bytes(), after_tag.as_slice()].concat()
    });
    each.flatten().collect()
}

/// Value representation, length of 16 bits, value.
pub fn short(vr: &[u8; 2], value: &[u8]) -> Vec<u8> {
    [vr.as_slice(), &(value.len() as u16).to_le_bytes(), value].concat()
}

/// Value representation, length of 32 bits, value.
pub fn long(vr: &[u8; 2], value: &[u8]) -> Vec<u8> {
    [vr.as_slice(), &[0, 0], &(value.len() as u32).to_le_bytes(), value].concat()
}

pub fn item(value: &[u8]) -> Vec<u8> {
    [&[0xFE, 0xFF, 0x00, 0xE0], (value.len() as u32).to_le_bytes().as_slice(), value].concat()
}
