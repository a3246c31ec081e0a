//! What several say of one patient, put together: attribute by attribute, and of the name group by group, whoever says it first holds.
//!
//! Silence contradicts nothing. Whoever contradicts what was said before is beside, and takes no part in it, until what they say is what was said: two
//! who write a name in letters and in ideographs alone are one by a third who writes both.

use peony_dicom::Tag;
use serde_json::{Value, json};

use crate::json::{self, DicomJson};
use crate::name;

pub(super) const NAME: Tag = Tag(0x0010, 0x0010);
const BIRTH_DATE: Tag = Tag(0x0010, 0x0030);
const SEX: Tag = Tag(0x0010, 0x0040);
/// The component groups of a name in the DICOM JSON Model.
const GROUPS: [&str; 3] = ["Alphabetic", "Ideographic", "Phonetic"];

/// What contradicts itself, in the order of [`Told::compared`].
const SAID: [Tag; 3] = [NAME, BIRTH_DATE, SEX];

/// What is told of a patient.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Told {
    /// The attributes of the patient's level.
    pub attributes: DicomJson,
    /// Name, birth date, sex: as they are compared.
    pub compared: [String; 3],
}

impl Told {
    /// By attributes as they lie in the index.
    pub fn of(attributes: &str) -> Self {
        Self::of_json(json::of_text(attributes))
    }

    pub fn of_json(attributes: DicomJson) -> Self {
        let [name, birth_date, sex] = SAID.map(|tag| first_value(&attributes, tag));
        Self { compared: [name::key(&name), birth_date, sex], attributes }
    }

    /// As they lie in the index.
    pub fn text(&self) -> String {
        json::text(&self.attributes)
    }

    /// The name as it was sent.
    pub fn name(&self) -> String {
        first_value(&self.attributes, NAME)
    }

    /// What is told otherwise of somebody else: the attribute, what stands here, and what is told there.
    pub fn against<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = (Tag, &'a str, &'a str)> {
        let each = SAID.into_iter().zip(&self.compared).zip(&other.compared);
        each.map(|((tag, kept), other)| (tag, kept.as_str(), other.as_str()))
            .filter(|(tag, kept, other)| differ(*tag, kept, other))
    }

    pub fn contradicts(&self, other: &Self) -> bool {
        self.against(other).next().is_some()
    }

    /// This, and what another one tells beside.
    pub fn with(&self, other: &Self) -> Self {
        let mut attributes = self.attributes.clone();
        for (tag, says) in other.attributes.iter().filter(|(_, says)| is_said(says)) {
            match attributes.get_mut(tag).filter(|known| is_said(known)) {
                Some(known) if *tag == json::key(NAME) => add_groups(known, says),
                Some(_) => {}
                None => {
                    attributes.insert(tag.clone(), says.clone());
                }
            }
        }
        Self::of_json(attributes)
    }
}

/// Whether what is told of a patient contradicts what was told before.
fn differ(tag: Tag, kept: &str, other: &str) -> bool {
    !kept.is_empty() && !other.is_empty() && kept != other && (tag != NAME || !name::agree(kept, other))
}

fn first_value(attributes: &DicomJson, tag: Tag) -> String {
    let value = attributes.get(&json::key(tag)).and_then(|attribute| attribute.get("Value")?.get(0));
    value.map(json::text_of).unwrap_or_default()
}

fn is_said(attribute: &Value) -> bool {
    let values = attribute.get("Value").and_then(Value::as_array);
    // A name of nothing but what stands between components is none.
    values.is_some_and(|values| values.iter().any(|value| !name::key(&json::text_of(value)).is_empty()))
}

/// The component groups that a name lacks.
fn add_groups(known: &mut Value, says: &Value) {
    let (Some(known), Some(says)) = (known.pointer_mut("/Value/0"), says.pointer("/Value/0")) else { return };
    let group = |of: &Value, at: &str| {
        let group = of.get(at).and_then(Value::as_str).filter(|group| !name::key(group).is_empty());
        group.map(str::to_owned)
    };
    // In the order in which one who says all of them does.
    let all = GROUPS.into_iter().filter_map(|at| Some((at, group(known, at).or_else(|| group(says, at))?)));
    *known = all.map(|(at, group)| (at.to_owned(), json!(group))).collect();
}

/// What those tell who are heard one after the other.
pub(super) struct Telling<T> {
    /// All of them but those beside; `None` where nobody was heard.
    pub told: Option<Told>,
    /// Who contradicts that.
    pub beside: Vec<(T, Told)>,
}

impl<T> Default for Telling<T> {
    fn default() -> Self {
        Self { told: None, beside: Vec::new() }
    }
}

impl<T> Telling<T> {
    pub fn hear(&mut self, who: T, told: Told) {
        let Some(known) = &mut self.told else {
            self.told = Some(told);
            return;
        };
        if known.contradicts(&told) {
            self.beside.push((who, told));
            return;
        }
        let name = known.compared[0].clone();
        *known = known.with(&told);
        if known.compared[0] == name {
            return;
        }
        // A name of more groups may be that of somebody with whom it had none in common.
        while let Some(at) = self.beside.iter().position(|(_, told)| !known.contradicts(told)) {
            *known = known.with(&self.beside.remove(at).1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &str, birth_date: &str) -> Told {
        let mut attributes = DicomJson::new();
        json::put(&mut attributes, NAME, vec![json::value("PN", name)]);
        json::put(&mut attributes, BIRTH_DATE, vec![json::value("DA", birth_date)]);
        Told::of_json(attributes)
    }

    fn heard(all: &[(&str, &str)]) -> (String, String, Vec<usize>) {
        let mut telling = Telling::default();
        for (at, (name, birth_date)) in all.iter().enumerate() {
            telling.hear(at, told(name, birth_date));
        }
        let known = telling.told.unwrap();
        (known.name(), known.compared[1].clone(), telling.beside.into_iter().map(|(at, _)| at).collect())
    }

    #[test]
    fn who_says_it_first_holds_and_silence_contradicts_nothing() {
        for (all, name, birth_date, beside) in [
            (
                &[("LI^NA", ""), ("LI^NA", "19800101"), ("LI^NA=李^娜", "19550505")][..],
                "LI^NA",
                "19800101",
                &[2][..],
            ),
            (&[("LI^NA", "1980"), ("LI^NA=李^娜", ""), ("LI^NA=李^那", "1980")], "LI^NA=李^娜", "1980", &[2]),
            (&[("", ""), ("REN^A=任^甲", "")], "REN^A=任^甲", "", &[]),
            (&[("^^", ""), ("Ren^A", "")], "Ren^A", "", &[]),
            (&[("GAO^JIE==がお", ""), ("GAO^JIE=高^洁", "")], "GAO^JIE=高^洁=がお", "", &[]),
            (&[("Li^Na", ""), ("LI^NA=李^娜", "")], "Li^Na=李^娜", "", &[]),
            // Two of which a third says that they are one, and what contradicts both.
            (&[("ZHOU^YU", ""), ("=周^瑜", "1955"), ("ZHOU^YU=周^瑜", "")], "ZHOU^YU=周^瑜", "1955", &[]),
            (
                &[("ZHOU^YU", "1980"), ("=周^瑜", "1955"), ("ZHOU^YU=周^瑜", "")],
                "ZHOU^YU=周^瑜",
                "1980",
                &[1],
            ),
        ] {
            assert_eq!(heard(all), (name.to_owned(), birth_date.to_owned(), beside.to_vec()), "{all:?}");
        }
    }

    #[test]
    fn what_one_alone_says_is_kept_as_it_is() {
        let one = told("LI^NA=李^娜", "");
        assert!(Told::of(&one.text()) == one && one.with(&one) == one);
        let mut silent = one.clone();
        silent.attributes.remove(&json::key(BIRTH_DATE));
        assert!(silent.with(&one) == silent, "silence adds nothing");
    }
}
