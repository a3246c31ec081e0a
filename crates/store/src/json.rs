//! Attributes in the DICOM JSON Model (PS3.18 §F.2): as they lie in the index and as queries answer.

use peony_dicom::{Attribute, Attributes, Level, Outline, Tag, VR, level_of};
use serde_json::{Map, Number, Value, json};

/// Attributes by tag, eight hexadecimal digits; each an object with `vr` and, unless it is empty, `Value`.
pub type DicomJson = Map<String, Value>;

/// A tag as a key: eight hexadecimal digits.
#[must_use]
pub fn key(tag: Tag) -> String {
    format!("{:04X}{:04X}", tag.group(), tag.element())
}

/// One attribute.
pub(crate) fn put(json: &mut DicomJson, tag: Tag, values: Vec<Value>) {
    json.insert(key(tag), json!({ "vr": peony_dicom::vr_of(tag).to_string(), "Value": values }));
}

/// The attributes of one level.
pub(crate) fn of_level(outline: &Outline, level: Level) -> DicomJson {
    let of_level = outline.attributes.iter().filter(|(tag, _)| level_of(**tag) == Some(level));
    of_level.map(|(tag, attribute)| (key(*tag), of_attribute(attribute))).collect()
}

/// Attributes of any kind, with the items of their sequences.
#[must_use]
pub fn of_attributes(attributes: &Attributes) -> DicomJson {
    attributes.iter().map(|(tag, attribute)| (key(*tag), of_attribute(attribute))).collect()
}

/// As it lies in the index.
pub(crate) fn text(json: &DicomJson) -> String {
    Value::Object(json.clone()).to_string()
}

/// Out of the index; empty where somebody else has written there.
pub(crate) fn of_text(text: &str) -> DicomJson {
    match serde_json::from_str(text) {
        Ok(Value::Object(json)) => json,
        _ => DicomJson::new(),
    }
}

fn of_attribute(attribute: &Attribute) -> Value {
    let vr = attribute.vr.to_string();
    let values: Vec<Value> = if vr == "SQ" {
        attribute.items.iter().map(|item| Value::Object(of_attributes(item))).collect()
    } else {
        attribute.values.iter().map(|text| value(vr, text)).collect()
    };
    json!({ "vr": vr, "Value": values })
}

/// A number where the value representation is one and the text is, else the text; an empty value is null (§F.2.5).
#[must_use]
pub fn value(vr: &str, text: &str) -> Value {
    if text.is_empty() {
        return Value::Null;
    }
    match vr {
        "PN" => {
            let names = ["Alphabetic", "Ideographic", "Phonetic"].into_iter().zip(text.split('='));
            let groups = names.filter(|(_, group)| !group.is_empty());
            Value::Object(groups.map(|(name, group)| (name.to_owned(), group.into())).collect())
        }
        "IS" | "US" | "UL" | "SS" | "SL" => {
            text.trim().parse::<i64>().map_or_else(|_| text.into(), Value::from)
        }
        "DS" | "FD" | "FL" => {
            let number = text.trim().parse::<f64>().ok().and_then(Number::from_f64);
            number.map_or_else(|| text.into(), Value::Number)
        }
        _ => text.into(),
    }
}

/// Attributes out of the DICOM JSON Model (PS3.18 §F.2).
#[must_use]
pub fn attributes_of(json: &DicomJson) -> Attributes {
    json.iter().filter_map(|(key, attribute)| attribute_of(key, attribute)).collect()
}

fn attribute_of(key: &str, attribute: &Value) -> Option<(Tag, Attribute)> {
    let key = u32::from_str_radix(key, 16).ok()?;
    let tag = Tag((key >> 16) as u16, (key & 0xFFFF) as u16);
    let vr: VR = attribute.get("vr")?.as_str()?.parse().ok()?;
    let listed = attribute.get("Value").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if vr == VR::SQ {
        let items = listed.iter().filter_map(Value::as_object).map(attributes_of).collect();
        return Some((tag, Attribute { vr, values: Vec::new(), items }));
    }
    Some((tag, Attribute { vr, values: listed.iter().map(text_of).collect(), items: Vec::new() }))
}

/// A value of the DICOM JSON Model as the text that [`value`] makes it of.
#[must_use]
pub fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        // A name in its component groups.
        Value::Object(groups) => {
            let group = |name: &str| groups.get(name).and_then(Value::as_str).unwrap_or_default();
            let name = ["Alphabetic", "Ideographic", "Phonetic"].map(group).join("=");
            name.trim_end_matches('=').to_owned()
        }
        other => other.to_string(),
    }
}
