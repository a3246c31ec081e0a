//! Why there is no answer: a status and one line, in which nothing of an object stands.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use peony_dicom::DicomError;
use peony_store::{SendFault, StoreError};

/// A request that gets no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    #[error("{0}")]
    BadRequest(String),
    #[error("there is no such {0}")]
    Missing(&'static str),
    #[error("this address takes other methods: see the Allow field")]
    NoMethod,
    #[error("{0}")]
    NotAcceptable(String),
    #[error("{0}")]
    Conflict(&'static str),
    /// Two patients cannot be said to be one as things stand.
    #[error("{0}")]
    NotMerged(&'static str),
    /// A study cannot be said to be another person's, or that taken back, as things stand.
    #[error("{0}")]
    NotParted(&'static str),
    /// An order stands so that nothing of it can be said otherwise.
    #[error("{0}")]
    OrderClosed(&'static str),
    #[error("{0}")]
    UnsupportedMedia(&'static str),
    #[error("{what}: at most {limit}")]
    TooLarge { what: &'static str, limit: u64 },
    #[error("the object has {0} bytes")]
    RangeNotSatisfiable(u64),
    #[error("nothing came for {0} seconds")]
    Silence(u64),
    #[error(transparent)]
    Store(StoreError),
    #[error(transparent)]
    Dicom(DicomError),
    /// Another node was asked, and did not answer as it should.
    #[error("{0}")]
    Node(SendFault),
    /// A thread that panicked; it has said so.
    #[error("the request failed")]
    Failed,
}

impl From<DicomError> for Problem {
    fn from(error: DicomError) -> Self {
        StoreError::from(error).into()
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error.of_reading() {
            StoreError::Dicom(error) => Self::Dicom(error),
            StoreError::Undecoded => Self::NotAcceptable(UNDECODED.to_owned()),
            StoreError::Taken(why) => Self::Conflict(why),
            other => Self::Store(other),
        }
    }
}

impl Problem {
    /// Its key, which stays the same: pages have words for it.
    fn code(&self) -> &'static str {
        match self {
            Self::BadRequest(_) => "bad_value",
            Self::Missing(_) | Self::Store(StoreError::Missing(_)) => "not_found",
            Self::NoMethod => "no_method",
            Self::NotAcceptable(_) => "not_acceptable",
            Self::Conflict(_) => "conflict",
            Self::NotMerged(_) => "not_merged",
            Self::NotParted(_) => "not_parted",
            Self::OrderClosed(_) => "order_closed",
            Self::UnsupportedMedia(_) => "unsupported_media",
            Self::TooLarge { .. } => "too_large",
            Self::RangeNotSatisfiable(_) => "no_such_range",
            Self::Silence(_) => "silence",
            Self::Node(fault) => match fault {
                SendFault::Rejected { .. } => "node_rejects",
                SendFault::NotOffered => "node_not_offered",
                SendFault::Failed { .. } => "node_fails",
                SendFault::BrokenOff => "node_broken_off",
                SendFault::Late => "node_late",
                _ => "node_unreachable",
            },
            Self::Failed => "failed",
            Self::Dicom(
                DicomError::NoPixelData | DicomError::UnsupportedSyntax { .. } | DicomError::Unsupported(_),
            ) => "not_drawable",
            Self::Dicom(DicomError::NotWritten { .. }) => "not_acceptable",
            Self::Store(StoreError::Unfit(_)) => "bad_value",
            Self::Dicom(_) | Self::Store(StoreError::Damaged { .. }) => "unreadable",
            Self::Store(StoreError::Full { .. }) => "no_room",
            Self::Store(_) => "unavailable",
        }
    }

    /// The status, and what is said of it.
    fn said(&self) -> (StatusCode, String) {
        let own = |status| (status, self.to_string());
        match self {
            Self::BadRequest(_) => own(StatusCode::BAD_REQUEST),
            Self::Missing(_) | Self::Store(StoreError::Missing(_)) => own(StatusCode::NOT_FOUND),
            Self::NoMethod => own(StatusCode::METHOD_NOT_ALLOWED),
            Self::NotAcceptable(_) => own(StatusCode::NOT_ACCEPTABLE),
            Self::Conflict(_) | Self::NotMerged(_) | Self::NotParted(_) | Self::OrderClosed(_) => {
                own(StatusCode::CONFLICT)
            }
            Self::UnsupportedMedia(_) => own(StatusCode::UNSUPPORTED_MEDIA_TYPE),
            Self::TooLarge { .. } => own(StatusCode::PAYLOAD_TOO_LARGE),
            Self::RangeNotSatisfiable(_) => own(StatusCode::RANGE_NOT_SATISFIABLE),
            Self::Silence(_) => own(StatusCode::REQUEST_TIMEOUT),
            Self::Node(SendFault::Late) => own(StatusCode::GATEWAY_TIMEOUT),
            Self::Node(_) => own(StatusCode::BAD_GATEWAY),
            Self::Failed => own(StatusCode::INTERNAL_SERVER_ERROR),
            // Its texts name fields, numbers and limits. The last four are what such an object cannot be asked for.
            Self::Dicom(DicomError::Io(_)) => said(StatusCode::INTERNAL_SERVER_ERROR, UNREADABLE),
            Self::Dicom(
                DicomError::NoPixelData
                | DicomError::UnsupportedSyntax { .. }
                | DicomError::Unsupported(_)
                | DicomError::NotWritten { .. },
            ) => own(StatusCode::NOT_ACCEPTABLE),
            Self::Dicom(_) => own(StatusCode::UNPROCESSABLE_ENTITY),
            Self::Store(StoreError::Damaged { .. }) => said(StatusCode::INTERNAL_SERVER_ERROR, UNREADABLE),
            Self::Store(StoreError::Unfit(_)) => own(StatusCode::BAD_REQUEST),
            Self::Store(StoreError::Full { .. }) => said(StatusCode::INSUFFICIENT_STORAGE, "no room"),
            // What a database, a disk or a bucket says is for the log.
            Self::Store(_) => said(StatusCode::SERVICE_UNAVAILABLE, "the store cannot answer now"),
        }
    }
}

const UNDECODED: &str = "not all its frames are decoded here, or written so: accept transfer-syntax=*";
const UNREADABLE: &str = "the object cannot be read";

fn said(status: StatusCode, text: &str) -> (StatusCode, String) {
    (status, text.to_owned())
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, error) = self.said();
        if status.is_server_error() {
            let kind = match &self {
                Self::Store(StoreError::Damaged { digest, what }) => format!("object {digest}: {what}"),
                Self::Store(StoreError::Locked) => "the index is locked".into(),
                Self::Store(StoreError::Index(_)) => "the index refused".into(),
                Self::Store(gone @ (StoreError::GoneIndex | StoreError::GoneObjects)) => gone.to_string(),
                Self::Store(StoreError::Remote(_)) => "the object store refused".into(),
                Self::Store(StoreError::Disk { what, .. }) => format!("cannot {what}"),
                _ => error.clone(),
            };
            tracing::warn!(status = status.as_u16(), reason = kind, "a request fails");
        }
        let body = serde_json::json!({ "error": error, "code": self.code() }).to_string();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Self::RangeNotSatisfiable(size) = self
            && let Ok(range) = HeaderValue::from_str(&format!("bytes */{size}"))
        {
            headers.insert(header::CONTENT_RANGE, range);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_database_or_a_disk_says_is_for_the_log() {
        let secret = || std::io::Error::other("/home/li/patients");
        for (problem, status, text) in [
            (StoreError::Missing("frame").into(), 404, "there is no such frame"),
            (StoreError::Locked.into(), 503, "the store cannot answer now"),
            (StoreError::Disk { what: "read", why: secret() }.into(), 503, "the store cannot answer now"),
            (StoreError::Full { free: 1, needed: 2 }.into(), 507, "no room"),
            (StoreError::Damaged { digest: "ab".into(), what: "it is cut off" }.into(), 500, UNREADABLE),
            (StoreError::Dicom(DicomError::Io(secret())).into(), 500, UNREADABLE),
            (Problem::Dicom(DicomError::NoPixelData), 406, "the object holds no pixel data"),
            (
                StoreError::Dicom(DicomError::Malformed { what: "this", at: 7 }).into(),
                422,
                "damaged DICOM at byte 7: this",
            ),
        ] {
            assert_eq!((problem.said().0.as_u16(), problem.said().1.as_str()), (status, text));
            let expected = match status {
                404 => "not_found",
                406 => "not_drawable",
                507 => "no_room",
                503 => "unavailable",
                _ => "unreadable",
            };
            assert_eq!(problem.code(), expected, "{text}");
        }
    }
}
