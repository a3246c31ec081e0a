//! [`Node`]: the elements of a data set that a reader wants, with those of their items.
//!
//! It is built step by step from the scan, so nesting costs no call stack, and what it keeps has a limit of its own.

use std::collections::BTreeMap;
use std::ops::Range;

use dicom_core::{Tag, VR};

use crate::elements::DataSet;
use crate::error::DicomError;
use crate::scan::Step;
use crate::text::{CHARACTER_SET, Characters};
use crate::{Encoding, limits};

/// What is kept of a data set in bytes: an overlay over the largest picture has two million.
const KEPT_BYTES: usize = 16 << 20;
/// Items that are kept.
const ITEMS: usize = 50_000;
/// A UID has no more characters, and a code string fewer (PS3.5 §6.2): a longer one is copied nowhere.
const CODE_BYTES: usize = 64;

/// A data set or an item.
#[derive(Default)]
pub(crate) struct Node {
    values: BTreeMap<Tag, Kept>,
    items: BTreeMap<Tag, Vec<Node>>,
    characters: Characters,
}

struct Kept {
    vr: VR,
    encoding: Encoding,
    bytes: Vec<u8>,
}

impl Node {
    /// Reads the elements that `wanted` names, at every level, and the items of the sequences that it names.
    pub fn read(data_set: DataSet<'_>, wanted: fn(Tag) -> bool) -> Result<Self, DicomError> {
        let mut building = Building {
            data_set,
            wanted,
            open: vec![(Tag(0, 0), Self::default())],
            sequences: Vec::new(),
            passed: 0,
            bytes: 0,
            items: 0,
        };
        data_set.walk(|step| building.step(step))?;
        Ok(building.open.pop().map(|(_, node)| node).unwrap_or_default())
    }

    /// Whether it has the element, with a value or items.
    pub fn has(&self, tag: Tag) -> bool {
        self.values.contains_key(&tag) || self.items.contains_key(&tag)
    }

    /// The items of a sequence.
    pub fn items(&self, tag: Tag) -> &[Self] {
        self.items.get(&tag).map_or(&[], Vec::as_slice)
    }

    /// The values of a code string or UID, without padding; empty for one that is too long to be any.
    pub fn codes(&self, tag: Tag) -> Vec<String> {
        self.each_code(tag).map(str::to_owned).collect()
    }

    /// The first of them, empty without one.
    pub fn code(&self, tag: Tag) -> String {
        self.each_code(tag).next().unwrap_or_default().to_owned()
    }

    fn each_code(&self, tag: Tag) -> impl Iterator<Item = &str> {
        let bytes = self.values.get(&tag).map_or(&[][..], |kept| &kept.bytes);
        let codes = (!bytes.is_empty()).then(|| bytes.split(|byte| *byte == b'\\')).into_iter().flatten();
        codes.map(|code| {
            let code = std::str::from_utf8(code).unwrap_or_default().trim_matches([' ', '\0']);
            if code.len() > CODE_BYTES { "" } else { code }
        })
    }

    /// A text of one value, in its characters.
    pub fn text(&self, tag: Tag) -> Option<String> {
        let Kept { vr, bytes, .. } = self.values.get(&tag)?;
        Some(self.characters.decode(*vr, bytes).trim_end_matches([' ', '\0']).to_owned())
    }

    /// All numbers of an element, binary or text; empty where it has none, or one of them is none.
    pub fn numbers(&self, tag: Tag) -> Vec<f64> {
        let Some(Kept { vr, encoding, bytes }) = self.values.get(&tag) else { return Vec::new() };
        let big = *encoding == Encoding::ExplicitBig;
        macro_rules! each {
            ($number:ty) => {
                bytes
                    .as_chunks()
                    .0
                    .iter()
                    .map(|chunk| {
                        let number = if big {
                            <$number>::from_be_bytes(*chunk)
                        } else {
                            <$number>::from_le_bytes(*chunk)
                        };
                        number as f64
                    })
                    .collect()
            };
        }
        let numbers: Vec<f64> = match *vr {
            VR::US | VR::OW => each!(u16),
            VR::SS => each!(i16),
            VR::UL => each!(u32),
            VR::SL => each!(i32),
            VR::FL | VR::OF => each!(f32),
            VR::FD | VR::OD => each!(f64),
            _ => {
                let text = String::from_utf8_lossy(bytes);
                let numbers = text.split('\\').map(|number| number.trim_matches([' ', '\0']).parse().ok());
                numbers.collect::<Option<_>>().unwrap_or_default()
            }
        };
        if numbers.iter().all(|number| number.is_finite()) { numbers } else { Vec::new() }
    }

    /// The first number of an element.
    pub fn number(&self, tag: Tag) -> Option<f64> {
        self.numbers(tag).first().copied()
    }

    /// The first `N` numbers of an element, if it has as many.
    pub fn array<const N: usize>(&self, tag: Tag) -> Option<[f64; N]> {
        self.numbers(tag).first_chunk().copied()
    }

    /// Words of 16 bits, whatever the element calls them.
    pub fn words(&self, tag: Tag) -> Option<Vec<u16>> {
        let Kept { encoding, bytes, .. } = self.values.get(&tag)?;
        let big = *encoding == Encoding::ExplicitBig;
        let word = |pair: &[u8; 2]| if big { u16::from_be_bytes(*pair) } else { u16::from_le_bytes(*pair) };
        Some(bytes.as_chunks().0.iter().map(word).collect())
    }

    /// Bytes, those of a word with the low one first.
    pub fn octets(&self, tag: Tag) -> Option<Vec<u8>> {
        let kept = self.values.get(&tag)?;
        if kept.vr == VR::OW && kept.encoding == Encoding::ExplicitBig {
            return Some(self.words(tag)?.into_iter().flat_map(u16::to_le_bytes).collect());
        }
        Some(kept.bytes.clone())
    }

    /// Whether the element says that its numbers have a sign; `None` where the data set says no value representations.
    pub fn is_signed(&self, tag: Tag) -> Option<bool> {
        let kept = self.values.get(&tag)?;
        (kept.encoding != Encoding::ImplicitLittle).then_some(kept.vr == VR::SS)
    }
}

struct Building<'a> {
    data_set: DataSet<'a>,
    wanted: fn(Tag) -> bool,
    /// The items around the position, each with the sequence that it is of.
    open: Vec<(Tag, Node)>,
    /// The sequences around the position that are wanted.
    sequences: Vec<Tag>,
    /// How many sequences deep the position is in one that is not wanted.
    passed: usize,
    bytes: usize,
    items: usize,
}

impl Building<'_> {
    fn step(&mut self, step: Step) -> Result<(), DicomError> {
        match step {
            Step::Sequence { tag } if self.passed > 0 || !(self.wanted)(tag) => self.passed += 1,
            Step::SequenceEnd if self.passed > 0 => self.passed -= 1,
            _ if self.passed > 0 => {}
            Step::Sequence { tag } => {
                self.sequences.push(tag);
                if let Some((_, node)) = self.open.last_mut() {
                    node.items.entry(tag).or_default();
                }
            }
            Step::Item => return self.item(),
            Step::ItemEnd => {
                if self.open.len() > 1
                    && let Some((tag, node)) = self.open.pop()
                    && let Some((_, around)) = self.open.last_mut()
                {
                    around.items.entry(tag).or_default().push(node);
                }
            }
            Step::SequenceEnd => drop(self.sequences.pop()),
            Step::Element { tag, vr, value, encoding } if tag == CHARACTER_SET || (self.wanted)(tag) => {
                return self.element(tag, vr, value, encoding);
            }
            Step::Element { .. } | Step::Fragments { .. } => {}
        }
        Ok(())
    }

    fn item(&mut self) -> Result<(), DicomError> {
        self.items += 1;
        if self.items > ITEMS {
            let (value, limit) = (self.items as u64, ITEMS as u64);
            return Err(DicomError::TooLarge { what: "the number of items", value, limit });
        }
        let tag = self.sequences.last().copied().unwrap_or(Tag(0, 0));
        let characters = self.open.last().map(|(_, node)| node.characters.clone()).unwrap_or_default();
        self.open.push((tag, Node { characters, ..Node::default() }));
        Ok(())
    }

    fn element(
        &mut self,
        tag: Tag,
        vr: VR,
        value: Range<usize>,
        encoding: Encoding,
    ) -> Result<(), DicomError> {
        if value.is_empty() {
            return Ok(());
        }
        self.bytes += value.len();
        if self.bytes > KEPT_BYTES {
            let (value, limit) = (self.bytes as u64, KEPT_BYTES as u64);
            return Err(DicomError::TooLarge { what: "the length of what is kept in bytes", value, limit });
        }
        if tag == CHARACTER_SET {
            let said = self.data_set.texts(VR::CS, value, &Characters::default())?;
            if let Some((_, node)) = self.open.last_mut() {
                node.characters = Characters::of(&said);
            }
            return Ok(());
        }
        let most = if is_long(vr) { KEPT_BYTES } else { limits::HEADER_VALUE_BYTES };
        let bytes = self.data_set.bytes(value, most)?.into_owned();
        if let Some((_, node)) = self.open.last_mut() {
            node.values.insert(tag, Kept { vr, encoding, bytes });
        }
        Ok(())
    }
}

/// Of which an overlay, or a list of points, may be.
fn is_long(vr: VR) -> bool {
    matches!(vr, VR::OB | VR::OW | VR::UN)
}
