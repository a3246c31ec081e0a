//! The elements that reading pictures needs, and their values.
//!
//! The scan hands over these and no others, so dicom-rs never parses a name, a date or a report of a patient,
//! and a broken element that nobody reads breaks nothing.

use std::ops::Range;

use dicom_core::Tag;
use dicom_core::header::HasLength as _;
use dicom_core::value::{PrimitiveValue, Value};
use dicom_encoding::TransferSyntax;
use dicom_object::InMemDicomObject;
use dicom_object::mem::InMemElement;
use dicom_parser::DataSetReader;
use dicom_parser::dataset::DataToken;
use dicom_transfer_syntax_registry::entries;

use crate::cursor::Source;
use crate::elements::DataSet;
use crate::error::{DicomError, Field};
use crate::node::Node;
use crate::pixels::lut;
use crate::scan::{Pixels, Scan, Wanted};
use crate::text::Characters;
use crate::{Encoding, limits};

macro_rules! fields {
    ($($name:ident = $group:literal, $element:literal, $text:literal;)*) => {
        $(pub(crate) const $name: Field = Field::new($group, $element, $text);)*
        /// Every field above: what is read at the top level.
        const READ: &[Field] = &[$($name),*];
    };
}

#[rustfmt::skip] // One element a line: it is read as a table.
fields! {
    SOP_CLASS_UID            = 0x0008, 0x0016, "SOP Class UID";
    MODALITY                 = 0x0008, 0x0060, "Modality";
    MODEL_NAME               = 0x0008, 0x1090, "Manufacturer's Model Name";
    TRANSDUCER_DATA          = 0x0018, 0x5010, "Transducer Data";
    PROCESSING_FUNCTION      = 0x0018, 0x5020, "Processing Function";
    CINE_RATE                = 0x0018, 0x0040, "Cine Rate";
    FRAME_TIME               = 0x0018, 0x1063, "Frame Time";
    FRAME_TIME_VECTOR        = 0x0018, 0x1065, "Frame Time Vector";
    RECOMMENDED_FRAME_RATE   = 0x0008, 0x2144, "Recommended Display Frame Rate";
    ULTRASOUND_REGIONS       = 0x0018, 0x6011, "Sequence of Ultrasound Regions";
    SAMPLES_PER_PIXEL        = 0x0028, 0x0002, "Samples per Pixel";
    PHOTOMETRIC              = 0x0028, 0x0004, "Photometric Interpretation";
    PLANAR_CONFIGURATION     = 0x0028, 0x0006, "Planar Configuration";
    NUMBER_OF_FRAMES         = 0x0028, 0x0008, "Number of Frames";
    FRAME_INCREMENT_POINTER  = 0x0028, 0x0009, "Frame Increment Pointer";
    ROWS                     = 0x0028, 0x0010, "Rows";
    COLUMNS                  = 0x0028, 0x0011, "Columns";
    PIXEL_SPACING            = 0x0028, 0x0030, "Pixel Spacing";
    BITS_ALLOCATED           = 0x0028, 0x0100, "Bits Allocated";
    BITS_STORED              = 0x0028, 0x0101, "Bits Stored";
    HIGH_BIT                 = 0x0028, 0x0102, "High Bit";
    PIXEL_REPRESENTATION     = 0x0028, 0x0103, "Pixel Representation";
    SPACING_CALIBRATION_TYPE = 0x0028, 0x0A02, "Pixel Spacing Calibration Type";
    WINDOW_CENTER            = 0x0028, 0x1050, "Window Center";
    WINDOW_WIDTH             = 0x0028, 0x1051, "Window Width";
    RESCALE_INTERCEPT        = 0x0028, 0x1052, "Rescale Intercept";
    RESCALE_SLOPE            = 0x0028, 0x1053, "Rescale Slope";
    VOI_LUT_FUNCTION         = 0x0028, 0x1056, "VOI LUT Function";
    RED_PALETTE_DESCRIPTOR   = 0x0028, 0x1101, "Red Palette Color Lookup Table Descriptor";
    GREEN_PALETTE_DESCRIPTOR = 0x0028, 0x1102, "Green Palette Color Lookup Table Descriptor";
    BLUE_PALETTE_DESCRIPTOR  = 0x0028, 0x1103, "Blue Palette Color Lookup Table Descriptor";
    RED_PALETTE              = 0x0028, 0x1201, "Red Palette Color Lookup Table Data";
    GREEN_PALETTE            = 0x0028, 0x1202, "Green Palette Color Lookup Table Data";
    BLUE_PALETTE             = 0x0028, 0x1203, "Blue Palette Color Lookup Table Data";
    RED_SEGMENTED_PALETTE    = 0x0028, 0x1221, "Segmented Red Palette Color Lookup Table Data";
    GREEN_SEGMENTED_PALETTE  = 0x0028, 0x1222, "Segmented Green Palette Color Lookup Table Data";
    BLUE_SEGMENTED_PALETTE   = 0x0028, 0x1223, "Segmented Blue Palette Color Lookup Table Data";
    MODALITY_LUT             = 0x0028, 0x3000, "Modality LUT Sequence";
    VOI_LUT                  = 0x0028, 0x3010, "VOI LUT Sequence";
    EXTENDED_OFFSETS         = 0x7FE0, 0x0001, "Extended Offset Table";
}

/// Read by the scan itself.
pub(crate) const TRANSFER_SYNTAX: Field = Field::new(0x0002, 0x0010, "Transfer Syntax UID");

/// What reading pictures needs.
pub(crate) const FOR_PICTURES: Wanted =
    Wanted { top: is_read, items_of: ULTRASOUND_REGIONS.tag, in_item: is_read_in_region };

/// Whether the scan should keep this top-level element.
fn is_read(tag: Tag) -> bool {
    READ.iter().any(|field| field.tag == tag)
}

/// Whether the scan should keep this element of an ultrasound region: those of PS3.3 table C.8-17 that say where
/// it lies and how large its pixels are.
fn is_read_in_region(tag: Tag) -> bool {
    tag.group() == 0x0018 && (0x6012..=0x602E).contains(&tag.element())
}

/// The element at the beginning of some bytes. Nothing behind it is asked for: dicom-rs finds the end of a data set by an error, and takes a backtrace
/// for each.
fn one_of(bytes: &[u8], syntax: &TransferSyntax, characters: &Characters) -> Option<InMemElement> {
    let mut tokens = DataSetReader::new_with_ts_cs(bytes, syntax, characters.0.clone()).ok()?;
    match (tokens.next()?.ok()?, tokens.next()?.ok()?) {
        (DataToken::ElementHeader(header), DataToken::PrimitiveValue(value)) => {
            Some(InMemElement::new_with_len(header.tag, header.vr, header.len, Value::Primitive(value)))
        }
        _ => None,
    }
}

/// The values of one data set or of one item of a sequence. dicom-rs parses each on its own and sees no sequence.
pub(crate) struct Header {
    object: InMemDicomObject,
    sequences: Vec<Tag>,
    regions: Vec<Self>,
    tables: Node,
}

impl Header {
    /// Lets dicom-rs parse the elements that the scan chose.
    pub fn parse(scan: &Scan) -> Result<Self, DicomError> {
        let (source, encoding) = (Source::Memory(&scan.bytes), scan.syntax.encoding);
        // Nothing that reading pictures needs is in another character set.
        let characters = Characters::default();
        let mut header = Self::of(source, encoding, &characters, &scan.header)?;
        let data_set = DataSet { source, start: scan.data_set, encoding, pixels: Pixels::End };
        header.take_tables(&scan.sequences, data_set);
        let regions = scan.regions.iter().take(limits::REGIONS + 1);
        let regions = regions.map(|region| Self::of(source, encoding, &characters, region));
        header.regions = regions.collect::<Result<_, DicomError>>()?;
        Ok(header)
    }

    /// Elements of one level, without those of its sequences.
    pub fn of(
        source: Source<'_>,
        encoding: Encoding,
        characters: &Characters,
        elements: &[Range<usize>],
    ) -> Result<Self, DicomError> {
        let syntax = match encoding {
            Encoding::ImplicitLittle => entries::IMPLICIT_VR_LITTLE_ENDIAN.erased(),
            Encoding::ExplicitLittle => entries::EXPLICIT_VR_LITTLE_ENDIAN.erased(),
            Encoding::ExplicitBig => entries::EXPLICIT_VR_BIG_ENDIAN.erased(),
        };
        let mut object = InMemDicomObject::new_empty();
        let mut total = 0;
        for element in elements {
            total += element.len();
            if total > 8 * limits::HEADER_VALUE_BYTES {
                let (value, limit) = (total as u64, 8 * limits::HEADER_VALUE_BYTES as u64);
                return Err(DicomError::TooLarge { what: "the length of the header in bytes", value, limit });
            }
            // One at a time: dicom-rs reads whole values only, and would take what an odd length leaves over for
            // the header of another element. An element that it cannot read is missing; the cause is left out,
            // because it may quote a value.
            let bytes = source.bytes(element.clone())?;
            if let Some(element) = one_of(&bytes, &syntax, characters) {
                object.put(element);
            }
        }
        Ok(Self { object, sequences: Vec::new(), regions: Vec::new(), tables: Node::default() })
    }

    /// Reads the tables of grey levels, where the scan found some.
    pub fn take_tables(&mut self, sequences: &[Tag], data_set: DataSet<'_>) {
        const SEQUENCES: [Tag; 2] = [MODALITY_LUT.tag, VOI_LUT.tag];
        sequences.clone_into(&mut self.sequences);
        if SEQUENCES.iter().any(|tag| sequences.contains(tag)) {
            // One that cannot be read is missed and said where it would be applied.
            self.tables = Node::read(data_set, |tag| SEQUENCES.contains(&tag) || lut::TAGS.contains(&tag))
                .unwrap_or_default();
        }
    }

    /// The items of a sequence of tables.
    pub fn tables(&self, field: Field) -> &[Node] {
        self.tables.items(field.tag)
    }

    /// Which elements are here.
    pub fn tags_here(&self) -> impl Iterator<Item = Tag> + '_ {
        self.object.tags()
    }

    /// The values of an element as text, without padding; `None` where it is not there, empty or unreadable.
    pub fn texts(&self, tag: Tag) -> Option<Vec<String>> {
        let Value::Primitive(value) = self.object.get(tag)?.value() else { return None };
        let texts = value.to_multi_str();
        let texts: Vec<String> =
            texts.iter().map(|text| text.trim_end_matches([' ', '\0']).trim_start().to_owned()).collect();
        texts.iter().any(|text| !text.is_empty()).then_some(texts)
    }

    fn element(&self, field: Field) -> Option<&InMemElement> {
        self.object.get(field.tag)
    }

    fn primitive(&self, field: Field) -> Option<&PrimitiveValue> {
        match self.element(field)?.value() {
            Value::Primitive(PrimitiveValue::Empty) => None,
            Value::Primitive(primitive) => Some(primitive),
            _ => None,
        }
    }

    /// Whether the element is there with a value.
    pub fn has(&self, field: Field) -> bool {
        self.sequences.contains(&field.tag) || self.element(field).is_some_and(|element| !element.is_empty())
    }

    /// All numbers of an element, text or binary; empty where there is none or one of them is not a number.
    pub fn numbers(&self, field: Field) -> Vec<f64> {
        let numbers =
            self.primitive(field).and_then(|value| value.to_multi_float64().ok()).unwrap_or_default();
        if numbers.iter().all(|number| number.is_finite()) { numbers } else { Vec::new() }
    }

    /// The first number of an element.
    pub fn number(&self, field: Field) -> Option<f64> {
        self.numbers(field).first().copied()
    }

    /// The first number of an element as an integer; `None` where it is none.
    pub fn integer(&self, field: Field) -> Option<i64> {
        let number = self.number(field)?;
        // Every integer of 53 bits is exact in an f64; no element that is read is longer.
        (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
    }

    /// An integer that must be there.
    pub fn required(&self, field: Field) -> Result<i64, DicomError> {
        self.integer(field).ok_or(DicomError::Missing(field))
    }

    /// The first value of a code string or UID, without padding, where it holds no other characters than those
    /// do (PS3.5 §6.2): free text of a patient cannot pass.
    pub fn code(&self, field: Field) -> Option<String> {
        let text = self.primitive(field)?.to_str();
        let first = text.split('\\').next()?.trim_matches([' ', '\0']);
        let allowed = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, ' ' | '_' | '.');
        (!first.is_empty() && first.len() <= 64 && first.chars().all(allowed)).then(|| first.to_owned())
    }

    /// The values of a long string that names equipment, joined by a space, where they hold only what such names do: letters and digits of
    /// ASCII and a few signs. It is for comparing with other names, and in no error and no debug form.
    pub fn equipment(&self, field: Field) -> Option<String> {
        let text = self.primitive(field)?.to_str();
        let parts: Vec<&str> = text
            .split('\\')
            .map(|part| part.trim_matches([' ', '\0']))
            .filter(|part| !part.is_empty())
            .collect();
        let name = parts.join(" ");
        let allowed = |c: char| c.is_ascii_alphanumeric() || " .,_-+/()".contains(c);
        (!name.is_empty() && name.len() <= 64 && name.chars().all(allowed)).then_some(name)
    }

    /// The tags of an element that points at others.
    pub fn tags(&self, field: Field) -> Vec<Tag> {
        match self.primitive(field) {
            Some(PrimitiveValue::Tags(tags)) => tags.to_vec(),
            _ => Vec::new(),
        }
    }

    /// A table of 16-bit words; bytes of an unknown or byte-wise element are joined in the file's order.
    pub fn words(&self, field: Field, encoding: Encoding) -> Option<Vec<u16>> {
        match self.primitive(field)? {
            PrimitiveValue::U16(words) => Some(words.to_vec()),
            // Descriptors may be signed (PS3.3 §C.7.6.3.1.5): the same bits.
            PrimitiveValue::I16(words) => Some(words.iter().map(|word| word.cast_unsigned()).collect()),
            PrimitiveValue::U8(bytes) => Some(
                bytes
                    .chunks_exact(2)
                    .map(|pair| match encoding {
                        Encoding::ExplicitBig => u16::from_be_bytes([pair[0], pair[1]]),
                        _ => u16::from_le_bytes([pair[0], pair[1]]),
                    })
                    .collect(),
            ),
            _ => None,
        }
    }

    /// A table of 64-bit offsets.
    pub fn offsets(&self, field: Field) -> Vec<u64> {
        match self.primitive(field) {
            Some(PrimitiveValue::U64(offsets)) => offsets.to_vec(),
            _ => Vec::new(),
        }
    }

    /// The items of the Sequence of Ultrasound Regions, at most one more than [`limits::REGIONS`].
    pub fn regions(&self) -> &[Self] {
        &self.regions
    }
}
