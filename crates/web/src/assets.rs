//! The built page, inside the binary.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

/// The output of Vite, committed. Sent as it is: over loopback compressing costs more time than it saves.
#[derive(RustEmbed)]
#[folder = "../../web/ui/dist"]
struct Page;

/// Vite puts a hash of the content into the names of this folder: what such a name stands for never changes.
const HASHED: &str = "assets/";

/// The file at `path` (without the leading slash; empty is the page itself); `None` where there is none.
pub(crate) fn serve(path: &str, request: &HeaderMap) -> Option<Response> {
    let path = if path.is_empty() { "index.html" } else { path };
    let file = Page::get(path)?;
    let hash: String = file.metadata.sha256_hash().iter().map(|byte| format!("{byte:02x}")).collect();
    let etag = HeaderValue::from_str(&format!("\"{hash}\"")).ok()?;
    let caching = if path.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = [(header::ETAG, etag.clone()), (header::CACHE_CONTROL, HeaderValue::from_static(caching))];
    if request.get(header::IF_NONE_MATCH) == Some(&etag) {
        return Some((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    let kind = content_type(file.metadata.mimetype());
    Some((headers, [(header::CONTENT_TYPE, kind)], file.data.into_owned()).into_response())
}

/// Text without a charset would be guessed at, and Chinese guessed wrong.
fn content_type(kind: &str) -> String {
    if kind.starts_with("text/") { format!("{kind}; charset=utf-8") } else { kind.to_owned() }
}
