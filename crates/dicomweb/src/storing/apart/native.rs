//! The DICOM JSON Model out of the Native DICOM Model (PS3.19 §A.1): the same attributes, whose values are all text.
//!
//! Read event by event with stacks of its own: nesting costs no call stack. A document that defines entities is refused.

use peony_dicom::limits::SEQUENCE_DEPTH;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Value, json};

/// Values of a document that may be left out before others (§A.1.5).
const GAP: usize = 1_000;
const GROUPS: [&str; 3] = ["Alphabetic", "Ideographic", "Phonetic"];
const PARTS: [&str; 5] = ["FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix"];

/// Reads a document.
///
/// # Errors
/// What it is not, in words that hold nothing of it.
pub(crate) fn data_set(document: &[u8]) -> Result<Map<String, Value>, &'static str> {
    let mut reader = Reader::from_reader(document);
    let mut reading = Reading::default();
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).map_err(|_| "the document is no XML")? {
            Event::Start(start) => reading.start(&start)?,
            Event::Empty(start) => {
                reading.start(&start)?;
                reading.end(start.local_name().as_ref())?;
            }
            Event::End(end) => reading.end(end.local_name().as_ref())?,
            Event::Text(text) => reading.text += &text.decode().map_err(|_| "the document is not UTF-8")?,
            Event::CData(text) => reading.text += &text.decode().map_err(|_| "the document is not UTF-8")?,
            Event::GeneralRef(name) => {
                let known = name.resolve_char_ref().map_err(|_| "a letter that there is not")?;
                let named = || {
                    let name = name.decode().ok()?;
                    quick_xml::escape::resolve_xml_entity(&name).map(str::to_owned)
                };
                reading.text += &known.map(String::from).or_else(named).ok_or("an entity of its own")?;
            }
            Event::DocType(_) => return Err("a document that defines its own form"),
            Event::Eof => break,
            _ => {}
        }
    }
    reading.whole.ok_or("no NativeDicomModel")
}

#[derive(Default)]
struct Reading {
    /// The data set and the items that are open.
    data_sets: Vec<Map<String, Value>>,
    /// The attributes that are open: each key and what it has.
    attributes: Vec<(String, Map<String, Value>)>,
    /// The number of the value that is open, of each such attribute.
    numbers: Vec<usize>,
    name: Map<String, Value>,
    parts: [String; 5],
    text: String,
    /// Values that were left out.
    left_out: usize,
    whole: Option<Map<String, Value>>,
}

impl Reading {
    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), &'static str> {
        self.text.clear();
        match start.local_name().as_ref() {
            b"NativeDicomModel" => {
                if !self.data_sets.is_empty() || self.whole.is_some() {
                    return Err("a NativeDicomModel within another");
                }
                self.data_sets.push(Map::new());
            }
            b"DicomAttribute" => {
                if self.data_sets.len() != self.attributes.len() + 1 {
                    return Err("an attribute that is in no data set");
                }
                let tag = value_of(start, "tag")?.ok_or("an attribute without a tag")?;
                let vr = value_of(start, "vr")?.ok_or("an attribute without a value representation")?;
                self.attributes.push((tag, [("vr".to_owned(), Value::from(vr))].into_iter().collect()));
                self.numbers.push(0);
            }
            b"Item" => {
                if self.data_sets.len() > SEQUENCE_DEPTH {
                    return Err("sequences nested too deep");
                }
                self.number(start)?;
                self.data_sets.push(Map::new());
            }
            b"Value" => self.number(start)?,
            b"PersonName" => {
                self.number(start)?;
                self.name = Map::new();
            }
            b"BulkData" => {
                let uri = value_of(start, "uri")?.ok_or("bulk data without an address")?;
                self.put("BulkDataURI", uri.into())?;
            }
            group if GROUPS.iter().any(|known| known.as_bytes() == group) => self.parts = Default::default(),
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, name: &[u8]) -> Result<(), &'static str> {
        match name {
            b"NativeDicomModel" => self.whole = self.data_sets.pop(),
            b"DicomAttribute" => {
                self.numbers.pop();
                let (tag, attribute) = self.attributes.pop().ok_or("an attribute that did not begin")?;
                let data_set = self.data_sets.last_mut().ok_or("an attribute that is in no data set")?;
                data_set.insert(tag, Value::Object(attribute));
            }
            b"Item" => {
                let item = self.data_sets.pop().ok_or("an item that did not begin")?;
                self.value(Value::Object(item))?;
            }
            b"Value" => {
                let text = std::mem::take(&mut self.text);
                self.value(text.into())?;
            }
            b"PersonName" => {
                let name = std::mem::take(&mut self.name);
                self.value(Value::Object(name))?;
            }
            b"InlineBinary" => {
                let text: String = self.text.split_ascii_whitespace().collect();
                self.put("InlineBinary", text.into())?;
            }
            name => {
                let text = std::mem::take(&mut self.text);
                if let Some(part) = PARTS.iter().position(|known| known.as_bytes() == name) {
                    self.parts[part] = text;
                } else if let Some(group) = GROUPS.iter().find(|known| known.as_bytes() == name) {
                    let parts = self.parts.join("^");
                    self.name.insert((*group).to_owned(), parts.trim_end_matches('^').into());
                }
            }
        }
        Ok(())
    }

    /// Where the value that begins stands among those of its attribute.
    fn number(&mut self, start: &BytesStart<'_>) -> Result<(), &'static str> {
        let said = value_of(start, "number")?.map(|number| number.parse::<usize>());
        let number = said.transpose().map_err(|_| "the number of a value is none")?.unwrap_or(0);
        *self.numbers.last_mut().ok_or("a value that is of no attribute")? = number;
        Ok(())
    }

    fn value(&mut self, value: Value) -> Result<(), &'static str> {
        let number = self.numbers.last().copied().unwrap_or(0);
        let (_, attribute) = self.attributes.last_mut().ok_or("a value that is of no attribute")?;
        let values = attribute.entry("Value").or_insert_with(|| json!([]));
        let values = values.as_array_mut().ok_or("a value that is of no attribute")?;
        self.left_out += number.saturating_sub(values.len() + 1);
        if self.left_out > GAP {
            return Err("too many values are left out");
        }
        while values.len() + 1 < number {
            values.push(Value::Null);
        }
        values.push(value);
        Ok(())
    }

    fn put(&mut self, key: &str, value: Value) -> Result<(), &'static str> {
        let (_, attribute) = self.attributes.last_mut().ok_or("a value that is of no attribute")?;
        attribute.insert(key.to_owned(), value);
        Ok(())
    }
}

fn value_of(start: &BytesStart<'_>, name: &str) -> Result<Option<String>, &'static str> {
    const NONE: &str = "an element's attributes are none";
    let found = start.try_get_attribute(name).map_err(|_| NONE)?;
    let text = found.map(|attribute| {
        let text = std::str::from_utf8(&attribute.value).map_err(|_| NONE)?;
        quick_xml::escape::unescape(text).map(|text| text.into_owned()).map_err(|_| NONE)
    });
    text.transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(inner: &str) -> Result<Map<String, Value>, &'static str> {
        data_set(format!("<?xml version=\"1.0\"?><NativeDicomModel>{inner}</NativeDicomModel>").as_bytes())
    }

    #[test]
    fn attributes_are_read_with_their_items_and_names() {
        let read = model(
            "<DicomAttribute tag=\"00100010\" vr=\"PN\" keyword=\"PatientName\"><PersonName number=\"1\"><Alphabetic>
             <FamilyName>WANG</FamilyName><MiddleName>x &amp; y</MiddleName></Alphabetic><Ideographic><FamilyName>王</FamilyName></Ideographic>
             </PersonName></DicomAttribute>
             <DicomAttribute tag=\"00081140\" vr=\"SQ\"><Item number=\"1\"><DicomAttribute tag=\"00081160\" vr=\"IS\">
             <Value number=\"1\">1</Value><Value number=\"3\">3</Value></DicomAttribute></Item><Item number=\"2\"/></DicomAttribute>
             <DicomAttribute tag=\"7FE00010\" vr=\"OW\"><BulkData uri=\"http://h/a?b&amp;c\"/></DicomAttribute>
             <DicomAttribute tag=\"00420011\" vr=\"OB\"><InlineBinary>AQ\n ID</InlineBinary></DicomAttribute>",
        );
        let expect = json!({
            "00100010": { "vr": "PN", "Value": [{ "Alphabetic": "WANG^^x & y", "Ideographic": "王" }] },
            "00081140": { "vr": "SQ", "Value": [{ "00081160": { "vr": "IS", "Value": ["1", null, "3"] } }, {}] },
            "7FE00010": { "vr": "OW", "BulkDataURI": "http://h/a?b&c" },
            "00420011": { "vr": "OB", "InlineBinary": "AQID" },
        });
        assert_eq!(Value::Object(read.unwrap()), expect);
    }

    #[test]
    fn what_is_no_model_is_refused() {
        let deep = |times: usize| {
            let open = "<DicomAttribute tag=\"00081140\" vr=\"SQ\"><Item number=\"1\">".repeat(times);
            format!("{open}{}", "</Item></DicomAttribute>".repeat(times))
        };
        assert!(model(&deep(SEQUENCE_DEPTH)).is_ok());
        assert_eq!(model(&deep(SEQUENCE_DEPTH + 1)).unwrap_err(), "sequences nested too deep");
        for inner in [
            "<DicomAttribute tag=\"00100010\">",
            "<DicomAttribute vr=\"PN\"/>",
            "<Value number=\"1\">1</Value>",
            "<Item number=\"1\"/>",
            "<DicomAttribute tag=\"00080060\" vr=\"CS\"><Value number=\"9999999\">US</Value></DicomAttribute>",
            &format!(
                "<DicomAttribute tag=\"00080060\" vr=\"CS\">{}</DicomAttribute>",
                (1..9).map(|at| format!("<Value number=\"{}\"/>", at * GAP / 4)).collect::<String>()
            ),
            "<DicomAttribute tag=\"00080060\" vr=\"CS\"><DicomAttribute tag=\"00080060\" vr=\"CS\"/></DicomAttribute>",
            "<DicomAttribute tag=\"00080060\" vr=\"CS\"><Value number=\"1\">&who;</Value></DicomAttribute>",
            "<NativeDicomModel/>",
        ] {
            assert!(model(inner).is_err(), "{inner}");
        }
        assert!(data_set(b"<!DOCTYPE a [<!ENTITY b 'c'>]><NativeDicomModel/>").is_err());
        assert!(data_set(b"<other/>").is_err());
        assert!(data_set(b"").is_err());
    }
}
