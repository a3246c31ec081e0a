//! The beginning of an object that is being received: it tells which one it is, also where the object is refused before all of it is there.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};

/// Preamble and file meta information are some hundred bytes.
const MOST_BYTES: usize = 4096;

/// What has come, up to some bytes.
#[derive(Clone, Default)]
pub(super) struct Beginning(Arc<Mutex<Vec<u8>>>);

impl Beginning {
    /// The same bytes, of which the first are remembered.
    pub fn watched(
        &self,
        bytes: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        let beginning = self.clone();
        bytes.inspect(move |part| {
            if let Ok(part) = part {
                beginning.remember(part);
            }
        })
    }

    fn remember(&self, part: &[u8]) {
        let mut beginning = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = MOST_BYTES - beginning.len();
        beginning.extend_from_slice(&part[..part.len().min(room)]);
    }

    /// SOP Class UID and SOP Instance UID, where they have come.
    pub fn uids(&self) -> Option<[String; 2]> {
        peony_dicom::uids_said(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
