//! WADO-RS frames (PS3.18 §10.4.1.1.6): each is one read of the disk, in the coding in which it is kept, uncompressed, or coded anew without loss.

use std::sync::Arc;

use axum::extract::{RawPathParams, RawQuery};
use axum::http::HeaderMap;
use axum::response::Response;
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use peony_dicom::pixels::Lossless;
use peony_dicom::written::{EXPLICIT_LITTLE, Target};
use peony_dicom::{Encoding, FramePlaces, Pictures, TransferSyntax};
use peony_store::{Kept, Store};

use crate::Service;
use crate::answer::{self, accepted};
use crate::how::{How, targets};
use crate::media::{Accept, Range};
use crate::parts::{self, Out, Part, broken_off};
use crate::problem::Problem;
use crate::uid::Address;

const OCTETS: &str = "application/octet-stream";
/// Frames of one request.
const FRAMES: usize = 100_000;
/// The longest frame that is handed out alone.
const FRAME_BYTES: u64 = 256 << 20;

pub(crate) async fn frames(
    service: Service,
    address: Address,
    params: RawPathParams,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let list = list(&params)?;
    let kept = address.instance(&service.store).await?;
    let accept = accepted(&headers, &query.unwrap_or_default());
    answer(&service, &kept, &list, &accept, &headers).await
}

/// The frames of a path, counted from 0.
pub(crate) fn list(params: &RawPathParams) -> Result<Vec<u64>, Problem> {
    let text = params.iter().find(|(name, _)| *name == "frames").map_or("", |(_, list)| list);
    let numbers = text.split(',').map(|number| number.parse::<u64>().ok()?.checked_sub(1));
    let list: Option<Vec<u64>> = numbers.take(FRAMES + 1).collect();
    let list =
        list.ok_or_else(|| Problem::BadRequest("frames are numbers from 1 on, with commas between".into()))?;
    let limit = FRAMES as u64;
    if list.len() > FRAMES {
        Err(Problem::TooLarge { what: "frames in one request", limit })
    } else {
        Ok(list)
    }
}

/// An answer of some frames of an instance.
pub(crate) async fn answer(
    service: &Service,
    kept: &Kept,
    list: &[u64],
    accept: &Accept,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    for index in list {
        place(kept, *index)?;
    }
    let (related, how) = chosen(accept, kept, list.len() == 1)?;
    let kind = kind(how, kept);
    let list_text = list.iter().map(u64::to_string).collect::<Vec<_>>().join(",");
    let form = if related { "m" } else { "s" };
    let tag = answer::tag_of([kept.object.digest.as_str(), &list_text, &kind, form]);
    if let Some(unchanged) = answer::unchanged(headers, &tag) {
        return Ok(unchanged);
    }
    let anew = match how.target() {
        None => None,
        Some(target) => Some((pictures(service, kept).await?, target.coding())),
    };
    let mut parts = Vec::with_capacity(list.len());
    for (number, index) in list.iter().enumerate() {
        let (length, bytes) = match &anew {
            None => {
                // The first one is read before the answer begins: what is wrong with it is an answer of its own.
                let first = if number == 0 { Some(one(&service.store, kept, *index).await?) } else { None };
                (length(kept, *index, first.as_ref()), as_kept(&service.store, kept, *index, first))
            }
            Some((pictures, coding)) => {
                let made = made(service.clone(), Arc::clone(pictures), *coding, kept.clone(), *index);
                let bytes = if number == 0 {
                    made.await?
                } else {
                    let made = async { made.await.map_err(|problem| broken_off(&problem)) };
                    stream::once(made).try_flatten().boxed()
                };
                (None, bytes)
            }
        };
        parts.push(Part { kind: kind.clone(), location: None, length, bytes });
    }
    let media = kind.split(';').next().unwrap_or_default();
    let response = match parts.pop() {
        Some(one) if !related => one.alone(),
        last => {
            parts.extend(last);
            parts::related(media, &tag, parts)
        }
    };
    Ok(answer::tagged(response, &tag))
}

/// The Content-Type of a frame: what is not coded is samples in little endian.
fn kind(how: How, kept: &Kept) -> String {
    let uncompressed = match how {
        How::AsKept => is_little(kept),
        How::Anew(target) => target.coding().is_none(),
    };
    if uncompressed {
        return format!("{OCTETS}; transfer-syntax={EXPLICIT_LITTLE}");
    }
    let uid = how.transfer_syntax(kept);
    format!("{}; transfer-syntax={uid}", media(uid))
}

/// Whether the frames lie in the file as they are uncompressed, in little endian.
pub(crate) fn is_little(kept: &Kept) -> bool {
    let syntax = TransferSyntax::of(kept.transfer_syntax_uid.as_bytes()).ok();
    let native = matches!(kept.frames, Some(FramePlaces::Native { .. }));
    native && syntax.is_some_and(|syntax| syntax.encoding != Encoding::ExplicitBig)
}

#[rustfmt::skip] // Read as a table.
/// The media types of coded frames (PS3.18 table 8.7.3-2 and its neighbours), by the ends of their transfer syntaxes.
pub(crate) const MEDIA: &[(&str, &[&str])] = &[
    ("image/jpeg",      &["4.50", "4.51", "4.53", "4.55", "4.57", "4.70"]),
    ("image/dicom-rle", &["5"]),
    ("image/jls",       &["4.80", "4.81"]),
    ("image/jp2",       &["4.90", "4.91"]),
    ("image/jpx",       &["4.92", "4.93"]),
    ("image/jphc",      &["4.201", "4.202", "4.203"]),
    ("image/jxl",       &["4.110", "4.111", "4.112"]),
];
/// Before those ends.
pub(crate) const SYNTAXES: &str = "1.2.840.10008.1.2.";

/// The media type of a frame as it is kept.
fn media(transfer_syntax_uid: &str) -> &'static str {
    let end = transfer_syntax_uid.strip_prefix(SYNTAXES).unwrap_or_default();
    MEDIA.iter().find(|(_, ends)| ends.contains(&end)).map_or(OCTETS, |(media, _)| media)
}

/// Whether frames come in parts, and how they go out: by the dearest range that has an answer.
fn chosen(accept: &Accept, kept: &Kept, one: bool) -> Result<(bool, How), Problem> {
    for range in &accept.0 {
        let related = range.multipart.unwrap_or(true);
        if (related || one)
            && let Some(how) = how(range, related, kept)
        {
            return Ok((related, how));
        }
    }
    let parts = if one { "" } else { "in multipart/related: " };
    let uid = &kept.transfer_syntax_uid;
    let mut known = vec![media(uid), OCTETS];
    known.extend(targets(uid, true).filter_map(Target::coding).map(|coding| media(coding.uid())));
    known.sort_unstable();
    known.dedup();
    let (known, kept) = (known.join(", "), media(uid));
    let text = format!("the frames are kept as {kept}; transfer-syntax={uid}: accept {parts}one of {known}");
    Err(Problem::NotAcceptable(text))
}

/// How frames go out to whoever accepts this: as they are kept, else uncompressed, else coded anew.
fn how(range: &Range, related: bool, kept: &Kept) -> Option<How> {
    let (uid, wanted) = (kept.transfer_syntax_uid.as_str(), range.transfer_syntax());
    let says = |uid: &str| wanted.is_none_or(|wanted| wanted == "*" || wanted == uid);
    let is_explicit = wanted.is_none_or(|wanted| wanted == EXPLICIT_LITTLE);
    let (kept_media, octets) = (media(uid), range.covers(related, OCTETS));
    // `octet-stream` in any transfer syntax is what is kept, whatever that is; in none said it is uncompressed.
    let coding_is_said = wanted.is_some() || (range.media.name == "*/*" && kept_media == OCTETS);
    let as_kept = (kept_media != OCTETS && range.covers(related, kept_media) && says(uid))
        || (octets && coding_is_said && says(uid))
        || (octets && is_explicit && is_little(kept));
    if as_kept {
        return Some(How::AsKept);
    }
    let covered = |target: &Target| match target.coding() {
        None => octets && is_explicit,
        Some(coding) => {
            let uid = coding.uid();
            (range.covers(related, media(uid)) && says(uid)) || (octets && wanted == Some(uid))
        }
    };
    targets(uid, true).find(covered).map(How::Anew)
}

/// Where a frame lies, within the limit.
fn place(kept: &Kept, index: u64) -> Result<std::ops::Range<u64>, Problem> {
    let places = kept.frames.as_ref().ok_or_else(|| {
        Problem::NotAcceptable(format!(
            "it has no frames with places of their own, in transfer syntax {}: retrieve the instance",
            kept.transfer_syntax_uid
        ))
    })?;
    let range = places.range(index).ok_or(Problem::Missing("frame"))?;
    let too_large = Problem::TooLarge { what: "bytes of a frame", limit: FRAME_BYTES };
    if range.end - range.start > FRAME_BYTES { Err(too_large) } else { Ok(range) }
}

/// The coded bytes of a frame.
pub(crate) async fn one(store: &Store, kept: &Kept, index: u64) -> Result<Bytes, Problem> {
    place(kept, index)?;
    Ok(store.frame(kept, index).await?.into())
}

/// Fragments lose their headers, so how long a coded frame is stands only of one that was read.
fn length(kept: &Kept, index: u64, first: Option<&Bytes>) -> Option<u64> {
    let native = || {
        let native = matches!(kept.frames, Some(FramePlaces::Native { .. }));
        place(kept, index).ok().filter(|_| native).map(|range| range.end - range.start)
    };
    first.map(|bytes| bytes.len() as u64).or_else(native)
}

fn as_kept(store: &Store, kept: &Kept, index: u64, read: Option<Bytes>) -> Out {
    let (store, kept) = (store.clone(), kept.clone());
    let bytes = async move {
        match read {
            Some(bytes) => Ok(bytes),
            None => one(&store, &kept, index).await.map_err(|error| broken_off(&error)),
        }
    };
    stream::once(bytes).boxed()
}

/// How the frames of an instance are decoded.
pub(crate) async fn pictures(service: &Service, kept: &Kept) -> Result<Arc<Pictures>, Problem> {
    let reader = service.store.reader(kept);
    let opened = tokio::task::spawn_blocking(move || Pictures::open(reader));
    Ok(Arc::new(opened.await.map_err(|_| Problem::Failed)??))
}

/// One frame, decoded, and coded again where it is to be.
async fn made(
    service: Service,
    pictures: Arc<Pictures>,
    coding: Option<Lossless>,
    kept: Kept,
    index: u64,
) -> Result<Out, Problem> {
    let place = parts::place(&service).await?;
    let coded = one(&service.store, &kept, index).await?;
    parts::made_at(place, &service, move |sink| {
        let samples = sink.decode(pictures.image(), || {
            let frame = pictures.decode(&coded)?;
            Ok::<_, Problem>(frame.written(pictures.image(), coding)?)
        })?;
        drop(coded);
        sink.send(Bytes::from(samples))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coding_has_its_media_type() {
        for (uid, expect) in [
            ("1.2.840.10008.1.2", OCTETS),
            ("1.2.840.10008.1.2.1", OCTETS),
            ("1.2.840.10008.1.2.5", "image/dicom-rle"),
            ("1.2.840.10008.1.2.4.50", "image/jpeg"),
            ("1.2.840.10008.1.2.4.80", "image/jls"),
            ("1.2.840.10008.1.2.4.90", "image/jp2"),
            ("1.2.840.10008.1.2.4.201", "image/jphc"),
        ] {
            assert_eq!(media(uid), expect, "{uid}");
        }
    }
}
