//! The page's types of accounts are made from `web/ui/src/api/access.json`; it must be what the program serves.

use std::{env, fs, path::Path};

/// Write it anew with `PEONY_GENERATE=1 cargo test -p peony-access --test openapi`.
#[test]
fn the_committed_description_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/ui/src/api/access.json");
    let served = peony_access::openapi().to_pretty_json().unwrap() + "\n";
    if env::var_os("PEONY_GENERATE").is_some() {
        fs::write(&path, &served).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap();
    assert!(committed == served, "web/ui/src/api/access.json is stale: run `cargo xtask generate`");
}
