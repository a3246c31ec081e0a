//! How the rows of the index hang together, by statements that look at all of them where they are: nothing of it is in memory.

use std::collections::BTreeSet;

use sqlx::Row as _;

use super::FaultKind;
use crate::error::StoreError;
use crate::index::Index;
use crate::name;

/// Rows that are read at a time.
const PAGE: i64 = 500;

/// What is wrong, and a statement that gives each place of it.
pub(super) const LINKS: &[(FaultKind, &str)] = &[
    (
        FaultKind::LostSeries,
        "SELECT i.uid FROM instances i WHERE NOT EXISTS (SELECT 1 FROM series e WHERE e.id = i.series)",
    ),
    (
        FaultKind::LostStudy,
        "SELECT e.uid FROM series e WHERE NOT EXISTS (SELECT 1 FROM studies s WHERE s.id = e.study)",
    ),
    (
        FaultKind::LostPatient,
        "SELECT s.uid FROM studies s WHERE NOT EXISTS (SELECT 1 FROM patients p WHERE p.id = s.own_patient)
            OR EXISTS (SELECT 1 FROM said d WHERE d.study = s.id AND NOT EXISTS (SELECT 1 FROM patients p WHERE p.id = d.patient))",
    ),
    // What a person said of patients, and as whom their studies are shown by it.
    (
        FaultKind::WrongMerge,
        "SELECT 'patient ' || p.id FROM patients p WHERE p.merged_into <> 0 AND NOT EXISTS
            (SELECT 1 FROM merges m WHERE m.source = p.id AND m.target = p.merged_into AND m.undone_at = 0)",
    ),
    (
        FaultKind::WrongMerge,
        "SELECT 'patient ' || p.id FROM merges m JOIN patients p ON p.id = m.source WHERE m.undone_at = 0 AND p.merged_into = 0",
    ),
    (
        FaultKind::WrongMerge,
        "SELECT 'patient ' || p.id FROM patients p LEFT JOIN patients t ON t.id = p.merged_into WHERE p.root <> COALESCE(t.root, p.id)
            OR p.local_root <> CASE WHEN t.site = p.site THEN t.local_root ELSE p.id END",
    ),
    (
        FaultKind::WrongMerge,
        "SELECT s.uid FROM studies s JOIN patients p ON p.id = s.own_patient
            WHERE s.patient <> p.root OR s.local_patient <> p.local_root",
    ),
    (
        FaultKind::WrongSite,
        "SELECT s.uid FROM studies s JOIN patients p ON p.id = s.own_patient WHERE s.site <> p.site",
    ),
    (
        FaultKind::Stranded,
        "SELECT 'merge ' || m.id FROM merges m WHERE NOT EXISTS (SELECT 1 FROM patients p WHERE p.id = m.source)
            OR NOT EXISTS (SELECT 1 FROM patients p WHERE p.id = m.target)",
    ),
    (
        FaultKind::Stranded,
        "SELECT 'contradiction ' || c.id FROM conflicts c WHERE NOT EXISTS (SELECT 1 FROM patients p WHERE p.id = c.patient)
            OR NOT EXISTS (SELECT 1 FROM studies s WHERE s.id = c.study)",
    ),
    (
        FaultKind::WrongStudy,
        "SELECT DISTINCT s.uid FROM said JOIN studies s ON s.id = said.study WHERE said.first_instance <>
            COALESCE((SELECT MIN(i.id) FROM instances i WHERE i.said = said.id AND i.said <> 0), CASE WHEN said.unread <> 0 THEN
                (SELECT MIN(i.id) FROM series e JOIN instances i ON i.series = e.id WHERE e.study = said.study AND i.said = 0) END, 0)",
    ),
    (
        FaultKind::Stranded,
        "SELECT 'what is said in study ' || d.study FROM said d WHERE NOT EXISTS (SELECT 1 FROM studies s WHERE s.id = d.study)",
    ),
    (
        FaultKind::Stranded,
        "SELECT DISTINCT 'names of patient ' || n.patient FROM names n WHERE NOT EXISTS (SELECT 1 FROM patients p WHERE p.id = n.patient)",
    ),
    (
        FaultKind::WrongCount,
        "SELECT e.uid FROM series e WHERE e.instance_count <> (SELECT COUNT(*) FROM instances i WHERE i.series = e.id)",
    ),
    (
        FaultKind::WrongCount,
        "SELECT s.uid FROM studies s WHERE s.series_count <> (SELECT COUNT(*) FROM series e WHERE e.study = s.id
                AND EXISTS (SELECT 1 FROM instances i WHERE i.series = e.id))
            OR s.instance_count <> (SELECT COUNT(*) FROM series e JOIN instances i ON i.series = e.id WHERE e.study = s.id)",
    ),
];

/// A row that says something else than what it is made from.
pub(crate) struct Wrong {
    /// Its number.
    pub id: i64,
    /// What it is called.
    pub at: String,
}

/// A page of such rows, and the number to go on behind; `None` at the end.
type Page = (Vec<Wrong>, Option<i64>);

/// Studies behind the number `after` whose modalities are not those of their series of which something is there.
pub(crate) async fn wrong_modalities(index: &Index, after: i64) -> Result<Page, StoreError> {
    let page = gathered(
        index,
        "SELECT s.id, s.uid AS at, s.modalities AS says, CAST(0 AS BIGINT) AS kind, COALESCE(e.modality, '') AS word
         FROM (SELECT id, uid, modalities FROM studies WHERE id > $1 ORDER BY id LIMIT $2) s
         LEFT JOIN series e ON e.study = s.id AND e.instance_count > 0 ORDER BY s.id",
        after,
    );
    let (all, next) = page.await?;
    let wrong = all.into_iter().filter(|study| {
        let words: Vec<&str> = study.words.iter().map(|(_, word)| word.as_str()).collect();
        words.join("\\") != study.says
    });
    Ok((wrong.map(Gathered::wrong).collect(), next))
}

/// Whose words are names of studies that a person said are the patient's, and no kind of the table's.
const OF_PARTED: i64 = -1;

/// Patients behind the number `after` who are not found by their name and by those of studies that a person said are theirs, or by another one.
pub(crate) async fn wrong_names(index: &Index, after: i64) -> Result<Page, StoreError> {
    let page = gathered(
        index,
        "WITH p AS (SELECT id, name_key FROM patients WHERE id > $1 ORDER BY id LIMIT $2)
         SELECT p.id, 'patient ' || p.id AS at, p.name_key AS says, COALESCE(n.kind, 0) AS kind, COALESCE(n.name_key, '') AS word
            FROM p LEFT JOIN names n ON n.patient = p.id
         UNION ALL SELECT p.id, 'patient ' || p.id, p.name_key, CAST(-1 AS BIGINT), q.name_key
            FROM p JOIN patients q ON q.parted_from = p.id AND q.parted_from <> 0 AND q.merged_into = p.id
         ORDER BY 1",
        after,
    );
    let (all, next) = page.await?;
    let wrong = all.into_iter().filter(|patient| {
        let (parted, words): (BTreeSet<_>, BTreeSet<_>) =
            patient.words.iter().cloned().partition(|(kind, _)| *kind == OF_PARTED);
        let says: Vec<&str> =
            parted.iter().map(|(_, name)| name.as_str()).chain([patient.says.as_str()]).collect();
        let mut expected: BTreeSet<(i64, String)> =
            says.iter().flat_map(|name| name::found_by(name)).collect();
        if !expected.is_subset(&words) {
            return true;
        }
        // An index of an earlier version was given some names in one that nobody writes so.
        let in_one =
            says.iter().flat_map(|name| name::groups(name)).map(|group| group.replace(['^', ' '], ""));
        expected.extend(in_one.flat_map(|name| [(0, name.clone()), (1, name)]));
        !words.is_subset(&expected)
    });
    Ok((wrong.map(Gathered::wrong).collect(), next))
}

/// A row, and words of others.
struct Gathered {
    id: i64,
    at: String,
    says: String,
    words: BTreeSet<(i64, String)>,
}

impl Gathered {
    fn wrong(self) -> Wrong {
        Wrong { id: self.id, at: self.at }
    }
}

/// One statement, so that what others write meanwhile is seen whole or not at all.
async fn gathered(
    index: &Index,
    statement: &'static str,
    after: i64,
) -> Result<(Vec<Gathered>, Option<i64>), StoreError> {
    let rows = sqlx::query(statement).bind(after).bind(PAGE).fetch_all(index.pool()).await?;
    let mut all: Vec<Gathered> = Vec::new();
    for row in rows {
        let id: i64 = row.try_get("id")?;
        if all.last().is_none_or(|last| last.id != id) {
            let (at, says) = (row.try_get("at")?, row.try_get("says")?);
            all.push(Gathered { id, at, says, words: BTreeSet::new() });
        }
        let word: String = row.try_get("word")?;
        if let Some(last) = all.last_mut().filter(|_| !word.is_empty()) {
            last.words.insert((row.try_get("kind")?, word));
        }
    }
    let next = all.last().map(|last| last.id);
    Ok((all, next))
}
