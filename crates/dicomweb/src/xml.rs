//! The Native DICOM Model (PS3.19 §A.1) out of the DICOM JSON Model: the same attributes in XML.

use peony_dicom::{keyword_of, tag_of};
use peony_store::DicomJson;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use serde_json::Value;

use crate::problem::Problem;

type Xml = Writer<Vec<u8>>;

/// A data set as a document.
pub(crate) fn native_model(data_set: &DicomJson) -> Result<String, Problem> {
    let mut xml = Writer::new(Vec::new());
    let write = |xml: &mut Xml| {
        xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let mut root = BytesStart::new("NativeDicomModel");
        root.push_attribute(("xmlns", "http://dicom.nema.org/PS3.19/models/NativeDICOM"));
        xml.write_event(Event::Start(root))?;
        attributes(xml, data_set)?;
        xml.write_event(Event::End(BytesEnd::new("NativeDicomModel")))
    };
    // What writes into memory does not fail.
    write(&mut xml).map_err(|_| Problem::Failed)?;
    String::from_utf8(xml.into_inner()).map_err(|_| Problem::Failed)
}

fn attributes(xml: &mut Xml, data_set: &DicomJson) -> std::io::Result<()> {
    for (key, attribute) in data_set {
        let mut start = BytesStart::new("DicomAttribute");
        start.push_attribute(("tag", key.as_str()));
        start.push_attribute(("vr", attribute["vr"].as_str().unwrap_or("UN")));
        if let Some(keyword) = tag_of(key).and_then(keyword_of) {
            start.push_attribute(("keyword", keyword));
        }
        xml.write_event(Event::Start(start))?;
        let values = attribute["Value"].as_array().map(Vec::as_slice).unwrap_or_default();
        for (number, value) in (1..).zip(values) {
            one(xml, number, value, attribute["vr"] == "PN")?;
        }
        if let Some(uri) = attribute["BulkDataURI"].as_str() {
            let mut bulk = BytesStart::new("BulkData");
            bulk.push_attribute(("uri", uri));
            xml.write_event(Event::Empty(bulk))?;
        }
        if let Some(text) = attribute["InlineBinary"].as_str() {
            element(xml, BytesStart::new("InlineBinary"), text)?;
        }
        xml.write_event(Event::End(BytesEnd::new("DicomAttribute")))?;
    }
    Ok(())
}

/// One value: an item, a name or a text. An empty one has no element, and its number is left out (§A.1.5).
fn one(xml: &mut Xml, number: usize, value: &Value, is_name: bool) -> std::io::Result<()> {
    let number = number.to_string();
    let numbered = |name| {
        let mut start = BytesStart::new(name);
        start.push_attribute(("number", number.as_str()));
        start
    };
    match value {
        Value::Null => Ok(()),
        Value::Object(groups) if is_name => {
            xml.write_event(Event::Start(numbered("PersonName")))?;
            for (group, name) in groups {
                xml.write_event(Event::Start(BytesStart::new(group.as_str())))?;
                let parts = ["FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix"];
                for (part, text) in parts.into_iter().zip(name.as_str().unwrap_or_default().split('^')) {
                    if !text.is_empty() {
                        element(xml, BytesStart::new(part), text)?;
                    }
                }
                xml.write_event(Event::End(BytesEnd::new(group.as_str())))?;
            }
            xml.write_event(Event::End(BytesEnd::new("PersonName")))
        }
        Value::Object(item) => {
            xml.write_event(Event::Start(numbered("Item")))?;
            attributes(xml, item)?;
            xml.write_event(Event::End(BytesEnd::new("Item")))
        }
        Value::String(text) => element(xml, numbered("Value"), text),
        other => element(xml, numbered("Value"), &other.to_string()),
    }
}

fn element(xml: &mut Xml, start: BytesStart<'_>, text: &str) -> std::io::Result<()> {
    let end = start.to_end().into_owned();
    xml.write_event(Event::Start(start))?;
    xml.write_event(Event::Text(BytesText::new(text)))?;
    xml.write_event(Event::End(end))
}
