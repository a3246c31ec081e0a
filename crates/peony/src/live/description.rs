//! One description of everything that is asked by HTTP but DICOMweb, which has its own standard: made of those of the crates that answer it. The pages'
//! types are made from it, and `/api/openapi.json` says it.

use std::io::Write as _;

use anyhow::Result;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::PathItem;

use super::ops;
use crate::exit::Outcome;

/// `peony api`: prints it.
///
/// # Errors
/// Where the standard output is closed.
pub fn api() -> Result<Outcome> {
    writeln!(std::io::stdout(), "{}", description().to_pretty_json()?)?;
    Ok(Outcome::Done)
}

/// The description.
pub fn description() -> OpenApi {
    let of_access = named("access", peony_access::openapi());
    let of_sending = named("sending", peony_dicomweb::sending_openapi());
    let of_nodes = named("nodes", peony_dicomweb::nodes_openapi());
    let of_identity = named("identity", peony_dicomweb::identity_openapi());
    let of_orders = named("orders", peony_dicomweb::orders_openapi());
    let of_events = named("events", peony_dicomweb::events_openapi());
    let of_ops = named("ops", ops::Description::openapi());
    let whole = peony_web::openapi().merge_from(of_access).merge_from(of_sending).merge_from(of_nodes);
    whole.merge_from(of_identity).merge_from(of_orders).merge_from(of_events).merge_from(of_ops)
}

/// Operations of two crates may have the same name; each has that of its crate before it.
fn named(by: &str, mut part: OpenApi) -> OpenApi {
    for operation in part.paths.paths.values_mut().flat_map(operations_mut) {
        operation.operation_id = operation.operation_id.take().map(|id| format!("{by}_{id}"));
    }
    part
}

fn operations_mut(item: &mut PathItem) -> impl Iterator<Item = &mut utoipa::openapi::path::Operation> {
    [&mut item.get, &mut item.post, &mut item.put, &mut item.delete].into_iter().filter_map(Option::as_mut)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    fn json(of: &OpenApi) -> Value {
        serde_json::to_value(of).unwrap()
    }

    /// Write it anew with `cargo xtask generate`.
    #[test]
    fn the_committed_description_is_what_the_program_says() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/ui/src/api/openapi.json");
        let committed = std::fs::read_to_string(path).unwrap();
        let said = description().to_pretty_json().unwrap() + "\n";
        assert!(committed == said, "web/ui/src/api/openapi.json is stale: run `cargo xtask generate`");
    }

    #[test]
    fn every_door_but_those_of_pages_and_of_dicomweb_is_described_and_nothing_else() {
        let whole = json(&description());
        let mut described = BTreeSet::new();
        for (path, item) in whole["paths"].as_object().unwrap() {
            let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
            let path = parts.collect::<Vec<_>>().join("/");
            described.extend(
                item.as_object().unwrap().keys().map(|method| format!("{} {path}", method.to_uppercase())),
            );
        }
        let of_pages = ["/", "/index.html", "/peony.svg", "/assets/**"];
        let doors = peony_access::doors()
            .filter(|(_, path, _)| !of_pages.contains(path) && !path.starts_with("/dicomweb/"));
        let doors: BTreeSet<String> = doors.map(|(method, path, _)| format!("{method} {path}")).collect();
        assert_eq!(described, doors);
    }

    /// Merging keeps the first of two that have one name.
    #[test]
    fn no_two_parts_describe_something_else_under_one_name() {
        let whole = json(&description());
        let parts = [
            peony_web::openapi(),
            peony_access::openapi(),
            peony_dicomweb::sending_openapi(),
            peony_dicomweb::nodes_openapi(),
            peony_dicomweb::identity_openapi(),
            peony_dicomweb::orders_openapi(),
            peony_dicomweb::events_openapi(),
            ops::Description::openapi(),
        ];
        for part in parts.map(|part| json(&part)) {
            let Some(schemas) = part["components"]["schemas"].as_object() else { continue };
            for (name, schema) in schemas {
                assert_eq!(whole["components"]["schemas"][name], *schema, "{name}");
            }
        }
        let paths =
            whole["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values());
        let ids: Vec<&str> = paths.map(|operation| operation["operationId"].as_str().unwrap()).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
    }
}
