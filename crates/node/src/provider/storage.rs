//! C-STORE (PS3.4 Annex B): an object goes on to the archive as it comes, as a file of PS3.10, and Success means that it is on the disk.

use std::io;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use peony_store::Which;

use crate::archive::{Archive, ArchiveError, Receipt};
use crate::association::{Association, AssociationError, Message};
use crate::command::element;
use crate::provider::{refuse, shortened, with_comment};
use crate::status::Status;
use crate::{IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME};

pub(super) async fn store<A: Archive>(
    association: &mut Association,
    archive: &A,
    message: &Message,
    which: Which<'_>,
) -> Result<(), AssociationError> {
    let Message { context, command } = message;
    if !command.has_data_set() {
        return refuse(association, message, Status::MISTYPED_ARGUMENT, "the object is missing").await;
    }
    let Some(instance_uid) = command.uid(element::AFFECTED_SOP_INSTANCE_UID) else {
        return refuse(association, message, Status::INVALID_INSTANCE, "").await;
    };
    let origin = association.peer().to_owned();
    let meta = file_meta(context.class.uid, instance_uid, context.transfer_syntax, &origin);
    let mut failure = None;
    let parts = data_set(association, &mut failure);
    let file = stream::once(std::future::ready(Ok(meta))).chain(parts);
    let received = archive.receive(&origin, which, file).await;
    if let Some(failure) = failure {
        return Err(failure);
    }
    let (status, comment) = match received {
        Ok(receipt) => judge(&receipt, instance_uid),
        Err(error) => {
            // Names no value of the object.
            tracing::warn!(peer = origin, reason = %error, "an object is not kept");
            let (status, comment) = failure_of(&error);
            let comment = match &error {
                ArchiveError::NotUnderstood(why) => shortened(why),
                _ => comment,
            };
            return refuse(association, message, status, comment).await;
        }
    };
    association.send_command(context.id, &with_comment(command.response(status), comment)).await
}

fn judge(receipt: &Receipt, instance_uid: &str) -> (Status, &'static str) {
    if receipt.aside {
        (Status::KEPT_ASIDE, "another object has this UID: this one is kept beside it")
    } else if receipt.instance_uid != instance_uid {
        (Status::ANOTHER_OBJECT, "kept under the UID in its data set")
    } else {
        (Status::SUCCESS, "")
    }
}

pub(super) const fn failure_of(error: &ArchiveError) -> (Status, &'static str) {
    match error {
        ArchiveError::Full(_) => (Status::OUT_OF_RESOURCES, "no room"),
        ArchiveError::Unreachable(_) | ArchiveError::Interrupted => {
            (Status::OUT_OF_RESOURCES, "out of reach")
        }
        ArchiveError::NotAuthorized(_) => (Status::NOT_AUTHORIZED, "the study or the UID is another site's"),
        ArchiveError::NotAsked => (Status::CANNOT_UNDERSTAND, "not of what was asked for"),
        ArchiveError::NotUnderstood(_) => (Status::CANNOT_UNDERSTAND, "the data set cannot be read"),
    }
}

/// The data set, a part at a time. Where the association fails, the stream ends with an error and `failure` says why.
fn data_set<'a>(
    association: &'a mut Association,
    failure: &'a mut Option<AssociationError>,
) -> impl Stream<Item = io::Result<Bytes>> + Send + use<'a> {
    stream::unfold(Some((association, failure)), async |state| {
        let (association, failure) = state?;
        match association.next_data().await {
            Ok(part) => Some((Ok(part?), Some((association, failure)))),
            Err(error) => {
                *failure = Some(error);
                Some((Err(io::ErrorKind::UnexpectedEof.into()), None))
            }
        }
    })
}

/// Preamble, prefix and file meta information (PS3.10 §7.1), always explicit little endian. Its group length is true.
fn file_meta(class: &str, instance: &str, transfer_syntax: &str, source: &str) -> Bytes {
    let mut group = Vec::new();
    // Version 1, in the long form of OB.
    group.extend_from_slice(&[2, 0, 1, 0, b'O', b'B', 0, 0, 2, 0, 0, 0, 0, 1]);
    let mut put = |element: u8, vr: &[u8; 2], text: &str| {
        let padding = (!text.len().is_multiple_of(2)).then_some(if vr == b"UI" { 0 } else { b' ' });
        // UIDs and titles have 64 letters at most.
        let length = (text.len() + usize::from(padding.is_some())) as u16;
        group.extend_from_slice(&[2, 0, element, 0]);
        group.extend_from_slice(vr);
        group.extend_from_slice(&length.to_le_bytes());
        group.extend_from_slice(text.as_bytes());
        group.extend(padding);
    };
    put(0x02, b"UI", class);
    put(0x03, b"UI", instance);
    put(0x10, b"UI", transfer_syntax);
    put(0x12, b"UI", IMPLEMENTATION_CLASS_UID);
    put(0x13, b"SH", IMPLEMENTATION_VERSION_NAME);
    put(0x16, b"AE", source);
    let mut file = vec![0; 128];
    file.extend_from_slice(b"DICM");
    file.extend_from_slice(&[2, 0, 0, 0, b'U', b'L', 4, 0]);
    file.extend_from_slice(&(group.len() as u32).to_le_bytes());
    file.extend_from_slice(&group);
    file.into()
}
