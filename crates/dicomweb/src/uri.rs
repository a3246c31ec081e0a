//! WADO-URI (PS3.18 §9): one object by the parameters of a query, as it is kept, in another transfer syntax or as a picture.

use std::collections::BTreeMap;

use axum::extract::RawQuery;
use axum::http::HeaderMap;
use axum::response::Response;
use peony_dicom::pixels::Window;
use peony_store::Kept;

use crate::how::How;
use crate::media::Accept;
use crate::parts::Part;
use crate::problem::Problem;
use crate::rendered::{Look, bad, picture, quality};
use crate::retrieve::{DICOM, anew, known, range};
use crate::uid::{Address, is_uid};
use crate::{Service, answer, presentation};

/// Parameters of a query.
const PARAMETERS: usize = 64;
const MOST_PX: u32 = 8192;

type Parameters = BTreeMap<String, String>;

pub(crate) async fn retrieve(
    service: Service,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let said = parameters(&query.unwrap_or_default());
    if said.get("requestType").map(String::as_str) != Some("WADO") {
        return Err(Problem::BadRequest("requestType is not WADO".into()));
    }
    if said.contains_key("anonymize") {
        return Err(Problem::NotAcceptable("nothing is anonymized here".into()));
    }
    let kept = address(&said)?.instance(&service.store).await?;
    let types = said.get("contentType").map(String::as_str).unwrap_or_default();
    let accept = Accept::of([types]);
    // Without a wish, a still is a picture and the rest an object (§9.1.2.2).
    let still = types.is_empty() && kept.frame_count == 1 && kept.frames.is_some();
    let rendered = ["frameNumber", "presentationUID"].iter().any(|name| said.contains_key(*name));
    let offers = if still || rendered {
        [(false, "image/jpeg", Kind::Jpeg), (false, "image/png", Kind::Png), (false, DICOM, Kind::Object)]
    } else {
        [(false, DICOM, Kind::Object), (false, "image/jpeg", Kind::Jpeg), (false, "image/png", Kind::Png)]
    };
    let refused = || Problem::NotAcceptable(format!("contentType: {DICOM}, image/jpeg or image/png"));
    let kind = *accept.pick(&offers).ok_or_else(refused)?.0;
    if kind == Kind::Object {
        return object(&service, &kept, &said, &headers).await;
    }
    let look = look(&said, kind == Kind::Png)?;
    let index = match said.get("frameNumber") {
        Some(number) => number.parse::<u64>().ok().and_then(|number| number.checked_sub(1)),
        None => Some(kept.frame_count / 2),
    };
    if presentation::is_state(&kept) {
        return presentation::of_state(&service, kept, None, look, &headers).await;
    }
    let index = index.ok_or(bad("frameNumber"))?;
    match state(&said, &kept)? {
        Some(state) => presentation::of_picture(&service, kept, index, state, look, &headers).await,
        None => picture(&service, &kept, index, look, &headers).await,
    }
}

pub(crate) fn parameters(query: &str) -> Parameters {
    let said = form_urlencoded::parse(query.as_bytes()).take(PARAMETERS);
    said.map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

/// The presentation state through which the picture is wanted (§9.5.1.2.7): it is of the same study.
pub(crate) fn state(said: &Parameters, kept: &Kept) -> Result<Option<Address>, Problem> {
    let uid = |name: &str| {
        said.get(name).map(|uid| if is_uid(uid) { Ok(uid.clone()) } else { Err(()) }).transpose()
    };
    match (uid("presentationSeriesUID"), uid("presentationUID")) {
        (Ok(None), Ok(None)) => Ok(None),
        (Ok(Some(series)), Ok(Some(instance))) => {
            let study = Some(kept.study_uid.clone());
            Ok(Some(Address { study, series: Some(series), instance: Some(instance) }))
        }
        _ => Err(Problem::BadRequest(
            "presentationSeriesUID and presentationUID are UIDs and go together".into(),
        )),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Object,
    Jpeg,
    Png,
}

fn address(said: &Parameters) -> Result<Address, Problem> {
    let uid = |name: &'static str| {
        let uid = said.get(name).filter(|uid| is_uid(uid)).cloned();
        uid.ok_or_else(|| Problem::BadRequest(format!("{name} is missing or no UID")))
    };
    let (study, series, instance) = (uid("studyUID")?, uid("seriesUID")?, uid("objectUID")?);
    Ok(Address { study: Some(study), series: Some(series), instance: Some(instance) })
}

async fn object(
    service: &Service,
    kept: &Kept,
    said: &Parameters,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let wanted = said.get("transferSyntax").map(String::as_str);
    let how = How::of(&kept.transfer_syntax_uid, kept.frames.is_some(), wanted);
    let how = how.ok_or_else(|| Problem::NotAcceptable(known(std::slice::from_ref(kept))))?;
    let syntax = how.transfer_syntax(kept);
    let tag = answer::tag_of(["s", kept.object.digest.as_str(), syntax]);
    if let Some(unchanged) = answer::unchanged(headers, &tag) {
        return Ok(unchanged);
    }
    let response = match how {
        How::AsKept => range(service, kept, headers, &tag).await?,
        How::Anew(target) => {
            let bytes = anew(service, kept, target).await?;
            let kind = format!("{DICOM}; transfer-syntax={syntax}");
            Part { kind, location: None, length: None, bytes }.alone()
        }
    };
    Ok(answer::tagged(response, &tag))
}

fn look(said: &Parameters, png: bool) -> Result<Look, Problem> {
    let number = |name: &'static str| {
        let text = said.get(name);
        text.map(|text| text.parse::<f64>().ok().filter(|n| n.is_finite()).ok_or(bad(name))).transpose()
    };
    let window = match (number("windowCenter")?, number("windowWidth")?) {
        (Some(center), Some(width)) => Some(Window::of("LINEAR", center, width).ok_or(bad("windowWidth"))?),
        (None, None) => None,
        _ => return Err(Problem::BadRequest("windowCenter and windowWidth go together".into())),
    };
    let pixels = |name: &'static str| {
        let within = |text: &String| text.parse().ok().filter(|px| (1..=MOST_PX).contains(px));
        said.get(name).map(|text| within(text).ok_or(bad(name))).transpose()
    };
    let viewport_px = match (pixels("columns")?, pixels("rows")?) {
        (None, None) => None,
        (columns, rows) => Some([columns.unwrap_or(MOST_PX), rows.unwrap_or(MOST_PX)]),
    };
    let quality = said.get("imageQuality").map(|text| quality(text).ok_or(bad("quality"))).transpose()?;
    Ok(Look { window, viewport_px, part_px: None, quality, png })
}
