//! Look-up tables of pictures and of presentation states (PS3.3 §C.11.1, §C.11.2, §C.11.6).

use dicom_core::Tag;

use crate::error::{DicomError, Field};
use crate::node::Node;

const DESCRIPTOR: Field = Field::new(0x0028, 0x3002, "LUT Descriptor");
const DATA: Field = Field::new(0x0028, 0x3006, "LUT Data");
pub(crate) const TAGS: [Tag; 2] = [DESCRIPTOR.tag, DATA.tag];

/// A table of whole numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Lut {
    /// The first value that is mapped, as it is written.
    first: u16,
    /// Whether that is a number with a sign; `None` where it is one if the values that are mapped have one.
    signed: Option<bool>,
    entries: Vec<u16>,
    bits: u8,
}

impl Lut {
    /// The table of an item of a sequence of tables.
    pub(crate) fn read(item: &Node) -> Result<Self, DicomError> {
        let described = item.words(DESCRIPTOR.tag).ok_or(DicomError::Missing(DESCRIPTOR))?;
        let [entries, first, bits] = described[..] else { return Err(DicomError::Missing(DESCRIPTOR)) };
        // 0 stands for 65,536, which 16 bits cannot hold.
        let count = if entries == 0 { 65_536 } else { usize::from(entries) };
        let bits =
            u8::try_from(bits).ok().filter(|bits| (8..=16).contains(bits)).ok_or(DicomError::BadValue {
                field: DESCRIPTOR,
                value: i64::from(bits),
                allowed: "8 to 16 bits an entry",
            })?;
        let words = item.words(DATA.tag).ok_or(DicomError::Missing(DATA))?;
        // Entries of eight bits may lie two in a word, the first in its low byte.
        let mut entries: Vec<u16> = if bits == 8 && words.len() < count {
            words.iter().flat_map(|word| word.to_le_bytes()).map(u16::from).collect()
        } else {
            words
        };
        entries.truncate(count);
        if entries.len() < count {
            return Err(DicomError::Missing(DATA));
        }
        let most = u16::MAX >> (16 - bits);
        entries.iter_mut().for_each(|entry| *entry = (*entry).min(most));
        Ok(Self { first, signed: item.is_signed(DESCRIPTOR.tag), entries, bits })
    }

    /// What becomes of a value: those outside the table take its ends. `below_zero` says whether values can be.
    pub(crate) fn at(&self, value: f64, below_zero: bool) -> f64 {
        let signed = self.signed.unwrap_or(below_zero);
        let first = if signed { f64::from(self.first.cast_signed()) } else { f64::from(self.first) };
        self.entry((value.round() - first).max(0.0) as usize)
    }

    /// The entry of a place from 0 to 1.
    pub(crate) fn along(&self, place: f64) -> f64 {
        self.entry((place.clamp(0.0, 1.0) * (self.entries.len() - 1) as f64).round() as usize)
    }

    fn entry(&self, index: usize) -> f64 {
        f64::from(self.entries.get(index).or(self.entries.last()).copied().unwrap_or_default())
    }

    /// The largest number that an entry may be.
    pub(crate) fn most(&self) -> f64 {
        f64::from(u16::MAX >> (16 - self.bits))
    }
}
