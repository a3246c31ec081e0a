//! Queries: one typed question for both C-FIND (PS3.4 §C) and QIDO-RS (PS3.18 §10.6), answered with DICOM attributes.

use peony_dicom::{Level, Tag, VR};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Row as _};

use crate::error::StoreError;
use crate::json::{self, DicomJson};
use crate::sites::Sight;
use crate::{Store, name};

/// A question.
#[derive(Clone)]
pub struct Query {
    level: Level,
    keys: Vec<(Tag, Vec<String>)>,
    fuzzy: bool,
    limit: u32,
    offset: u32,
    after: Option<Place>,
    only: Option<Vec<Tag>>,
}

/// Where in the order of a question's answer a match stands. What comes behind it does not depend on what came or went in front of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Place(Vec<String>);

impl Place {
    /// As text, for whoever keeps it. It may hold an identifier of a patient.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::json!(self.0).to_string()
    }

    /// What [`Self::text`] said; `None` of anything else.
    #[must_use]
    pub fn of_text(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().map(Self)
    }
}

/// What a question found.
#[derive(Clone, Default)]
pub struct Matches {
    /// Each match with the attributes of its level and of those above it, and the counts below it.
    pub found: Vec<DicomJson>,
    /// Keys that nothing can be matched by here: they were passed over.
    pub passed_over: Vec<Tag>,
    /// Where the last match stands, where there is one.
    pub last: Option<Place>,
}

impl Query {
    /// What a question of a level can be matched by.
    pub fn keys(level: Level) -> impl Iterator<Item = Tag> {
        KEYS.iter().filter(move |(_, of, ..)| *of <= level).map(|(tag, ..)| *tag)
    }

    /// All of a level, the newest study first.
    #[must_use]
    pub fn all(level: Level) -> Self {
        Self { level, keys: Vec::new(), fuzzy: false, limit: 100, offset: 0, after: None, only: None }
    }

    /// Only those that match this key as well (PS3.4 §C.2.2.2): a single value, one of several with backslashes between, a range of dates or times,
    /// `*` and `?` for any text; an empty value matches all. Names are matched without case and accents.
    #[must_use]
    pub fn matching(mut self, tag: Tag, value: &str) -> Self {
        let values = value.split('\\').map(|value| value.trim_matches([' ', '\0']).to_owned());
        self.keys.push((tag, values.collect()));
        self
    }

    /// The words of a name may stand in any order and be begun only (PS3.18 §8.3.4.2).
    #[must_use]
    pub fn fuzzy(mut self, fuzzy: bool) -> Self {
        self.fuzzy = fuzzy;
        self
    }

    /// At most `limit` matches after the first `offset`; 100 from the first on unless this is said.
    #[must_use]
    pub fn page(mut self, offset: u32, limit: u32) -> Self {
        (self.offset, self.limit) = (offset, limit);
        self
    }

    /// At most `limit` matches behind a place of the same question, or the first ones.
    #[must_use]
    pub fn behind(mut self, place: Option<Place>, limit: u32) -> Self {
        (self.after, self.offset, self.limit) = (place, 0, limit);
        self
    }

    /// Only these attributes, besides the UIDs and the keys.
    #[must_use]
    pub fn only(mut self, tags: &[Tag]) -> Self {
        self.only = Some(tags.to_vec());
        self
    }
}

/// How a column is matched.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
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

const PATIENT_NAME: Tag = Tag(0x0010, 0x0010);
const PATIENT_ID: Tag = Tag(0x0010, 0x0020);
const STUDY_UID: Tag = Tag(0x0020, 0x000D);
const SERIES_UID: Tag = Tag(0x0020, 0x000E);
const INSTANCE_UID: Tag = Tag(0x0008, 0x0018);
const ACCESSION: Tag = Tag(0x0008, 0x0050);
const MODALITIES_IN_STUDY: Tag = Tag(0x0008, 0x0061);

#[rustfmt::skip] // Read as a table.
const KEYS: &[(Tag, Level, &str, Kind)] = &[
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

/// What is counted of a patient, in all their studies that are seen, where it is asked for: it costs a look at each of them.
const OF_PATIENT: [(Tag, &str, &str); 3] = [
    (Tag(0x0020, 0x1200), "patient_studies", "COUNT(*)"),
    (Tag(0x0020, 0x1202), "patient_series", "CAST(COALESCE(SUM(c.series_count), 0) AS BIGINT)"),
    (Tag(0x0020, 0x1204), "patient_instances", "CAST(COALESCE(SUM(c.instance_count), 0) AS BIGINT)"),
];

/// From which table a question is answered: the one whose key leaves the fewest rows. Each is walked by an index in the order of the answer, so
/// that a page of a million costs what a page costs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    Names,
    Patients,
    Studies,
    Series,
    Instances,
}

/// What an answer is sorted by.
#[derive(Clone, Copy)]
struct By {
    column: &'static str,
    /// The largest first.
    falls: bool,
    /// A number, else a text.
    is_number: bool,
}

const fn rising(column: &'static str, is_number: bool) -> By {
    By { column, falls: false, is_number }
}

const fn falling(column: &'static str, is_number: bool) -> By {
    By { column, falls: true, is_number }
}

/// A statement that is being written, and its values.
#[derive(Default)]
struct Statement {
    conditions: Vec<String>,
    values: Vec<String>,
}

impl Statement {
    fn bind(&mut self, value: impl Into<String>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    fn any_of(&mut self, column: &str, values: &[String], one: fn(&mut Self, &str, &str) -> String) {
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
    fn any_text(&mut self, column: &str, values: &[String]) {
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
    fn range(&mut self, column: &str, value: &str) -> String {
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
    fn behind(&mut self, order: &[By], place: &Place) -> Option<String> {
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
    fn named(&mut self, table: &str, (kind, pattern): &(u8, String)) -> String {
        let key = self.text(&format!("{table}.name_key"), pattern);
        // Only the names that are walked are looked for by their kind: `o` is a patient's, who has few, and a sum is in no index.
        let plus = if table == "o" { " + 0" } else { "" };
        format!("{table}.kind{plus} = {kind} AND {key}")
    }
}

/// What nothing is.
const NOTHING: &str = "1 = 0";

/// The values that are looked for; `None` where any will do. An empty one asks for nothing where it stands among others: a separator too many does
/// not open everything.
fn asked(values: &[String]) -> Option<Vec<&String>> {
    let is_list = values.len() > 1;
    if values.iter().any(|value| is_universal(value) && !(is_list && value.is_empty())) {
        return None;
    }
    Some(values.iter().filter(|value| !value.is_empty()).collect())
}

fn is_universal(value: &str) -> bool {
    value.chars().all(|letter| letter == '*')
}

/// What stands before the first wildcard.
fn prefix_of(value: &str) -> &str {
    value.split(['*', '?']).next().unwrap_or_default()
}

/// As whose a study is shown.
enum Whose {
    /// As that patient's whom all merges make of its own.
    Merged,
    /// The same where that one is of a site that is seen, which this says of `r`; else as that one's whom the merges within its site make of its
    /// own. A merge across sites shows nobody what another site knows of a patient.
    Seen(String),
}

impl Whose {
    /// The values of the condition join the statement's.
    fn of(sight: &Sight, values: &mut Vec<String>) -> Self {
        sight.condition("r.site", values).map_or(Self::Merged, Self::Seen)
    }

    /// What a patient `p` must be, besides having studies.
    fn patients(&self) -> Option<&'static str> {
        match self {
            Self::Merged => Some("p.merged_into = 0"),
            Self::Seen(_) => None,
        }
    }

    /// That a study is shown as the patient's `p`; `after`: the patient is found before the study.
    fn joined(&self, study: &str, after: bool) -> String {
        let Self::Seen(seen) = self else { return format!("{study}.patient = p.id") };
        // By an index each: that of those who are somebody else at another site has few studies.
        let either = if after {
            format!(
                "({study}.local_patient = p.id OR ({study}.patient = p.id AND {study}.patient <> {study}.local_patient)) AND "
            )
        } else {
            String::new()
        };
        format!(
            "{either}p.id = CASE WHEN {study}.patient = {study}.local_patient THEN {study}.patient
                WHEN EXISTS (SELECT 1 FROM patients r WHERE r.id = {study}.patient AND {seen}) THEN {study}.patient
                ELSE {study}.local_patient END"
        )
    }
}

/// Values of one key with a wildcard or of a range: each is a part of the condition, of which a database takes a thousand.
const MOST_PATTERNS: usize = 512;
/// The longest of them: longer than any text that is searched (PS3.5 §6.2).
const MOST_PATTERN_BYTES: usize = 4096;
/// All values of a question: each is bound, and SQLite binds 32,766.
const MOST_VALUES: usize = 32_000;

impl Query {
    /// Those of [`OF_PATIENT`] that are asked for.
    fn counts(&self) -> impl Iterator<Item = &'static (Tag, &'static str, &'static str)> {
        OF_PATIENT.iter().filter(|(tag, ..)| self.only.as_ref().is_none_or(|only| only.contains(tag)))
    }

    /// What no database answers is refused before one is asked.
    fn fits(&self) -> Result<(), StoreError> {
        let too_much = |what: &str, most: usize| Err(StoreError::Unfit(format!("{what}: at most {most}")));
        for (tag, values) in &self.keys {
            let is_range = matches!(peony_dicom::vr_of(*tag), VR::DA | VR::TM | VR::DT);
            let is_pattern = |value: &&String| is_range || value.contains(['*', '?']);
            let patterns: Vec<&String> = values.iter().filter(is_pattern).collect();
            if patterns.len() > MOST_PATTERNS {
                return too_much("values of a key with a wildcard or of a range", MOST_PATTERNS);
            }
            if patterns.iter().any(|value| value.len() > MOST_PATTERN_BYTES) {
                return too_much("bytes of a value with a wildcard", MOST_PATTERN_BYTES);
            }
        }
        if self.keys.iter().map(|(_, values)| values.len()).sum::<usize>() > MOST_VALUES {
            return too_much("values of a question", MOST_VALUES);
        }
        Ok(())
    }

    fn has_value(&self, tag: Tag) -> bool {
        let value = self.keys.iter().find(|(key, _)| *key == tag);
        value.is_some_and(|(_, values)| {
            let mut asked = values.iter().filter(|value| !value.is_empty()).peekable();
            asked.peek().is_some() && asked.all(|value| !prefix_of(value).is_empty())
        })
    }

    /// The rows of `names` that the patient's name asks for: each must be there.
    fn names(&self) -> Vec<(u8, String)> {
        let asked = self.keys.iter().find(|(tag, _)| *tag == PATIENT_NAME);
        let pattern = asked.and_then(|(_, values)| values.iter().find(|value| !value.is_empty()));
        let Some(pattern) = pattern else { return Vec::new() };
        let key = name::key(pattern);
        let mut names: Vec<(u8, String)> = if self.fuzzy {
            let words = name::words(&key).map(|word| word.replace(['*', '?'], ""));
            words.filter(|word| !word.is_empty()).map(|word| (1, format!("{word}*"))).collect()
        } else {
            name::groups(&key)
                .filter(|group| !is_universal(group))
                // Who says where the family name ends means that.
                .map(|group| {
                    name::joined(group).filter(|_| !group.contains('^')).unwrap_or_else(|| group.to_owned())
                })
                .map(|group| (0, group))
                .collect()
        };
        // The longest beginning leaves the fewest.
        names.sort_by_key(|(_, pattern)| std::cmp::Reverse(prefix_of(pattern).len()));
        names
    }

    fn from(&self, names: &[(u8, String)]) -> From {
        let below = |level| self.level >= level;
        if below(Level::Instance) && self.has_value(INSTANCE_UID) {
            From::Instances
        } else if below(Level::Series) && self.has_value(SERIES_UID) {
            From::Series
        } else if below(Level::Study) && (self.has_value(STUDY_UID) || self.has_value(ACCESSION)) {
            From::Studies
        } else if self.has_value(PATIENT_ID) {
            From::Patients
        } else if names.first().is_some_and(|(_, pattern)| !prefix_of(pattern).is_empty()) {
            From::Names
        } else if below(Level::Study) {
            From::Studies
        } else {
            From::Patients
        }
    }

    /// What the answer is sorted by: by an index of the table that it is read from, and to the last tie.
    fn order(&self, from: From) -> Vec<By> {
        let studies = self.level >= Level::Study;
        let mut order = match (from, studies) {
            (From::Names, true) => vec![rising("n.name_key", false), rising("s.id", true)],
            (From::Names, false) => vec![rising("n.name_key", false), rising("p.id", true)],
            (From::Patients, true) => {
                vec![rising("p.patient_id", false), falling("s.study_date", false), falling("s.id", true)]
            }
            (From::Patients, false) => vec![rising("p.patient_id", false), rising("p.id", true)],
            _ => vec![falling("s.study_date", false), falling("s.id", true)],
        };
        order.extend((self.level >= Level::Series).then_some(rising("e.id", true)));
        order.extend((self.level >= Level::Instance).then_some(rising("i.id", true)));
        order
    }

    /// The statement, its values, and the keys that are passed over; `None` where it is behind a place of another question.
    fn statement(&self, sight: &Sight) -> Option<(String, Vec<String>, Vec<Tag>)> {
        let mut statement = Statement::default();
        let mut passed_over = Vec::new();
        let names = self.names();
        let from = self.from(&names);
        for (tag, values) in &self.keys {
            let key = KEYS.iter().find(|(key, level, ..)| key == tag && *level <= self.level);
            let Some((_, _, column, kind)) = key else {
                if !values.iter().all(|value| is_universal(value)) {
                    passed_over.push(*tag);
                }
                continue;
            };
            match kind {
                Kind::Text => statement.any_text(column, values),
                Kind::Range => statement.any_of(column, values, Statement::range),
                Kind::NameKey => {
                    let keys: Vec<String> = values.iter().map(|value| name::key(value)).collect();
                    statement.any_text(column, &keys);
                }
                Kind::Modalities => {
                    let before = statement.conditions.len();
                    statement.any_text(column, values);
                    for modality in statement.conditions.split_off(before) {
                        let has =
                            format!("EXISTS (SELECT 1 FROM series m WHERE m.study = s.id AND {modality})");
                        statement.conditions.push(has);
                    }
                }
                // What is said of it follows.
                Kind::PatientName if asked(values).is_some_and(|values| values.is_empty()) => {
                    statement.conditions.push(NOTHING.into());
                }
                Kind::PatientName => {}
            }
        }
        for (number, asked) in names.iter().enumerate() {
            if from == From::Names && number == 0 {
                // A patient of whom several names fit is found by the first of them alone.
                let (first, other) = (statement.named("n", asked), statement.named("o", asked));
                statement.conditions.push(first);
                statement.conditions.push(format!(
                    "NOT EXISTS (SELECT 1 FROM names o WHERE o.patient = n.patient AND {other} AND o.name_key < n.name_key)"
                ));
            } else {
                let named = statement.named("o", asked);
                statement
                    .conditions
                    .push(format!("EXISTS (SELECT 1 FROM names o WHERE o.patient = p.id AND {named})"));
            }
        }
        let whose = Whose::of(sight, &mut statement.values);
        let mut counted = None;
        if self.level == Level::Patient {
            // A patient is seen by one study of theirs that is.
            if let Some(seen) = sight.condition("c.site", &mut statement.values) {
                let theirs = whose.joined("c", true);
                let one = format!("EXISTS (SELECT 1 FROM studies c WHERE {theirs} AND {seen})");
                statement.conditions.push(one);
                counted = Some(seen);
            }
        } else {
            let seen = sight.condition("s.site", &mut statement.values);
            statement.conditions.extend(seen);
            if self.counts().next().is_some() {
                counted = sight.condition("c.site", &mut statement.values);
            }
        }
        let order = self.order(from);
        if let Some(place) = &self.after {
            let behind = statement.behind(&order, place)?;
            statement.conditions.push(behind);
        }
        let text = self.text(from, &order, &statement.conditions, &whose, counted.as_deref());
        Some((text, statement.values, passed_over))
    }

    /// `counted` is what a study must be to count as one of a patient's.
    fn text(
        &self,
        from: From,
        sorted: &[By],
        conditions: &[String],
        whose: &Whose,
        counted: Option<&str>,
    ) -> String {
        let (studies, series, instances) =
            (self.level >= Level::Study, self.level >= Level::Series, self.level >= Level::Instance);
        let order: &[&str] = match from {
            From::Names => &["names n", "patients p", "studies s", "series e", "instances i"],
            From::Patients => &["patients p", "studies s", "series e", "instances i"],
            From::Studies => &["studies s", "patients p", "series e", "instances i"],
            From::Series => &["series e", "studies s", "patients p", "instances i"],
            From::Instances => &["instances i", "series e", "studies s", "patients p"],
        };
        let wanted = |table: &&&str| match table.as_bytes().last() {
            Some(b's') => studies,
            Some(b'e') => series,
            Some(b'i') => instances,
            _ => true,
        };
        // SQLite joins in the order of CROSS JOIN; PostgreSQL chooses its own.
        let tables = order.iter().filter(wanted).copied().collect::<Vec<_>>().join(" CROSS JOIN ");
        let mut all: Vec<String> = whose.patients().map(str::to_owned).into_iter().collect();
        let counted = counted.map_or_else(String::new, |seen| format!(" AND {seen}"));
        let theirs = whose.joined("c", true);
        let counts = self
            .counts()
            .map(|(_, name, sum)| format!("(SELECT {sum} FROM studies c WHERE {theirs}{counted}) AS {name}"));
        let counts: Vec<String> = counts.collect();
        let mut columns = vec!["p.attributes AS patient"];
        columns.extend(counts.iter().map(String::as_str));
        if from == From::Names {
            all.push("n.patient = p.id".into());
        }
        if studies {
            all.push(whose.joined("s", matches!(from, From::Names | From::Patients)));
            columns.push(
                "s.attributes AS study, s.modalities, s.series_count, s.instance_count AS study_instances",
            );
        }
        if series {
            all.push("e.study = s.id".into());
            columns.push("e.attributes AS series, e.instance_count AS series_instances");
        }
        if instances {
            all.push("i.series = e.id".into());
            columns.push("i.attributes AS instance");
        }
        all.extend(conditions.iter().cloned());
        let places: Vec<String> = sorted
            .iter()
            .enumerate()
            .map(|(number, By { column, .. })| format!("{column} AS at{number}"))
            .collect();
        columns.extend(places.iter().map(String::as_str));
        let sorted = sorted.iter().map(
            |By { column, falls, .. }| if *falls { format!("{column} DESC") } else { (*column).to_owned() },
        );
        let sorted: Vec<String> = sorted.collect();
        format!(
            "SELECT {} FROM {tables} WHERE {} ORDER BY {} LIMIT {} OFFSET {}",
            columns.join(", "),
            all.join(" AND "),
            sorted.join(", "),
            self.limit,
            self.offset
        )
    }

    /// Where the match of a row stands.
    fn place(&self, row: &sqlx::any::AnyRow) -> Result<Place, StoreError> {
        let order = self.order(self.from(&self.names()));
        let values = order.iter().enumerate().map(|(number, By { is_number, .. })| {
            let column = format!("at{number}");
            if *is_number {
                row.try_get::<i64, _>(column.as_str()).map(|number| number.to_string())
            } else {
                row.try_get(column.as_str())
            }
        });
        Ok(Place(values.collect::<Result<_, _>>()?))
    }

    fn answer(&self, row: &sqlx::any::AnyRow) -> Result<DicomJson, StoreError> {
        let mut answer = DicomJson::new();
        let columns = ["patient", "study", "series", "instance"];
        for (column, level) in
            columns.iter().zip([Level::Patient, Level::Study, Level::Series, Level::Instance])
        {
            if level <= self.level {
                let text: &str = row.try_get(*column)?;
                // The index holds what was written there; anything else is a damaged row with nothing to say.
                if let Ok(Value::Object(attributes)) = serde_json::from_str(text) {
                    answer.extend(attributes);
                }
            }
        }
        let number = |column: &str| row.try_get::<i64, _>(column).map(Value::from);
        json::put(&mut answer, Tag(0x0008, 0x0056), vec!["ONLINE".into()]);
        for (tag, name, _) in self.counts() {
            json::put(&mut answer, *tag, vec![number(name)?]);
        }
        if self.level >= Level::Study {
            let modalities: &str = row.try_get("modalities")?;
            let modalities = modalities.split('\\').filter(|one| !one.is_empty()).map(Value::from).collect();
            json::put(&mut answer, MODALITIES_IN_STUDY, modalities);
            json::put(&mut answer, Tag(0x0020, 0x1206), vec![number("series_count")?]);
            json::put(&mut answer, Tag(0x0020, 0x1208), vec![number("study_instances")?]);
        }
        if self.level >= Level::Series {
            json::put(&mut answer, Tag(0x0020, 0x1209), vec![number("series_instances")?]);
        }
        if let Some(only) = &self.only {
            let uids = [STUDY_UID, SERIES_UID, INSTANCE_UID, Tag(0x0008, 0x0016)];
            let keys = self.keys.iter().map(|(tag, _)| *tag);
            let wanted: std::collections::BTreeSet<String> =
                only.iter().copied().chain(uids).chain(keys).map(json::key).collect();
            answer.retain(|key, _| wanted.contains(key));
        }
        Ok(answer)
    }
}

impl Store {
    /// Answers a question, as far as this store's [`Sight`] reaches.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn query(&self, query: &Query) -> Result<Matches, StoreError> {
        query.fits()?;
        let refused = StoreError::Refused("the place is of another question");
        let (text, values, passed_over) = query.statement(&self.sight).ok_or(refused)?;
        // Its text is made of the words of this file alone; what was asked for is bound.
        let mut statement = sqlx::query(AssertSqlSafe(text));
        for value in values {
            statement = statement.bind(value);
        }
        let rows = statement.fetch_all(self.inner.index.pool()).await?;
        let found = rows.iter().map(|row| query.answer(row)).collect::<Result<_, _>>()?;
        let last = rows.last().map(|row| query.place(row)).transpose()?;
        Ok(Matches { found, passed_over, last })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::Index;

    /// SQLite's own words for how it answers. A table that is read whole, or names of others that are read for each patient, would
    /// take a million steps.
    #[tokio::test]
    async fn no_question_with_a_key_reads_a_table_whole() {
        let folder = tempfile::tempdir().unwrap();
        let index = Index::sqlite(&folder.path().join("index.sqlite")).await.unwrap();
        let study = |tag, value| Query::all(Level::Study).matching(tag, value);
        let name = |value| study(PATIENT_NAME, value);
        let instance = Query::all(Level::Instance);
        for (query, by) in [
            (Query::all(Level::Study), "SCAN s USING INDEX studies_date"),
            (study(PATIENT_ID, "P1"), "SEARCH p USING INDEX"),
            (study(Tag(0x0008, 0x0020), "20240101-20240131"), "SEARCH s USING INDEX studies_date"),
            (study(ACCESSION, "A1"), "SEARCH s USING INDEX studies_accession"),
            (study(ACCESSION, "A1*"), "SEARCH s USING INDEX studies_accession"),
            (study(STUDY_UID, "1.2\\1.3"), "SEARCH s USING INDEX"),
            (name("wang*"), "SEARCH o USING COVERING INDEX names_patient (patient=?)"),
            (name("wang fang").fuzzy(true), "SEARCH o USING COVERING INDEX names_patient (patient=?)"),
            (name("wang*").matching(PATIENT_ID, "P1"), "SEARCH p USING INDEX"),
            (instance.clone().matching(INSTANCE_UID, "1.2"), "SEARCH i USING INDEX"),
            (instance.clone().matching(SERIES_UID, "1.2"), "SEARCH e USING INDEX series_uid"),
            (instance.matching(STUDY_UID, "1.2"), "SEARCH e USING INDEX"),
        ] {
            for sight in [Sight::default(), Sight::of(["one", ""], "one")] {
                explain(&index, &query.statement(&sight).unwrap(), by).await;
            }
        }
        // The same where a page goes on: what stands before it is not walked again.
        let place = |values: &[&str]| Some(Place(values.iter().map(|value| (*value).to_owned()).collect()));
        for (query, place, by) in [
            (Query::all(Level::Study), place(&["20240101", "7"]), "SEARCH s USING INDEX studies_date"),
            (study(PATIENT_ID, "P*"), place(&["P1", "20240101", "7"]), "SEARCH p USING INDEX"),
        ] {
            explain(&index, &query.behind(place, 10).statement(&Sight::default()).unwrap(), by).await;
        }
        let another = study(PATIENT_ID, "P*").behind(place(&["20240101", "7"]), 10);
        assert!(another.statement(&Sight::default()).is_none());
    }

    async fn explain(index: &Index, (text, values, _): &(String, Vec<String>, Vec<Tag>), by: &str) {
        let mut explained = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {text}")));
        for value in values {
            explained = explained.bind(value);
        }
        let rows = explained.fetch_all(index.pool()).await.unwrap();
        let plan: Vec<String> = rows.iter().map(|row| row.try_get("detail").unwrap()).collect();
        assert!(plan.iter().any(|step| step.starts_with(by)), "{by}: {plan:#?}");
        let whole = plan.iter().filter(|step| step.starts_with("SCAN") && !step.contains("studies_date"));
        assert_eq!(whole.count(), 0, "{plan:#?}");
        assert!(
            !plan.iter().any(|step| step.starts_with("SEARCH o") && !step.contains("patient=?")),
            "{plan:#?}"
        );
    }
}
