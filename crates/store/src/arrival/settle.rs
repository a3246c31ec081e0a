//! Whose a study is, and what the row of a patient says, by what their objects say and people have decided.
//!
//! Each instance has what its object says of the patient (`instances.said`), a row for each that is said in a study (`said`), with the first instance that
//! says so. A study is of the patient whose identifier its first instance has, and says what its instances with that identifier say, in their order. A patient
//! is what their studies say, in the order of their first instances. A study that contradicts those before it is of a patient of its own (see
//! [`parted`](super::parted)), and so is one of which a person has said who that is: neither says anything of the patient whose identifier it has.
//!
//! All of that is worked out in [`of`], compared with the rows, and what differs is changed: by arrivals and decisions, which tell what may have changed,
//! by a repair, and by a check, which changes nothing.

use std::collections::{BTreeMap, HashMap, HashSet};

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

use super::parted;
use super::patient::{PATIENT_ID, write_patient};
use super::told::{NAME, Telling, Told};
use crate::error::StoreError;
use crate::index::now_ms;
use crate::json;

/// Which studies of a patient are looked at.
#[derive(Clone, Copy)]
pub(crate) enum Which {
    All,
    /// One of which it is known whether it contradicts the others. The patient's row says what they say.
    One {
        study: i64,
        is_parted: bool,
    },
}

/// A row that is not as it should be.
pub(crate) enum Change {
    /// What a patient's row says.
    Patient { patient: i64, told: Told },
    /// A study is of this patient, whose identifier it has.
    Joined { study: i64, uid: String },
    /// A study is of a patient of its own of whom this is said; `own` is that one's number, 0 where there is none yet.
    Parted { study: i64, uid: String, own: i64, told: Told, is_given: bool },
    /// A contradiction that is none.
    Unsaid { conflict: i64, uid: String },
    /// One that is not written down, or otherwise: then `conflict` is its number, else 0.
    Contradiction { conflict: i64, study: i64, uid: String, said: Contradiction },
}

/// What contradicts itself in a study.
pub(crate) struct Contradiction {
    /// Of the patient whose identifier the study has, else of its own.
    of_identifier: bool,
    tag: String,
    kept: String,
    other: String,
    /// As it was sent, where it is compared in another form.
    sent: String,
}

struct Study {
    id: i64,
    uid: String,
    /// Whose it is by its row.
    own: i64,
    /// Whose identifier its first instance has.
    identifier: i64,
    telling: Telling<()>,
    /// Identifiers of others that are said in it.
    others: Vec<String>,
    /// Nobody has read what some of its instances say: what contradicted itself may still do so.
    has_unread: bool,
}

impl Study {
    fn told(&self) -> Told {
        self.telling.told.clone().unwrap_or_default()
    }
}

struct Patient {
    id: i64,
    patient_id: String,
    told: Told,
    /// Somebody was merged into them, or they into somebody.
    is_merged: bool,
    /// What their row says is as it is made of that.
    is_whole: bool,
}

impl Patient {
    fn of(row: &AnyRow) -> Result<Self, StoreError> {
        let attributes: &str = row.try_get("attributes")?;
        let told = Told::of(attributes);
        let columns: [&str; 3] = [row.try_get("name_key")?, row.try_get("birth_date")?, row.try_get("sex")?];
        Ok(Self {
            id: row.try_get("id")?,
            patient_id: row.try_get("patient_id")?,
            is_merged: row.try_get::<i64, _>("is_merged")? > 0,
            is_whole: told.compared == columns && told.text() == attributes,
            told,
        })
    }

    fn says(&self, told: &Told) -> bool {
        self.is_whole && self.told == *told
    }
}

/// Of the patient `$1`, what is to be changed so that all is as the objects say.
pub(crate) async fn of(
    connection: &mut AnyConnection,
    patient: i64,
    which: Which,
) -> Result<Vec<Change>, StoreError> {
    let mut patients = HashMap::new();
    let rows = sqlx::query(
        "SELECT id, apart, patient_id, name_key, birth_date, sex, attributes, CASE WHEN merged_into <> 0
                OR EXISTS (SELECT 1 FROM patients o WHERE o.merged_into = p.id AND o.merged_into <> 0) THEN 1 ELSE 0 END AS is_merged
         FROM patients p WHERE id = $1 OR (parted_from = $1 AND parted_from <> 0)",
    );
    for row in &rows.bind(patient).fetch_all(&mut *connection).await? {
        let one = Patient::of(row)?;
        let apart = if one.id == patient { String::new() } else { row.try_get("apart")? };
        patients.insert(apart, one);
    }
    let Some(identified) = patients.remove("") else { return Ok(Vec::new()) };
    let studies = studies(connection, patient, which).await?;
    if studies.is_empty() {
        return Ok(Vec::new());
    }
    let parted: Vec<i64> =
        sqlx::query_scalar("SELECT study FROM partings WHERE source = $1 AND undone_at = 0")
            .bind(patient)
            .fetch_all(&mut *connection)
            .await?;
    let parted: HashSet<i64> = parted.into_iter().collect();

    // Of whom a person has decided, and who contradicts.
    let is_held = |study: &Study| {
        parted.contains(&study.id) || patients.get(&study.uid).is_some_and(|own| own.is_merged)
    };
    let (held, heard): (Vec<usize>, Vec<usize>) = (0..studies.len()).partition(|at| is_held(&studies[*at]));
    let (told, apart) = match which {
        Which::One { is_parted, .. } => {
            let apart = if is_parted { (0..studies.len()).collect() } else { held.into_iter().collect() };
            (identified.told.clone(), apart)
        }
        Which::All => {
            let mut telling = Telling::default();
            // Where nobody else is left, those say who it is of whom a person has decided.
            let all = if heard.is_empty() { &held } else { &heard };
            all.iter().for_each(|at| telling.hear(*at, studies[*at].told()));
            let mut apart: HashSet<usize> = held.iter().copied().collect();
            apart.extend(telling.beside.iter().map(|(at, _)| *at));
            (telling.told.unwrap_or_else(|| identified.told.clone()), apart)
        }
    };

    let mut changes = Vec::new();
    if !identified.says(&told) {
        changes.push(Change::Patient { patient, told: told.clone() });
    }
    let mut written = conflicts(connection, patient, which).await?;
    for (at, study) in studies.iter().enumerate() {
        let (uid, says, is_apart) = (study.uid.clone(), study.told(), apart.contains(&at));
        let own = patients.get(&study.uid);
        if is_apart {
            let is_given = own.is_some_and(|own| own.id == study.own);
            if !is_given || !own.is_some_and(|own| own.says(&says)) {
                let own = own.map_or(0, |own| own.id);
                changes.push(Change::Parted { study: study.id, uid, own, told: says.clone(), is_given });
            }
        } else if study.own != patient {
            changes.push(Change::Joined { study: study.id, uid });
        }

        let of_identifier = is_apart && !parted.contains(&study.id);
        let mut expected = BTreeMap::new();
        let mut expect = |of_identifier, tag, kept: &str, other: &str, sent: String| {
            let tag = json::key(tag);
            let said = Contradiction {
                of_identifier,
                tag: tag.clone(),
                kept: kept.to_owned(),
                other: other.to_owned(),
                sent,
            };
            expected.entry((tag, other.to_owned())).or_insert(said);
        };
        let sent = |tag, told: &Told| if tag == NAME { told.name() } else { String::new() };
        if of_identifier {
            for (tag, kept, other) in told.against(&says) {
                expect(true, tag, kept, other, sent(tag, &says));
            }
        }
        let of_own = if is_apart { &says } else { &told };
        for (_, beside) in &study.telling.beside {
            for (tag, kept, other) in of_own.against(beside) {
                expect(false, tag, kept, other, sent(tag, beside));
            }
        }
        for other in &study.others {
            expect(false, PATIENT_ID, &identified.patient_id, other, String::new());
        }
        let of_own = own.filter(|_| is_apart).map_or(if is_apart { 0 } else { patient }, |own| own.id);
        for row in written.remove(&study.id).unwrap_or_default() {
            let said = expected.remove(&(row.tag, row.other));
            if row.is_settled || (study.has_unread && said.is_none()) {
                continue;
            }
            let uid = study.uid.clone();
            match said {
                None => changes.push(Change::Unsaid { conflict: row.id, uid }),
                Some(said) => {
                    let of = if said.of_identifier { patient } else { of_own };
                    if of != row.patient || said.kept != row.kept {
                        changes.push(Change::Contradiction { conflict: row.id, study: study.id, uid, said });
                    }
                }
            }
        }
        let said = expected.into_values();
        changes.extend(said.map(|said| Change::Contradiction {
            conflict: 0,
            study: study.id,
            uid: study.uid.clone(),
            said,
        }));
    }
    Ok(changes)
}

/// The studies of a patient by the identifier, in the order of their first instances.
async fn studies(
    connection: &mut AnyConnection,
    patient: i64,
    which: Which,
) -> Result<Vec<Study>, StoreError> {
    let text = format!(
        "SELECT d.study, d.patient, d.attributes, d.unread, s.uid, s.own_patient, COALESCE(k.patient_id, '') AS patient_id
         FROM said d JOIN studies s ON s.id = d.study LEFT JOIN patients k ON k.id = d.patient
         WHERE d.first_instance > 0 AND d.study {} ORDER BY d.first_instance, d.id",
        members(which)
    );
    // Its text is made of the words of this file and of a number.
    let rows = sqlx::query(AssertSqlSafe(text)).bind(patient).fetch_all(connection).await?;
    let (mut studies, mut at): (Vec<Study>, HashMap<i64, usize>) = (Vec::new(), HashMap::new());
    for row in &rows {
        let (id, says): (i64, i64) = (row.try_get("study")?, row.try_get("patient")?);
        let at = *at.entry(id).or_insert(studies.len());
        if at == studies.len() {
            studies.push(Study {
                id,
                uid: row.try_get("uid")?,
                own: row.try_get("own_patient")?,
                identifier: says,
                telling: Telling::default(),
                others: Vec::new(),
                has_unread: false,
            });
        }
        let study = &mut studies[at];
        study.has_unread |= row.try_get::<i64, _>("unread")? != 0;
        if says == study.identifier {
            study.telling.hear((), Told::of(row.try_get("attributes")?));
        } else {
            study.others.push(row.try_get("patient_id")?);
        }
    }
    studies.retain(|study| study.identifier == patient);
    Ok(studies)
}

/// Which studies the statement is about, with the patient `$1`.
fn members(which: Which) -> String {
    match which {
        Which::All => {
            "IN (SELECT m.study FROM said m WHERE m.patient = $1 AND m.first_instance > 0)".to_owned()
        }
        Which::One { study, .. } => {
            format!(
                "IN (SELECT m.study FROM said m WHERE m.patient = $1 AND m.study = {study} AND m.first_instance > 0)"
            )
        }
    }
}

/// A contradiction as it is written down.
struct Written {
    id: i64,
    patient: i64,
    tag: String,
    kept: String,
    other: String,
    is_settled: bool,
}

async fn conflicts(
    connection: &mut AnyConnection,
    patient: i64,
    which: Which,
) -> Result<HashMap<i64, Vec<Written>>, StoreError> {
    let text = format!(
        "SELECT c.id, c.study, c.patient, c.tag, c.kept, c.other, c.settled_at FROM conflicts c WHERE c.study {} ORDER BY c.id",
        members(which)
    );
    let mut written: HashMap<i64, Vec<Written>> = HashMap::new();
    // Its text is made of the words of this file and of a number.
    for row in &sqlx::query(AssertSqlSafe(text)).bind(patient).fetch_all(connection).await? {
        written.entry(row.try_get("study")?).or_default().push(Written {
            id: row.try_get("id")?,
            patient: row.try_get("patient")?,
            tag: row.try_get("tag")?,
            kept: row.try_get("kept")?,
            other: row.try_get("other")?,
            is_settled: row.try_get::<i64, _>("settled_at")? != 0,
        });
    }
    Ok(written)
}

/// Makes the rows of a patient and of their studies what the objects say; gives how many were not so.
pub(crate) async fn settle(
    connection: &mut AnyConnection,
    patient: i64,
    which: Which,
) -> Result<u64, StoreError> {
    let changes = of(connection, patient, which).await?;
    let count = changes.len() as u64;
    for change in changes {
        match change {
            Change::Patient { patient, told } => write_patient(connection, patient, &told).await?,
            Change::Joined { study, .. } => parted::give(connection, study, patient).await?,
            Change::Parted { study, uid, own, told, is_given } => {
                let own = if own == 0 { parted::part(connection, patient, &uid).await? } else { own };
                write_patient(connection, own, &told).await?;
                if !is_given {
                    parted::give(connection, study, own).await?;
                }
            }
            Change::Unsaid { conflict, .. } => {
                sqlx::query("DELETE FROM conflicts WHERE id = $1")
                    .bind(conflict)
                    .execute(&mut *connection)
                    .await?;
            }
            Change::Contradiction { conflict, study, said, .. } => {
                contradict(connection, (conflict, study), patient, &said).await?;
            }
        }
    }
    Ok(count)
}

/// Writes down what contradicts itself, for a person.
async fn contradict(
    connection: &mut AnyConnection,
    (conflict, study): (i64, i64),
    patient: i64,
    said: &Contradiction,
) -> Result<(), StoreError> {
    const OF: &str = "CASE CAST($2 AS BIGINT) WHEN 0 THEN (SELECT s.own_patient FROM studies s WHERE s.id = $1) ELSE CAST($2 AS BIGINT) END";
    let of = if said.of_identifier { patient } else { 0 };
    if conflict != 0 {
        let text = format!("UPDATE conflicts SET patient = {OF}, kept = $3 WHERE id = $4");
        // Its text is made of the words of this file alone.
        let update = sqlx::query(AssertSqlSafe(text)).bind(study).bind(of).bind(said.kept.as_str());
        update.bind(conflict).execute(connection).await?;
        return Ok(());
    }
    let text = format!(
        "INSERT INTO conflicts (study, patient, kept, tag, other, other_sent, at) VALUES ($1, {OF}, $3, $4, $5, $6, $7)
         ON CONFLICT (study, tag, other) DO NOTHING"
    );
    // Its text is made of the words of this file alone.
    sqlx::query(AssertSqlSafe(text))
        .bind(study)
        .bind(of)
        .bind(said.kept.as_str())
        .bind(said.tag.as_str())
        .bind(said.other.as_str())
        .bind(said.sent.as_str())
        .bind(now_ms())
        .execute(connection)
        .await?;
    Ok(())
}

/// The first instance that says what a row `said` does, as SQL; 0 where none does any more. What an earlier version did not write down is said by those
/// of which it is not known.
pub(crate) const FIRST: &str =
    "COALESCE((SELECT MIN(i.id) FROM instances i WHERE i.said = said.id AND i.said <> 0), CASE WHEN said.unread <> 0 THEN
        (SELECT MIN(i.id) FROM series e JOIN instances i ON i.series = e.id WHERE e.study = said.study AND i.said = 0) END, 0)";

/// Which instance of a study says what first is looked at anew; gives the patients whose identifiers they have.
pub(crate) async fn heard_anew(connection: &mut AnyConnection, study: i64) -> Result<Vec<i64>, StoreError> {
    let text = format!("UPDATE said SET first_instance = {FIRST} WHERE study = $1");
    // Its text is made of the words of this file alone.
    sqlx::query(AssertSqlSafe(text)).bind(study).execute(&mut *connection).await?;
    // Of a study of which nothing is there any more nothing contradicts itself.
    sqlx::query(
        "DELETE FROM conflicts WHERE study = $1 AND settled_at = 0
            AND NOT EXISTS (SELECT 1 FROM said d WHERE d.study = $1 AND d.first_instance > 0)",
    )
    .bind(study)
    .execute(&mut *connection)
    .await?;
    let patients = sqlx::query_scalar("SELECT DISTINCT patient FROM said WHERE study = $1 ORDER BY patient");
    Ok(patients.bind(study).fetch_all(connection).await?)
}
