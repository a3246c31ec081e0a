//! Studies that are nobody's, to test and measure by.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use peony_dicom::pixels::{ImageHeader, Photometric, SampleOrder};
use peony_dicom::{Attribute, Outline, Tag, vr_of};

use crate::Store;
use crate::arrival::{Arrival, in_bulk};
use crate::error::{StoreError, disk};
use crate::index::now_ms;
use crate::objects::{Sum, blocking};

const SURNAMES: [&str; 24] = [
    "WANG=王",
    "LI=李",
    "ZHANG=张",
    "LIU=刘",
    "CHEN=陈",
    "YANG=杨",
    "HUANG=黄",
    "ZHAO=赵",
    "WU=吴",
    "ZHOU=周",
    "XU=徐",
    "SUN=孙",
    "MA=马",
    "ZHU=朱",
    "HU=胡",
    "GUO=郭",
    "HE=何",
    "LIN=林",
    "GAO=高",
    "LUO=罗",
    "ZHENG=郑",
    "LIANG=梁",
    "XIE=谢",
    "SONG=宋",
];
const GIVEN: [&str; 16] = [
    "FANG", "LI", "NA", "MIN", "JING", "YAN", "JUAN", "XIA", "HONG", "MEI", "LAN", "PING", "GUI", "YU",
    "SHAN", "TING",
];
/// Studies of one patient, on the average of a screening programme.
const STUDIES_OF_A_PATIENT: u64 = 2;
/// Some 30 MB of rows.
const IN_ONE_TRANSACTION: u64 = 20_000;

/// The attributes of a made-up instance, alone in its study. Numbers of the same half are the same patient.
#[must_use]
pub fn attributes(number: u64) -> BTreeMap<Tag, String> {
    let patient = number / STUDIES_OF_A_PATIENT;
    // A walk through all numbers that looks like none.
    let mixed = patient.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let pick = |list: &[&'static str], by: u64| list[(by % list.len() as u64) as usize];
    let (surname, ideograph) = pick(&SURNAMES, mixed >> 7).split_once('=').unwrap_or_default();
    let given = format!("{}{}", pick(&GIVEN, mixed >> 17), pick(&GIVEN, mixed >> 29));
    let day = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 13;
    let uid = |kind: u8| format!("2.25.{kind}{number:020}");
    let said = [
        (Tag(0x0008, 0x0005), "ISO_IR 192".into()),
        (Tag(0x0008, 0x0016), "1.2.840.10008.5.1.4.1.1.3.1".into()),
        (Tag(0x0008, 0x0018), uid(3)),
        (
            Tag(0x0008, 0x0020),
            format!("{:04}{:02}{:02}", 2006 + day % 20, 1 + day / 20 % 12, 1 + day / 240 % 28),
        ),
        (Tag(0x0008, 0x0030), "101500".into()),
        (Tag(0x0008, 0x0050), format!("A{number:09}")),
        (Tag(0x0008, 0x0060), "US".into()),
        (Tag(0x0008, 0x1030), "Breast ultrasound".into()),
        (Tag(0x0010, 0x0010), format!("{surname}^{given}{}={ideograph}", mixed >> 41 & 0x3FF)),
        (Tag(0x0010, 0x0020), format!("P{patient:08}")),
        (Tag(0x0010, 0x0040), "F".into()),
        (Tag(0x0020, 0x000D), uid(1)),
        (Tag(0x0020, 0x000E), uid(2)),
    ];
    said.into_iter().collect()
}

/// The pixels of a made-up file; every byte is another one for every number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pixels {
    /// Uncompressed, grey, eight bits.
    Native {
        /// How many frames.
        frames: u16,
        /// Rows and columns of each.
        size: [u16; 2],
    },
    /// As JPEG would lie in the file; nothing decodes it.
    Coded {
        /// How many frames.
        frames: u16,
        /// The coded length of each in bytes.
        frame_bytes: u32,
    },
}

/// Rows and columns of a large mammogram.
pub const MAMMOGRAM: [u32; 2] = [5928, 4728];

/// The header of a grey picture of 12 bits in 16, as a mammogram has it.
#[must_use]
pub const fn grey([rows, columns]: [u32; 2]) -> ImageHeader {
    ImageHeader {
        rows,
        columns,
        samples: 1,
        photometric: Photometric::Monochrome2,
        planar: false,
        bits_allocated: 16,
        bits_stored: 12,
        high_bit: 11,
        signed: false,
        order: SampleOrder::Little,
    }
}

/// A file of PS3.10 in explicit little endian.
#[must_use]
pub fn file(attributes: &BTreeMap<Tag, String>, pixels: Pixels, seed: u64) -> Vec<u8> {
    [head(attributes, pixels), body(pixels, seed)].concat()
}

/// The file up to its pixel data.
#[must_use]
pub fn head(attributes: &BTreeMap<Tag, String>, pixels: Pixels) -> Vec<u8> {
    let (syntax, frames, [rows, columns]) = match pixels {
        Pixels::Native { frames, size } => ("1.2.840.10008.1.2.1\0", frames, size),
        Pixels::Coded { frames, .. } => ("1.2.840.10008.1.2.4.50\0", frames, [480, 640]),
    };
    let mut file = vec![0; 128];
    file.extend(b"DICM");
    element(&mut file, Tag(0x0002, 0x0010), "UI", syntax.as_bytes());
    let numbers = [
        (Tag(0x0028, 0x0002), 1),
        (Tag(0x0028, 0x0010), rows),
        (Tag(0x0028, 0x0011), columns),
        (Tag(0x0028, 0x0100), 8),
        (Tag(0x0028, 0x0101), 8),
        (Tag(0x0028, 0x0102), 7),
        (Tag(0x0028, 0x0103), 0),
    ];
    let mut values: BTreeMap<Tag, Vec<u8>> =
        numbers.into_iter().map(|(tag, number): (Tag, u16)| (tag, number.to_le_bytes().to_vec())).collect();
    let texts = attributes.iter().map(|(tag, text)| (*tag, text.clone().into_bytes()));
    values.extend(texts);
    values.insert(Tag(0x0028, 0x0004), b"MONOCHROME2".to_vec());
    values.insert(Tag(0x0028, 0x0008), frames.to_string().into_bytes());
    for (tag, mut value) in values {
        let vr = vr_of(tag).to_string();
        if value.len() % 2 == 1 {
            value.push(if vr == "UI" { 0 } else { b' ' });
        }
        element(&mut file, tag, vr, &value);
    }
    file
}

/// The pixel data.
#[must_use]
pub fn body(pixels: Pixels, seed: u64) -> Vec<u8> {
    let mut file = vec![0xE0, 0x7F, 0x10, 0x00];
    let mut noise = Noise(seed | 1);
    match pixels {
        Pixels::Native { frames, size: [rows, columns] } => {
            let length = usize::from(frames) * usize::from(rows) * usize::from(columns);
            file.extend(b"OB\0\0");
            file.extend((length.next_multiple_of(2) as u32).to_le_bytes());
            noise.fill(&mut file, length.next_multiple_of(2));
        }
        Pixels::Coded { frames, frame_bytes } => {
            file.extend(b"OB\0\0\xFF\xFF\xFF\xFF\xFE\xFF\x00\xE0\0\0\0\0");
            for _ in 0..frames {
                file.extend(b"\xFE\xFF\x00\xE0");
                file.extend(frame_bytes.to_le_bytes());
                file.extend(b"\xFF\xD8\xFF\xE0");
                noise.fill(&mut file, frame_bytes as usize - 4);
            }
            file.extend(b"\xFE\xFF\xDD\xE0\0\0\0\0");
        }
    }
    file
}

/// The content of a structured report (PS3.3 §C.17.3): items in each other, `depth` of them, with a text in the innermost. It stands behind
/// [`head`].
#[must_use]
pub fn content_tree(depth: usize) -> Vec<u8> {
    let mut tree = Vec::new();
    for level in 1..=depth {
        tree.extend(b"\x40\x00\x30\xA7SQ\0\0\xFF\xFF\xFF\xFF\xFE\xFF\x00\xE0\xFF\xFF\xFF\xFF");
        element(&mut tree, Tag(0x0040, 0xA010), "CS", b"CONTAINS");
        let kind: &[u8] = if level == depth { b"TEXT" } else { b"CONTAINER " };
        element(&mut tree, Tag(0x0040, 0xA040), "CS", kind);
    }
    tree.extend(b"\x40\x00\x60\xA1UT\0\0\x08\0\0\0no mass ");
    tree.extend(b"\xFE\xFF\x0D\xE0\0\0\0\0\xFE\xFF\xDD\xE0\0\0\0\0".repeat(depth));
    tree
}

fn element(file: &mut Vec<u8>, tag: Tag, vr: &str, value: &[u8]) {
    file.extend(tag.group().to_le_bytes());
    file.extend(tag.element().to_le_bytes());
    file.extend(vr.as_bytes());
    file.extend((value.len() as u16).to_le_bytes());
    file.extend(value);
}

/// xorshift64 (G. Marsaglia, Xorshift RNGs, 2003).
struct Noise(u64);

impl Noise {
    fn fill(&mut self, file: &mut Vec<u8>, length: usize) {
        let end = file.len() + length;
        while file.len() < end {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            let bytes = self.0.to_le_bytes();
            file.extend(&bytes[..bytes.len().min(end - file.len())]);
        }
    }
}

impl Store {
    /// Writes rows of `count` made-up studies with one instance each, from the number `first` on, which are not there yet. Their objects are not
    /// there, which [`Store::check`] says: this is for measuring queries, in a folder of its own.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    #[doc(hidden)]
    pub async fn index_made_up(&self, first: u64, count: u64) -> Result<(), StoreError> {
        for numbers in in_transactions(first, count) {
            self.write_made_up(&numbers.map(arrival).collect::<Result<Vec<_>, _>>()?).await?;
        }
        Ok(())
    }

    /// The same with their objects, which are not synced: this is for measuring [`Store::check`], in a folder of its own.
    ///
    /// # Errors
    /// [`StoreError`] of the index and of the disk, and where objects lie in no folder.
    #[doc(hidden)]
    pub async fn keep_made_up(&self, first: u64, count: u64, pixels: Pixels) -> Result<(), StoreError> {
        let folder = self.inner.objects.folder().ok_or(StoreError::Missing("a folder of objects"))?;
        for numbers in in_transactions(first, count) {
            let folder = folder.to_owned();
            let keep = move || numbers.map(|number| kept(&folder, number, pixels)).collect();
            let arrivals: Result<Vec<_>, StoreError> = blocking(keep).await?;
            self.write_made_up(&arrivals?).await?;
        }
        Ok(())
    }

    async fn write_made_up(&self, arrivals: &[Arrival]) -> Result<(), StoreError> {
        let mut writing = self.inner.index.write().await?;
        in_bulk::write(&mut writing, arrivals, now_ms()).await?;
        Ok(writing.commit().await?)
    }
}

fn in_transactions(first: u64, count: u64) -> impl Iterator<Item = Range<u64>> {
    let end = first + count;
    let starts = (first..end).step_by(IN_ONE_TRANSACTION as usize);
    starts.map(move |start| start..(start + IN_ONE_TRANSACTION).min(end))
}

/// Writes a made-up object, and gives what it says of itself.
fn kept(folder: &Path, number: u64, pixels: Pixels) -> Result<Arrival, StoreError> {
    let bytes = file(&attributes(number), pixels, number);
    let mut sum = Sum::new();
    sum.update(&bytes);
    let object = sum.finish();
    let write = || {
        let mut options = File::options();
        let mut file = options.read(true).write(true).create_new(true).open(folder.join(object.name()))?;
        file.write_all(&bytes).map(|()| file)
    };
    let file = write().map_err(disk("keep a made-up object"))?;
    Arrival::of(peony_dicom::outline(&file)?, object, "made-up", &Arc::default())
}

/// What the index says of a made-up instance.
pub(crate) fn arrival(number: u64) -> Result<Arrival, StoreError> {
    let attribute = |(tag, value)| (tag, Attribute::of(tag, vec![value]));
    let outline = Outline {
        transfer_syntax_uid: "1.2.840.10008.1.2.1".into(),
        data_set: 0,
        attributes: attributes(number).into_iter().map(attribute).collect(),
        frames: None,
        issues: Vec::new(),
    };
    let mut sum = Sum::new();
    sum.update(&number.to_le_bytes());
    Arrival::of(outline, sum.finish(), "made-up", &Arc::default())
}
