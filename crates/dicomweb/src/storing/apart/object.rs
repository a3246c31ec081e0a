//! A file of PS3.10 out of the DICOM JSON Model (PS3.18 §F.2) and of bulk data that lies elsewhere.
//!
//! What is written here goes through the same scan as any file that comes: this module looks at what it must know to write, and at no more.

use std::collections::BTreeMap;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use peony_dicom::written::{
    self, EXPLICIT_LITTLE, ITEM, ITEM_END, SEQUENCE_END, Target, UNDEFINED, put_header, put_item,
};
use peony_dicom::{Tag, VR, limits, tag_of, vr_of};
use serde_json::{Map, Value};

/// What is written here.
const EXPLICIT: Target = Target::ExplicitLittle;
const CHARACTER_SET: Tag = Tag(0x0008, 0x0005);
const SOP_CLASS: &str = "00080016";
const INSTANCE: &str = "00080018";
const FRAMES: &str = "00280008";
const BITS_ALLOCATED: &str = "00280100";
const PIXEL_DATA: &str = "7FE00010";
/// A decimal string and an integer string (PS3.5 §6.2).
const DECIMAL_BYTES: usize = 16;
const INTEGER_BYTES: usize = 12;

/// A piece of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Chunk {
    /// The bytes.
    Made(Vec<u8>),
    /// A stretch of what was written to the disk.
    Stored(Range<u64>),
}

/// Parts of bulk data that have one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bulk {
    /// In the order in which they came.
    pub parts: Vec<Range<u64>>,
    /// The transfer syntax of frames that are coded; `None` for bytes as they are, in little endian.
    pub coding: Option<String>,
}

/// Finds bulk data by its address, once each: two elements of the same would be more than was sent.
pub(crate) trait Store {
    fn take(&mut self, uri: &str) -> Result<Bulk, &'static str>;
}

/// An object that cannot be written, and why: nothing of it is in that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unfit {
    /// SOP Class UID and SOP Instance UID, empty where they are none.
    pub uids: [String; 2],
    pub why: String,
}

/// The pieces of the file.
///
/// # Errors
/// [`Unfit`].
pub(crate) fn file(metadata: &Map<String, Value>, bulk: &mut impl Store) -> Result<Vec<Chunk>, Unfit> {
    let uid = |key: &str| {
        let uid = metadata.get(key).and_then(|attribute| attribute.get("Value")?.get(0)?.as_str());
        let uid = uid.unwrap_or_default();
        let fits = uid.len() <= 64 && uid.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        if fits { uid.to_owned() } else { String::new() }
    };
    let uids = [uid(SOP_CLASS), uid(INSTANCE)];
    let unfit = |why: String| Unfit { uids: uids.clone(), why };
    if uids.iter().any(String::is_empty) {
        return Err(unfit("the metadata has no SOP Class UID or no SOP Instance UID".into()));
    }
    let mut writer = Writer { chunks: Vec::new(), gathered: Vec::new(), bulk, metadata };
    let written = writer.write(&uids);
    written.map_err(|why| unfit(format!("metadata: {why}")))?;
    writer.flush();
    Ok(writer.chunks)
}

struct Writer<'a, S> {
    chunks: Vec<Chunk>,
    gathered: Vec<u8>,
    bulk: &'a mut S,
    metadata: &'a Map<String, Value>,
}

type Written = Result<(), &'static str>;

impl<S: Store> Writer<'_, S> {
    fn write(&mut self, [class, instance]: &[String; 2]) -> Written {
        let metadata = self.metadata;
        let pixels = match uri_of(metadata.get(PIXEL_DATA)) {
            Some(uri) => Some(self.bulk.take(uri)?),
            None => None,
        };
        let syntax = pixels.as_ref().and_then(|bulk| bulk.coding.clone());
        let syntax = syntax.as_deref().unwrap_or(EXPLICIT_LITTLE);
        self.gathered = written::file_meta(class, instance, syntax);
        self.items(metadata, pixels, 0)
    }

    /// The elements of a data set or an item, in the order of their tags.
    fn items(&mut self, data_set: &Map<String, Value>, mut pixels: Option<Bulk>, depth: usize) -> Written {
        let mut elements = BTreeMap::new();
        for (key, attribute) in data_set {
            let tag = (key.len() == 8).then(|| tag_of(key)).flatten().ok_or("a key is no tag")?;
            elements.insert(tag, attribute);
        }
        // JSON is UTF-8, whatever the attribute says (§F.2.1.1.2), and an item is in the characters of the whole.
        let said = elements.remove(&CHARACTER_SET).is_some();
        if depth == 0 && (said || !is_ascii(data_set)) {
            let characters = b"ISO_IR 192";
            self.until(&mut elements, CHARACTER_SET, depth)?;
            written::put(&mut self.gathered, EXPLICIT, CHARACTER_SET, VR::CS, characters);
        }
        if let Some(bulk) = pixels.take().filter(|_| depth == 0) {
            let pixel_data = Tag(0x7FE0, 0x0010);
            elements.remove(&pixel_data);
            if bulk.coding.is_some() {
                // Offsets of frames as they were: they are counted anew where they are asked for.
                elements.retain(|tag, _| !matches!(tag, Tag(0x7FE0, 0x0001..=0x0003)));
            }
            self.until(&mut elements, pixel_data, depth)?;
            self.pixels(&bulk)?;
        }
        self.until(&mut elements, Tag(0xFFFF, 0xFFFF), depth)
    }

    /// Writes the elements before a tag.
    fn until(&mut self, elements: &mut BTreeMap<Tag, &Value>, end: Tag, depth: usize) -> Written {
        let rest = elements.split_off(&end);
        for (tag, attribute) in std::mem::replace(elements, rest) {
            // File meta information is written anew, and lengths of groups not at all; delimiters are no elements.
            if tag.group() == 0x0002 || tag.element() == 0 || tag.group() >= 0xFFFE {
                continue;
            }
            self.element(tag, attribute, depth)?;
        }
        Ok(())
    }

    fn element(&mut self, tag: Tag, attribute: &Value, depth: usize) -> Written {
        let vr = match attribute.get("vr").and_then(Value::as_str) {
            Some(said) => said.parse().map_err(|_| "a value representation that there is not")?,
            None => vr_of(tag),
        };
        if let Some(uri) = uri_of(Some(attribute)) {
            let Bulk { parts, coding } = self.bulk.take(uri)?;
            let ([range], None) = (parts.as_slice(), coding) else {
                return Err("only pixel data comes in several parts, or coded");
            };
            if vr == VR::SQ {
                return Err("a sequence as bulk data");
            }
            return self.stored(tag, vr, std::slice::from_ref(range));
        }
        let values = attribute.get("Value").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        if vr == VR::SQ {
            return self.sequence(tag, values, depth);
        }
        let bytes = match attribute.get("InlineBinary") {
            Some(text) => {
                let text = text.as_str().ok_or("InlineBinary is no text")?;
                STANDARD.decode(text).map_err(|_| "InlineBinary is no base64")?
            }
            None => bytes_of(vr, values)?,
        };
        if bytes.len() >= UNDEFINED as usize - 1 {
            return Err("a value of more than 4 GiB");
        }
        written::put(&mut self.gathered, EXPLICIT, tag, vr, &bytes);
        Ok(())
    }

    fn sequence(&mut self, tag: Tag, items: &[Value], depth: usize) -> Written {
        if depth >= limits::SEQUENCE_DEPTH {
            return Err("sequences nested too deep");
        }
        put_header(&mut self.gathered, EXPLICIT, tag, VR::SQ, UNDEFINED);
        for item in items {
            let empty = Map::new();
            let item = match item {
                Value::Object(item) => item,
                Value::Null => &empty,
                _ => return Err("an item is no object"),
            };
            put_item(&mut self.gathered, ITEM, UNDEFINED);
            self.items(item, None, depth + 1)?;
            put_item(&mut self.gathered, ITEM_END, 0);
        }
        put_item(&mut self.gathered, SEQUENCE_END, 0);
        Ok(())
    }

    fn pixels(&mut self, bulk: &Bulk) -> Written {
        let tag = Tag(0x7FE0, 0x0010);
        let number = |key: &str| {
            let value = self.metadata.get(key).and_then(|attribute| attribute.get("Value")?.get(0));
            integer(value?).ok()?.trim().parse::<usize>().ok()
        };
        if bulk.coding.is_none() {
            let words = number(BITS_ALLOCATED).is_some_and(|bits| bits > 8);
            return self.stored(tag, if words { VR::OW } else { VR::OB }, &bulk.parts);
        }
        if bulk.parts.len() != number(FRAMES).unwrap_or(1).max(1) {
            return Err("coded pixel data is not a part for each frame");
        }
        put_header(&mut self.gathered, EXPLICIT, tag, VR::OB, UNDEFINED);
        // An empty table of offsets (PS3.5 §A.4).
        put_item(&mut self.gathered, ITEM, 0);
        for part in &bulk.parts {
            let (length, odd) = even(part.end - part.start)?;
            put_item(&mut self.gathered, ITEM, length);
            self.store(part.clone());
            self.gathered.extend([0].iter().take(odd));
        }
        put_item(&mut self.gathered, SEQUENCE_END, 0);
        Ok(())
    }

    /// One value out of bulk data.
    fn stored(&mut self, tag: Tag, vr: VR, parts: &[Range<u64>]) -> Written {
        let (length, odd) = even(parts.iter().map(|part| part.end - part.start).sum())?;
        put_header(&mut self.gathered, EXPLICIT, tag, vr, length);
        for part in parts {
            self.store(part.clone());
        }
        self.gathered.extend([written::padding(vr)].iter().take(odd));
        Ok(())
    }

    fn store(&mut self, range: Range<u64>) {
        self.flush();
        self.chunks.push(Chunk::Stored(range));
    }

    fn flush(&mut self) {
        if !self.gathered.is_empty() {
            self.chunks.push(Chunk::Made(std::mem::take(&mut self.gathered)));
        }
    }
}

/// A length made even, and by how much.
fn even(length: u64) -> Result<(u32, usize), &'static str> {
    let odd = (length % 2) as usize;
    let length = u32::try_from(length + length % 2).ok().filter(|length| *length < UNDEFINED - 1);
    Ok((length.ok_or("a value of more than 4 GiB")?, odd))
}

fn uri_of(attribute: Option<&Value>) -> Option<&str> {
    attribute?.get("BulkDataURI")?.as_str()
}

fn is_ascii(data_set: &Map<String, Value>) -> bool {
    fn ascii(value: &Value) -> bool {
        match value {
            Value::String(text) => text.is_ascii(),
            Value::Array(values) => values.iter().all(ascii),
            Value::Object(map) => map.values().all(ascii),
            _ => true,
        }
    }
    data_set.values().all(ascii)
}

/// A value as text; a name in its component groups.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Object(groups) => {
            let group = |name: &str| groups.get(name).and_then(Value::as_str).unwrap_or_default();
            let name = ["Alphabetic", "Ideographic", "Phonetic"].map(group).join("=");
            name.trim_end_matches('=').to_owned()
        }
        other => other.to_string(),
    }
}

/// The bytes of values that are not bulk data.
fn bytes_of(vr: VR, values: &[Value]) -> Result<Vec<u8>, &'static str> {
    macro_rules! each {
        ($number:ty) => {{
            let mut bytes = Vec::new();
            for value in values {
                let number: $number = text_of(value)
                    .trim()
                    .parse()
                    .map_err(|_| "a number that does not fit its value representation")?;
                bytes.extend(number.to_le_bytes());
            }
            Ok(bytes)
        }};
    }
    match vr {
        VR::US => each!(u16),
        VR::SS => each!(i16),
        VR::UL => each!(u32),
        VR::SL => each!(i32),
        VR::UV => each!(u64),
        VR::SV => each!(i64),
        VR::FL => each!(f32),
        VR::FD => each!(f64),
        VR::AT => {
            let mut bytes = Vec::new();
            for value in values {
                let text = text_of(value);
                let tag = (text.len() == 8).then(|| tag_of(&text)).flatten().ok_or("a value is no tag")?;
                written::put_tag(&mut bytes, tag);
            }
            Ok(bytes)
        }
        VR::OB | VR::OD | VR::OF | VR::OL | VR::OV | VR::OW | VR::UN if values.is_empty() => Ok(Vec::new()),
        VR::OB | VR::OD | VR::OF | VR::OL | VR::OV | VR::OW | VR::UN => Err("a binary value as text"),
        _ => texts(vr, values),
    }
}

/// Values of text, with backslashes between them (PS3.5 §6.4).
fn texts(vr: VR, values: &[Value]) -> Result<Vec<u8>, &'static str> {
    if values.iter().any(|value| value.is_array() || (value.is_object() && vr != VR::PN)) {
        return Err("a value is no text");
    }
    if matches!(vr, VR::ST | VR::LT | VR::UT | VR::UR) && values.len() > 1 {
        return Err("several values of a text that has one");
    }
    let text = |value| match vr {
        VR::IS => integer(value),
        VR::DS => Ok(decimal(value)),
        _ => Ok(text_of(value)),
    };
    let texts: Vec<String> = values.iter().map(text).collect::<Result<_, _>>()?;
    // In those of one value it is a letter; in others it would make two of one, and each further value another one's.
    let is_letter = matches!(vr, VR::ST | VR::LT | VR::UT);
    if !is_letter && texts.iter().any(|text| text.contains('\\')) {
        return Err("a backslash within a value");
    }
    Ok(texts.join("\\").into_bytes())
}

/// An integer string (PS3.5 §6.2: digits with a sign, of 32 bits). 2.0 as a number of JSON is 2, for JSON has one kind of number (RFC 8259 §6);
/// as a text it is none.
fn integer(value: &Value) -> Result<String, &'static str> {
    let fits = |number: &i64| i32::try_from(*number).is_ok();
    let text = match value {
        Value::Number(number) => {
            // What does not fit 32 bits is refused, so the conversion is exact.
            let whole = number.as_f64().filter(|number| number.fract() == 0.0).map(|number| number as i64);
            number.as_i64().or(whole).filter(fits).map(|number| number.to_string())
        }
        other => {
            let text = text_of(other);
            let number = text.trim_matches(' ');
            let is_one = number.parse::<i64>().is_ok_and(|number| fits(&number));
            (number.is_empty() || (is_one && text.len() <= INTEGER_BYTES)).then_some(text)
        }
    };
    text.ok_or("a number that does not fit its value representation")
}

/// A number in the room that a decimal string has.
fn decimal(value: &Value) -> String {
    let text = text_of(value);
    let Some(number) = value.as_f64().filter(|_| text.len() > DECIMAL_BYTES) else { return text };
    let off = |text: &String| text.parse::<f64>().map_or(f64::MAX, |short| (short - number).abs());
    let forms =
        (0..=DECIMAL_BYTES).flat_map(|digits| [format!("{number:.digits$}"), format!("{number:.digits$e}")]);
    let short = forms.filter(|text| text.len() <= DECIMAL_BYTES);
    short.min_by(|a, b| off(a).total_cmp(&off(b))).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    struct Nothing;

    impl Store for Nothing {
        fn take(&mut self, _: &str) -> Result<Bulk, &'static str> {
            Err("bulk data that is not in the body")
        }
    }

    fn made(more: Value) -> Result<Vec<u8>, String> {
        let mut metadata = json!({
            "00080016": { "vr": "UI", "Value": ["1.2.840.10008.5.1.4.1.1.7"] },
            "00080018": { "vr": "UI", "Value": ["1.2.3"] },
        });
        metadata.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let chunks = file(metadata.as_object().unwrap(), &mut Nothing).map_err(|unfit| unfit.why)?;
        Ok(chunks
            .into_iter()
            .flat_map(|chunk| match chunk {
                Chunk::Made(bytes) => bytes,
                Chunk::Stored(_) => panic!("nothing is stored"),
            })
            .collect())
    }

    fn has(bytes: &[u8], what: &[u8]) -> bool {
        bytes.windows(what.len()).any(|window| window == what)
    }

    #[test]
    fn values_are_written_as_their_representation_wants_them() {
        let bytes = made(json!({
            "00100010": { "vr": "PN", "Value": [{ "Alphabetic": "WANG^FANG", "Phonetic": "x" }] },
            "00280010": { "vr": "US", "Value": [258] },
            "00281050": { "vr": "DS", "Value": [0.1, 3.333_333_333_333_333_3, null] },
            "00281102": { "vr": "SS", "Value": ["-2"] },
            "00280009": { "vr": "AT", "Value": ["00181063"] },
            "00420011": { "vr": "OB", "InlineBinary": "AQID" },
            "00189073": { "vr": "FD", "Value": [1.5] },
            "00280008": { "vr": "IS", "Value": [2.0] },
            "00181151": { "vr": "IS", "Value": [-7, "+08 ", null, -2_147_483_648] },
            "00104000": { "vr": "LT", "Value": ["a\\b"] },
            "00080008": { "vr": "CS", "Value": ["ORIGINAL", "PRIMARY"] },
        }))
        .unwrap();
        for what in [
            b"\x10\0\x10\0PN\x0C\0WANG^FANG==x".as_slice(),
            b"\x28\0\x10\0US\x02\0\x02\x01",
            b"\x28\0\x50\x10DS\x16\x000.1\\3.33333333333333\\ ",
            b"\x28\0\x02\x11SS\x02\0\xFE\xFF",
            b"\x28\0\x09\0AT\x04\0\x18\0\x63\x10",
            b"\x42\0\x11\0OB\0\0\x04\0\0\0\x01\x02\x03\0",
            b"\x18\0\x73\x90FD\x08\0\0\0\0\0\0\0\xF8\x3F",
            b"\x28\0\x08\0IS\x02\x002 ",
            b"\x18\0\x51\x11IS\x14\0-7\\+08 \\\\-2147483648",
            b"\x10\0\0\x40LT\x04\0a\\b ",
            b"\x08\0\x08\0CS\x10\0ORIGINAL\\PRIMARY",
        ] {
            assert!(has(&bytes, what), "{:?}", String::from_utf8_lossy(what));
        }
        // Nothing but plain letters needs no character set; others are UTF-8 as they are in JSON.
        assert!(!has(&bytes, b"ISO_IR"));
        let bytes = made(json!({
            "00080005": { "vr": "CS", "Value": ["ISO_IR 100"] },
            "00100020": { "vr": "LO", "Value": ["王"] },
        }));
        let bytes = bytes.unwrap();
        assert!(has(&bytes, b"ISO_IR 192") && !has(&bytes, b"ISO_IR 100") && has(&bytes, "王".as_bytes()));
    }

    #[test]
    fn what_is_no_metadata_is_refused() {
        let mut deep = json!({ "vr": "SQ" });
        for _ in 0..=limits::SEQUENCE_DEPTH {
            deep = json!({ "vr": "SQ", "Value": [{ "00400275": deep }] });
        }
        for (more, why) in [
            (json!({ "0010": { "vr": "LO" } }), "a key is no tag"),
            (json!({ "00100020": { "vr": "XX" } }), "a value representation that there is not"),
            (
                json!({ "00280010": { "vr": "US", "Value": [70_000] } }),
                "a number that does not fit its value representation",
            ),
            (
                json!({ "00280010": { "vr": "US", "Value": ["a"] } }),
                "a number that does not fit its value representation",
            ),
            (json!({ "00420011": { "vr": "OB", "Value": ["a"] } }), "a binary value as text"),
            (json!({ "00420011": { "vr": "OB", "InlineBinary": "?" } }), "InlineBinary is no base64"),
            (json!({ "00420011": { "vr": "OB", "BulkDataURI": "x" } }), "bulk data that is not in the body"),
            (json!({ "7FE00010": { "vr": "OB", "BulkDataURI": "x" } }), "bulk data that is not in the body"),
            (json!({ "00400275": { "vr": "SQ", "Value": ["a"] } }), "an item is no object"),
            (json!({ "00100020": { "vr": "LO", "Value": [{ "a": "b" }] } }), "a value is no text"),
            (json!({ "00400275": deep }), "sequences nested too deep"),
            (json!({ "00100020": { "vr": "LO", "Value": ["P-1\\P-2"] } }), "a backslash within a value"),
            (
                json!({ "00080018": { "vr": "UI", "Value": ["1.2.3"] }, "00081155": { "vr": "UI", "Value": ["1\\2"] } }),
                "a backslash within a value",
            ),
            (
                json!({ "00100010": { "vr": "PN", "Value": [{ "Alphabetic": "A^B\\C^D" }] } }),
                "a backslash within a value",
            ),
            (json!({ "00281050": { "vr": "DS", "Value": ["1\\2"] } }), "a backslash within a value"),
            (
                json!({ "00104000": { "vr": "LT", "Value": ["a", "b"] } }),
                "several values of a text that has one",
            ),
            (
                json!({ "00280008": { "vr": "IS", "Value": ["2.0"] } }),
                "a number that does not fit its value representation",
            ),
            (
                json!({ "00280008": { "vr": "IS", "Value": [2.5] } }),
                "a number that does not fit its value representation",
            ),
            (
                json!({ "00280008": { "vr": "IS", "Value": [2_147_483_648_i64] } }),
                "a number that does not fit its value representation",
            ),
            (
                json!({ "00280008": { "vr": "IS", "Value": ["1\\2"] } }),
                "a number that does not fit its value representation",
            ),
            (
                json!({ "00280008": { "vr": "IS", "Value": ["0000000000001"] } }),
                "a number that does not fit its value representation",
            ),
            (
                json!({ "00080018": { "vr": "UI", "Value": ["../1"] } }),
                "the metadata has no SOP Class UID or no SOP Instance UID",
            ),
        ] {
            let got = made(more.clone()).unwrap_err();
            assert_eq!(got.trim_start_matches("metadata: "), why, "{more}");
        }
    }
}
