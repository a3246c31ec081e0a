//! C-STORE (PS3.4 Annex B): an object goes on to the archive as it comes, as a file of PS3.10, and Success means that it is on the disk.

use std::io::{self, Cursor};

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _, stream};
use peony_dicom::{DicomError, Elements, Step, Tag, is_uid};
use peony_store::Which;

use crate::archive::{Archive, ArchiveError, Receipt};
use crate::association::{Association, AssociationError, Message};
use crate::command::element;
use crate::provider::{refuse, shortened, with_comment};
use crate::status::Status;
use crate::{IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME};

/// How much of a data set is looked at before it is taken.
const HEAD_BYTES: usize = 4 << 10;
/// The longest UID, padded.
const UID_BYTES: usize = 128;

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
    let meta = |instance_uid| file_meta(&context.class.uid, instance_uid, context.transfer_syntax, &origin);
    let (head, ended) = head_of(association).await?;
    let [class, instance] = said_in(&[&meta(instance_uid), &head[..]].concat());
    if class.is_some_and(|class| class != context.class.uid) {
        let comment = "another SOP class in the data set";
        return refuse(association, message, Status::DATA_SET_DOES_NOT_MATCH, comment).await;
    }
    // A file says of itself what its data set says.
    let meta = meta(instance.as_deref().unwrap_or(instance_uid));
    let mut failure = None;
    let rest = (!ended).then(|| data_set(association, &mut failure));
    let file = stream::iter([Ok(meta), Ok(head)]).chain(stream::iter(rest).flatten());
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

/// The beginning of the data set, with its SOP class and instance in it, and whether that is all of it.
async fn head_of(association: &mut Association) -> Result<(Bytes, bool), AssociationError> {
    let mut head = BytesMut::new();
    while head.len() < HEAD_BYTES {
        match association.next_data().await? {
            Some(part) => head.extend_from_slice(&part),
            None => return Ok((head.freeze(), true)),
        }
    }
    Ok((head.freeze(), false))
}

/// The UIDs of class and instance at the beginning of a file; `None` of what is not there.
fn said_in(head: &[u8]) -> [Option<String>; 2] {
    let mut said = [None, None];
    let Ok(elements) = Elements::open(Cursor::new(head)) else { return said };
    // It ends where the rest has yet to come.
    let _ = elements.walk(|step| match step {
        Step::Element { tag: Tag(0x0008, element @ (0x0016 | 0x0018)), value, .. } => {
            let bytes = elements.bytes(value, UID_BYTES)?;
            let uid = std::str::from_utf8(&bytes).unwrap_or_default().trim_matches(['\0', ' ']);
            said[usize::from(element == 0x0018)] = is_uid(uid).then(|| uid.to_owned());
            Ok(())
        }
        Step::Element { tag, .. } if tag > Tag(0x0008, 0x0018) => Err(DicomError::Unsupported("the rest")),
        // What lies in a sequence is another one's.
        Step::Item | Step::Sequence { .. } => Err(DicomError::Unsupported("a sequence before them")),
        _ => Ok(()),
    });
    said
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
