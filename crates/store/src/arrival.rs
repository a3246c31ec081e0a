//! One object's rows: made from its outline while it is received, written when its turn comes.

pub(crate) mod anew;
mod compared;
pub(crate) mod in_bulk;
mod instead;
mod parted;
mod patient;
pub(crate) mod settle;
mod told;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use peony_dicom::{FramePlaces, Level, Outline, Tag, VR};
use sha2::{Digest as _, Sha256};
use sqlx::{AnyConnection, Row as _};

pub(crate) use self::compared::columns_above;
pub(crate) use self::instead::{GivingWay, count_series};
pub(crate) use self::parted::part;
pub(crate) use self::patient::{arrival_of, names_anew, read_again};
pub(crate) use self::told::Told;

use self::patient::{Heard, Patient};
use self::settle::{Which, heard_anew, settle};

use crate::error::StoreError;
use crate::objects::Object;
use crate::rows::{Cell, places};
use crate::{Kept, Sight, events, json, name};

const BIRTH_DATE: Tag = Tag(0x0010, 0x0030);
const NUMBER_OF_FRAMES: Tag = Tag(0x0028, 0x0008);

/// The columns of an instance: its UID, and what its object says of it and where that is.
const OF_INSTANCE: [&str; 16] = [
    "uid",
    "series",
    "said",
    "sop_class",
    "instance_number",
    "content_date",
    "attributes",
    "digest",
    "size",
    "transfer_syntax",
    "data_set",
    "frame_count",
    "frames",
    "blocks",
    "origin",
    "arrived_at",
];
/// The columns of a series that hold what an object says of it.
const OF_SERIES: &str = "modality, series_number, series_date, series_time, body_part, laterality, description, step_date, step_time, attributes";
/// Those of a study.
const OF_STUDY: &str = "study_date, study_time, accession, study_id, referring_key, description, attributes";

/// What the index says of one object. It has no debug form: it holds what is known of a patient (invariant 5).
pub(crate) struct Arrival {
    pub study_uid: String,
    pub series_uid: String,
    pub instance_uid: String,
    pub object: Object,
    pub origin: String,
    /// Whose eyes it is brought with: of which site a study is that this one begins (of none: that of the sender's title, if it has one), and
    /// into which studies it may come.
    pub sight: Arc<Sight>,
    patient_id: String,
    issuer: String,
    told: Told,
    outline: Outline,
    /// JSON of patient, study, series and instance.
    attributes: [String; 4],
    /// Alike for all instances that say the same of patient, study and series.
    fingerprint: [u8; 32],
}

impl Arrival {
    /// The rows of an object.
    ///
    /// # Errors
    /// [`StoreError::NoUid`] where one of its UIDs is missing or none.
    pub fn of(
        mut outline: Outline,
        object: Object,
        origin: &str,
        sight: &Arc<Sight>,
    ) -> Result<Self, StoreError> {
        // What is sorted and found by days. Of a birth some know the year alone, and write it so.
        let days = outline.attributes.iter_mut().filter(|(tag, day)| day.vr == VR::DA && **tag != BIRTH_DATE);
        for (_, day) in days {
            day.values = day.values.iter().filter_map(|text| date(text)).collect();
        }
        let frames = frame_count(&outline, object.size);
        if let Some(declared) =
            outline.attributes.get_mut(&NUMBER_OF_FRAMES).filter(|said| !said.values.is_empty())
        {
            declared.values = vec![frames.to_string()];
        }
        let uid = |tag, name| {
            let text = outline.text(tag);
            if peony_dicom::is_uid(text) { Ok(text.to_owned()) } else { Err(StoreError::NoUid(name)) }
        };
        let study_uid = uid(Tag(0x0020, 0x000D), "Study Instance UID")?;
        let series_uid = uid(Tag(0x0020, 0x000E), "Series Instance UID")?;
        let instance_uid = uid(Tag(0x0008, 0x0018), "SOP Instance UID")?;
        uid(Tag(0x0008, 0x0016), "SOP Class UID")?;
        let levels = [Level::Patient, Level::Study, Level::Series, Level::Instance];
        let attributes =
            levels.map(|level| serde_json::Value::Object(json::of_level(&outline, level)).to_string());
        let mut fingerprint = Sha256::new();
        attributes[..3].iter().for_each(|json| fingerprint.update(json));
        let patient_id = outline.text(Tag(0x0010, 0x0020)).to_owned();
        Ok(Self {
            issuer: if patient_id.is_empty() {
                String::new()
            } else {
                outline.text(Tag(0x0010, 0x0021)).to_owned()
            },
            patient_id,
            told: Told::of(&attributes[0]),
            fingerprint: fingerprint.finalize().into(),
            attributes,
            study_uid,
            series_uid,
            instance_uid,
            object,
            origin: origin.to_owned(),
            sight: Arc::clone(sight),
            outline,
        })
    }

    /// Where the data set begins in the file.
    pub fn data_set(&self) -> u64 {
        self.outline.data_set
    }

    /// What its data set is written in.
    pub fn transfer_syntax_uid(&self) -> &str {
        &self.outline.transfer_syntax_uid
    }

    /// SOP Class UID.
    pub fn sop_class_uid(&self) -> &str {
        self.text(0x0008, 0x0016)
    }

    /// It as one that can be read, wherever it lies.
    pub fn kept(&self) -> Kept {
        Kept {
            study_uid: self.study_uid.clone(),
            series_uid: self.series_uid.clone(),
            instance_uid: self.instance_uid.clone(),
            sop_class_uid: self.sop_class_uid().to_owned(),
            transfer_syntax_uid: self.outline.transfer_syntax_uid.clone(),
            frame_count: frame_count(&self.outline, self.object.size).unsigned_abs(),
            frames: self.outline.frames.clone(),
            data_set: self.outline.data_set,
            object: self.object.clone(),
        }
    }

    /// Why it is not taken.
    pub fn is_of_another_site(&self) -> StoreError {
        StoreError::OtherSite {
            sop_class_uid: self.sop_class_uid().to_owned(),
            instance_uid: self.instance_uid.clone(),
        }
    }

    /// What keeps a patient apart from others under the same identifier: the study of one who has none, else the site. Each institution counts
    /// its own, and what one of them sends of somebody whose identifier others know as well is not for the others' eyes.
    fn apart<'a>(&'a self, site: &'a str) -> &'a str {
        if self.patient_id.is_empty() { &self.study_uid } else { site }
    }

    fn text(&self, group: u16, element: u16) -> &str {
        self.outline.text(Tag(group, element))
    }

    /// The row of its instance, in the order of [`OF_INSTANCE`].
    fn of_instance(&self, (series, said): (i64, i64), arrived_at: i64) -> [Cell; OF_INSTANCE.len()] {
        [
            self.instance_uid.as_str().into(),
            series.into(),
            said.into(),
            self.sop_class_uid().into(),
            self.text(0x0020, 0x0013).into(),
            self.text(0x0008, 0x0023).into(),
            self.attributes[3].as_str().into(),
            self.object.digest.as_str().into(),
            signed(self.object.size).into(),
            self.outline.transfer_syntax_uid.as_str().into(),
            signed(self.outline.data_set).into(),
            frame_count(&self.outline, self.object.size).into(),
            written(self.outline.frames.as_ref()).as_str().into(),
            self.object.blocks.as_str().into(),
            self.origin.as_str().into(),
            arrived_at.into(),
        ]
    }

    /// What it says of its series, in the order of [`OF_SERIES`].
    fn of_series(&self) -> [&str; 10] {
        [
            self.modality(),
            self.text(0x0020, 0x0011),
            self.text(0x0008, 0x0021),
            self.text(0x0008, 0x0031),
            self.text(0x0018, 0x0015),
            self.text(0x0020, 0x0060),
            self.text(0x0008, 0x103E),
            self.text(0x0040, 0x0244),
            self.text(0x0040, 0x0245),
            &self.attributes[2],
        ]
    }

    /// What it says of its study, in the order of [`OF_STUDY`].
    fn of_study(&self) -> [String; 7] {
        [
            self.text(0x0008, 0x0020).to_owned(),
            self.text(0x0008, 0x0030).to_owned(),
            self.text(0x0008, 0x0050).to_owned(),
            self.text(0x0020, 0x0010).to_owned(),
            name::key(self.text(0x0008, 0x0090)),
            self.text(0x0008, 0x1030).to_owned(),
            self.attributes[1].clone(),
        ]
    }

    fn modality(&self) -> &str {
        self.text(0x0008, 0x0060)
    }
}

/// How many frames there are: as many as have a place, else as many as are said to be there, as far as bytes are.
fn frame_count(outline: &Outline, size: u64) -> i64 {
    let frames = outline.frames.as_ref();
    // Without a place of its own a frame still counts.
    let declared = || outline.text(NUMBER_OF_FRAMES).parse::<i64>().unwrap_or(0).clamp(0, signed(size));
    frames.map_or_else(declared, |frames| i64::try_from(frames.count()).unwrap_or(i64::MAX))
}

/// A day as YYYYMMDD; also as it was written before 1993, with dots (PS3.5 §6.2). `None` of what is none.
fn date(text: &str) -> Option<String> {
    let [year, month, day] = match *text.as_bytes() {
        [a, b, c, d, b'.', e, f, b'.', g, h] | [a, b, c, d, e, f, g, h] => {
            [vec![a, b, c, d], vec![e, f], vec![g, h]]
                .map(|digits| String::from_utf8(digits).unwrap_or_default())
        }
        _ => return None,
    };
    let is = |text: &str, from: u16, to: u16| {
        text.bytes().all(|byte| byte.is_ascii_digit())
            && text.parse().is_ok_and(|number| (from..=to).contains(&number))
    };
    (is(&year, 0, 9999) && is(&month, 1, 12) && is(&day, 1, 31)).then(|| [year, month, day].concat())
}

/// Where an instance stands in the index.
#[derive(Clone, PartialEq, Eq)]
struct Place {
    study: i64,
    series: i64,
    /// What its object says of the patient.
    said: i64,
    /// Of the study.
    site: String,
}

/// Places that were found or made before: most instances of a series say the same of it.
#[derive(Default)]
pub(crate) struct Known(HashMap<[u8; 32], Place>);

impl Known {
    const MOST: usize = 4096;

    /// Takes what a batch found, once it is committed.
    pub fn extend(&mut self, found: Self) {
        if self.0.len() + found.0.len() > Self::MOST {
            self.0.clear();
        }
        self.0.extend(found.0);
    }
}

/// The rows of several objects, within one transaction.
pub(crate) struct Batch<'a> {
    connection: &'a mut AnyConnection,
    known: &'a Known,
    found: Known,
    now_ms: i64,
    /// Instances that came, by series and study.
    counts: BTreeMap<i64, (i64, i64)>,
    made_patients: Vec<i64>,
    made_series: BTreeSet<i64>,
    /// Studies whose series are counted anew.
    recounted: BTreeSet<i64>,
    /// What instances say of whom it was known before where they are.
    said_again: BTreeSet<i64>,
    events: Vec<(&'static str, [String; 3])>,
}

impl<'a> Batch<'a> {
    pub fn new(connection: &'a mut AnyConnection, known: &'a Known, now_ms: i64) -> Self {
        Self {
            connection,
            known,
            found: Known::default(),
            now_ms,
            counts: BTreeMap::new(),
            made_patients: Vec::new(),
            made_series: BTreeSet::new(),
            recounted: BTreeSet::new(),
            said_again: BTreeSet::new(),
            events: Vec::new(),
        }
    }

    /// Writes the rows of one object; `false` where its UID was taken meanwhile.
    pub async fn put(&mut self, arrival: &Arrival) -> Result<bool, StoreError> {
        let known = [self.known, &self.found]
            .into_iter()
            .find_map(|known| known.0.get(&arrival.fingerprint))
            .cloned();
        let (place, heard) = match known {
            // It was looked at before it came here, and the study may be younger than that.
            Some(place) if !arrival.sight.reaches(&place.site) => return Err(arrival.is_of_another_site()),
            Some(place) => (place, None),
            // No study is begun for an object that is there.
            None if self.is_taken(&arrival.instance_uid).await? => return Ok(false),
            None => self.place(arrival).await?,
        };
        self.found.0.insert(arrival.fingerprint, place.clone());
        let text = format!(
            "INSERT INTO instances ({}) VALUES ({}) ON CONFLICT (uid) DO NOTHING RETURNING id",
            OF_INSTANCE.join(", "),
            places(1..=OF_INSTANCE.len())
        );
        // Its text is made of the words of this file alone.
        let insert = sqlx::query(sqlx::AssertSqlSafe(text));
        let row = arrival.of_instance((place.series, place.said), self.now_ms);
        let insert = row.iter().fold(insert, |insert, cell| cell.bound_to(insert));
        let Some(put) = insert.fetch_optional(&mut *self.connection).await? else { return Ok(false) };
        match heard {
            Some(heard) => self.hear(arrival, put.try_get("id")?, heard).await?,
            None => drop(self.said_again.insert(place.said)),
        }
        self.counts.entry(place.series).or_insert((place.study, 0)).1 += 1;
        self.event("arrived", arrival);
        Ok(true)
    }

    async fn is_taken(&mut self, instance_uid: &str) -> Result<bool, StoreError> {
        let taken: Option<i64> = sqlx::query_scalar("SELECT id FROM instances WHERE uid = $1")
            .bind(instance_uid)
            .fetch_optional(&mut *self.connection)
            .await?;
        Ok(taken.is_some())
    }

    /// Another object under a UID that is taken by the object of `kept_digest`.
    pub async fn put_aside(&mut self, arrival: &Arrival, kept_digest: &str) -> Result<(), StoreError> {
        // A person may have decided for it a moment ago.
        let is_kept: Option<i64> =
            sqlx::query_scalar("SELECT id FROM instances WHERE uid = $1 AND digest = $2")
                .bind(arrival.instance_uid.as_str())
                .bind(arrival.object.digest.as_str())
                .fetch_optional(&mut *self.connection)
                .await?;
        if is_kept.is_some() {
            return Ok(());
        }
        let site = self.site(arrival).await?;
        let put = sqlx::query(
            "INSERT INTO aside (instance_uid, study_uid, series_uid, digest, size, blocks, kept_digest, origin, arrived_at, site)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (instance_uid, digest) DO NOTHING",
        )
        .bind(arrival.instance_uid.as_str())
        .bind(arrival.study_uid.as_str())
        .bind(arrival.series_uid.as_str())
        .bind(arrival.object.digest.as_str())
        .bind(signed(arrival.object.size))
        .bind(arrival.object.blocks.as_str())
        .bind(kept_digest)
        .bind(arrival.origin.as_str())
        .bind(self.now_ms)
        .bind(site)
        .execute(&mut *self.connection)
        .await?;
        if put.rows_affected() > 0 {
            self.event("kept-aside", arrival);
            return Ok(());
        }
        // The same file of another sender is theirs as well.
        sqlx::query(
            "INSERT INTO aside_senders (aside, origin) SELECT id, CAST($3 AS TEXT) FROM aside WHERE instance_uid = $1 AND digest = $2
                AND origin <> $3 ON CONFLICT DO NOTHING",
        )
        .bind(arrival.instance_uid.as_str())
        .bind(arrival.object.digest.as_str())
        .bind(arrival.origin.as_str())
        .execute(&mut *self.connection)
        .await?;
        Ok(())
    }

    fn event(&mut self, kind: &'static str, arrival: &Arrival) {
        let uids = [&arrival.study_uid, &arrival.series_uid, &arrival.instance_uid].map(Clone::clone);
        self.events.push((kind, uids));
    }

    /// The patient, study and series of an object, made where they are missing, and what it says of the patient, where nothing in the study said so before.
    async fn place(&mut self, arrival: &Arrival) -> Result<(Place, Option<Heard>), StoreError> {
        let site = self.site(arrival).await?;
        let patient = self.patient(arrival, &site).await?;
        let (study, is_new, site) = self.study(arrival, &patient, site).await?;
        let series = self.series(arrival, (study, is_new)).await?;
        let (said, is_known) = self.said(arrival, (study, is_new), patient.id).await?;
        let heard = (!is_known).then_some(Heard { study, is_new, said, patient });
        Ok((Place { study, series, said, site }, heard))
    }

    /// The site of the object's study: the study's own, else that of whoever begins it.
    async fn site(&mut self, arrival: &Arrival) -> Result<String, StoreError> {
        let site: String = sqlx::query_scalar(
            "SELECT COALESCE((SELECT site FROM studies WHERE uid = $1), NULLIF($2, ''),
                (SELECT site FROM site_senders WHERE ae_title = $3), '')",
        )
        .bind(arrival.study_uid.as_str())
        .bind(arrival.sight.home())
        .bind(arrival.origin.as_str())
        .fetch_one(&mut *self.connection)
        .await?;
        Ok(site)
    }

    /// The study's number, whether it was made, with its first series counted, and its site.
    async fn study(
        &mut self,
        arrival: &Arrival,
        patient: &Patient,
        site: String,
    ) -> Result<(i64, bool, String), StoreError> {
        let text = format!(
            "INSERT INTO studies (uid, patient, own_patient, local_patient, {OF_STUDY}, first_at, last_at, site, modalities, series_count)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $13, $14, 1)
             ON CONFLICT (uid) DO NOTHING RETURNING id"
        );
        // Its text is made of the words of this file alone.
        let insert = sqlx::query_scalar(sqlx::AssertSqlSafe(text))
            .bind(arrival.study_uid.as_str())
            .bind(patient.root)
            .bind(patient.id)
            .bind(patient.local_root);
        let insert = arrival.of_study().into_iter().fold(insert, |insert, said| insert.bind(said));
        let insert = insert.bind(self.now_ms).bind(site.as_str()).bind(arrival.modality());
        let made: Option<i64> = insert.fetch_optional(&mut *self.connection).await?;
        if let Some(study) = made {
            return Ok((study, true, site));
        }
        let row = sqlx::query("SELECT id, site, series_count FROM studies WHERE uid = $1")
            .bind(arrival.study_uid.as_str())
            .fetch_one(&mut *self.connection)
            .await?;
        let (study, site): (i64, String) = (row.try_get("id")?, row.try_get("site")?);
        if !arrival.sight.reaches(&site) {
            return Err(arrival.is_of_another_site());
        }
        if row.try_get::<i64, _>("series_count")? == 0 {
            // Nothing of it is there any more.
            self.say_study(arrival, study).await?;
        }
        Ok((study, false, site))
    }

    async fn series(&mut self, arrival: &Arrival, (study, is_new): (i64, bool)) -> Result<i64, StoreError> {
        let text = format!(
            "INSERT INTO series (uid, study, {OF_SERIES}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
             ON CONFLICT (study, uid) DO NOTHING RETURNING id"
        );
        // Its text is made of the words of this file alone.
        let insert =
            sqlx::query_scalar(sqlx::AssertSqlSafe(text)).bind(arrival.series_uid.as_str()).bind(study);
        let insert = arrival.of_series().into_iter().fold(insert, |insert, said| insert.bind(said));
        let made: Option<i64> = insert.fetch_optional(&mut *self.connection).await?;
        if let Some(series) = made {
            self.made_series.insert(series);
            if !is_new {
                self.one_more_series(study, arrival.modality()).await?;
            }
            return Ok(series);
        }
        let row = sqlx::query("SELECT id, instance_count FROM series WHERE study = $1 AND uid = $2")
            .bind(study)
            .bind(arrival.series_uid.as_str())
            .fetch_one(&mut *self.connection)
            .await?;
        let series = row.try_get("id")?;
        let came = self.counts.contains_key(&series) || self.made_series.contains(&series);
        if row.try_get::<i64, _>("instance_count")? == 0 && !came {
            self.say_series(arrival, series).await?;
            self.one_more_series(study, arrival.modality()).await?;
        }
        Ok(series)
    }

    async fn one_more_series(&mut self, study: i64, modality: &str) -> Result<(), StoreError> {
        let modalities: String = sqlx::query_scalar("SELECT modalities FROM studies WHERE id = $1")
            .bind(study)
            .fetch_one(&mut *self.connection)
            .await?;
        let mut all: Vec<&str> =
            modalities.split('\\').chain([modality]).filter(|one| !one.is_empty()).collect();
        all.sort_unstable();
        all.dedup();
        sqlx::query("UPDATE studies SET series_count = series_count + 1, modalities = $2 WHERE id = $1")
            .bind(study)
            .bind(all.join("\\"))
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    /// Writes what concerns the batch as a whole: counts and events. A study that something came for is not complete any more.
    pub async fn finish(self) -> Result<Known, StoreError> {
        let Self {
            connection,
            found,
            now_ms,
            counts,
            made_patients,
            made_series,
            mut recounted,
            said_again,
            events,
            ..
        } = self;
        if let Some(first) = made_patients.iter().min() {
            sqlx::query("UPDATE patients SET root = id, local_root = id WHERE root = 0 AND id >= $1")
                .bind(*first)
                .execute(&mut *connection)
                .await?;
        }
        let mut by_study: BTreeMap<i64, i64> = BTreeMap::new();
        for (series, (study, count)) in counts {
            let all: i64 = sqlx::query_scalar(
                "UPDATE series SET instance_count = instance_count + $2 WHERE id = $1 RETURNING instance_count",
            )
            .bind(series)
            .bind(count)
            .fetch_one(&mut *connection)
            .await?;
            if all == count && !made_series.contains(&series) {
                // Nothing of it was there any more, and it was not counted.
                recounted.insert(study);
            }
            *by_study.entry(study).or_default() += count;
        }
        for (study, count) in by_study {
            sqlx::query("UPDATE studies SET instance_count = instance_count + $2, last_at = $3, complete_at = 0 WHERE id = $1")
                .bind(study)
                .bind(count)
                .bind(now_ms)
                .execute(&mut *connection)
                .await?;
        }
        for study in recounted {
            count_series(connection, study).await?;
        }
        // Nothing in the study said so any more, and now something does.
        for said in said_again {
            let study = sqlx::query_scalar("SELECT study FROM said WHERE id = $1 AND first_instance = 0");
            if let Some(study) = study.bind(said).fetch_optional(&mut *connection).await? {
                for patient in heard_anew(connection, study).await? {
                    settle(connection, patient, Which::All).await?;
                }
            }
        }
        let each = events.iter().map(|(kind, uids)| (*kind, uids.each_ref().map(String::as_str)));
        events::put_all(connection, now_ms, each).await?;
        Ok(found)
    }
}

/// Databases know no unsigned numbers; no file is as long as this would matter.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The places of frames as they lie in the index: `N start length count`, or `E start length length …`; empty where there are none.
pub(crate) fn written(frames: Option<&FramePlaces>) -> String {
    match frames {
        None => String::new(),
        Some(FramePlaces::Native { start, frame_bytes, count }) => format!("N {start} {frame_bytes} {count}"),
        Some(FramePlaces::Encapsulated { start, lengths }) => {
            let lengths: Vec<String> = lengths.iter().map(u64::to_string).collect();
            format!("E {start} {}", lengths.join(" "))
        }
    }
}

/// What [`written`] wrote; `None` where it is empty or something else.
pub(crate) fn read(text: &str) -> Option<FramePlaces> {
    let mut words = text.split(' ');
    let kind = words.next()?;
    let mut numbers = words.map(str::parse::<u64>);
    let start = numbers.next()?.ok()?;
    let rest: Vec<u64> = numbers.collect::<Result<_, _>>().ok()?;
    match (kind, rest.as_slice()) {
        ("N", &[frame_bytes, count]) => Some(FramePlaces::Native { start, frame_bytes, count }),
        ("E", _) => Some(FramePlaces::Encapsulated { start, lengths: rest }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_one_of_the_calendar() {
        for (text, expect) in [
            ("20260102", Some("20260102")),
            ("1992.12.31", Some("19921231")),
            ("notadate", None),
            ("20261301", None),
            ("20260100", None),
            ("2026-01-02", None),
            ("+0260102", None),
            ("", None),
        ] {
            assert_eq!(date(text).as_deref(), expect, "{text}");
        }
    }

    #[test]
    fn places_of_frames_are_read_as_they_were_written() {
        let native = FramePlaces::Native { start: 700, frame_bytes: 12, count: 3 };
        let coded = FramePlaces::Encapsulated { start: 1 << 40, lengths: vec![1000, 1010, 990] };
        for places in [Some(native), Some(coded), None] {
            assert_eq!(read(&written(places.as_ref())), places);
        }
        for nonsense in ["N 1 2", "E", "X 1 2 3", "N a b c", "N 1 2 3 4"] {
            assert_eq!(read(nonsense), None, "{nonsense}");
        }
    }
}
