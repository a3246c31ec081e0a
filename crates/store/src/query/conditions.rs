//! What a key of a question asks of a column, as a condition of SQL with its values bound.

use peony_dicom::{Level, Tag};

use super::statement::By;
use super::{
    ACCESSION, INSTANCE_UID, MODALITIES_IN_STUDY, PATIENT_ID, PATIENT_NAME, Place, SERIES_UID, STUDY_UID,
};

/// How a column is matched.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text as it stands.
    Text,
    /// Dates and times: ranges as well.
    Range,
    /// A name in a column of [`name::key`].
    NameKey,
    /// The patient's name, in a table of its own.
    PatientName,
    /// One of the modalities of a study's series.
    Modalities,
}

#[rustfmt::skip] // Read as a table.
pub const KEYS: &[(Tag, Level, &str, Kind)] = &[
    (PATIENT_NAME,            Level::Patient,  "",                  Kind::PatientName),
    (PATIENT_ID,              Level::Patient,  "p.patient_id",      Kind::Text),
    (Tag(0x0010, 0x0021),     Level::Patient,  "p.issuer",          Kind::Text),
    (Tag(0x0010, 0x0030),     Level::Patient,  "p.birth_date",      Kind::Range),
    (Tag(0x0010, 0x0040),     Level::Patient,  "p.sex",             Kind::Text),
    (STUDY_UID,               Level::Study,    "s.uid",             Kind::Text),
    (Tag(0x0008, 0x0020),     Level::Study,    "s.study_date",      Kind::Range),
    (Tag(0x0008, 0x0030),     Level::Study,    "s.study_time",      Kind::Range),
    (ACCESSION,               Level::Study,    "s.accession",       Kind::Text),
    (Tag(0x0020, 0x0010),     Level::Study,    "s.study_id",        Kind::Text),
    (Tag(0x0008, 0x0090),     Level::Study,    "s.referring_key",   Kind::NameKey),
    (Tag(0x0008, 0x1030),     Level::Study,    "s.description",     Kind::Text),
    (MODALITIES_IN_STUDY,     Level::Study,    "m.modality",        Kind::Modalities),
    (SERIES_UID,              Level::Series,   "e.uid",             Kind::Text),
    (Tag(0x0008, 0x0060),     Level::Series,   "e.modality",        Kind::Text),
    (Tag(0x0020, 0x0011),     Level::Series,   "e.series_number",   Kind::Text),
    (Tag(0x0008, 0x0021),     Level::Series,   "e.series_date",     Kind::Range),
    (Tag(0x0008, 0x0031),     Level::Series,   "e.series_time",     Kind::Range),
    (Tag(0x0018, 0x0015),     Level::Series,   "e.body_part",       Kind::Text),
    (Tag(0x0020, 0x0060),     Level::Series,   "e.laterality",      Kind::Text),
    (Tag(0x0008, 0x103E),     Level::Series,   "e.description",     Kind::Text),
    (Tag(0x0040, 0x0244),     Level::Series,   "e.step_date",       Kind::Range),
    (Tag(0x0040, 0x0245),     Level::Series,   "e.step_time",       Kind::Range),
    (INSTANCE_UID,            Level::Instance, "i.uid",             Kind::Text),
    (Tag(0x0008, 0x0016),     Level::Instance, "i.sop_class",       Kind::Text),
    (Tag(0x0020, 0x0013),     Level::Instance, "i.instance_number", Kind::Text),
    (Tag(0x0008, 0x0023),     Level::Instance, "i.content_date",    Kind::Range),
];

/// A statement that is being written, and its values.
#[derive(Default)]
pub struct Statement {
    pub conditions: Vec<String>,
    pub values: Vec<String>,
}

impl Statement {
    fn bind(&mut self, value: impl Into<String>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    pub fn any_of(&mut self, column: &str, values: &[String], one: fn(&mut Self, &str, &str) -> String) {
        let Some(values) = asked(values) else { return };
        let each: Vec<String> = values.into_iter().map(|value| one(self, column, value)).collect();
        self.push_any(&each);
    }

    /// One of these must hold.
    fn push_any(&mut self, each: &[String]) {
        self.conditions.push(if each.is_empty() {
            NOTHING.into()
        } else {
            format!("({})", each.join(" OR "))
        });
    }

    /// The same of texts. Those without a wildcard are one list: a database takes a condition of a thousand parts only, and lists of far more.
    pub fn any_text(&mut self, column: &str, values: &[String]) {
        let Some(values) = asked(values) else { return };
        let (plain, patterns): (Vec<&String>, Vec<&String>) =
            values.into_iter().partition(|value| prefix_of(value).len() == value.len());
        let mut each: Vec<String> = patterns.into_iter().map(|pattern| self.text(column, pattern)).collect();
        match &plain[..] {
            [] => {}
            [one] => each.push(self.text(column, one)),
            several => {
                let places: Vec<String> = several.iter().map(|value| self.bind(value.as_str())).collect();
                each.push(format!("{column} IN ({})", places.join(", ")));
            }
        }
        self.push_any(&each);
    }

    fn text(&mut self, column: &str, value: &str) -> String {
        let prefix = prefix_of(value);
        if prefix.len() == value.len() {
            return format!("{column} = {}", self.bind(value));
        }
        let mut parts = Vec::new();
        if !prefix.is_empty() {
            parts.push(self.begins(column, prefix));
        }
        if value.strip_prefix(prefix) != Some("*") {
            let pattern: String = value
                .chars()
                .map(|letter| match letter {
                    '*' => "%".to_owned(),
                    '?' => "_".to_owned(),
                    '%' | '_' | '\\' => format!("\\{letter}"),
                    other => other.to_string(),
                })
                .collect();
            parts.push(format!("{column} LIKE {} ESCAPE '\\'", self.bind(pattern)));
        }
        format!("({})", parts.join(" AND "))
    }

    /// A prefix is a range of texts that are compared byte by byte: no text goes on with more than the last code point.
    fn begins(&mut self, column: &str, prefix: &str) -> String {
        let (first, last) = (self.bind(prefix), self.bind(format!("{prefix}\u{10FFFF}")));
        format!("{column} >= {first} AND {column} <= {last}")
    }

    /// PS3.4 §C.2.2.2.5; a bound that is cut short, such as a time without seconds, includes all that go on with it.
    pub fn range(&mut self, column: &str, value: &str) -> String {
        let Some((first, last)) = value.split_once('-') else { return self.text(column, value) };
        let mut parts = vec![format!("{column} <> ''")];
        if !first.trim().is_empty() {
            parts.push(format!("{column} >= {}", self.bind(first.trim())));
        }
        if !last.trim().is_empty() {
            parts.push(format!("{column} <= {}", self.bind(format!("{}~", last.trim()))));
        }
        format!("({})", parts.join(" AND "))
    }

    /// Behind a place in an order: further by the first column, or as far by it and further by the others.
    pub fn behind(&mut self, order: &[By], place: &Place) -> Option<String> {
        if order.len() != place.0.len() {
            return None;
        }
        let mut behind = String::new();
        for (By { column, falls, is_number }, value) in order.iter().zip(&place.0).rev() {
            let value = if *is_number { value.parse::<i64>().ok()?.to_string() } else { self.bind(value) };
            let further = if *falls { "<" } else { ">" };
            // Said of the first column as well, so that its index is walked from there.
            behind = match behind.as_str() {
                "" => format!("{column} {further} {value}"),
                then => {
                    format!("({column} {further}= {value} AND ({column} {further} {value} OR {then}))")
                }
            };
        }
        Some(behind)
    }

    /// What the rows of `names` called `table` must be for one name or one word of it.
    pub fn named(&mut self, table: &str, (kind, pattern): &(u8, String)) -> String {
        let key = self.text(&format!("{table}.name_key"), pattern);
        // Only the names that are walked are looked for by their kind: `o` is a patient's, who has few, and a sum is in no index.
        let plus = if table == "o" { " + 0" } else { "" };
        format!("{table}.kind{plus} = {kind} AND {key}")
    }
}

/// What nothing is.
pub const NOTHING: &str = "1 = 0";

/// The values that are looked for; `None` where any will do. An empty one asks for nothing where it stands among others: a separator too many does
/// not open everything.
pub fn asked(values: &[String]) -> Option<Vec<&String>> {
    let is_list = values.len() > 1;
    if values.iter().any(|value| is_universal(value) && !(is_list && value.is_empty())) {
        return None;
    }
    Some(values.iter().filter(|value| !value.is_empty()).collect())
}

pub fn is_universal(value: &str) -> bool {
    value.chars().all(|letter| letter == '*')
}

/// What stands before the first wildcard.
pub fn prefix_of(value: &str) -> &str {
    value.split(['*', '?']).next().unwrap_or_default()
}
