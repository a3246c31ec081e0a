//! Objects, each under the SHA-256 of its bytes, in files or in an object store of the network.
//!
//! What is read is verified before it is handed out: a CRC-32 of each block of 128 KiB lies in the index, so one frame is checked by
//! reading the blocks that it touches. The SHA-256 is for [`crate::check`].

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use object_store::{ObjectStore, ObjectStoreExt as _, PutPayload, RetryConfig};
use sha2::{Digest as _, Sha256};

use crate::error::{StoreError, disk};
use crate::spool::Spool;

/// What is verified at a time.
pub(crate) const BLOCK_BYTES: u64 = 128 << 10;
/// What is read at a time of a whole object.
const STEP_BYTES: u64 = 1 << 20;
/// What is sent at a time into the network; S3 takes no part below 5 MiB but the last.
const PART_BYTES: u64 = 8 << 20;
/// How often the network is asked again, and for how long in all: whoever sends the object waits meanwhile, and sends it again where this fails.
const RETRIES: usize = 4;
const PATIENCE: Duration = Duration::from_secs(20);

/// One object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// SHA-256 of its bytes, in small hexadecimal digits.
    pub digest: String,
    /// Its length in bytes.
    pub size: u64,
    /// CRC-32 of each block, eight hexadecimal digits each.
    pub(crate) blocks: String,
}

impl Object {
    /// Checks bytes that begin at the block `first`.
    fn verify(&self, first: u64, bytes: &[u8]) -> Result<(), StoreError> {
        for (number, block) in (first..).zip(bytes.chunks(BLOCK_BYTES as usize)) {
            let at = usize::try_from(8 * number).unwrap_or(usize::MAX);
            let kept = self.blocks.get(at..at.saturating_add(8));
            if kept != Some(format!("{:08x}", crc32fast::hash(block)).as_str()) {
                return Err(self.damaged("its bytes are not those that were received"));
            }
        }
        Ok(())
    }

    /// The blocks that a range touches.
    fn blocks_around(&self, range: &Range<u64>) -> Result<Range<u64>, StoreError> {
        if range.end > self.size || range.start > range.end {
            return Err(StoreError::Missing("part of the object"));
        }
        let first = range.start / BLOCK_BYTES * BLOCK_BYTES;
        Ok(first..(range.end.div_ceil(BLOCK_BYTES) * BLOCK_BYTES).min(self.size))
    }

    /// A range out of the bytes of its blocks, once these are checked.
    fn verified(&self, range: &Range<u64>, whole: Range<u64>, bytes: &Bytes) -> Result<Bytes, StoreError> {
        if bytes.len() as u64 != whole.end - whole.start {
            return Err(self.damaged("it is cut off"));
        }
        self.verify(whole.start / BLOCK_BYTES, bytes)?;
        let from = (range.start - whole.start) as usize;
        Ok(bytes.slice(from..from + (range.end - range.start) as usize))
    }

    fn unread(&self, error: io::Error) -> StoreError {
        match error.kind() {
            io::ErrorKind::NotFound => self.damaged("it is not there"),
            io::ErrorKind::UnexpectedEof => self.damaged("it is cut off"),
            _ => disk("read an object")(error),
        }
    }

    pub(crate) fn damaged(&self, what: &'static str) -> StoreError {
        StoreError::Damaged { digest: self.digest.clone(), what }
    }

    /// Where it lies below the objects' folder.
    pub fn name(&self) -> String {
        name(&self.digest)
    }
}

pub(crate) fn name(digest: &str) -> String {
    format!("{}/{digest}", digest.get(..2).unwrap_or_default())
}

/// SHA-256 and blocks of bytes as they come.
pub(crate) struct Sum {
    sha: Sha256,
    crc: crc32fast::Hasher,
    in_block: u64,
    size: u64,
    blocks: String,
}

impl Sum {
    pub fn new() -> Self {
        Self {
            sha: Sha256::new(),
            crc: crc32fast::Hasher::new(),
            in_block: 0,
            size: 0,
            blocks: String::new(),
        }
    }

    pub fn update(&mut self, mut bytes: &[u8]) {
        self.sha.update(bytes);
        self.size += bytes.len() as u64;
        while !bytes.is_empty() {
            let fits = usize::try_from(BLOCK_BYTES - self.in_block).unwrap_or(usize::MAX).min(bytes.len());
            let (block, rest) = bytes.split_at(fits);
            self.crc.update(block);
            self.in_block += fits as u64;
            bytes = rest;
            if self.in_block == BLOCK_BYTES {
                self.end_block();
            }
        }
    }

    fn end_block(&mut self) {
        let crc = std::mem::take(&mut self.crc).finalize();
        // Writing into a string cannot fail.
        let _ = write!(self.blocks, "{crc:08x}");
        self.in_block = 0;
    }

    pub fn finish(mut self) -> Object {
        if self.in_block > 0 {
            self.end_block();
        }
        let digest = self.sha.finalize().iter().fold(String::with_capacity(64), |mut digest, byte| {
            let _ = write!(digest, "{byte:02x}");
            digest
        });
        Object { digest, size: self.size, blocks: self.blocks }
    }

    /// The same of everything that a reader gives.
    pub fn of(mut reader: impl Read) -> io::Result<Object> {
        let mut sum = Self::new();
        let mut buffer = vec![0; BLOCK_BYTES as usize];
        loop {
            match reader.read(&mut buffer)? {
                0 => return Ok(sum.finish()),
                read => sum.update(&buffer[..read]),
            }
        }
    }
}

/// Where objects are.
#[derive(Clone)]
pub(crate) enum Objects {
    /// In files below a folder.
    Files(PathBuf),
    /// In the network.
    Remote(Arc<dyn ObjectStore>),
}

/// Something that lies where objects do.
pub(crate) struct Listed {
    /// Its name below the objects' folder, with `/` between.
    pub name: String,
    /// When it was written last.
    pub written_at: SystemTime,
}

impl Listed {
    /// For how long it has been there; no time at all where the clock was put back.
    pub fn age(&self) -> Duration {
        self.written_at.elapsed().unwrap_or_default()
    }
}

impl Objects {
    /// The folder, with one for each first byte of a digest, so that no folder is made while objects are received.
    pub fn files(folder: &Path) -> Result<Self, StoreError> {
        let make = || {
            for first in 0..=255_u8 {
                fs::create_dir_all(folder.join(format!("{first:02x}")))?;
            }
            sync_folder(folder)
        };
        make().map_err(disk("make the objects' folder"))?;
        Ok(Self::Files(folder.to_owned()))
    }

    /// Where they are, where that is a folder.
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Self::Files(folder) => Some(folder),
            Self::Remote(_) => None,
        }
    }

    /// A bucket, at `s3://bucket/prefix`, with what the environment says of credentials (AWS_ACCESS_KEY_ID and its like).
    pub fn s3(address: &str) -> Result<Self, StoreError> {
        // Another part of the program may have chosen one: that is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let retry = RetryConfig { max_retries: RETRIES, retry_timeout: PATIENCE, ..RetryConfig::default() };
        let builder = object_store::aws::AmazonS3Builder::from_env().with_url(address).with_retry(retry);
        let bucket = builder.build()?;
        let prefix = address.splitn(4, '/').nth(3).unwrap_or_default();
        Ok(Self::Remote(Arc::new(object_store::prefix::PrefixStore::new(bucket, prefix))))
    }

    /// Sends a received object into the network; files are put where they belong by [`Self::publish`].
    pub async fn upload(&self, spool: &Spool, object: &Object) -> Result<(), StoreError> {
        let Self::Remote(store) = self else { return Ok(()) };
        let path = object_store::path::Path::from(object.name());
        let part = async |at: u64| {
            let (file, length) = (spool.path().to_owned(), (object.size - at).min(PART_BYTES));
            blocking(move || read_exact(&file, at, length)).await?.map_err(disk("read a received object"))
        };
        if object.size <= PART_BYTES {
            store.put(&path, PutPayload::from(part(0).await?)).await?;
            return Ok(());
        }
        let mut upload = store.put_multipart(&path).await?;
        let send = async {
            for at in (0..object.size).step_by(PART_BYTES as usize) {
                upload.put_part(PutPayload::from(part(at).await?)).await?;
            }
            upload.complete().await?;
            Ok(())
        };
        let sent: Result<(), StoreError> = send.await;
        if sent.is_err() {
            // What is half there costs room and is not listed; that it cannot be taken away is no second error.
            let _ = upload.abort().await;
        }
        sent
    }

    /// Gives received files their names, and syncs each folder once. The received files stay where they are, so that a crash before the
    /// rows are committed is seen at the next start.
    pub async fn publish(&self, received: Vec<(PathBuf, Object)>) -> Result<(), StoreError> {
        let Self::Files(folder) = self else { return Ok(()) };
        let folder = folder.clone();
        let publish = move || {
            let mut folders = BTreeSet::new();
            for (path, object) in received {
                let place = folder.join(object.name());
                match fs::hard_link(&path, &place) {
                    // The same bytes: if they are damaged there, they are well again now.
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => fs::rename(&path, &place)?,
                    linked => linked?,
                }
                folders.extend(place.parent().map(Path::to_owned));
            }
            folders.iter().try_for_each(|folder| sync_folder(folder))
        };
        blocking(publish).await?.map_err(disk("put an object in its place"))
    }

    /// Whether the object is there with its length.
    pub async fn is_there(&self, object: &Object) -> Result<bool, StoreError> {
        let length = match self {
            Self::Files(folder) => {
                let path = folder.join(object.name());
                match blocking(move || fs::metadata(path)).await? {
                    Ok(metadata) => Some(metadata.len()),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                    Err(error) => return Err(disk("look for an object")(error)),
                }
            }
            Self::Remote(store) => match store.head(&object_store::path::Path::from(object.name())).await {
                Ok(meta) => Some(meta.size),
                Err(object_store::Error::NotFound { .. }) => None,
                Err(error) => return Err(error.into()),
            },
        };
        Ok(length == Some(object.size))
    }

    /// Takes objects that no row names out of their places into a folder, which is made for them. What lies in the network stays: another program may
    /// be receiving it at this moment.
    pub fn set_aside(&self, digests: &[String], into: &Path) -> io::Result<()> {
        let Self::Files(folder) = self else { return Ok(()) };
        let there: Vec<&String> =
            digests.iter().filter(|digest| folder.join(name(digest)).exists()).collect();
        if there.is_empty() {
            return Ok(());
        }
        make_folder(into)?;
        for digest in &there {
            fs::rename(folder.join(name(digest)), into.join(digest))?;
        }
        // Where they are, before where they are no more.
        sync_folder(into)?;
        there.iter().try_for_each(|digest| sync_folder(&folder.join(digest.get(..2).unwrap_or_default())))
    }

    /// Gives what lies in such a folder its place again, where nothing has it: that is the same object, and may be the better copy.
    pub fn put_back(&self, from: &Path) -> io::Result<()> {
        let Self::Files(folder) = self else { return Ok(()) };
        for digest in digests_in(from)? {
            let place = folder.join(name(&digest));
            if place.exists() {
                continue;
            }
            fs::rename(from.join(&digest), place)?;
            sync_folder(&folder.join(digest.get(..2).unwrap_or_default()))?;
        }
        Ok(())
    }

    /// Takes a file away that no row names.
    pub fn remove(&self, digest: &str) -> io::Result<()> {
        match self {
            Self::Files(folder) => fs::remove_file(folder.join(name(digest))),
            // Another program may be receiving the same object at this moment.
            Self::Remote(_) => Ok(()),
        }
    }

    /// Bytes of an object, verified. They are read in one go, with the rest of the blocks that they touch.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where they are not what was received.
    pub async fn range(&self, object: &Object, range: Range<u64>) -> Result<Bytes, StoreError> {
        let whole = object.blocks_around(&range)?;
        let bytes = self.raw(object, whole.clone()).await?;
        object.verified(&range, whole, &bytes)
    }

    /// The same for a thread that may wait; the network is waited for by the runtime of `handle`.
    pub fn range_waiting(
        &self,
        object: &Object,
        range: Range<u64>,
        handle: &tokio::runtime::Handle,
    ) -> Result<Bytes, StoreError> {
        let Self::Files(folder) = self else { return handle.block_on(self.range(object, range)) };
        let whole = object.blocks_around(&range)?;
        let read = read_exact(&folder.join(object.name()), whole.start, whole.end - whole.start);
        let bytes = read.map_err(|error| object.unread(error))?;
        object.verified(&range, whole, &bytes)
    }

    async fn raw(&self, object: &Object, range: Range<u64>) -> Result<Bytes, StoreError> {
        match self {
            Self::Files(folder) => {
                let path = folder.join(object.name());
                let read = move || read_exact(&path, range.start, range.end - range.start);
                blocking(read).await?.map_err(|error| object.unread(error))
            }
            Self::Remote(store) => {
                let path = object_store::path::Path::from(object.name());
                match store.get_range(&path, range).await {
                    Ok(bytes) => Ok(bytes),
                    Err(object_store::Error::NotFound { .. }) => Err(object.damaged("it is not there")),
                    Err(error) => Err(error.into()),
                }
            }
        }
    }

    /// Bytes of an object, verified, a part at a time. After an error nothing follows.
    pub fn stream(
        &self,
        object: Object,
        range: Range<u64>,
    ) -> impl Stream<Item = Result<Bytes, StoreError>> + Send + use<> {
        let objects = self.clone();
        let last = range.end;
        stream::try_unfold(range.start, move |at| {
            let (objects, object) = (objects.clone(), object.clone());
            async move {
                if at >= last {
                    return Ok(None);
                }
                // To the end of a step, so that the next one begins with a block.
                let end = ((at / STEP_BYTES + 1) * STEP_BYTES).min(last);
                Ok(Some((objects.range(&object, at..end).await?, end)))
            }
        })
    }

    /// The first bytes of an object as they are now, whatever they should be; `None` where they cannot be read.
    pub async fn beginning(&self, object: &Object, length: u64) -> Option<Bytes> {
        self.raw(object, 0..length).await.ok()
    }

    /// The object as its bytes are now, whatever they should be; `None` where it is not there.
    pub async fn sum(&self, object: &Object) -> Result<Option<Object>, StoreError> {
        match self {
            Self::Files(folder) => {
                let path = folder.join(object.name());
                match blocking(move || Sum::of(File::open(path)?)).await? {
                    Ok(sum) => Ok(Some(sum)),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                    Err(error) => Err(disk("read an object")(error)),
                }
            }
            Self::Remote(store) => {
                let got = match store.get(&object_store::path::Path::from(object.name())).await {
                    Err(object_store::Error::NotFound { .. }) => return Ok(None),
                    got => got?,
                };
                let mut parts = got.into_stream();
                let mut sum = Sum::new();
                while let Some(part) = parts.try_next().await? {
                    sum.update(&part);
                }
                Ok(Some(sum.finish()))
            }
        }
    }

    /// The object as a file, for the scan; one of the network is fetched into `folder`.
    pub async fn file(&self, object: &Object, folder: &Path) -> Result<File, StoreError> {
        if let Self::Files(objects) = self {
            let path = objects.join(object.name());
            return blocking(move || File::open(path)).await?.map_err(disk("read an object"));
        }
        let mut file = tempfile::tempfile_in(folder).map_err(disk("make a file for a fetched object"))?;
        let mut parts = std::pin::pin!(self.stream(object.clone(), 0..object.size));
        while let Some(part) = parts.next().await {
            let part = part?;
            file = blocking(move || io::Write::write_all(&mut file, &part).map(|()| file))
                .await?
                .map_err(disk("write a fetched object"))?;
        }
        Ok(file)
    }

    /// Whether any object lies there but those of some digests.
    pub async fn has_others_than(&self, digests: BTreeSet<String>) -> Result<bool, StoreError> {
        match self {
            Self::Files(folder) => {
                let folder = folder.clone();
                let look = move || {
                    for first in 0..=255_u8 {
                        let first = format!("{first:02x}");
                        let inside = match fs::read_dir(folder.join(&first)) {
                            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                            inside => inside?,
                        };
                        for entry in inside {
                            let name = format!("{first}/{}", entry?.file_name().to_string_lossy());
                            if digest_of(&name).is_some_and(|digest| !digests.contains(digest)) {
                                return Ok(true);
                            }
                        }
                    }
                    Ok(false)
                };
                blocking(look).await?.map_err(disk("look for objects"))
            }
            Self::Remote(store) => {
                let mut listed = store.list(None);
                while let Some(meta) = listed.try_next().await? {
                    let name = meta.location.to_string();
                    if digest_of(&name).is_some_and(|digest| !digests.contains(digest)) {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
        }
    }

    /// Everything that lies where objects do.
    pub async fn list(&self) -> Result<Vec<Listed>, StoreError> {
        match self {
            Self::Files(folder) => {
                let folder = folder.clone();
                blocking(move || list_files(&folder)).await?.map_err(disk("list the objects"))
            }
            Self::Remote(store) => {
                let all: Vec<object_store::ObjectMeta> = store.list(None).try_collect().await?;
                let listed = all.into_iter().map(|meta| Listed {
                    name: meta.location.to_string(),
                    written_at: meta.last_modified.into(),
                });
                Ok(listed.collect())
            }
        }
    }
}

/// Whether a name of [`Objects::list`] is where the object of a digest lies, and which.
pub(crate) fn digest_of(listed: &str) -> Option<&str> {
    let (folder, digest) = listed.split_once('/')?;
    let is_digest =
        digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    (is_digest && digest.starts_with(folder) && folder.len() == 2).then_some(digest)
}

/// The objects that lie in a folder by their digests; none where it is missing.
pub(crate) fn digests_in(folder: &Path) -> io::Result<Vec<String>> {
    let inside = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        inside => inside?,
    };
    let names: Vec<String> = inside
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<io::Result<_>>()?;
    Ok(names.into_iter().filter(|digest| digest_of(&name(digest)).is_some()).collect())
}

fn list_files(folder: &Path) -> io::Result<Vec<Listed>> {
    let mut listed = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inside) = folders.pop() {
        for entry in fs::read_dir(&inside)? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            if metadata.is_dir() {
                folders.push(entry.path());
                continue;
            }
            let path = entry.path();
            let below = path.strip_prefix(folder).unwrap_or(&path);
            let name = below.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>();
            listed.push(Listed { name: name.join("/"), written_at: metadata.modified()? });
        }
    }
    Ok(listed)
}

fn read_exact(path: &Path, at: u64, length: u64) -> io::Result<Bytes> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(at))?;
    let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    file.read_exact(&mut bytes)?;
    Ok(bytes.into())
}

/// Makes a folder, with those above it that are missing, and syncs wherever there is a new name by it.
pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    let new = new_names(folder);
    fs::create_dir_all(folder)?;
    new.iter().try_for_each(|(above, _)| sync_folder(above))
}

/// The folders that have a name in them once a folder is made that they have not now, and that name.
fn new_names(folder: &Path) -> Vec<(PathBuf, PathBuf)> {
    let missing = folder.ancestors().take_while(|above| !above.as_os_str().is_empty() && !above.is_dir());
    let above = |of: &Path| match of.parent() {
        Some(above) if !above.as_os_str().is_empty() => above.to_owned(),
        _ => PathBuf::from("."),
    };
    missing.map(|folder| (above(folder), folder.to_owned())).collect()
}

/// A new name in a folder is on the disk only once the folder is.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// Runs what waits for the disk on a thread that may.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, StoreError> {
    // A thread that panicked has said so; what it did is not done.
    tokio::task::spawn_blocking(work).await.map_err(|_| StoreError::Closed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_folder_that_gets_a_new_name_is_synced() {
        let there = tempfile::tempdir().unwrap();
        let data = there.path().join("some/data");
        let store = data.join("store");
        let some = there.path().join("some");
        let names = [(data.clone(), store.clone()), (some.clone(), data), (there.path().to_owned(), some)];
        assert_eq!(new_names(&store), names);
        make_folder(&store).unwrap();
        assert!(store.is_dir());
        assert!(new_names(&store).is_empty(), "there are none the second time");
        assert_eq!(new_names(Path::new("of-no-folder")), [(".".into(), "of-no-folder".into())]);
    }
}
