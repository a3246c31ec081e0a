//! What can go wrong. No message holds a value of an object (invariant 5): UIDs, names and identifiers stay out of it.

use peony_dicom::DicomError;

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk is nearly full. Nothing was kept; the same call succeeds when there is room again.
    #[error("the disk is nearly full: {free} bytes are free, {needed} must stay free")]
    Full {
        /// Bytes that are free.
        free: u64,
        /// Bytes that must stay free, with those that are being received.
        needed: u64,
    },
    /// The object could not be read.
    #[error(transparent)]
    Dicom(#[from] DicomError),
    /// The object lacks what every object has, or has something else in its place.
    #[error("{0} is missing or no UID: the object cannot be kept")]
    NoUid(&'static str),
    /// The object is of another study or series than was said.
    #[error("the object is of another study or series than was said")]
    OtherStudy {
        /// SOP Class UID.
        sop_class_uid: String,
        /// SOP Instance UID.
        instance_uid: String,
    },
    /// The object is of a study of another site than its sender's, or has the UID of an object of one.
    #[error("the study or the UID of the object is another site's")]
    OtherSite {
        /// SOP Class UID.
        sop_class_uid: String,
        /// SOP Instance UID.
        instance_uid: String,
    },
    /// Whoever sends the object stopped.
    #[error("the object did not arrive whole: {0}")]
    Interrupted(std::io::Error),
    /// Another process holds the index longer than this one waits. The same call may succeed later.
    #[error("the index is locked by another process")]
    Locked,
    /// The index refused.
    #[error("the index: {0}")]
    Index(sqlx::Error),
    /// The index was made by a later version of this program.
    #[error("the index has the schema {found}, this program knows {known}")]
    Later {
        /// Of the index.
        found: i64,
        /// Of the program.
        known: i64,
    },
    /// The index was made by an earlier version of this program, which is to read it and nothing more.
    #[error(
        "the index has the schema {found}, this program knows {known} and changes it once it is opened to write: start `peony serve` first"
    )]
    Earlier {
        /// Of the index.
        found: i64,
        /// Of the program.
        known: i64,
    },
    /// Objects are kept, and the index is missing or has nothing of any: what was received would not be shown.
    #[error(
        "the index is missing or empty and objects are kept: {}put its copy back, or let `peony check --repair` write it anew from the objects \
         (accounts, sites, orders and the audit are not in them)",
        elsewhere(.in_folder)
    )]
    LostIndex {
        /// It is looked for in the data folder.
        in_folder: bool,
    },
    /// The file of the index was deleted or replaced while it was open: what would be written is in no file that anybody finds.
    #[error(
        "the file of the index was deleted or replaced under the running program, which takes nothing any more: stop it, put the file back or let \
         `peony check --repair` write it anew from the objects, and start it again"
    )]
    GoneIndex,
    /// The same of the folder of the objects: another one is in its place, or none.
    #[error(
        "the folder of the objects was replaced or unmounted under the running program, which takes nothing any more: put it back, and start the \
         program again"
    )]
    GoneObjects,
    /// The index has an object whose study or series it has not: nothing that this program does.
    #[error("the index has the object without its study: `peony check` says what else is missing")]
    Torn,
    /// Another process has the folder open.
    #[error("the data folder is in use by another process")]
    InUse,
    /// Files could not be read or written.
    #[error("cannot {what}: {why}")]
    Disk {
        /// What was being done.
        what: &'static str,
        /// Why not. It is said above, and is no source: whoever writes an error with its sources would say it twice.
        why: std::io::Error,
    },
    /// The object store in the network refused or was not there.
    #[error("the object store: {0}")]
    Remote(#[from] object_store::Error),
    /// An object is not what was kept: it must not be handed out.
    #[error("the object of digest {digest} is damaged: {what}")]
    Damaged {
        /// Its digest.
        digest: String,
        /// What is wrong.
        what: &'static str,
    },
    /// Not every frame of an object is decoded here, or coded as is wanted, as was found before: it can be handed out as it is kept.
    #[error("not all frames of the object are decoded here, or written so")]
    Undecoded,
    /// There is nothing of that kind.
    #[error("there is no such {0}")]
    Missing(&'static str),
    /// What shall be kept is not of the form that it must have.
    #[error("{0}")]
    Unfit(String),
    /// What only one may have is another's.
    #[error("{0}")]
    Taken(&'static str),
    /// What was asked contradicts itself or the state of things.
    #[error("{0}")]
    Refused(&'static str),
    /// The program is stopping.
    #[error("the store is closed")]
    Closed,
}

/// An index in a database is not lost because nobody said so.
fn elsewhere(in_folder: &bool) -> &'static str {
    if *in_folder { "where it is in PostgreSQL say so by `--index`, else " } else { "" }
}

impl StoreError {
    /// Whether everything else that waits would fail alike.
    pub(crate) fn concerns_all(&self) -> bool {
        match self {
            Self::Full { .. }
            | Self::Locked
            | Self::Disk { .. }
            | Self::GoneIndex
            | Self::GoneObjects
            | Self::Closed => true,
            Self::Index(error) => error.as_database_error().is_none(),
            _ => false,
        }
    }
}

impl StoreError {
    /// What it is called among figures.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Full { .. } => "full",
            Self::Dicom(_) => "unreadable",
            Self::NoUid(_) => "no_uid",
            Self::OtherStudy { .. } => "other_study",
            Self::OtherSite { .. } => "other_site",
            Self::Interrupted(_) => "interrupted",
            Self::Locked => "locked",
            Self::Index(_)
            | Self::Later { .. }
            | Self::Earlier { .. }
            | Self::LostIndex { .. }
            | Self::GoneIndex
            | Self::Torn => "index",
            Self::Disk { .. } | Self::GoneObjects | Self::InUse => "disk",
            Self::Remote(_) => "object_store",
            Self::Damaged { .. } => "damaged",
            Self::Undecoded => "undecoded",
            Self::Missing(_) => "missing",
            Self::Unfit(_) | Self::Taken(_) | Self::Refused(_) => "refused",
            Self::Closed => "closed",
        }
    }

    /// What the store said, where a file of it was read like any other and what went wrong is wrapped.
    #[must_use]
    pub fn of_reading(self) -> Self {
        match self {
            Self::Dicom(DicomError::Io(error)) => {
                error.downcast().unwrap_or_else(|error| DicomError::Io(error).into())
            }
            other => other,
        }
    }

    /// The same said to another one who waits, for errors that concern all.
    pub(crate) fn again(&self) -> Self {
        match self {
            Self::Full { free, needed } => Self::Full { free: *free, needed: *needed },
            Self::Locked => Self::Locked,
            Self::GoneIndex => Self::GoneIndex,
            Self::GoneObjects => Self::GoneObjects,
            Self::Disk { what, why } => {
                Self::Disk { what, why: std::io::Error::new(why.kind(), why.to_string()) }
            }
            Self::Index(error) => Self::Index(sqlx::Error::Protocol(error.to_string())),
            _ => Self::Closed,
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        // SQLite's primary result codes (https://sqlite.org/rescode.html): BUSY 5, LOCKED 6, FULL 13.
        let code = error.as_database_error().and_then(|error| error.code());
        let error = match code.and_then(|code| code.parse::<u32>().ok()).map(|code| code & 0xFF) {
            Some(5 | 6) if is_sqlite(&error) => Self::Locked,
            Some(13) if is_sqlite(&error) => Self::Full { free: 0, needed: 0 },
            _ => Self::Index(error),
        };
        metrics::counter!("peony_store_index_errors_total", "why" => error.name()).increment(1);
        error
    }
}

/// PostgreSQL's codes are five letters or digits, such as 55P03 or 23505.
fn is_sqlite(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code.len() < 5)
}

impl StoreError {
    /// Why the bytes of an object do not come: the sender stopped, or what was kept of it here cannot be read.
    pub(crate) fn of_sender(error: std::io::Error) -> Self {
        error.downcast::<Self>().unwrap_or_else(Self::Interrupted)
    }
}

/// The error of a file operation, with what it was for.
pub(crate) fn disk(what: &'static str) -> impl FnOnce(std::io::Error) -> StoreError {
    move |why| match why.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            StoreError::Full { free: 0, needed: 0 }
        }
        _ => StoreError::Disk { what, why },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_disk_says_is_said_once() {
        let error = disk("lock the data folder")(std::io::ErrorKind::PermissionDenied.into());
        assert_eq!(error.to_string(), "cannot lock the data folder: permission denied");
        // Whoever writes an error with all its sources says it once.
        assert!(std::error::Error::source(&error).is_none());
    }
}
