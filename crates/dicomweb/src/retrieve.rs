//! WADO-RS (PS3.18 §10.4): the objects of a study, of a series or one, as they were received or as the peer asks for them.

use std::ops::Range;

use axum::extract::RawQuery;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use peony_dicom::written::{Target, file_meta};
use peony_store::Kept;

use crate::Service;
use crate::answer::{self, Base, accepted};
use crate::how::{How, targets};
use crate::left_out::{in_turn, lacking};
use crate::media::Accept;
use crate::parts::{self, Out, Part};
use crate::problem::Problem;
use crate::uid::Address;

pub(crate) const DICOM: &str = "application/dicom";

pub(crate) async fn objects(
    service: Service,
    base: Base,
    address: Address,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let accept = accepted(&headers, &query.unwrap_or_default());
    let kept = address.kept(&service.store).await?;
    let all = kept.len();
    let (alone, going) = chosen(&accept, kept, address.instance.is_some())?;
    let going = service.all_sound(going, |(kept, how)| (kept, how.target())).await?;
    let tag = tag(&service, alone, &going);
    if let Some(unchanged) = answer::unchanged(&headers, &tag) {
        return Ok(unchanged);
    }
    if alone && let [(one, How::AsKept)] = going.as_slice() {
        return Ok(answer::tagged(range(&service, one, &headers, &tag).await?, &tag));
    }
    let mut left_out = [all - going.len(), 0];
    // The first one is begun before the answer: what is wrong with all of them is an answer of its own.
    let make = move |(kept, how)| part(service.clone(), base.clone(), kept, how);
    let response = match going.as_slice() {
        [_] => {
            let part = make(going.into_iter().next().ok_or(Problem::Failed)?).await?;
            if alone { part.alone() } else { parts::related(DICOM, &tag, vec![part]) }
        }
        _ => {
            let (before, parts) = in_turn(going, make).await?;
            left_out[1] = before;
            parts::related_in_turn(DICOM, &tag, parts)
        }
    };
    Ok(lacking(response, &tag, left_out, all))
}

/// Whether the object goes out without parts around it, and how each one does: by the dearest range that it has an answer to. Those that have none
/// are left out.
fn chosen(accept: &Accept, kept: Vec<Kept>, may_be_alone: bool) -> Result<(bool, Vec<(Kept, How)>), Problem> {
    let how = |kept: &Kept| {
        accept.0.iter().find_map(|range| {
            let alone = may_be_alone && range.covers(false, DICOM) && range.multipart == Some(false);
            if !alone && !range.covers(true, DICOM) {
                return None;
            }
            // Whoever takes anything gets what was received.
            let wanted = range.transfer_syntax().or((range.multipart.is_none()).then_some("*"));
            Some((alone, How::of(&kept.transfer_syntax_uid, kept.frames.is_some(), wanted)?))
        })
    };
    let known = known(&kept);
    let (mut is_alone, mut going) = (false, Vec::with_capacity(kept.len()));
    for one in kept {
        if let Some((alone, how)) = how(&one) {
            is_alone = alone;
            going.push((one, how));
        }
    }
    if !going.is_empty() {
        return Ok((is_alone, going));
    }
    // In the form that was asked for, where it may come so.
    let in_parts = !may_be_alone || accept.0.iter().any(|range| range.covers(true, DICOM));
    let form = if in_parts { format!("multipart/related; type=\"{DICOM}\"") } else { DICOM.to_owned() };
    Err(Problem::NotAcceptable(format!("{known}: accept {form}; transfer-syntax=*")))
}

/// In which transfer syntaxes objects are answered.
pub(crate) fn known(of: &[Kept]) -> String {
    let mut kept: Vec<&str> = of.iter().map(|one| one.transfer_syntax_uid.as_str()).collect();
    let anew = of.iter().flat_map(|one| targets(&one.transfer_syntax_uid, one.frames.is_some()));
    let mut anew: Vec<&str> = anew.map(Target::uid).collect();
    for uids in [&mut kept, &mut anew] {
        uids.sort_unstable();
        uids.dedup();
    }
    anew.retain(|uid| !kept.contains(uid));
    let anew = if anew.is_empty() { String::new() } else { format!(", written in {}", anew.join(", ")) };
    format!("kept in transfer syntax {}{anew}", kept.join(", "))
}

/// One for what was received, another for each other form of it.
fn tag(service: &Service, alone: bool, going: &[(Kept, How)]) -> String {
    let form = if alone { "s" } else { "m" };
    let names: Vec<String> = going.iter().map(|(kept, _)| service.named(kept)).collect();
    let hows = going.iter().map(|(kept, how)| how.transfer_syntax(kept));
    answer::tag_of(
        [form].into_iter().chain(names.iter().map(String::as_str).zip(hows).flat_map(<[&str; 2]>::from)),
    )
}

async fn part(service: Service, base: Base, kept: Kept, how: How) -> Result<Part, Problem> {
    let kind = format!("{DICOM}; transfer-syntax={}", how.transfer_syntax(&kept));
    let location = Some(location(&base, &kept));
    let (length, bytes) = match how {
        How::AsKept => {
            let bytes = service.store.bytes(&kept, 0);
            (Some(kept.object.size), service.handed_over(&kept, bytes).await?)
        }
        How::Anew(target) => (None, anew(&service, &kept, target).await?),
    };
    Ok(Part { kind, location, length, bytes })
}

/// Where an instance is found.
pub(crate) fn location(base: &Base, kept: &Kept) -> String {
    let Kept { study_uid, series_uid, instance_uid, .. } = kept;
    format!("{base}/studies/{study_uid}/series/{series_uid}/instances/{instance_uid}")
}

/// An object written anew: a whole file.
pub(crate) async fn anew(service: &Service, kept: &Kept, target: Target) -> Result<Out, Problem> {
    let (place, silence) = (parts::place(service).await?, Some(service.limits.silence));
    let made = service.store.rewritten(kept, target, place, silence).await?;
    let data_set = made.map_err(|error| parts::broken_off(&error));
    let meta = file_meta(&kept.sop_class_uid, &kept.instance_uid, target.uid());
    Ok(stream::iter([Ok(meta.into())]).chain(data_set).boxed())
}

/// An object as it was received, or the one range of it that is asked for.
pub(crate) async fn range(
    service: &Service,
    kept: &Kept,
    headers: &HeaderMap,
    tag: &str,
) -> Result<Response, Problem> {
    let kind = format!("{DICOM}; transfer-syntax={}", kept.transfer_syntax_uid);
    let ranged = Ranged::of(headers, tag, kept.object.size)?;
    let bytes = service.handed_over(kept, service.store.bytes_in(kept, ranged.range())).await?;
    Ok(ranged.answer(&kind, bytes))
}

/// What of a whole is asked for (RFC 9110 §14).
pub(crate) struct Ranged {
    size: u64,
    /// `None` where it is all of it.
    asked: Option<Range<u64>>,
}

impl Ranged {
    /// What the header fields ask for of `size` bytes that have the entity tag `tag`.
    pub fn of(headers: &HeaderMap, tag: &str, size: u64) -> Result<Self, Problem> {
        let of_this = |field: &HeaderValue| field.to_str().is_ok_and(|field| field.trim_matches('"') == tag);
        let asked = headers.get(header::RANGE).and_then(|range| range.to_str().ok());
        let asked = asked.filter(|_| headers.get(header::IF_RANGE).is_none_or(of_this));
        let asked = match asked.and_then(|range| range.strip_prefix("bytes=")) {
            // Several ranges may be answered with everything (§14.2).
            Some(range) if !range.contains(',') => Some(one_range(range, size)?),
            _ => None,
        };
        Ok(Self { size, asked })
    }

    /// The bytes that are wanted.
    pub fn range(&self) -> Range<u64> {
        self.asked.clone().unwrap_or(0..self.size)
    }

    /// The answer of these bytes.
    pub fn answer(self, kind: &str, bytes: Out) -> Response {
        let range = self.range();
        let status = if self.asked.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
        let mut response = answer::body(status, kind, parts::body(bytes));
        let fields = response.headers_mut();
        fields.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        fields.insert(header::CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
        let place = format!("bytes {}-{}/{}", range.start, range.end.saturating_sub(1), self.size);
        if let (Some(_), Ok(place)) = (self.asked, HeaderValue::from_str(&place)) {
            fields.insert(header::CONTENT_RANGE, place);
        }
        response
    }
}

fn one_range(text: &str, size: u64) -> Result<Range<u64>, Problem> {
    let refused = || Problem::RangeNotSatisfiable(size);
    let (first, last) = text.split_once('-').ok_or_else(refused)?;
    let number = |text: &str| text.trim().parse::<u64>().map_err(|_| refused());
    let range = match (first.trim(), last.trim()) {
        ("", last) => size.saturating_sub(number(last)?)..size,
        (first, "") => number(first)?..size,
        (first, last) => number(first)?..number(last)?.saturating_add(1).min(size),
    };
    if range.start < range.end { Ok(range) } else { Err(refused()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_within_the_object() {
        for (text, expect) in [
            ("0-0", Some(0..1)),
            ("10-19", Some(10..20)),
            ("90-", Some(90..100)),
            ("-10", Some(90..100)),
            ("-1000", Some(0..100)),
            ("50-1000", Some(50..100)),
            ("0-18446744073709551615", Some(0..100)),
            ("100-", None),
            ("-0", None),
            ("9-3", None),
            ("a-b", None),
            ("-", None),
            ("", None),
        ] {
            assert_eq!(one_range(text, 100).ok(), expect, "{text}");
        }
    }
}
