//! What every answer has: where it comes from, in which form it is asked for, by which tag it is known again.

use std::convert::Infallible;
use std::fmt;

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequestParts, OriginalUri, Path, Request};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware;
use axum::response::Response;
use peony_dicom::Tag;
use peony_store::{DicomJson, Sight, Store, key};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::media::{Accept, Range};
use crate::problem::Problem;
use crate::xml;
use crate::{Blind, Service};

/// Who asks, as the server that routes requests here knows it: an extension of the request, and without it an unknown one in the clear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The name of an account or a program; it is kept with what it stores.
    pub name: String,
    /// Whether it came by TLS.
    pub tls: bool,
    /// What it may see, and whose studies it brings are.
    pub sight: Sight,
}

impl Default for Caller {
    fn default() -> Self {
        Self { name: "DICOMweb".into(), tls: false, sight: Sight::default() }
    }
}

/// Routes that are no DICOMweb: who asks there without an account does so by hand, at this machine, and stands so in the audit.
pub(crate) fn by_hand<S: Clone + Send + Sync + 'static>(routes: Router<S>) -> Router<S> {
    let known = |mut request: Request| {
        let by_hand = || Caller { name: AT_THIS_MACHINE.into(), ..Caller::default() };
        request.extensions_mut().get_or_insert_with(by_hand);
        std::future::ready(request)
    };
    routes.layer(middleware::map_request(known))
}

/// Who asks without an account for something that is done by hand, as the audit has it.
pub const AT_THIS_MACHINE: &str = "this machine";

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

/// Every handler asks the store with the eyes of its caller, and has no other one.
impl FromRequestParts<Blind> for Service {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, Blind(service): &Blind) -> Result<Self, Infallible> {
        let sight = parts.extensions.get::<Caller>().map(|caller| caller.sight.clone()).unwrap_or_default();
        Ok(Self { store: service.store.seeing(sight), ..service.clone() })
    }
}

/// The store with the eyes of who asks, and their name.
pub(crate) struct Asked {
    pub store: Store,
    pub who: String,
}

impl FromRequestParts<Blind> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, blind: &Blind) -> Result<Self, Infallible> {
        let Service { store, .. } = Service::from_request_parts(parts, blind).await?;
        let Caller { name, .. } = Caller::from_request_parts(parts, blind).await?;
        Ok(Self { store, who: name })
    }
}

/// What an address names between its slashes; what cannot be read so is refused as everything else is.
pub(crate) struct At<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for At<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let named = Path::from_request_parts(parts, state).await;
        let refused =
            |_| Problem::BadRequest("the address names something that nothing here is called".into());
        named.map(|Path(named)| Self(named)).map_err(refused)
    }
}

/// The address below which everything here lies, as the peer knows it.
#[derive(Debug, Clone)]
pub(crate) struct Base(String);

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Base {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let whole = parts.extensions.get::<OriginalUri>().map(|OriginalUri(uri)| uri.path());
        let below = whole.and_then(|path| path.strip_suffix(parts.uri.path())).unwrap_or_default();
        let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let host = host.and_then(|host| host.parse::<Authority>().ok()).or(parts.uri.authority().cloned());
        // Without a host the address is relative, as the standard allows (PS3.5 §6.2, UR).
        let start = host.map_or_else(String::new, |host| {
            let tls = parts.extensions.get::<Caller>().is_some_and(|caller| caller.tls);
            format!("{}://{host}", if tls { "https" } else { "http" })
        });
        Ok(Self(format!("{start}{below}")))
    }
}

/// What a peer accepts: by the query where it says so there (PS3.18 §8.3.3.1), else by its header fields.
pub(crate) fn accepted(headers: &HeaderMap, query: &str) -> Accept {
    // A plus sign is one here, as in `application/dicom+json`, and no space.
    let query = query.replace('+', "%2B");
    let said = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "accept");
    match said {
        Some((_, accept)) => Accept::of([&*accept]),
        None => Accept::of(headers.get_all(header::ACCEPT).iter().filter_map(|field| field.to_str().ok())),
    }
}

/// In which form data sets are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The DICOM JSON Model (PS3.18 annex F), by the type that was asked for.
    Json(&'static str),
    /// The Native DICOM Model (PS3.19 §A.1), a part each.
    Xml,
}

const DICOM_JSON: &str = "application/dicom+json";
pub(crate) const DICOM_XML: &str = "application/dicom+xml";

impl Form {
    /// The form that a peer asks for data sets in.
    pub fn of(headers: &HeaderMap, query: &str) -> Result<Self, Problem> {
        Self::among(&accepted(headers, query), &Self::OFFERS[..3]).ok_or_else(|| {
            not_acceptable("application/dicom+json, or multipart/related with application/dicom+xml")
        })
    }

    /// The form that a peer asks for one data set in, which is no part of anything (PS3.18 §10.5.3). Who asks for parts gets it too.
    pub fn of_one(headers: &HeaderMap, query: &str) -> Result<Self, Problem> {
        Self::among(&accepted(headers, query), &Self::OFFERS)
            .ok_or_else(|| not_acceptable("application/dicom+json or application/dicom+xml"))
    }

    const OFFERS: [(bool, &'static str, Self); 4] = [
        (false, DICOM_JSON, Self::Json(DICOM_JSON)),
        (false, "application/json", Self::Json("application/json")),
        (true, DICOM_XML, Self::Xml),
        (false, DICOM_XML, Self::Xml),
    ];

    fn among(accept: &Accept, offers: &[(bool, &str, Self)]) -> Option<Self> {
        accept.pick(offers).map(|(form, _): (&Self, &Range)| *form)
    }

    /// An answer of data sets.
    pub fn of_data_sets(self, data_sets: Vec<DicomJson>) -> Result<Response, Problem> {
        match self {
            Self::Json(kind) => {
                let all: Vec<Value> = data_sets.into_iter().map(Value::Object).collect();
                Ok(body(StatusCode::OK, kind, Value::Array(all).to_string()))
            }
            Self::Xml => {
                let mut written = Vec::new();
                for data_set in &data_sets {
                    written.push(xml::native_model(data_set)?);
                }
                let boundary = tag_of(written.iter().map(String::as_str));
                let mut text = String::new();
                for one in &written {
                    text +=
                        &format!("--{boundary}\r\nContent-Type: {DICOM_XML}; charset=utf-8\r\n\r\n{one}\r\n");
                }
                text += &format!("--{boundary}--\r\n");
                Ok(body(StatusCode::OK, &related(DICOM_XML, &boundary), text))
            }
        }
    }

    /// An answer of one data set.
    pub fn of_data_set(self, status: StatusCode, data_set: DicomJson) -> Result<Response, Problem> {
        match self {
            Self::Json(kind) => Ok(body(status, kind, Value::Object(data_set).to_string())),
            Self::Xml => Ok(body(status, DICOM_XML, xml::native_model(&data_set)?)),
        }
    }
}

fn not_acceptable(accepted: &str) -> Problem {
    Problem::NotAcceptable(format!("what is accepted here: {accepted}"))
}

/// The Content-Type of a body in parts.
pub(crate) fn related(kind: &str, boundary: &str) -> String {
    format!("multipart/related; type=\"{kind}\"; boundary={boundary}")
}

/// An answer.
pub(crate) fn body(status: StatusCode, kind: &str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    if let Ok(kind) = HeaderValue::from_str(kind) {
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    response
}

/// An answer without a body.
pub(crate) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// An attribute with texts.
pub(crate) fn put<T: Into<Value>>(
    data_set: &mut DicomJson,
    tag: Tag,
    vr: &str,
    values: impl IntoIterator<Item = T>,
) {
    let values: Vec<Value> = values.into_iter().map(Into::into).collect();
    data_set.insert(key(tag), json!({ "vr": vr, "Value": values }));
}

/// A short text that is another one for other texts: a boundary that no body holds, since it is made of the body's digests, and an entity tag.
pub(crate) fn tag_of<'a>(of: impl IntoIterator<Item = &'a str>) -> String {
    let mut sum = Sha256::new();
    for text in of {
        sum.update(text);
        sum.update([0]);
    }
    sum.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// An answer to whoever has it already, by its entity tag (RFC 9110 §13.1.2).
pub(crate) fn unchanged(headers: &HeaderMap, tag: &str) -> Option<Response> {
    let listed = headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|field| field.to_str().ok())
        .collect::<Vec<_>>();
    let known = |one: &str| one == "*" || one.strip_prefix("W/").unwrap_or(one).trim_matches('"') == tag;
    let has = listed.iter().flat_map(|field| field.split(',')).any(|one| known(one.trim()));
    has.then(|| tagged(empty(StatusCode::NOT_MODIFIED), tag))
}

/// Gives an answer its entity tag. Whoever has it asks again each time: who may see what can change, and an object that was not there may be.
pub(crate) fn tagged(mut response: Response, tag: &str) -> Response {
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{tag}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}
