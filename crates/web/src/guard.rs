//! Which pages may talk to the server: those that it served itself.
//!
//! Binding to loopback keeps other machines out, but not other web sites in this machine's browser. Two ways in are
//! closed here: a foreign name that resolves to this machine (DNS rebinding) by the `Host` header, and a foreign page that
//! opens our socket or calls our API (cross-site WebSocket hijacking) by the `Origin` header. A page served by Vite's
//! development server comes through its proxy, which rewrites both. Over TLS the certificate says which names are this server's, so that only the origin is
//! looked at.

use std::net::{IpAddr, SocketAddr};

use axum::Json;
use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::wire::Problem;

/// Where the server is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Site {
    /// The address it listens on.
    pub bound: SocketAddr,
    /// Over TLS.
    pub secured: bool,
}

impl Site {
    fn scheme(self) -> &'static str {
        if self.secured { "https" } else { "http" }
    }

    /// The address a person opens.
    pub fn url(self) -> String {
        format!("{}://{}/", self.scheme(), self.bound)
    }
}

/// Refuses what does not come from a page of ours, and tells the browser what a page of ours may do.
pub(crate) async fn guard(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    // The report page shows its own paper beside the form; nothing else is ever shown in a frame.
    let paper = request.uri().path().ends_with("/report.pdf");
    let mut response = match refusal(request.headers(), site) {
        Some((code, error)) => problem_as(StatusCode::FORBIDDEN, code, error),
        None => {
            if let Some(host) = whole_host(request.headers(), site) {
                request.headers_mut().insert(header::HOST, host);
            }
            next.run(request).await
        }
    };
    for (name, value) in SECURITY_HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    if site.secured {
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, STRICT_TRANSPORT);
    }
    if paper {
        for (name, value) in PAPER_HEADERS {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
    }
    response
}

/// Over TLS: for a year from the last answer on, a browser comes to a server of this name over TLS alone (RFC 6797), so that nobody between them answers its
/// first request in the clear. Of no names below this one, which may be other machines' of the hospital. Over plain TCP a browser may not be told so
/// (RFC 6797 §7.2).
const STRICT_TRANSPORT: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// What is otherwise for a report on paper: a page of ours may frame it, and the browser's viewer styles it.
const PAPER_HEADERS: [(HeaderName, &str); 2] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'",
    ),
    (header::X_FRAME_OPTIONS, "SAMEORIGIN"),
];

/// Everything the page needs comes from here; `blob:` and `data:` pictures are made by the page itself.
const SECURITY_HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' blob: data:; \
         connect-src 'self'; worker-src 'self' blob:; frame-src 'self'; object-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    // No other site may show our pictures, not even in an <img>.
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Why a request is refused, if it is, with its key.
fn refusal(headers: &HeaderMap, site: Site) -> Option<(&'static str, String)> {
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else {
        return Some(("forbidden", "Host: missing or not text".to_owned()));
    };
    if !site.secured && !is_our_host(host, site.bound) {
        return Some((
            "forbidden",
            format!("Host: `{}` is not this server; open {}", shown(host), site.url()),
        ));
    }
    let origin = headers.get(header::ORIGIN)?;
    // Browsers give an origin to every WebSocket; a program without a browser gives none and is as local as we are.
    let ours = origin.to_str().is_ok_and(|origin| {
        let (scheme, from) = origin.split_once("://").unwrap_or_default();
        scheme == site.scheme() && from.eq_ignore_ascii_case(host)
    });
    (!ours).then(|| ("other_origin", "Origin: another site's page may not use this server".to_owned()))
}

fn is_our_host(host: &str, bound: SocketAddr) -> bool {
    let port = bound.port();
    let names = [
        format!("localhost:{port}"),
        format!("127.0.0.1:{port}"),
        format!("[::1]:{port}"),
        bound.to_string(),
    ];
    // A browser that comes here names the port; a program may leave it out, and is as local as we are.
    let without_port =
        |name: &String| name.rsplit_once(':').is_some_and(|(name, _)| name.eq_ignore_ascii_case(host));
    names.iter().any(|name| name.eq_ignore_ascii_case(host) || without_port(name))
}

/// The `Host` of a program that left the port out, with it: addresses in answers are made of this, and lead back here.
fn whole_host(headers: &HeaderMap, site: Site) -> Option<HeaderValue> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let ip = host.trim_matches(['[', ']']).parse::<IpAddr>();
    let has_port = host.parse::<Authority>().ok()?.port().is_some();
    // Over TLS another name may be that of a proxy, which has a port of its own.
    let is_here = host.eq_ignore_ascii_case("localhost")
        || ip.is_ok_and(|ip| ip.is_loopback() || ip == site.bound.ip());
    if has_port || !is_here {
        return None;
    }
    HeaderValue::from_str(&format!("{host}:{}", site.bound.port())).ok()
}

/// Foreign text in an answer is short and plain.
fn shown(text: &str) -> String {
    text.chars().take(64).filter(|letter| letter.is_ascii_graphic()).collect()
}

/// An answer that says why there is no other, with the key of its status.
pub(crate) fn problem(status: StatusCode, error: String) -> Response {
    problem_as(status, code_of(status), error)
}

/// The same with a key of its own.
pub(crate) fn problem_as(status: StatusCode, code: &'static str, error: String) -> Response {
    (status, Json(Problem { error, code })).into_response()
}

fn code_of(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => "bad_value",
        StatusCode::FORBIDDEN => "forbidden",
        StatusCode::NOT_FOUND => "not_found",
        StatusCode::METHOD_NOT_ALLOWED => "no_method",
        StatusCode::CONFLICT => "conflict",
        StatusCode::PAYLOAD_TOO_LARGE => "too_large",
        StatusCode::SERVICE_UNAVAILABLE => "unavailable",
        _ => "failed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_without_its_port_gets_it_where_it_is_this_machine() {
        let bound = SocketAddr::from(([10, 0, 0, 5], 8686));
        for (host, expect) in [
            ("127.0.0.1", Some("127.0.0.1:8686")),
            ("localhost", Some("localhost:8686")),
            ("[::1]", Some("[::1]:8686")),
            ("10.0.0.5", Some("10.0.0.5:8686")),
            ("127.0.0.1:8686", None),
            ("127.0.0.1:443", None),
            ("[::1]:8686", None),
            ("10.0.0.6", None),
            ("peony.example", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_str(host).unwrap());
            let whole = whole_host(&headers, Site { bound, secured: true });
            assert_eq!(whole.as_ref().and_then(|whole| whole.to_str().ok()), expect, "{host}");
        }
    }
}
