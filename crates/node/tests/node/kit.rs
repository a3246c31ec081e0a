//! A node that runs, what it keeps in a folder, and objects to send.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use peony_dicom::{Attribute, Attributes, Encoding, Level, Outline, Tag, level_of, write_data_set};
use peony_node::archive::{ArchiveError, DataSet, Found, Instance, Question, Receipt, Which};
use peony_node::identifier::{INSTANCE_UID, LEVELS, PATIENT_ID, SERIES_UID, STUDY_UID};
use peony_node::sop_class::{self, SopClass};
use peony_node::transfer_syntax::EXPLICIT_LITTLE;
use peony_node::{Archive, Association, Configuration, Proposal, Records, Transport, connect, serve};
use peony_store::{Owed, StepAnswer};
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

pub const US: &str = "1.2.840.10008.5.1.4.1.1.6.1";
pub const SOP_CLASS: Tag = Tag(0x0008, 0x0016);
pub const NAME: Tag = Tag(0x0010, 0x0010);

/// A node over loopback.
pub struct Running<A = Folder> {
    pub address: SocketAddr,
    pub archive: A,
    pub configuration: watch::Sender<Arc<Configuration>>,
    stop: Option<oneshot::Sender<()>>,
    pub task: tokio::task::JoinHandle<()>,
}

impl Running {
    /// Who did what, once so many lines are written down: the last of them may be a moment behind its answer.
    pub async fn noted(&self, lines: usize) -> Vec<[String; 3]> {
        for _ in 0..200 {
            if self.archive.noted().len() >= lines {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.archive.noted()
    }

    pub async fn start(configuration: Configuration) -> Self {
        Self::start_over(Transport::Plain, Folder::default(), configuration).await
    }
}

impl<A: Archive + Records> Running<A> {
    pub async fn start_over(transport: Transport, archive: A, configuration: Configuration) -> Self {
        let any = "127.0.0.1:0".parse().unwrap();
        Self::start_at(any, transport, archive, configuration).await
    }

    pub async fn start_at(
        address: SocketAddr,
        transport: Transport,
        archive: A,
        configuration: Configuration,
    ) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (configuration, current) = watch::channel(Arc::new(configuration));
        let (stop, stopped) = oneshot::channel();
        let served = serve(listener, transport, archive.clone(), current, async {
            let _ = stopped.await;
        });
        Self { address, archive, configuration, stop: Some(stop), task: tokio::spawn(served) }
    }

    pub fn stop(&mut self) {
        drop(self.stop.take());
    }

    /// An association with it, for these classes in explicit little endian.
    pub async fn associate(&self, classes: &[&str]) -> Association {
        let proposals = classes.iter().map(|uid| proposal(uid, &[EXPLICIT_LITTLE])).collect::<Vec<_>>();
        let (ours, theirs) = ("SENDER".parse().unwrap(), "PEONY".parse().unwrap());
        connect(&self.address.to_string(), None, &ours, &theirs, &proposals, &Default::default())
            .await
            .unwrap()
    }
}

/// A node that takes everybody.
pub fn open() -> Configuration {
    Configuration::open("PEONY".parse().unwrap())
}

pub fn class(uid: &str) -> SopClass {
    sop_class::of(uid).unwrap()
}

pub fn proposal(uid: &str, transfer_syntaxes: &[&'static str]) -> Proposal {
    Proposal { class: class(uid), transfer_syntaxes: transfer_syntaxes.to_vec(), provides: false }
}

pub fn text(tag: Tag, value: &str) -> (Tag, Attribute) {
    let values = if value.is_empty() { Vec::new() } else { vec![value.to_owned()] };
    (tag, Attribute::of(tag, values))
}

/// An object of the class of ultrasound: who, which examination, which series, which instance.
#[derive(Clone)]
pub struct Sample {
    pub class: &'static str,
    pub patient: &'static str,
    pub study: String,
    pub series: String,
    pub instance: String,
    pub pixels: usize,
}

impl Sample {
    pub fn number(number: u32) -> Self {
        let study = format!("1.2.826.0.1.3680043.9.{}", number / 10);
        Self {
            class: US,
            patient: "王^小明",
            series: format!("{study}.1"),
            instance: format!("{study}.1.{number}"),
            study,
            pixels: 64 * 64,
        }
    }

    pub fn data_set(&self) -> Vec<u8> {
        let attributes: Attributes = [
            text(SOP_CLASS, self.class),
            text(INSTANCE_UID, &self.instance),
            text(Tag(0x0008, 0x0020), "20261126"),
            text(Tag(0x0008, 0x0060), "US"),
            text(NAME, self.patient),
            text(PATIENT_ID, "P-1"),
            text(STUDY_UID, &self.study),
            text(SERIES_UID, &self.series),
            text(Tag(0x0028, 0x0002), "1"),
            text(Tag(0x0028, 0x0004), "MONOCHROME2"),
            text(Tag(0x0028, 0x0010), "64"),
            text(Tag(0x0028, 0x0011), &(self.pixels / 64).to_string()),
            text(Tag(0x0028, 0x0100), "8"),
            text(Tag(0x0028, 0x0101), "8"),
            text(Tag(0x0028, 0x0102), "7"),
            text(Tag(0x0028, 0x0103), "0"),
        ]
        .into();
        let mut bytes = write_data_set(&attributes, Encoding::ExplicitLittle).unwrap();
        bytes.extend_from_slice(b"\xE0\x7F\x10\x00OB\0\0");
        bytes.extend_from_slice(&(self.pixels as u32).to_le_bytes());
        bytes.extend((0..self.pixels).map(|at| (at % 251) as u8));
        bytes
    }

    pub fn as_instance(&self) -> Instance {
        Instance {
            study_uid: self.study.clone(),
            sop_class_uid: self.class.to_owned(),
            instance_uid: self.instance.clone(),
            transfer_syntax_uid: EXPLICIT_LITTLE.to_owned(),
        }
    }

    /// A file of PS3.10 with it.
    pub fn write(&self, path: &std::path::Path) {
        let mut file = vec![0; 128];
        file.extend_from_slice(b"DICM");
        let mut meta = Vec::new();
        for (element, value) in
            [(2_u8, self.class), (3, &self.instance), (0x10, EXPLICIT_LITTLE), (0x12, "1.2.3")]
        {
            let mut value = value.as_bytes().to_vec();
            value.resize(value.len().next_multiple_of(2), 0);
            meta.extend_from_slice(&[2, 0, element, 0, b'U', b'I', value.len() as u8, 0]);
            meta.extend_from_slice(&value);
        }
        file.extend_from_slice(&[2, 0, 0, 0, b'U', b'L', 4, 0]);
        file.extend_from_slice(&(meta.len() as u32).to_le_bytes());
        file.extend_from_slice(&meta);
        file.extend_from_slice(&self.data_set());
        std::fs::write(path, file).unwrap();
    }
}

/// A data set in parts of 10,000 bytes.
pub fn parts(bytes: Vec<u8>) -> impl Stream<Item = io::Result<Bytes>> + Send {
    let bytes = Bytes::from(bytes);
    let starts = (0..bytes.len()).step_by(10_000);
    stream::iter(starts.map(move |at| Ok(bytes.slice(at..bytes.len().min(at + 10_000)))).collect::<Vec<_>>())
}

/// An archive in a folder, for tests.
#[derive(Clone, Default)]
pub struct Folder(Arc<Inner>);

struct Inner {
    folder: tempfile::TempDir,
    files: AtomicUsize,
    kept: Mutex<Vec<(Outline, PathBuf)>>,
    /// It has no room.
    full: AtomicBool,
    largest_part: AtomicUsize,
    damaged: Mutex<Vec<String>>,
    noted: Mutex<Vec<[String; 3]>>,
}

impl Default for Inner {
    fn default() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            files: AtomicUsize::new(0),
            kept: Mutex::default(),
            full: AtomicBool::new(false),
            largest_part: AtomicUsize::new(0),
            damaged: Mutex::default(),
            noted: Mutex::default(),
        }
    }
}

impl Folder {
    pub fn fill(&self, full: bool) {
        self.0.full.store(full, Ordering::Relaxed);
    }

    pub fn largest_part(&self) -> usize {
        self.0.largest_part.load(Ordering::Relaxed)
    }

    pub fn count(&self) -> usize {
        self.0.kept.lock().unwrap().len()
    }

    /// The data set of an instance as it lies on the disk.
    pub fn kept(&self, instance_uid: &str) -> Option<(Outline, Vec<u8>)> {
        let kept = self.0.kept.lock().unwrap();
        let (outline, path) = kept.iter().find(|(outline, _)| outline.text(INSTANCE_UID) == instance_uid)?;
        let file = std::fs::read(path).unwrap();
        Some((outline.clone(), file[outline.data_set as usize..].to_vec()))
    }

    /// What lies before the data set of an instance.
    pub fn meta(&self, instance_uid: &str) -> Option<Vec<u8>> {
        let kept = self.0.kept.lock().unwrap();
        let (outline, path) = kept.iter().find(|(outline, _)| outline.text(INSTANCE_UID) == instance_uid)?;
        let mut file = std::fs::read(path).unwrap();
        file.truncate(outline.data_set as usize);
        Some(file)
    }

    /// Who did what, as it was written down.
    pub fn noted(&self) -> Vec<[String; 3]> {
        self.0.noted.lock().unwrap().clone()
    }

    /// The disk has lost the end of an instance.
    pub fn damage(&self, instance_uid: &str) {
        self.0.damaged.lock().unwrap().push(instance_uid.to_owned());
    }

    /// As if a peer had sent it.
    pub async fn put(&self, sample: &Sample) {
        let path = self.0.folder.path().join("put.dcm");
        sample.write(&path);
        let file = std::fs::read(&path).unwrap();
        self.receive("TEST", peony_store::Which::default(), stream::iter([Ok(Bytes::from(file))]))
            .await
            .unwrap();
    }
}

/// There are no sites here.
impl Archive for Folder {
    async fn seen_by(&self, title: &str) -> Result<Self, ArchiveError> {
        assert!(!title.is_empty());
        Ok(self.clone())
    }

    async fn brought_by(&self, title: &str) -> Result<Self, ArchiveError> {
        self.seen_by(title).await
    }

    async fn receive<S>(
        &self,
        origin: &str,
        which: peony_store::Which<'_>,
        file: S,
    ) -> Result<Receipt, ArchiveError>
    where
        S: Stream<Item = io::Result<Bytes>> + Send,
    {
        assert!(!origin.is_empty());
        let number = self.0.files.fetch_add(1, Ordering::Relaxed);
        let path = self.0.folder.path().join(format!("{number}.dcm"));
        let mut written = std::fs::File::create(&path).unwrap();
        let mut parts = std::pin::pin!(file);
        while let Some(part) = parts.next().await {
            let part = part.map_err(|_| ArchiveError::Interrupted)?;
            self.0.largest_part.fetch_max(part.len(), Ordering::Relaxed);
            written.write_all(&part).unwrap();
            if self.0.full.load(Ordering::Relaxed) {
                return Err(ArchiveError::Full("for a test".to_owned()));
            }
        }
        let read = std::fs::File::open(&path).unwrap();
        let outline =
            peony_dicom::outline(&read).map_err(|error| ArchiveError::NotUnderstood(error.to_string()))?;
        if which.study_uid.is_some_and(|study_uid| study_uid != outline.text(STUDY_UID)) {
            return Err(ArchiveError::NotAsked);
        }
        let instance_uid = outline.text(INSTANCE_UID).to_owned();
        if instance_uid.is_empty() {
            return Err(ArchiveError::NotUnderstood("without a UID".to_owned()));
        }
        let there = self.kept(&instance_uid);
        let data_set = std::fs::read(&path).unwrap().split_off(outline.data_set as usize);
        let aside = there.as_ref().is_some_and(|(_, kept)| *kept != data_set);
        if there.is_none() {
            self.0.kept.lock().unwrap().push((outline, path));
        }
        Ok(Receipt { instance_uid, aside })
    }

    async fn find(
        &self,
        question: &Question,
        behind: Option<String>,
        most: usize,
    ) -> Result<Found, ArchiveError> {
        let offset = behind.map_or(0, |behind| behind.parse::<usize>().unwrap());
        let unique = LEVELS.iter().find(|(level, ..)| *level == question.level).unwrap().2;
        let mut matches: Vec<Attributes> = Vec::new();
        for (outline, _) in self.0.kept.lock().unwrap().iter() {
            let mut found = outline.attributes.clone();
            found.retain(|tag, _| level_of(*tag).is_some_and(|level| level <= question.level));
            let fits = question.keys.iter().all(|(tag, key)| {
                let value = outline.text(*tag);
                key.values.is_empty() || key.values.iter().any(|key| fits(key, value))
            });
            if fits && matches.iter().all(|other| other.get(&unique) != found.get(&unique)) {
                matches.push(found);
            }
        }
        let matches: Vec<Attributes> = matches.into_iter().skip(offset).take(most).collect();
        let passed_over = question.keys.keys().filter(|tag| level_of(**tag).is_none()).copied().collect();
        let last = Some((offset + matches.len()).to_string());
        Ok(Found { matches, passed_over, last })
    }

    async fn instances(&self, which: &Which) -> Result<Vec<Instance>, ArchiveError> {
        let kept = self.0.kept.lock().unwrap();
        let fits = |outline: &Outline| {
            let said = [
                (PATIENT_ID, &which.patients),
                (STUDY_UID, &which.studies),
                (SERIES_UID, &which.series),
                (INSTANCE_UID, &which.instances),
            ];
            said.iter().all(|(tag, any)| any.is_empty() || any.iter().any(|uid| uid == outline.text(*tag)))
        };
        let found = kept.iter().filter(|(outline, _)| fits(outline)).map(|(outline, _)| Instance {
            study_uid: outline.text(STUDY_UID).to_owned(),
            sop_class_uid: outline.text(SOP_CLASS).to_owned(),
            instance_uid: outline.text(INSTANCE_UID).to_owned(),
            transfer_syntax_uid: outline.transfer_syntax_uid.clone(),
        });
        Ok(found.collect())
    }

    async fn note(&self, who: &str, act: &str, what: &str) -> Result<(), ArchiveError> {
        self.0.noted.lock().unwrap().push([who, act, what].map(str::to_owned));
        Ok(())
    }

    async fn note_refused(&self, from: std::net::IpAddr, what: &str) -> Result<(), ArchiveError> {
        self.note(&from.to_string(), "refused", what).await
    }

    /// As it is kept only: tests of what is written anew have the store.
    async fn data_set(&self, instance: &Instance, transfer_syntax: &str) -> Result<DataSet, ArchiveError> {
        if instance.transfer_syntax_uid != transfer_syntax {
            return Err(ArchiveError::NotUnderstood("for a test".to_owned()));
        }
        let damaged = self.0.damaged.lock().unwrap().contains(&instance.instance_uid);
        let end = damaged.then(|| Err(io::Error::other("damaged, for a test")));
        Ok(parts(self.kept(&instance.instance_uid).unwrap().1).chain(stream::iter(end)).boxed())
    }
}

/// Nothing is ordered, and what is said is forgotten: tests of records have the store.
impl Records for Folder {
    async fn open_orders(&self, _: [&str; 2], _: i64) -> Result<Vec<(i64, Attributes)>, ArchiveError> {
        Ok(Vec::new())
    }

    async fn begin_step(&self, _: &str, _: &str, _: &Attributes) -> Result<StepAnswer, ArchiveError> {
        Err(ArchiveError::Unreachable("for a test".to_owned()))
    }

    async fn change_step(&self, _: &str, _: &str, _: &Attributes) -> Result<StepAnswer, ArchiveError> {
        Err(ArchiveError::Unreachable("for a test".to_owned()))
    }

    async fn ask_commitment(&self, _: &str, _: &str, _: &[String]) -> Result<(), ArchiveError> {
        Err(ArchiveError::Unreachable("for a test".to_owned()))
    }

    async fn answer_commitment(&self, _: &str, _: &str, _: &[String]) -> Result<bool, ArchiveError> {
        Ok(false)
    }

    async fn has_aside(&self, _: &str, _: &str) -> Result<bool, ArchiveError> {
        Ok(false)
    }

    async fn owe_report(&self, _: &Owed) -> Result<(), ArchiveError> {
        Err(ArchiveError::Unreachable("for a test".to_owned()))
    }

    async fn promised(&self, _: &[String]) -> Result<(), ArchiveError> {
        Ok(())
    }
}

/// `*` at the end, or the whole text.
fn fits(key: &str, value: &str) -> bool {
    key.strip_suffix('*').map_or(key == value, |begin| value.starts_with(begin))
}

/// The level of a query by its word.
pub fn level(level: Level) -> (Tag, Attribute) {
    text(peony_node::identifier::LEVEL, peony_node::identifier::word(level))
}
