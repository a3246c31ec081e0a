//! The page's types are made from `web/ui/src/api/openapi.json`; it must be what the program serves.

use std::{env, fs, path::Path};

/// Write it anew with `PEONY_GENERATE=1 cargo test -p peony-web --test openapi`.
#[test]
fn the_committed_description_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/ui/src/api/openapi.json");
    let served = peony_web::openapi().to_pretty_json().unwrap() + "\n";
    if env::var_os("PEONY_GENERATE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &served).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap();
    assert!(committed == served, "web/ui/src/api/openapi.json is stale: run `cargo xtask generate`");
}
