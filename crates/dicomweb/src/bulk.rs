//! Bulk data (PS3.18 §10.4.1.1.5): the values that metadata leaves out, by the address that it gives.

use std::ops::Range;

use axum::extract::{RawPathParams, RawQuery};
use axum::http::HeaderMap;
use axum::response::Response;
use bytes::Bytes;
use peony_dicom::written::little;
use peony_dicom::{Elements, Encoding, Step, Tag, VR};
use peony_store::{Kept, Reader};

use crate::answer::{self, accepted};
use crate::metadata::PIXEL_DATA;
use crate::parts::{self, Part};
use crate::problem::Problem;
use crate::retrieve::Ranged;
use crate::uid::Address;
use crate::{Service, frames};

const OCTETS: &str = "application/octet-stream";
/// What is read at a time; each value representation's width is a part of it.
const STEP_BYTES: usize = 256 << 10;
/// The widest number of a value, in bytes.
const WIDEST: usize = 8;

pub(crate) async fn bulk(
    service: Service,
    address: Address,
    params: RawPathParams,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let path = params.iter().find(|(name, _)| *name == "path").map_or("", |(_, path)| path);
    let place = place(path).ok_or_else(|| Problem::BadRequest("no place of bulk data".into()))?;
    let kept = address.instance(&service.store).await?;
    let accept = accepted(&headers, &query.unwrap_or_default());
    if let Some(frames) = kept.frames.as_ref().filter(|_| place.as_slice() == [(PIXEL_DATA, None)]) {
        let all: Vec<u64> = (0..frames.count()).collect();
        return frames::answer(&service, &kept, &all, &accept, &headers).await;
    }
    let offers = [(true, OCTETS, true), (false, OCTETS, false)];
    let (related, _) = accept
        .pick(&offers)
        .ok_or_else(|| Problem::NotAcceptable(format!("accept {OCTETS}, or multipart/related with it")))?;
    let tag = answer::tag_of([kept.object.digest.as_str(), path, if *related { "m" } else { "s" }]);
    if let Some(unchanged) = answer::unchanged(&headers, &tag) {
        return Ok(unchanged);
    }
    let reader = service.store.reader(&kept);
    let found = {
        let (reader, kept) = (reader.clone(), kept.clone());
        tokio::task::spawn_blocking(move || find(reader, &kept, &place))
            .await
            .map_err(|_| Problem::Failed)??
    };
    let value = found.ok_or(Problem::Missing("bulk data"))?;
    let size = value.range.len() as u64;
    let ranged = if *related { None } else { Some(Ranged::of(&headers, &tag, size)?) };
    let wanted = ranged.as_ref().map_or(0..size, Ranged::range);
    let bytes = parts::made(&service, move |sink| {
        let data_set = Elements::open(reader)?;
        let Found { vr, range, encoding } = value;
        // Within the value, and from where a whole one of its numbers begins.
        let [first, last] = [wanted.start, wanted.end].map(|at| at as usize);
        for at in (first / WIDEST * WIDEST..last).step_by(STEP_BYTES) {
            let end = (at + STEP_BYTES).min(range.len());
            let part = range.start + at..range.start + end;
            let bytes = Bytes::from(little(vr, &data_set.bytes(part, STEP_BYTES)?, encoding));
            sink.send(bytes.slice(first.saturating_sub(at)..last.min(end) - at))?;
        }
        Ok(())
    });
    let bytes = bytes.await?;
    let response = match ranged {
        Some(ranged) => ranged.answer(OCTETS, bytes),
        None => {
            let part = Part { kind: OCTETS.into(), location: None, length: Some(size), bytes };
            parts::related(OCTETS, &tag, vec![part])
        }
    };
    Ok(answer::tagged(response, &tag))
}

/// Sequences with the number of an item, and a tag.
type Place = Vec<(Tag, Option<usize>)>;

/// The place that an address names: `00420011`, or `00081140/2/00420011`.
fn place(path: &str) -> Option<Place> {
    let words: Vec<&str> = path.split('/').collect();
    let tag = |word: &str| (word.len() == 8).then(|| peony_dicom::tag_of(word)).flatten();
    let pairs = words.chunks(2).map(|pair| match pair {
        [sequence, item] => Some((tag(sequence)?, Some(item.parse().ok()?))),
        [last] => Some((tag(last)?, None)),
        _ => None,
    });
    let place: Place = pairs.collect::<Option<_>>()?;
    place.last().is_some_and(|(_, item)| item.is_none()).then_some(place)
}

/// A value that was found.
struct Found {
    vr: VR,
    range: Range<usize>,
    encoding: Encoding,
}

fn find(reader: Reader, kept: &Kept, place: &Place) -> Result<Option<Found>, Problem> {
    let data_set = Elements::open(reader)?.knowing(kept.frames.as_ref());
    let mut here: Place = Vec::new();
    let mut found = None;
    data_set.walk(|step| {
        match step {
            Step::Sequence { tag } => here.push((tag, Some(0))),
            Step::Item => {
                if let Some((_, Some(item))) = here.last_mut() {
                    *item += 1;
                }
            }
            Step::SequenceEnd => drop(here.pop()),
            Step::Element { tag, vr, value, encoding } => {
                let is_it =
                    place.split_last().is_some_and(|((last, _), above)| *last == tag && above == here);
                if is_it && found.is_none() {
                    found = Some(Found { vr, range: value, encoding });
                }
            }
            Step::ItemEnd | Step::Fragments { .. } => {}
        }
        Ok(())
    })?;
    Ok(found)
}
