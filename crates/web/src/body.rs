//! What requests have in their bodies.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use serde::de::DeserializeOwned;

/// A body that is a JSON object. Of a list Serde would take the values in the order of the fields, and an empty one where no field must be there.
pub(crate) struct Object<T>(pub T);

/// What a body that is no such value is answered with: one line.
pub(crate) type Unread = (StatusCode, String);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Object<T> {
    type Rejection = Unread;

    async fn from_request(request: Request, state: &S) -> Result<Self, Unread> {
        let (head, body) = request.into_parts();
        let text = Bytes::from_request(Request::from_parts(head.clone(), body), state).await;
        let text = text.map_err(|error| unread(&error.into()))?;
        let is_object = text.trim_ascii_start().starts_with(b"{");
        let read = Json::from_request(Request::from_parts(head, Body::from(text)), state).await;
        let Json(value) = read.map_err(|error| unread(&error))?;
        if is_object {
            Ok(Self(value))
        } else {
            Err((StatusCode::UNPROCESSABLE_ENTITY, "body: it is no JSON object".to_owned()))
        }
    }
}

/// One line on the field, without the words of the parser around it.
fn unread(error: &JsonRejection) -> Unread {
    let said = match error {
        JsonRejection::JsonDataError(error) => std::error::Error::source(error).map(ToString::to_string),
        JsonRejection::JsonSyntaxError(_) => Some("not JSON".to_owned()),
        JsonRejection::MissingJsonContentType(_) => Some("say Content-Type: application/json".to_owned()),
        _ if error.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            return (
                StatusCode::PAYLOAD_TOO_LARGE,
                "body: longer than any that is asked for here".to_owned(),
            );
        }
        _ => None,
    };
    let said = said.unwrap_or_else(|| "it did not arrive whole".to_owned());
    // Where in the text it stands says nothing to whoever sent a field.
    let line = said.rsplit_once(" at line ").map_or(said.as_str(), |(line, _)| line);
    (StatusCode::UNPROCESSABLE_ENTITY, format!("body: {line}"))
}
