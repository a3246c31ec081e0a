//! Who reads which study, in the audit: a line for each within an hour, which is on the disk before the first byte of an answer goes out.

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::Response;
use peony_store::Store;

use crate::Caller;

/// A layer around everything. Searches open no study, and what was not answered was not read.
pub(crate) async fn noted(
    State(store): State<Store>,
    caller: Caller,
    request: Request,
    next: Next,
) -> Response {
    let study = (request.method() == Method::GET).then(|| study_of(request.uri())).flatten();
    let response = next.run(request).await;
    let read = response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED;
    if let Some(study) = study.filter(|_| read)
        && let Err(error) = store.note(&caller.name, "read", &format!("study {study}")).await
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
    let is_uid = |text: &String| {
        (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    };
    study.filter(is_uid)
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
            ("/workitems/1.2.3", None),
        ] {
            assert_eq!(study_of(&uri.parse().unwrap()).as_deref(), study, "{uri}");
        }
    }
}
