//! Queries: one typed question for both C-FIND (PS3.4 §C) and QIDO-RS (PS3.18 §10.6), answered with DICOM attributes.

mod conditions;
mod statement;

use peony_dicom::{Level, Tag, VR};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Row as _};

use self::conditions::KEYS;
use self::statement::{By, OF_PATIENT};
use crate::Store;
use crate::error::StoreError;
use crate::json::{self, DicomJson};

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

const PATIENT_NAME: Tag = Tag(0x0010, 0x0010);
const PATIENT_ID: Tag = Tag(0x0010, 0x0020);
const STUDY_UID: Tag = Tag(0x0020, 0x000D);
const SERIES_UID: Tag = Tag(0x0020, 0x000E);
const INSTANCE_UID: Tag = Tag(0x0008, 0x0018);
const ACCESSION: Tag = Tag(0x0008, 0x0050);
const MODALITIES_IN_STUDY: Tag = Tag(0x0008, 0x0061);

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
