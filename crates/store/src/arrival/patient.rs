//! Whose a study is: a patient is one of a site, whoever issued their identifier, and is known by what was said first there.

use std::path::Path;
use std::sync::Arc;

use peony_dicom::{Outline, Tag};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

use super::{Arrival, Batch, parted};
use crate::error::StoreError;
use crate::index::Index;
use crate::objects::{Object, Objects, blocking};
use crate::rows::Rows;
use crate::{json, name};

const NAME: Tag = Tag(0x0010, 0x0010);
const BIRTH_DATE: Tag = Tag(0x0010, 0x0030);
const SEX: Tag = Tag(0x0010, 0x0040);

/// What contradicts itself, in the order of [`Said::compared`].
pub(super) const SAID: [Tag; 3] = [NAME, BIRTH_DATE, SEX];

/// What is said of a patient that may contradict itself.
#[derive(Clone, Default)]
pub(crate) struct Said {
    /// Name, birth date, sex: as they are compared.
    pub compared: [String; 3],
    /// The name as it was sent.
    pub name: String,
}

impl Said {
    pub fn of(outline: &Outline) -> Self {
        let [name, birth_date, sex] = SAID.map(|tag| outline.text(tag));
        Self { compared: [name::key(name), birth_date.to_owned(), sex.to_owned()], name: name.to_owned() }
    }

    /// What the row of a patient has.
    pub fn of_row(row: &AnyRow) -> Result<Self, StoreError> {
        Ok(Self {
            compared: [row.try_get("name_key")?, row.try_get("birth_date")?, row.try_get("sex")?],
            name: name_in(row.try_get("attributes")?),
        })
    }

    /// What somebody else says otherwise: the attribute, what stands here, and what is said there. Silence contradicts nothing.
    pub fn against<'a>(&'a self, heard: &'a Self) -> impl Iterator<Item = (Tag, &'a str, &'a str)> {
        let each = SAID.into_iter().zip(&self.compared).zip(&heard.compared);
        each.map(|((tag, kept), other)| (tag, kept.as_str(), other.as_str()))
            .filter(|(tag, kept, other)| differ(*tag, kept, other))
    }

    /// Whether this says all that the other does, the same, and more of the name.
    pub fn is_fuller(&self, than: &Self) -> bool {
        let ([name, says @ ..], [than_name, known @ ..]) = (&self.compared, &than.compared);
        let says_all = says.iter().zip(known).all(|(says, known)| known.is_empty() || says == known);
        says_all && name::is_fuller(name, than_name)
    }

    pub fn contradicts(&self, other: &Self) -> bool {
        self.against(other).next().is_some()
    }
}

/// Whether what is said of a patient contradicts what was said before.
pub(super) fn differ(tag: Tag, kept: &str, other: &str) -> bool {
    !kept.is_empty() && !other.is_empty() && kept != other && (tag != NAME || !name::agree(kept, other))
}

/// The name as it was sent, out of a patient's attributes.
pub(crate) fn name_in(attributes: &str) -> String {
    let attributes = json::of_text(attributes);
    let name = attributes.get(&json::key(NAME)).and_then(|name| name.get("Value")?.get(0));
    name.map(json::text_of).unwrap_or_default()
}

/// So many objects of a patient are tried for one that can be read.
const TRIED: i64 = 8;

/// A patient as the index has them.
#[derive(Clone)]
pub(crate) struct Patient {
    pub id: i64,
    /// Who they are by all merges.
    pub root: i64,
    /// Who they are by those within their site.
    pub local_root: i64,
    pub said: Said,
}

impl Batch<'_> {
    pub(super) async fn patient(&mut self, arrival: &Arrival, site: &str) -> Result<Patient, StoreError> {
        let [name_key, birth_date, sex] = &arrival.said.compared;
        let apart = arrival.apart(site);
        let made: Option<i64> = sqlx::query_scalar(
            "INSERT INTO patients (patient_id, issuer, apart, name_key, birth_date, sex, attributes, site)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (patient_id, issuer, apart) DO NOTHING RETURNING id",
        )
        .bind(arrival.patient_id.as_str())
        .bind(arrival.issuer.as_str())
        .bind(apart)
        .bind(name_key.as_str())
        .bind(birth_date.as_str())
        .bind(sex.as_str())
        .bind(arrival.attributes[0].as_str())
        .bind(site)
        .fetch_optional(&mut *self.connection)
        .await?;
        if let Some(id) = made {
            self.made_patients.push(id);
            put_names(self.connection, id, name_key).await?;
            return Ok(Patient { id, root: id, local_root: id, said: arrival.said.clone() });
        }
        let row = sqlx::query(
            "SELECT id, root, local_root, name_key, birth_date, sex, attributes,
                CASE WHEN EXISTS (SELECT 1 FROM studies s WHERE s.own_patient = patients.id AND s.series_count > 0) THEN 1 ELSE 0 END AS there
             FROM patients WHERE patient_id = $1 AND issuer = $2 AND apart = $3",
        )
        .bind(arrival.patient_id.as_str())
        .bind(arrival.issuer.as_str())
        .bind(apart)
        .fetch_one(&mut *self.connection)
        .await?;
        let id = row.try_get("id")?;
        let is_there = row.try_get::<i64, _>("there")? > 0;
        // One that this batch has made is nobody else, and is said so at its end.
        let or_self = |root: i64| if root == 0 { id } else { root };
        let [root, local_root] = [row.try_get("root")?, row.try_get("local_root")?].map(or_self);
        let mut patient = Patient { id, root, local_root, said: Said::of_row(&row)? };
        if !is_there {
            // Of whom nothing is there any more, nothing is said: all of it gave way to something else.
            self.learn(&mut patient, arrival).await?;
        }
        Ok(patient)
    }

    /// Writes down what contradicts what was said of a patient, for a person.
    pub(super) async fn contradictions(
        &mut self,
        (patient, kept): (i64, &Said),
        study: i64,
        heard: &Said,
    ) -> Result<(), StoreError> {
        for (tag, kept, other) in kept.against(heard) {
            let sent = if tag == NAME { heard.name.as_str() } else { "" };
            self.conflict(patient, study, tag, [kept, other, sent]).await?;
        }
        Ok(())
    }

    /// Writes down one contradiction: what was said first, what later, and that as it was sent, where it is compared in another form.
    pub(super) async fn conflict(
        &mut self,
        patient: i64,
        study: i64,
        tag: Tag,
        [kept, other, sent]: [&str; 3],
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO conflicts (patient, study, tag, kept, other, other_sent, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (study, tag, other) DO NOTHING",
        )
        .bind(patient)
        .bind(study)
        .bind(json::key(tag))
        .bind(kept)
        .bind(other)
        .bind(sent)
        .bind(self.now_ms)
        .execute(&mut *self.connection)
        .await?;
        Ok(())
    }
}

/// By which names a patient is found: their own, and those of studies that contradicted them and of which a person said that they are theirs.
pub(crate) async fn names_anew(connection: &mut AnyConnection, patient: i64) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM names WHERE patient = $1").bind(patient).execute(&mut *connection).await?;
    let keys: Vec<String> = sqlx::query_scalar(
        "SELECT name_key FROM patients WHERE id = $1 UNION
            SELECT name_key FROM patients WHERE parted_from = $1 AND parted_from <> 0 AND merged_into = $1",
    )
    .bind(patient)
    .fetch_all(&mut *connection)
    .await?;
    for name_key in keys {
        put_names(connection, patient, &name_key).await?;
    }
    Ok(())
}

async fn put_names(connection: &mut AnyConnection, patient: i64, name_key: &str) -> Result<(), StoreError> {
    let mut rows = Rows::of(["kind", "name_key", "patient"]);
    for (kind, key) in name::found_by(name_key) {
        rows.push([kind.into(), key.as_str().into(), patient.into()]);
    }
    rows.write(connection, "names", " ON CONFLICT DO NOTHING", None).await?;
    Ok(())
}

/// Fills in patients of whom an index of an earlier version knew only what another site had said: from the first of their own objects that can
/// be read. Of one who has none nothing is known but the identifier. Then parts studies that an earlier version showed under what they contradict.
pub(crate) async fn read_again(index: &Index, objects: &Objects, folder: &Path) -> Result<(), StoreError> {
    let rows = sqlx::query("SELECT id, patient_id, issuer FROM patients WHERE attributes = ''")
        .fetch_all(index.pool())
        .await?;
    for row in rows {
        let id: i64 = row.try_get("id")?;
        let found = first_readable(index, objects, folder, ("s.own_patient", id)).await?;
        let (attributes, said) = match found {
            Some(arrival) => {
                let Arrival { attributes: [attributes, ..], said, .. } = arrival;
                (attributes, said)
            }
            None => {
                let mut known = json::DicomJson::new();
                for (tag, column) in [(Tag(0x0010, 0x0020), "patient_id"), (Tag(0x0010, 0x0021), "issuer")] {
                    json::put(&mut known, tag, vec![row.try_get::<String, _>(column)?.into()]);
                }
                (json::text(&known), Said::default())
            }
        };
        let mut writing = index.write().await?;
        fill_in(&mut writing, id, &attributes, &said).await?;
        writing.commit().await?;
    }
    let unread: Vec<i64> =
        sqlx::query_scalar("SELECT study FROM studies_unread").fetch_all(index.pool()).await?;
    for study in unread {
        // What cannot be read is tried again at the next start.
        let Some(first) = first_readable(index, objects, folder, ("s.id", study)).await? else { continue };
        let mut writing = index.write_who_is_who().await?;
        parted::read(&mut writing, study, &first).await?;
        writing.commit().await?;
    }
    Ok(())
}

/// The first object that can be read of those that a column of `studies s` says.
async fn first_readable(
    index: &Index,
    objects: &Objects,
    folder: &Path,
    (column, id): (&'static str, i64),
) -> Result<Option<Arrival>, StoreError> {
    let text = format!(
        "SELECT i.digest, i.size, i.blocks FROM studies s JOIN series e ON e.study = s.id JOIN instances i ON i.series = e.id
         WHERE {column} = $1 ORDER BY i.id LIMIT $2"
    );
    let theirs = sqlx::query(AssertSqlSafe(text)).bind(id).bind(TRIED).fetch_all(index.pool()).await?;
    for row in &theirs {
        let size: i64 = row.try_get("size")?;
        let object = Object {
            digest: row.try_get("digest")?,
            size: size.unsigned_abs(),
            blocks: row.try_get("blocks")?,
        };
        let file = match objects.file(&object, folder).await {
            Ok(file) => file,
            // What is wrong with it is for `peony check` to say.
            Err(StoreError::Damaged { .. } | StoreError::Disk { .. }) => continue,
            Err(error) => return Err(error),
        };
        if let Ok(outline) = blocking(move || peony_dicom::outline(&file)).await?
            && let Ok(arrival) = Arrival::of(outline, object, "", &Arc::default())
        {
            return Ok(Some(arrival));
        }
    }
    Ok(None)
}

/// Writes what was said of a patient first. Contradictions are to that, and what agrees with it is none.
pub(super) async fn fill_in(
    connection: &mut AnyConnection,
    patient: i64,
    attributes: &str,
    said: &Said,
) -> Result<(), StoreError> {
    let [name_key, birth_date, sex] = &said.compared;
    sqlx::query(
        "UPDATE patients SET attributes = $2, name_key = $3, birth_date = $4, sex = $5 WHERE id = $1",
    )
    .bind(patient)
    .bind(attributes)
    .bind(name_key.as_str())
    .bind(birth_date.as_str())
    .bind(sex.as_str())
    .execute(&mut *connection)
    .await?;
    names_anew(connection, patient).await?;
    for (tag, kept) in SAID.into_iter().zip(&said.compared) {
        sqlx::query("UPDATE conflicts SET kept = $3 WHERE patient = $1 AND tag = $2")
            .bind(patient)
            .bind(json::key(tag))
            .bind(kept.as_str())
            .execute(&mut *connection)
            .await?;
        let written = sqlx::query("SELECT id, other FROM conflicts WHERE patient = $1 AND tag = $2")
            .bind(patient)
            .bind(json::key(tag))
            .fetch_all(&mut *connection)
            .await?;
        for row in &written {
            if !differ(tag, kept, row.try_get("other")?) {
                forget(connection, row.try_get("id")?).await?;
            }
        }
    }
    Ok(())
}

/// What was written down of a contradiction is none any more.
pub(super) async fn forget(connection: &mut AnyConnection, conflict: i64) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM conflicts WHERE id = $1").bind(conflict).execute(connection).await?;
    Ok(())
}
