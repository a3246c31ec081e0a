//! A small data set that is whole in memory, without a file around it: the identifier of a query, an order, an answer.

use dicom_core::value::{DataSetSequence, PrimitiveValue, Value};
use dicom_core::{DataElement, Tag, VR};
use dicom_object::InMemDicomObject;
use dicom_transfer_syntax_registry::entries;

use crate::cursor::{Cursor, Source, has_long_length};
use crate::header::Header;
use crate::outline::{Attribute, Attributes, attributes_of, vr_of};
use crate::scan::{ITEM, ITEM_END, SEQUENCE_END, UNDEFINED, is_sequence};
use crate::text::{CHARACTER_SET, Characters, has_character_set};
use crate::{DicomError, Encoding};

/// Sequences within sequences: more than identifiers, orders and performed steps have.
const DEPTH: usize = 4;
/// Elements and items together.
const ELEMENTS: usize = 50_000;

/// Reads a data set: every element that has a text or a number, those without a value too, and the items of sequences. Bulk data is passed over,
/// and what writers say of the character set is applied.
///
/// # Errors
/// [`DicomError`]: cut off, damaged or past a limit. A text longer than [`SHORT_VALUE_BYTES`] is: a question without one of its keys would be
/// another question.
pub fn read_data_set(bytes: &[u8], encoding: Encoding) -> Result<Attributes, DicomError> {
    let source = Source::Memory(bytes);
    let mut reader = Reader { cursor: Cursor::new(source, 0, encoding), source, encoding, elements: 0 };
    reader.level(Some(bytes.len()), 0, Characters::default())
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    source: Source<'a>,
    encoding: Encoding,
    elements: usize,
}

impl Reader<'_> {
    /// The elements of one level, which ends at `end` or, where that is `None`, at a delimiter.
    fn level(
        &mut self,
        end: Option<usize>,
        depth: usize,
        mut characters: Characters,
    ) -> Result<Attributes, DicomError> {
        let (mut attributes, mut elements) = (Attributes::new(), Vec::new());
        while !self.ends(end, ITEM_END)? {
            let at = self.cursor.pos;
            let element = self.cursor.element_header(is_sequence)?;
            let (tag, vr) = (element.tag, element.vr);
            if vr == VR::SQ {
                let items = self.items(element.length, depth + 1, &characters)?;
                attributes.insert(tag, Attribute { vr, values: Vec::new(), items });
                continue;
            }
            if element.length == UNDEFINED {
                return Err(DicomError::Malformed { what: "an undefined length where none is allowed", at });
            }
            let value = self.cursor.skip("the value of an element", element.length)?;
            if value.is_empty() {
                attributes.insert(tag, Attribute::of(tag, Vec::new()));
            } else if tag == CHARACTER_SET {
                // It comes before every text.
                let said = Header::of(
                    self.source,
                    self.encoding,
                    &characters,
                    std::slice::from_ref(&(at..value.end)),
                )?;
                characters = Characters::of(&said.texts(tag).unwrap_or_default());
            } else if vr != VR::UN || self.encoding == Encoding::ImplicitLittle {
                elements.push(at..value.end);
            } else if is_text(vr_of(tag)) {
                return Err(DicomError::Malformed {
                    what: "a known element without its value representation",
                    at,
                });
            }
        }
        let header = Header::of(self.source, self.encoding, &characters, &elements)?;
        let read = attributes_of(&header, SHORT_VALUE_BYTES);
        if let Some(long) = header
            .tags_here()
            .find_map(|tag| header.texts(tag).filter(|_| tag != CHARACTER_SET && !read.contains_key(&tag)))
        {
            let (value, limit) = (long.iter().map(|one| one.len() as u64).sum(), SHORT_VALUE_BYTES as u64);
            return Err(DicomError::TooLarge { what: "the length of a value in bytes", value, limit });
        }
        attributes.extend(read);
        Ok(attributes)
    }

    /// The items of a sequence (PS3.5 §7.5), whose header was read.
    fn items(
        &mut self,
        length: u32,
        depth: usize,
        characters: &Characters,
    ) -> Result<Vec<Attributes>, DicomError> {
        if depth > DEPTH {
            return Err(DicomError::TooDeep { limit: DEPTH, at: self.cursor.pos });
        }
        let end = self.end_of("a sequence", length)?;
        let mut items = Vec::new();
        while !self.ends(end, SEQUENCE_END)? {
            let at = self.cursor.pos;
            let (tag, length) = self.cursor.item_header()?;
            if tag != ITEM {
                return Err(DicomError::Malformed {
                    what: "a sequence holds something that is not an item",
                    at,
                });
            }
            let end = self.end_of("an item", length)?;
            items.push(self.level(end, depth, characters.clone())?);
        }
        Ok(items)
    }

    /// Where something of that length ends; `None` where a delimiter ends it.
    fn end_of(&self, what: &'static str, length: u32) -> Result<Option<usize>, DicomError> {
        if length == UNDEFINED {
            return Ok(None);
        }
        let (at, has) = (self.cursor.pos, self.cursor.left());
        if length as usize > has {
            return Err(DicomError::Truncated { what, at, needs: u64::from(length), has });
        }
        Ok(Some(at + length as usize))
    }

    /// Whether a level or a sequence ends here; its delimiter is passed.
    fn ends(&mut self, end: Option<usize>, delimiter: Tag) -> Result<bool, DicomError> {
        let at = self.cursor.pos;
        match end {
            Some(end) if at > end => {
                let what = "an element reaches past the end of its sequence item";
                return Err(DicomError::Malformed { what, at: end });
            }
            Some(end) if at == end => return Ok(true),
            None if self.cursor.peek_tag()? == delimiter => {
                self.cursor.item_header()?;
                return Ok(true);
            }
            _ => {}
        }
        self.elements += 1;
        if self.elements > ELEMENTS {
            let (value, limit) = (self.elements as u64, ELEMENTS as u64);
            return Err(DicomError::TooLarge { what: "the number of elements", value, limit });
        }
        Ok(false)
    }
}

/// Whether a question may ask for such a value.
fn is_text(vr: VR) -> bool {
    use VR::{AE, AS, CS, DA, DS, DT, IS, LO, LT, PN, SH, ST, TM, UC, UI, UR, UT};
    matches!(vr, AE | AS | CS | DA | DS | DT | IS | LO | LT | PN | SH | ST | TM | UC | UI | UR | UT)
}

/// Writes a data set. Texts are in UTF-8, which is said where they are not plain ASCII (PS3.5 §6.1.2); a number that is none, a
/// value of bulk data, and letters beyond ASCII where no character set reaches (a date, a code, a UID) are left out.
///
/// Big endian is not written: whoever asks for it gets explicit little endian.
///
/// # Errors
/// [`DicomError::TooLarge`] where a value is longer than its length can say.
pub fn write_data_set(attributes: &Attributes, encoding: Encoding) -> Result<Vec<u8>, DicomError> {
    let mut object = object_of(attributes, encoding)?;
    if !is_ascii(attributes) {
        object.put(DataElement::new(CHARACTER_SET, VR::CS, PrimitiveValue::from("ISO_IR 192")));
    }
    let syntax = match encoding {
        Encoding::ImplicitLittle => entries::IMPLICIT_VR_LITTLE_ENDIAN.erased(),
        Encoding::ExplicitLittle | Encoding::ExplicitBig => entries::EXPLICIT_VR_LITTLE_ENDIAN.erased(),
    };
    let mut bytes = Vec::new();
    let utf8 = dicom_encoding::text::SpecificCharacterSet::ISO_IR_192;
    // Memory takes every write, UTF-8 has every letter, what is not in UTF-8 is ASCII, and lengths were looked at: it has no reason to fail.
    let written = object.write_dataset_with_ts_cs(&mut bytes, &syntax, utf8);
    written.map_err(|error| DicomError::Io(std::io::Error::other(error)))?;
    Ok(bytes)
}

/// The longest value whose length is a number of 16 bits; it is even (PS3.5 §7.1.2).
pub const SHORT_VALUE_BYTES: usize = 0xFFFE;

fn is_ascii(attributes: &Attributes) -> bool {
    let ascii = |attribute: &Attribute| {
        attribute.values.iter().all(|value| value.is_ascii()) && attribute.items.iter().all(is_ascii)
    };
    attributes.values().all(ascii)
}

fn object_of(attributes: &Attributes, encoding: Encoding) -> Result<InMemDicomObject, DicomError> {
    let mut elements = Vec::with_capacity(attributes.len());
    for (tag, Attribute { vr, values, items }) in attributes {
        if *vr == VR::SQ {
            let items: Vec<_> =
                items.iter().map(|item| object_of(item, encoding)).collect::<Result<_, _>>()?;
            let value: Value<_, _> = DataSetSequence::from(items).into();
            elements.push(DataElement::new(*tag, VR::SQ, value));
        } else if let Some(value) = value_of(*vr, values) {
            let (bytes, most) = (value.calculate_byte_len(), SHORT_VALUE_BYTES);
            if encoding != Encoding::ImplicitLittle && !has_long_length(*vr) && bytes > most {
                let (what, value, limit) = ("the length of a value in bytes", bytes as u64, most as u64);
                return Err(DicomError::TooLarge { what, value, limit });
            }
            elements.push(DataElement::new(*tag, *vr, value));
        }
    }
    Ok(InMemDicomObject::from_element_iter(elements))
}

/// Values as they are written; `None` for those that are not.
fn value_of(vr: VR, values: &[String]) -> Option<PrimitiveValue> {
    fn numbers<N: std::str::FromStr>(values: &[String]) -> impl Iterator<Item = N> {
        values.iter().filter_map(|value| value.trim().parse().ok())
    }
    if values.is_empty() {
        return Some(PrimitiveValue::Empty);
    }
    Some(match vr {
        VR::OB | VR::OD | VR::OF | VR::OL | VR::OV | VR::OW | VR::UN | VR::SQ | VR::AT => return None,
        VR::US => PrimitiveValue::U16(numbers(values).collect()),
        VR::SS => PrimitiveValue::I16(numbers(values).collect()),
        VR::UL => PrimitiveValue::U32(numbers(values).collect()),
        VR::SL => PrimitiveValue::I32(numbers(values).collect()),
        VR::UV => PrimitiveValue::U64(numbers(values).collect()),
        VR::SV => PrimitiveValue::I64(numbers(values).collect()),
        VR::FL => PrimitiveValue::F32(numbers(values).collect()),
        VR::FD => PrimitiveValue::F64(numbers(values).collect()),
        _ if !has_character_set(vr) && !values.iter().all(|value| value.is_ascii()) => return None,
        _ => PrimitiveValue::Strs(values.iter().cloned().collect()),
    })
}
