//! WADO-RS frames (PS3.18 §10.4.1.1.6): each is one read of the disk, in the coding in which it is kept or uncompressed.

use std::sync::Arc;

use axum::extract::{RawPathParams, RawQuery};
use axum::http::HeaderMap;
use axum::response::Response;
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use peony_dicom::written::EXPLICIT_LITTLE;
use peony_dicom::{Encoding, FramePlaces, Pictures, TransferSyntax, bytes_of};
use peony_store::{Kept, Store};

use crate::Service;
use crate::answer::{self, accepted};
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
    let (related, coding) = chosen(accept, kept, list.len() == 1)?;
    let kind = coding.kind(kept);
    let list_text = list.iter().map(u64::to_string).collect::<Vec<_>>().join(",");
    let how = if related { "m" } else { "s" };
    let tag = answer::tag_of([kept.object.digest.as_str(), &list_text, &kind, how]);
    if let Some(unchanged) = answer::unchanged(headers, &tag) {
        return Ok(unchanged);
    }
    let pictures = match coding {
        Coding::AsKept => None,
        Coding::Uncompressed => Some(pictures(service, kept).await?),
    };
    let mut parts = Vec::with_capacity(list.len());
    for (number, index) in list.iter().enumerate() {
        let (length, bytes) = match &pictures {
            None => {
                // The first one is read before the answer begins: what is wrong with it is an answer of its own.
                let first = if number == 0 { Some(one(&service.store, kept, *index).await?) } else { None };
                (length(kept, *index, first.as_ref()), as_kept(&service.store, kept, *index, first))
            }
            Some(pictures) => {
                let made = uncompressed(service.clone(), Arc::clone(pictures), kept.clone(), *index);
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

/// How a frame goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    /// The bytes that are in the file, by the media type of its transfer syntax.
    AsKept,
    /// Samples in little endian.
    Uncompressed,
}

impl Coding {
    fn kind(self, kept: &Kept) -> String {
        match self {
            Self::AsKept if !is_little(kept) => {
                let media = media(&kept.transfer_syntax_uid);
                format!("{media}; transfer-syntax={}", kept.transfer_syntax_uid)
            }
            Self::AsKept | Self::Uncompressed => format!("{OCTETS}; transfer-syntax={EXPLICIT_LITTLE}"),
        }
    }
}

/// Whether the frames lie in the file as they are uncompressed, in little endian.
fn is_little(kept: &Kept) -> bool {
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

fn chosen(accept: &Accept, kept: &Kept, one: bool) -> Result<(bool, Coding), Problem> {
    let syntax = TransferSyntax::of(kept.transfer_syntax_uid.as_bytes()).ok();
    let is_little = is_little(kept);
    let media = media(&kept.transfer_syntax_uid);
    let coding = |range: &Range| {
        let wanted = range.transfer_syntax();
        let this = wanted.is_none_or(|wanted| wanted == "*" || wanted == kept.transfer_syntax_uid);
        // `octet-stream` in any transfer syntax is what is kept, whatever that is; in none said it is uncompressed.
        let coding_is_said = wanted.is_some() || range.media.name == "*/*";
        let as_kept = (media != OCTETS && range.media.covers(media) && this)
            || (range.media.covers(OCTETS) && coding_is_said && this)
            || (is_little
                && range.media.covers(OCTETS)
                && wanted.is_none_or(|wanted| wanted == EXPLICIT_LITTLE));
        let uncompressed =
            range.media.covers(OCTETS) && wanted.is_none_or(|wanted| wanted == EXPLICIT_LITTLE);
        match (as_kept, uncompressed) {
            (true, _) => Some(Coding::AsKept),
            (_, true) if syntax.is_some() => Some(Coding::Uncompressed),
            _ => None,
        }
    };
    for range in &accept.0 {
        let related = range.multipart.unwrap_or(true);
        if (related || one)
            && let Some(coding) = coding(range)
        {
            return Ok((related, coding));
        }
    }
    let parts = if one { "" } else { "in multipart/related: " };
    let known = if media == OCTETS { OCTETS.to_owned() } else { format!("{media} or {OCTETS}") };
    let text = format!(
        "the frames are kept as {media}; transfer-syntax={}: accept {parts}{known}",
        kept.transfer_syntax_uid
    );
    Err(Problem::NotAcceptable(text))
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

/// One frame, decoded.
async fn uncompressed(
    service: Service,
    pictures: Arc<Pictures>,
    kept: Kept,
    index: u64,
) -> Result<Out, Problem> {
    let place = parts::place(&service).await?;
    let coded = one(&service.store, &kept, index).await?;
    parts::made_at(place, &service, move |sink| {
        let samples = sink.decode(pictures.image(), || {
            let frame = pictures.decode(&coded)?;
            Ok::<_, Problem>(bytes_of(frame, pictures.image()))
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
