//! cargo-deny: what may be depended on. Advisories need a database from the network; see `deny.toml`.

use anyhow::Result;

use crate::install;
use crate::steps::Done;
use crate::workshop::Workshop;

const CARGO_DENY: &str = "0.20.2";

pub fn run(workshop: &Workshop) -> Result<Done> {
    let program = install::cargo_tool(workshop, "cargo-deny", CARGO_DENY)?;
    let config = workshop.root.join("deny.toml");
    let config = config.to_string_lossy();
    for manifest in ["Cargo.toml", "fuzz/Cargo.toml"] {
        let args = ["--manifest-path", manifest, "--locked", "--config", &config, "check"];
        workshop.run(&workshop.command(&program, [&args[..], &["bans", "licenses", "sources"]].concat()))?;
    }
    Ok("licences, bans, sources; not advisories".into())
}
