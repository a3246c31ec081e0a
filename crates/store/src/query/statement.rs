//! The statement of a question: the table that it begins with, the order of its answer, and as whose each study is shown.

use peony_dicom::{Level, Tag};

use super::conditions::{KEYS, Kind, NOTHING, Statement, asked, is_universal, prefix_of};
use super::{ACCESSION, INSTANCE_UID, PATIENT_ID, PATIENT_NAME, Query, SERIES_UID, STUDY_UID};
use crate::name;
use crate::sites::Sight;

/// What is counted of a patient, in all their studies that are seen, where it is asked for: it costs a look at each of them.
pub const OF_PATIENT: [(Tag, &str, &str); 3] = [
    (Tag(0x0020, 0x1200), "patient_studies", "COUNT(*)"),
    (Tag(0x0020, 0x1202), "patient_series", "CAST(COALESCE(SUM(c.series_count), 0) AS BIGINT)"),
    (Tag(0x0020, 0x1204), "patient_instances", "CAST(COALESCE(SUM(c.instance_count), 0) AS BIGINT)"),
];

/// Of a study that gave way to another one nothing is there any more.
const IS_THERE: &str = "c.instance_count > 0";

/// From which table a question is answered: the one whose key leaves the fewest rows. Each is walked by an index in the order of the answer, so
/// that a page of a million costs what a page costs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum From {
    Names,
    Patients,
    Studies,
    Series,
    Instances,
}

/// What an answer is sorted by.
#[derive(Clone, Copy)]
pub struct By {
    pub column: &'static str,
    /// The largest first.
    pub falls: bool,
    /// A number, else a text.
    pub is_number: bool,
}

const fn rising(column: &'static str, is_number: bool) -> By {
    By { column, falls: false, is_number }
}

const fn falling(column: &'static str, is_number: bool) -> By {
    By { column, falls: true, is_number }
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
        // By an index each: that of those who are somebody else at another site has few studies. Not as one condition, behind which SQLite would sort
        // all that fit.
        let either = if after {
            format!(
                "{study}.id IN (SELECT y.id FROM studies y WHERE y.local_patient = p.id
                    UNION ALL SELECT y.id FROM studies y WHERE y.patient = p.id AND y.patient <> y.local_patient) AND "
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

impl Query {
    fn has_value(&self, tag: Tag) -> bool {
        let value = self.keys.iter().find(|(key, _)| *key == tag);
        value.is_some_and(|(_, values)| {
            let mut asked = values.iter().filter(|value| !value.is_empty()).peekable();
            asked.peek().is_some() && asked.all(|value| !prefix_of(value).is_empty())
        })
    }

    /// The rows of `names` that the patient's name asks for: each must be there.
    pub(super) fn names(&self) -> Vec<(u8, String)> {
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

    pub(super) fn from(&self, names: &[(u8, String)]) -> From {
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
    pub(super) fn order(&self, from: From) -> Vec<By> {
        let studies = self.level >= Level::Study;
        let mut order = match (from, studies) {
            // Of one name there are tens of thousands: their patients are walked in the order of the index too.
            (From::Names, true) => {
                vec![rising("n.name_key", false), rising("n.patient", true), rising("s.id", true)]
            }
            (From::Names, false) => vec![rising("n.name_key", false), rising("n.patient", true)],
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
    pub(super) fn statement(&self, sight: &Sight) -> Option<(String, Vec<String>, Vec<Tag>)> {
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
            // A patient is there and seen by one study of theirs that is.
            counted = sight.condition("c.site", &mut statement.values);
            let theirs = whose.joined("c", true);
            let seen = counted.as_ref().map_or_else(String::new, |seen| format!(" AND {seen}"));
            statement
                .conditions
                .push(format!("EXISTS (SELECT 1 FROM studies c WHERE {theirs} AND {IS_THERE}{seen})"));
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
        let counts = self.counts().map(|(_, name, sum)| {
            format!("(SELECT {sum} FROM studies c WHERE {theirs} AND {IS_THERE}{counted}) AS {name}")
        });
        let counts: Vec<String> = counts.collect();
        let mut columns = vec!["p.attributes AS patient"];
        columns.extend(counts.iter().map(String::as_str));
        if from == From::Names {
            all.push("n.patient = p.id".into());
        }
        if studies {
            all.push(whose.joined("s", matches!(from, From::Names | From::Patients)));
            all.push("s.instance_count > 0".into());
            columns.push(
                "s.attributes AS study, s.modalities, s.series_count, s.instance_count AS study_instances",
            );
        }
        if series {
            all.push("e.study = s.id AND e.instance_count > 0".into());
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
}

#[cfg(test)]
mod tests {
    use sqlx::{AssertSqlSafe, Row as _};

    use super::*;
    use crate::index::Index;
    use crate::query::Place;

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
            (Query::all(Level::Patient).matching(PATIENT_NAME, "wang*"), "SEARCH n USING"),
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
        // Of a name each patient's few studies may be sorted, never those of all whom it fits.
        let has = |words: &str| plan.iter().any(|step| step.starts_with(words));
        assert!(!(has("SEARCH n") && has("USE TEMP B-TREE FOR ORDER BY")), "{plan:#?}");
        assert!(
            !plan.iter().any(|step| step.starts_with("SEARCH o") && !step.contains("patient=?")),
            "{plan:#?}"
        );
    }
}
