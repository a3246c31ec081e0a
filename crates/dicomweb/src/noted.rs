//! Who reads which study, and who searches by which attributes, in the audit: a line for each within an hour, which is on the disk before the first
//! byte of an answer goes out.

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::Response;
use peony_store::Store;

use crate::Caller;

/// A layer around everything. What was not answered was not read.
pub(crate) async fn noted(
    State(store): State<Store>,
    caller: Caller,
    request: Request,
    next: Next,
) -> Response {
    let uri = request.uri();
    let read = || study_of(uri).map(|study| ("read", format!("study {study}")));
    let line = (request.method() == Method::GET)
        .then(|| read().or_else(|| search_of(uri).map(|what| ("search", what))))
        .flatten();
    let response = next.run(request).await;
    let answered = response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED;
    if let Some((act, what)) = line.filter(|_| answered)
        && let Err(error) = store.note(&caller.name, act, &what).await
    {
        // Whoever reads a study may need it now.
        tracing::warn!(account = caller.name, reason = %error, "what somebody reads is not in the audit");
    }
    response
}

/// The study that is read, by the path of WADO-RS or the query of WADO-URI.
fn study_of(uri: &Uri) -> Option<String> {
    let path = uri.path().trim_end_matches('/');
    let study = if path.ends_with("/wado") {
        let query = uri.query().unwrap_or_default();
        let named = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "studyUID");
        named.map(|(_, value)| value.into_owned())
    } else if path.ends_with("/series") || path.ends_with("/instances") {
        None
    } else {
        path.split("/studies/").nth(1).and_then(|below| below.split('/').next()).map(str::to_owned)
    };
    // Anything else is no study that is here; it shall not stand in the audit either.
    study.filter(|study| peony_dicom::is_uid(study))
}

/// What is searched, and by which attributes.
fn search_of(uri: &Uri) -> Option<String> {
    let what = match uri.path().trim_end_matches('/').rsplit('/').next()? {
        "studies" => "study",
        "series" => "series",
        "instances" => "image",
        "workitems" => "worklist",
        _ => return None,
    };
    let query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    // Of what lies in an item, its own name.
    let tag = |name: &str| peony_dicom::tag_of(name.rsplit('.').next().unwrap_or_default());
    let keys = query.filter(|(_, value)| !value.is_empty()).filter_map(|(name, _)| tag(&name));
    Some(peony_store::search_line(what, keys))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_opens_a_study_is_known_by_its_address() {
        for (uri, study) in [
            ("/studies/1.2.3", Some("1.2.3")),
            ("/studies/1.2.3/", Some("1.2.3")),
            ("/dicomweb/studies/1.2.3/metadata", Some("1.2.3")),
            ("/studies/1.2.3/series/4/instances/5/frames/6", Some("1.2.3")),
            ("/wado?requestType=WADO&studyUID=1.2.3&objectUID=5", Some("1.2.3")),
            ("/wado?requestType=WADO", None),
            ("/studies", None),
            ("/studies?StudyInstanceUID=1.2.3", None),
            ("/studies/1.2.3/series", None),
            ("/studies/1.2.3/series/4/instances", None),
            ("/studies/DOE%5EJANE/metadata", None),
            ("/studies/../metadata", None),
            ("/workitems/1.2.3", None),
        ] {
            assert_eq!(study_of(&uri.parse().unwrap()).as_deref(), study, "{uri}");
        }
    }

    #[test]
    fn a_search_is_told_by_the_names_of_its_keys() {
        for (uri, what) in [
            ("/studies", Some("study")),
            ("/dicomweb/studies?limit=7&includefield=all", Some("study")),
            (
                "/studies?StudyDate=20260101&00100010=WANG*&PatientID=&fuzzymatching=true",
                Some("study by PatientName, StudyDate"),
            ),
            ("/studies/1.2.3/series", Some("series")),
            ("/workitems?ScheduledStationNameCodeSequence.CodeValue=US1", Some("worklist by CodeValue")),
            ("/studies/1.2.3/metadata", None),
            ("/wado?studyUID=1.2.3", None),
        ] {
            assert_eq!(search_of(&uri.parse().unwrap()).as_deref(), what, "{uri}");
        }
    }
}
