//! Which permit each route asks for: one table. What has no door here is not there, whoever asks.

use axum::http::Method;

use crate::permit::Permit;

/// What it takes to come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Nothing: it shows nothing of anybody.
    Open,
    /// An account, whatever its role.
    Account,
    /// A role that has this permit.
    For(Permit),
}

/// `{}` is any one part of a path, `**` at its end any number of them.
#[rustfmt::skip] // Read as a table.
const DOORS: &[(&str, &str, Door)] = &[
    // The pages themselves, as they are in everybody's copy of the program.
    ("GET",    "/",                                    Door::Open),
    ("GET",    "/index.html",                          Door::Open),
    ("GET",    "/peony.svg",                           Door::Open),
    ("GET",    "/assets/**",                           Door::Open),
    ("GET",    "/api/health",                          Door::Open),
    ("GET",    "/api/openapi.json",                    Door::Open),
    // Whether the program is well; its figures are of everybody together, and still not for everybody.
    ("GET",    "/health",                              Door::Open),
    ("GET",    "/ready",                               Door::Open),
    ("GET",    "/metrics",                             Door::Account),
    // Signing in and out.
    ("GET",    "/api/session",                         Door::Open),
    ("POST",   "/api/session",                         Door::Open),
    ("DELETE", "/api/session",                         Door::Open),
    ("GET",    "/api/oidc/sign-in",                    Door::Open),
    ("GET",    "/api/oidc/callback",                   Door::Open),
    ("POST",   "/api/me/password",                     Door::Account),
    ("GET",    "/api/me/tokens",                       Door::Account),
    ("POST",   "/api/me/tokens",                       Door::Account),
    ("DELETE", "/api/me/tokens/{}",                    Door::Account),
    ("GET",    "/api/accounts",                        Door::For(Permit::Administer)),
    ("POST",   "/api/accounts",                        Door::For(Permit::Administer)),
    ("PUT",    "/api/accounts/{}",                     Door::For(Permit::Administer)),
    ("PUT",    "/api/accounts/{}/password",            Door::For(Permit::Administer)),
    ("GET",    "/api/audit",                           Door::For(Permit::Administer)),
    ("GET",    "/api/sites",                           Door::For(Permit::Administer)),
    ("POST",   "/api/sites",                           Door::For(Permit::Administer)),
    // Examinations. Who may sign is looked at where an act is read.
    ("GET",    "/live",                                Door::For(Permit::Scan)),
    ("GET",    "/capture",                             Door::For(Permit::Scan)),
    ("GET",    "/api/exams",                           Door::For(Permit::Read)),
    ("POST",   "/api/exams",                           Door::For(Permit::Scan)),
    ("GET",    "/api/exams/{}/report",                 Door::For(Permit::Read)),
    ("GET",    "/api/exams/{}/report.pdf",             Door::For(Permit::Read)),
    ("GET",    "/api/exams/{}/history",                Door::For(Permit::Read)),
    ("GET",    "/api/exams/{}/planes/{}",              Door::For(Permit::Read)),
    ("GET",    "/api/exams/{}/coronal",                Door::For(Permit::Read)),
    ("GET",    "/api/exams/{}/calibration",            Door::For(Permit::Scan)),
    ("POST",   "/api/exams/{}/calibration",            Door::For(Permit::Scan)),
    ("GET",    "/api/calibrations",                    Door::For(Permit::Scan)),
    ("POST",   "/api/calibrations",                    Door::For(Permit::Scan)),
    ("POST",   "/api/exams/{}/acts",                   Door::For(Permit::Scan)),
    ("POST",   "/api/exams/{}/undo",                   Door::For(Permit::Scan)),
    ("POST",   "/api/exams/{}/discard",                Door::For(Permit::Scan)),
    // What is sent to other nodes.
    ("GET",    "/api/sending",                         Door::For(Permit::Send)),
    ("GET",    "/api/sending/neighbours",              Door::For(Permit::Send)),
    ("POST",   "/api/sending",                         Door::For(Permit::Send)),
    ("POST",   "/api/sending/clear",                   Door::For(Permit::Send)),
    ("POST",   "/api/sending/{}/retry",                Door::For(Permit::Send)),
    ("POST",   "/api/sending/{}/cancel",               Door::For(Permit::Send)),
    // What other nodes have, and what is fetched from them.
    ("GET",    "/api/nodes",                           Door::For(Permit::Send)),
    ("POST",   "/api/nodes/search",                    Door::For(Permit::Send)),
    ("POST",   "/api/nodes/fetch",                     Door::For(Permit::Send)),
    // What happened in the store.
    ("GET",    "/api/events",                          Door::For(Permit::Read)),
    ("GET",    "/api/events/arriving",                 Door::For(Permit::Read)),
    // Who is who. That something is doubtful concerns whoever reads; what is doubtful about it, and to say so, is for those who may merge.
    ("GET",    "/api/identity",                              Door::For(Permit::Read)),
    ("GET",    "/api/identity/contradictions",               Door::For(Permit::Merge)),
    ("POST",   "/api/identity/contradictions/{}/settle",     Door::For(Permit::Merge)),
    ("POST",   "/api/identity/contradictions/{}/part",       Door::For(Permit::Merge)),
    ("GET",    "/api/identity/partings",                     Door::For(Permit::Merge)),
    ("POST",   "/api/identity/partings/{}/undo",             Door::For(Permit::Merge)),
    ("GET",    "/api/identity/aside",                        Door::For(Permit::Merge)),
    ("GET",    "/api/identity/aside/{}",                     Door::For(Permit::Merge)),
    ("GET",    "/api/identity/aside/{}/differences",         Door::For(Permit::Merge)),
    ("GET",    "/api/identity/aside/{}/thumbnail",           Door::For(Permit::Merge)),
    ("POST",   "/api/identity/aside/{}/reject",              Door::For(Permit::Merge)),
    ("POST",   "/api/identity/aside/{}/take",                Door::For(Permit::Merge)),
    ("GET",    "/api/identity/merges",                       Door::For(Permit::Merge)),
    ("POST",   "/api/identity/merges",                       Door::For(Permit::Merge)),
    ("POST",   "/api/identity/merges/{}/undo",               Door::For(Permit::Merge)),
    // What shall be examined.
    ("GET",    "/api/orders",                          Door::For(Permit::Read)),
    ("POST",   "/api/orders",                          Door::For(Permit::Order)),
    ("POST",   "/api/orders/{}/change",                Door::For(Permit::Order)),
    ("POST",   "/api/orders/{}/cancel",                Door::For(Permit::Order)),
    // DICOMweb: STOW-RS, workitems that somebody works on, and everything that reads.
    ("PUT",    "/dicomweb/workitems/{}/state",         Door::For(Permit::Scan)),
    ("POST",   "/dicomweb/studies",                    Door::For(Permit::Store)),
    ("POST",   "/dicomweb/studies/{}",                 Door::For(Permit::Store)),
    ("GET",    "/dicomweb/**",                         Door::For(Permit::Read)),
];

/// All doors: method, path (`{}` is any one part of it, `**` at its end any number of them), and what it takes.
pub fn doors() -> impl Iterator<Item = (&'static str, &'static str, Door)> {
    DOORS.iter().copied()
}

/// The door of a request; `None`: there is none.
#[must_use]
pub fn door(method: &Method, path: &str) -> Option<Door> {
    named_door(method, path).map(|(.., door)| door)
}

/// The same with the method and the path by which the table has it.
pub(crate) fn named_door(method: &Method, path: &str) -> Option<(&'static str, &'static str, Door)> {
    // What is said in the head alone is said to whoever may have the whole.
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    DOORS.iter().find(|(of, pattern, _)| *of == method && fits(pattern, path)).copied()
}

/// Part by part, as the router reads paths: nothing is decoded, and no part is empty.
fn fits(pattern: &str, path: &str) -> bool {
    let mut parts = path.split('/');
    for expected in pattern.split('/') {
        if expected == "**" {
            return parts.next().is_some();
        }
        match parts.next() {
            Some(part) if part == expected || (expected == "{}" && !part.is_empty()) => {}
            _ => return false,
        }
    }
    parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_door_is_not_there() {
        let read = Some(Door::For(Permit::Read));
        for (method, path, expected) in [
            ("GET", "/", Some(Door::Open)),
            ("HEAD", "/api/exams/1/report.pdf", read),
            ("GET", "/assets/index-1.js", Some(Door::Open)),
            ("GET", "/dicomweb/studies/1.2/series/1.3/metadata", read),
            ("POST", "/dicomweb/studies", Some(Door::For(Permit::Store))),
            ("POST", "/dicomweb/studies/1.2/series", None),
            ("DELETE", "/dicomweb/studies/1.2", None),
            ("GET", "/ready", Some(Door::Open)),
            ("GET", "/metrics", Some(Door::Account)),
            ("GET", "/api/identity", read),
            ("GET", "/api/identity/aside/7", Some(Door::For(Permit::Merge))),
            ("GET", "/api/orders", read),
            ("POST", "/api/orders/P7/cancel", Some(Door::For(Permit::Order))),
            ("PUT", "/api/orders/P7", None),
            ("GET", "/api/sending/", None),
            ("GET", "/assets", None),
            ("GET", "/api/exams/", None),
            ("GET", "/api//exams", None),
            ("GET", "//api/exams", None),
            ("GET", "/api/exams/1/report/", None),
            ("GET", "/api/exams//report", None),
            ("GET", "/API/exams", None),
            ("OPTIONS", "/api/exams", None),
            ("PUT", "/api/exams", None),
            ("POST", "/", None),
        ] {
            let method: Method = method.parse().unwrap();
            assert_eq!(door(&method, path), expected, "{method} {path}");
        }
    }
}
