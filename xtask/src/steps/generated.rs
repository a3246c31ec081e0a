//! Files that are made from the Rust code and committed: the API's description and the TypeScript types of it.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::install;
use crate::steps::{Done, rust, ui};
use crate::workshop::Workshop;

const API: &str = "web/ui/src/api";
const DESCRIPTION: &str = "openapi.json";
const FILES: [&str; 2] = [DESCRIPTION, "schema.d.ts"];

/// Make them elsewhere and compare.
pub fn check(workshop: &Workshop) -> Result<Done> {
    let fresh = workshop.folder("generated-api")?;
    api_into(workshop, &fresh)?;
    for name in FILES {
        let committed = fs::read_to_string(workshop.root.join(API).join(name)).unwrap_or_default();
        if committed != fs::read_to_string(fresh.join(name))? {
            bail!("{API}/{name} is stale; type: cargo xtask generate");
        }
    }
    Ok(FILES.join(", ").into())
}

/// Write them where they are committed, then the page that is built from them.
pub fn write(workshop: &Workshop) -> Result<()> {
    let described = |error: anyhow::Error| error.context(format!("see {}", workshop.log.display()));
    api_into(workshop, &workshop.root.join(API)).map_err(described)?;
    ui::build(workshop, &workshop.root.join("web/ui/dist")).map_err(described)?;
    println!("written: {API}/{{{}}}, web/ui/dist", FILES.join(","));
    Ok(())
}

fn api_into(workshop: &Workshop, folder: &Path) -> Result<()> {
    // The program prints it, so that xtask builds without it.
    rust::build(workshop, &["--bin", "peony"])?;
    let program = workshop.target.join("debug/peony");
    let description = workshop.command(&program, ["api"]).read().context("the API's description")?;
    fs::write(folder.join(DESCRIPTION), description + "\n")?;
    let (npm, ui) = install::npm(workshop)?;
    // `npm run api` with the committed paths put aside: its options stand in package.json only.
    let script = workshop.command(&npm, ["pkg", "get", "scripts.api"]).dir(&ui).read()?;
    let script = FILES.iter().fold(script.trim().trim_matches('"').to_owned(), |script, file| {
        script.replace(&format!("src/api/{file}"), &folder.join(file).to_string_lossy())
    });
    workshop.run(&workshop.command(&npm, ["exec", "--no", "--call", &script]).dir(&ui))
}
