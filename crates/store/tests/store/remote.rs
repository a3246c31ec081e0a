//! Objects in the network: an object store in memory, one that fails half-way, and one that forgets.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, UploadPart,
};
use peony_store::made_up::Pixels;
use peony_store::{FaultKind, Outcome, Store, StoreError};

use crate::kit::{self, CINE, SMALL, bytes, faults, file, kept, receive};

/// An object store that can be made to fail, at once or after the first part of an upload.
#[derive(Debug, Default)]
struct Failing {
    inside: InMemory,
    fails: Arc<AtomicBool>,
}

impl fmt::Display for Failing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object store that fails")
    }
}

fn outage() -> Error {
    Error::Generic { store: "test", source: "the network is gone".into() }
}

impl Failing {
    fn check(&self) -> Result<()> {
        if self.fails.load(Ordering::Relaxed) { Err(outage()) } else { Ok(()) }
    }
}

#[derive(Debug)]
struct HalfWay {
    inside: Box<dyn MultipartUpload>,
    fails: Arc<AtomicBool>,
    parts: usize,
}

#[async_trait]
impl MultipartUpload for HalfWay {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.parts += 1;
        if self.parts > 1 && self.fails.load(Ordering::Relaxed) {
            return Box::pin(async { Err(outage()) });
        }
        self.inside.put_part(data)
    }

    async fn complete(&mut self) -> Result<PutResult> {
        self.inside.complete().await
    }

    async fn abort(&mut self) -> Result<()> {
        self.inside.abort().await
    }
}

#[async_trait]
impl ObjectStore for Failing {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.check()?;
        self.inside.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let inside = self.inside.put_multipart_opts(location, options).await?;
        Ok(Box::new(HalfWay { inside, fails: Arc::clone(&self.fails), parts: 0 }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.check()?;
        self.inside.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.check()?;
        self.inside.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inside.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inside.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inside.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inside.copy_opts(from, to, options).await
    }
}

const LARGE: Pixels = Pixels::Native { frames: 2, size: [3000, 3000] };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objects_of_the_network_are_kept_like_files_and_an_outage_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let objects = Arc::new(Failing::default());
    let store = Store::open_with_objects(&kit::options(&folder), Arc::clone(&objects) as _).await.unwrap();
    let fail = |fails| objects.fails.store(fails, Ordering::Relaxed);

    fail(true);
    // One that is sent in one go, and one that fails after its first part.
    for (number, pixels) in [(1, SMALL), (2, LARGE)] {
        let refused = receive(&store, &file(number, &[], pixels)).await.unwrap_err();
        assert!(matches!(refused, StoreError::Remote(_)), "{refused}");
    }
    assert!(store.query(&kit::studies()).await.unwrap().found.is_empty(), "nothing half is shown");
    fail(false);
    assert!(faults(&store).await.is_empty());
    for (number, pixels) in [(1, SMALL), (2, LARGE), (3, CINE)] {
        let sent = file(number, &[], pixels);
        let receipt = receive(&store, &sent).await.unwrap();
        assert_eq!(receipt.outcome, Outcome::Kept);
        let kept = kept(&store, &receipt.instance_uid).await.unwrap();
        assert_eq!(bytes(&store, &kept).await.unwrap(), sent);
        assert!(store.frame(&kept, kept.frame_count - 1).await.is_ok());
        fail(true);
        assert!(matches!(bytes(&store, &kept).await, Err(StoreError::Remote(_))), "an outage is no damage");
        fail(false);
    }
    assert_eq!(receive(&store, &file(3, &[], CINE)).await.unwrap().outcome, Outcome::AlreadyThere);
    assert!(faults(&store).await.is_empty());

    // An object that was lost, and one that nobody knows.
    let uid = receive(&store, &file(3, &[], CINE)).await.unwrap().instance_uid;
    let digest = kept(&store, &uid).await.unwrap().object.digest;
    let place = Path::from(format!("{}/{digest}", &digest[..2]));
    object_store::ObjectStoreExt::delete(&objects.inside, &place).await.unwrap();
    let stray = Path::from("notes.txt");
    object_store::ObjectStoreExt::put(&objects.inside, &stray, "nobody's".into()).await.unwrap();
    let kinds: Vec<FaultKind> = faults(&store).await.into_iter().map(|fault| fault.kind).collect();
    assert_eq!(kinds, [FaultKind::MissingObject, FaultKind::StrayFile]);
    receive(&store, &file(3, &[], CINE)).await.unwrap();
    assert_eq!(faults(&store).await.len(), 1, "who still has it sends it again");
    let damaged = vec![0; file(3, &[], CINE).len()];
    object_store::ObjectStoreExt::put(&objects.inside, &place, damaged.into()).await.unwrap();
    assert_eq!(faults(&store).await.len(), 2);
    assert_eq!(receive(&store, &file(3, &[], CINE)).await.unwrap().outcome, Outcome::AlreadyThere);
    assert_eq!(faults(&store).await.len(), 1, "what is acknowledged is not only as long as it was");
}
