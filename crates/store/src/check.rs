//! Everything that is kept, looked at: is each object there, are its bytes those that were received, does the index say the truth of it and hang
//! together, and is there nothing else.

pub(crate) mod heard;
pub(crate) mod links;

use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row as _};

use self::heard::{Above, Heard};
use crate::Store;
use crate::arrival::settle::{self, Change, Which};
use crate::arrival::{self, Arrival};
use crate::error::StoreError;
use crate::objects::{Object, digest_of};
use crate::rows::BOUND;
use crate::schema::Dialect;

/// What is wrong with one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// A row names an object that is not there.
    MissingObject,
    /// The bytes of an object are not those that were received.
    WrongDigest,
    /// The sums by which parts of an object are verified are not those of its bytes.
    WrongBlocks,
    /// What the index says of an object is not what is in it: where its frames lie, its UID, its transfer syntax.
    WrongRow,
    /// A file where objects are, whose name is no digest or that no row names.
    StrayFile,
    /// What the index says of a series is what none of its objects says.
    WrongSeries,
    /// The same of a study, or it is somebody else's than its objects and people say.
    WrongStudy,
    /// What the index says of a patient is not what the objects of their studies say.
    WrongPatient,
    /// What contradicts itself in a study is not what is written down for a person.
    WrongContradiction,
    /// An instance is of a series that the index has not.
    LostSeries,
    /// A series is of a study that the index has not.
    LostStudy,
    /// A study is of a patient whom the index has not.
    LostPatient,
    /// A patient is not found by their name, or by another one.
    WrongNames,
    /// Who is who by the merges that people made, and as whom a study is shown.
    WrongMerge,
    /// A study is of another site than its patient.
    WrongSite,
    /// A name, a merge or a contradiction of something that the index has not.
    Stranded,
    /// A study or a series that says it has another number of instances than it has, or a study of series of which something is there.
    WrongCount,
    /// A study says other modalities than its series.
    WrongModalities,
    /// The database says that it is damaged.
    DamagedIndex,
}

/// A fault and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub kind: FaultKind,
    /// Of what: a UID, the number of a patient, the name of a file, the database's own words.
    pub at: String,
}

/// How much was looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Checked {
    /// Objects, those kept aside included.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Faults.
    pub faults: u64,
}

/// Rows that are read at a time.
const PAGE: i64 = 200;
/// Objects that are read at a time: one for each core of a small PC, and one for each that waits for the disk.
const AT_ONCE: usize = 4;
/// A file younger than this may belong to an object that is being received.
const SETTLED: Duration = Duration::from_secs(600);

struct Check<'a, F> {
    store: &'a Store,
    report: F,
    checked: Checked,
}

impl Store {
    /// Reads everything that is kept and reports each fault. Nothing is changed. The store may receive meanwhile.
    ///
    /// # Errors
    /// [`StoreError`] where index or objects cannot be read at all.
    pub async fn check(&self, report: impl FnMut(Fault)) -> Result<Checked, StoreError> {
        let mut check = Check { store: self, report, checked: Checked::default() };
        check.index().await?;
        check.links().await?;
        // Listed before the rows are read: a file of now has its row by then. Where nobody can have been receiving, none waits for one.
        let was_at_rest = self.is_at_rest()?;
        let listed = self.inner.objects.list().await?;
        let mut heard = Heard::nothing(&self.inner.index).await?;
        check.kept(&mut heard).await?;
        check.aside(&mut heard).await?;
        check.disagreed(&heard).await?;
        check.patients().await?;
        let is_at_rest = was_at_rest && self.is_at_rest()?;
        for some in listed.chunks(BOUND) {
            let digests: Vec<&str> = some.iter().filter_map(|file| digest_of(&file.name)).collect();
            let named = self.inner.index.named_of(&digests).await?;
            for file in some {
                let stray = match digest_of(&file.name) {
                    None => true,
                    Some(digest) => (is_at_rest || file.age() > SETTLED) && !named.contains(digest),
                };
                if stray {
                    check.fault(FaultKind::StrayFile, &*file.name);
                }
            }
        }
        Ok(check.checked)
    }
}

impl<F: FnMut(Fault)> Check<'_, F> {
    fn fault(&mut self, kind: FaultKind, at: impl Into<String>) {
        self.checked.faults += 1;
        (self.report)(Fault { kind, at: at.into() });
    }

    async fn index(&mut self) -> Result<(), StoreError> {
        if self.store.inner.index.dialect() != Dialect::Sqlite {
            return Ok(());
        }
        let said: Vec<String> =
            sqlx::query_scalar("PRAGMA integrity_check").fetch_all(self.store.inner.index.pool()).await?;
        for line in said.into_iter().filter(|line| line != "ok") {
            self.fault(FaultKind::DamagedIndex, line);
        }
        Ok(())
    }

    /// How the rows hang together.
    async fn links(&mut self) -> Result<(), StoreError> {
        let index = &self.store.inner.index;
        for (kind, statement) in links::LINKS {
            let mut places = sqlx::query_scalar::<_, String>(*statement).fetch(index.pool());
            while let Some(at) = places.try_next().await? {
                self.fault(*kind, at);
            }
        }
        let mut after = Some(0);
        while let Some(from) = after {
            let wrong;
            (wrong, after) = links::wrong_modalities(index, from).await?;
            wrong.into_iter().for_each(|study| self.fault(FaultKind::WrongModalities, study.at));
        }
        let mut after = Some(0);
        while let Some(from) = after {
            let wrong;
            (wrong, after) = links::wrong_names(index, from).await?;
            wrong.into_iter().for_each(|patient| self.fault(FaultKind::WrongNames, patient.at));
        }
        Ok(())
    }

    async fn kept(&mut self, heard: &mut Heard) -> Result<(), StoreError> {
        let mut last = 0_i64;
        loop {
            let rows = self.store.instances_with_rows_above(last, PAGE).await?;
            let Some(end) = rows.last() else { return Ok(()) };
            last = end.try_get("id")?;
            let each = rows.iter().map(|row| self.store.look_at_kept(row));
            let each: Vec<_> = stream::iter(each).buffered(AT_ONCE).try_collect().await?;
            for (row, (object, fault, arrival)) in rows.iter().zip(each) {
                self.looked_at(&object);
                if let Some(kind) = fault {
                    self.fault(kind, row.try_get::<String, _>("uid")?);
                }
                heard.hear(row, arrival.as_ref())?;
            }
        }
    }

    async fn aside(&mut self, heard: &mut Heard) -> Result<(), StoreError> {
        let mut last = 0_i64;
        loop {
            let rows = self.store.some_aside(last, PAGE).await?;
            let Some(end) = rows.last() else { return Ok(()) };
            last = end.try_get("id")?;
            for row in &rows {
                let object = object_of(row)?;
                self.looked_at(&object);
                let fault = self.store.fault_of(&object).await?;
                if let Some(kind) = fault {
                    self.fault(kind, row.try_get::<String, _>("instance_uid")?);
                }
                self.store.hear_aside(heard, row, fault.is_none().then_some(object)).await?;
            }
        }
    }

    /// Rows that none of their objects agrees with.
    async fn disagreed(&mut self, heard: &Heard) -> Result<(), StoreError> {
        for above in Above::ALL {
            let mut after = Some(0);
            while let Some(from) = after {
                let disagreed;
                (disagreed, after) = heard.disagreed(&self.store.inner.index, above, from).await?;
                for (_, at) in disagreed {
                    self.fault(above.into(), at);
                }
            }
        }
        Ok(())
    }

    /// Whose studies are, and what is said of patients, by what the instances have of that.
    async fn patients(&mut self) -> Result<(), StoreError> {
        let mut after = Some(0);
        while let Some(from) = after {
            let wrong;
            (wrong, after) = self.store.unsettled(from).await?;
            for change in wrong {
                let (kind, at) = match change {
                    Change::Patient { patient, .. } => {
                        (FaultKind::WrongPatient, format!("patient {patient}"))
                    }
                    Change::Parted { own, is_given: true, .. } => {
                        (FaultKind::WrongPatient, format!("patient {own}"))
                    }
                    Change::Joined { uid, .. } | Change::Parted { uid, .. } => (FaultKind::WrongStudy, uid),
                    Change::Unsaid { uid, .. } | Change::Contradiction { uid, .. } => {
                        (FaultKind::WrongContradiction, uid)
                    }
                };
                self.fault(kind, at);
            }
        }
        Ok(())
    }

    fn looked_at(&mut self, object: &Object) {
        self.checked.objects += 1;
        self.checked.bytes += object.size;
    }
}

impl From<Above> for FaultKind {
    fn from(above: Above) -> Self {
        match above {
            Above::Series => Self::WrongSeries,
            Above::Study => Self::WrongStudy,
        }
    }
}

impl Store {
    /// An instance's object, what is wrong with it or its row, and what it says of itself where it is whole.
    async fn look_at_kept(
        &self,
        row: &AnyRow,
    ) -> Result<(Object, Option<FaultKind>, Option<Arrival>), StoreError> {
        let object = object_of(row)?;
        if let Some(fault) = self.fault_of(&object).await? {
            return Ok((object, Some(fault), None));
        }
        let arrival = self.arrival_of(object.clone(), row.try_get("origin")?).await?;
        let is_right = arrival.as_ref().map_or(Ok(false), |says| says.is_said_by_instance(row))?;
        Ok((object, (!is_right).then_some(FaultKind::WrongRow), arrival))
    }

    /// Why an object is not there as it was received.
    async fn fault_of(&self, object: &Object) -> Result<Option<FaultKind>, StoreError> {
        Ok(match self.inner.objects.sum(object).await? {
            None => Some(FaultKind::MissingObject),
            Some(is) if is.digest != object.digest || is.size != object.size => Some(FaultKind::WrongDigest),
            Some(is) if is.blocks != object.blocks => Some(FaultKind::WrongBlocks),
            Some(_) => None,
        })
    }

    /// Instances behind a number with the rows above them, as [`Arrival`] compares them.
    pub(crate) async fn instances_with_rows_above(
        &self,
        after: i64,
        limit: i64,
    ) -> Result<Vec<AnyRow>, StoreError> {
        // Its text is made of the words of this crate alone.
        let rows = sqlx::query(AssertSqlSafe(Arrival::with_rows_above())).bind(after).bind(limit);
        Ok(rows.fetch_all(self.inner.index.pool()).await?)
    }

    /// Objects that lie aside, behind a number.
    pub(crate) async fn some_aside(&self, after: i64, limit: i64) -> Result<Vec<AnyRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, instance_uid, study_uid, series_uid, digest, size, blocks FROM aside WHERE id > $1 ORDER BY id LIMIT $2",
        );
        Ok(rows.bind(after).bind(limit).fetch_all(self.inner.index.pool()).await?)
    }

    /// Hears an object that lies aside, where it is whole.
    pub(crate) async fn hear_aside(
        &self,
        heard: &mut Heard,
        row: &AnyRow,
        whole: Option<Object>,
    ) -> Result<(), StoreError> {
        let arrival = match whole {
            Some(object) => self.arrival_of(object, "").await?,
            None => None,
        };
        let own: (String, String) = match &arrival {
            Some(arrival) => (arrival.study_uid.clone(), arrival.series_uid.clone()),
            None => (row.try_get("study_uid")?, row.try_get("series_uid")?),
        };
        heard.hear_aside(&self.inner.index, (own.0.as_str(), own.1.as_str()), arrival.as_ref()).await
    }

    /// What an object says of itself, as its rows have it; `None` where it cannot be read.
    pub(crate) async fn arrival_of(
        &self,
        object: Object,
        origin: &str,
    ) -> Result<Option<Arrival>, StoreError> {
        arrival::arrival_of(&self.inner.objects, self.inner.incoming.folder(), object, origin).await
    }

    /// What is not as objects and people say of a page of the patients behind the number `after`, and the number to go on behind. What others write
    /// meanwhile is seen whole or not at all.
    async fn unsettled(&self, after: i64) -> Result<(Vec<Change>, Option<i64>), StoreError> {
        let index = &self.inner.index;
        let mut reading = index.read_as_of_now().await?;
        let patients: Vec<i64> =
            sqlx::query_scalar(PATIENTS).bind(after).bind(PAGE).fetch_all(&mut *reading).await?;
        let mut wrong = Vec::new();
        for patient in &patients {
            wrong.append(&mut settle::of(&mut reading, *patient, Which::All).await?);
        }
        reading.rollback().await?;
        Ok((wrong, patients.last().copied()))
    }
}

/// Patients by identifier behind the number `$1`, `$2` at most.
pub(crate) const PATIENTS: &str =
    "SELECT id FROM patients WHERE id > $1 AND parted_from = 0 ORDER BY id LIMIT $2";

pub(crate) fn object_of(row: &AnyRow) -> Result<Object, StoreError> {
    let size: i64 = row.try_get("size")?;
    Ok(Object { digest: row.try_get("digest")?, size: size.unsigned_abs(), blocks: row.try_get("blocks")? })
}
