//! Whether two files are one object in two encodings (PS3.5 §7.5, §10): a sender that sends again may agree on another transfer syntax, or write its
//! sequences another way, and has said nothing new.

use std::cell::RefCell;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;
use std::sync::Arc;

use peony_dicom::pixels::ImageHeader;
use peony_dicom::written::Target;
use peony_dicom::{DicomError, Rewriting, rewrite};
use sha2::{Digest as _, Sha256};

use crate::error::{StoreError, disk};
use crate::objects::{Object, Objects, blocking};
use crate::retrieve::Reader;

/// In which pixels are not compressed, so that what is written anew is what was said (PS3.5 §A.1, §A.2, §A.3, §A.5).
const UNCOMPRESSED: [&str; 4] =
    ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"];

impl Objects {
    /// Whether the received file and the kept object have the same elements with the same values. What cannot be read, and what is compressed, is
    /// another object.
    pub(crate) async fn say_the_same(
        &self,
        (received, received_in): (&Path, &str),
        (kept, kept_in): (&Object, &str),
    ) -> Result<bool, StoreError> {
        if ![received_in, kept_in].iter().all(|syntax| UNCOMPRESSED.contains(syntax)) {
            return Ok(false);
        }
        let kept = Reader::of(self.clone(), kept.clone());
        let path = received.to_owned();
        blocking(move || {
            let received = File::open(path).map_err(disk("read a received object"))?;
            let received = said_in(Shared(Arc::new(received)));
            Ok(received.is_some() && received == said_in(kept))
        })
        .await?
    }
}

/// SHA-256 of a data set as it is in implicit little endian, where nothing but tags, values and their order is left; `None` where it cannot be read.
fn said_in(file: impl Read + Seek + Clone) -> Option<[u8; 32]> {
    let sum = Summing(RefCell::default());
    rewrite(file, None, Target::ImplicitLittle, &sum).ok()?;
    Some(sum.0.into_inner().finalize().into())
}

/// The sum of what is written.
struct Summing(RefCell<Sha256>);

impl Rewriting for Summing {
    type Fault = DicomError;

    fn coded(&self, _: u64) -> Result<Vec<u8>, DicomError> {
        Err(DicomError::Unsupported("compressed pixels"))
    }

    fn decode<T>(&self, _: &ImageHeader, _: impl FnOnce() -> T) -> Result<T, DicomError> {
        Err(DicomError::Unsupported("compressed pixels"))
    }

    fn take(&self, bytes: Vec<u8>) -> Result<(), DicomError> {
        self.0.borrow_mut().update(&bytes);
        Ok(())
    }
}

/// A file that several read from one place.
#[derive(Clone)]
struct Shared(Arc<File>);

impl Read for Shared {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        (&*self.0).read(into)
    }
}

impl Seek for Shared {
    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        (&*self.0).seek(to)
    }
}
