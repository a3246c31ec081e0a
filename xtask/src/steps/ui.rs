//! The page's TypeScript, and whether the built page that the binary embeds is the one that it builds to.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use walkdir::WalkDir;

use crate::install;
use crate::steps::Done;
use crate::tally::Tally;
use crate::workshop::Workshop;

/// Types, lint and unit tests.
pub fn check(workshop: &Workshop) -> Result<Done> {
    let (npm, ui) = install::npm(workshop)?;
    // `lint` takes the script of the step `page` too, which stands outside.
    for script in [&["check"][..], &["lint", "--", "../../xtask/page"], &["test"]] {
        let run = workshop.command(&npm, [&["run"], script].concat());
        workshop.run(&run.dir(&ui).env("CI", "true"))?;
    }
    let tally = Tally::read(&workshop.said()).unwrap_or_default();
    Ok(format!("{} tests, types, lint", tally.passed).into())
}

/// Build into another folder and compare byte by byte.
pub fn dist_is_current(workshop: &Workshop) -> Result<Done> {
    let built = workshop.target.join("ui-dist");
    build(workshop, &built)?;
    let committed = files(&workshop.root.join("web/ui/dist"))?;
    let fresh = files(&built)?;
    let stale = differences(&committed, &fresh);
    if !stale.is_empty() {
        bail!("web/ui/dist is stale ({}); type: cargo xtask generate", stale.join(", "));
    }
    Ok(format!("{} files", fresh.len()).into())
}

/// `vite build` into `folder`.
pub fn build(workshop: &Workshop, folder: &Path) -> Result<()> {
    let (npm, ui) = install::npm(workshop)?;
    let folder = folder.to_string_lossy();
    let args = ["run", "build", "--", "--outDir", &folder, "--emptyOutDir"];
    workshop.run(&workshop.command(&npm, args).dir(&ui))
}

type Files = BTreeMap<PathBuf, Vec<u8>>;

fn files(folder: &Path) -> Result<Files> {
    let mut files = Files::new();
    for entry in WalkDir::new(folder) {
        let entry = entry.with_context(|| format!("cannot read {}", folder.display()))?;
        if entry.file_type().is_file() {
            files.insert(entry.path().strip_prefix(folder)?.to_owned(), fs::read(entry.path())?);
        }
    }
    Ok(files)
}

fn differences(committed: &Files, fresh: &Files) -> Vec<String> {
    let gone = committed.keys().filter(|path| !fresh.contains_key(*path));
    let changed =
        fresh.iter().filter(|(path, bytes)| committed.get(*path) != Some(*bytes)).map(|(path, _)| path);
    gone.chain(changed).map(|path| path.display().to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_differences(committed: &[(&str, &str)], fresh: &[(&str, &str)], expected: &[&str]) {
        let files = |list: &[(&str, &str)]| -> Files {
            list.iter().map(|(path, text)| (PathBuf::from(path), text.as_bytes().to_vec())).collect()
        };
        assert_eq!(differences(&files(committed), &files(fresh)), expected);
    }

    #[test]
    fn gone_new_and_changed_files_are_named() {
        check_differences(&[("a", "1"), ("b", "2")], &[("a", "1"), ("b", "2")], &[]);
        check_differences(&[("a", "1"), ("b", "2")], &[("a", "1"), ("b", "3")], &["b"]);
        check_differences(&[("old", "1")], &[("new", "1")], &["old", "new"]);
        check_differences(&[], &[("index.html", "")], &["index.html"]);
    }
}
