//! Getting what a step needs by ordinary package clients, or saying what to type.

use std::fmt;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::workshop::Workshop;

/// Something that is not here and that we cannot install.
#[derive(Debug)]
pub struct Missing {
    /// What, in words.
    pub what: String,
    /// What a person types to get it.
    pub command: String,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is missing; type: {}", self.what, self.command)
    }
}

impl std::error::Error for Missing {}

/// A program of ours by `cargo install`, below the target folder so that nobody's own tools change.
///
/// It is built without optimisation: compiling it costs more than running it ever will.
pub fn cargo_tool(workshop: &Workshop, name: &str, version: &str) -> Result<PathBuf> {
    if let Ok(found) = which::which(name) {
        return Ok(found);
    }
    let folder = workshop.folder("tools")?;
    let program = folder.join("bin").join(name);
    if !program.exists() {
        let root = folder.to_string_lossy();
        let args = ["install", "--locked", "--profile", "dev", "--root", &root, "--version", version, name];
        workshop.run(&workshop.cargo(&args)).map_err(|error| {
            let command = format!("cargo install --locked {name}");
            error.context(Missing { what: name.to_owned(), command })
        })?;
    }
    Ok(program)
}

/// The first of `programs` on the path; else `packages` by apt-get where we may, else [`Missing`].
pub fn program(workshop: &Workshop, programs: &[&str], packages: &[&str]) -> Result<PathBuf> {
    let find = || programs.iter().find_map(|name| which::which(name).ok());
    if let Some(found) = find() {
        return Ok(found);
    }
    let may_install = which::which("apt-get").is_ok() && is_root(workshop);
    if may_install {
        apt_get(workshop, packages)?;
    }
    let missing = || Missing {
        what: programs.join(" or "),
        command: format!("sudo apt-get install -y {}", packages.join(" ")),
    };
    find().ok_or_else(|| missing().into())
}

fn apt_get(workshop: &Workshop, packages: &[&str]) -> Result<()> {
    let apt = |args: &[&str]| workshop.command("apt-get", args).env("DEBIAN_FRONTEND", "noninteractive");
    // An index that is partly out of reach may still hold the packages.
    workshop.run(&apt(&["update"])).ok();
    workshop.run(&apt(&[&["install", "-y", "--no-install-recommends"], packages].concat())).map_err(|error| {
        error.context(Missing {
            what: packages.join(" and "),
            command: format!("apt-get install -y {}", packages.join(" ")),
        })
    })
}

fn is_root(workshop: &Workshop) -> bool {
    workshop.command("id", ["-u"]).read().is_ok_and(|id| id == "0")
}

/// The Python of the virtual environment below the target folder.
pub fn venv_python(workshop: &Workshop) -> PathBuf {
    workshop.target.join("python").join("bin").join("python")
}

/// Make the virtual environment, and install `arguments` of pip into it unless that was done before.
///
/// `wanted` is the text that the arguments stand for, such as the content of the requirement files.
pub fn pip(workshop: &Workshop, name: &str, arguments: &[String], wanted: &str) -> Result<PathBuf> {
    let python = venv_python(workshop);
    if !python.exists() {
        make_venv(workshop)?;
    }
    let wanted = format!("{}\n{wanted}", arguments.join(" "));
    let stamp = workshop.target.join("python").join(format!("{name}.stamp"));
    Workshop::once(&stamp, &wanted, || {
        let mut args = vec!["-m".to_owned(), "pip".into(), "install".into(), "--no-input".into()];
        args.extend_from_slice(arguments);
        workshop.run(&workshop.command(&python, args)).map_err(|error| {
            let what = format!("a Python package of {name}");
            let command = format!("{} -m pip install {}", python.display(), arguments.join(" "));
            error.context(Missing { what, command })
        })
    })?;
    Ok(python)
}

fn make_venv(workshop: &Workshop) -> Result<()> {
    let system = program(workshop, &["python3"], &["python3", "python3-venv"])?;
    let folder = workshop.target.join("python");
    let folder = folder.to_string_lossy();
    let make = workshop.command(&system, ["-m", "venv", "--clear", &folder]);
    if workshop.run(&make).is_ok() {
        return Ok(());
    }
    // Debian's python3 has no venv inside.
    if is_root(workshop) && which::which("apt-get").is_ok() {
        apt_get(workshop, &["python3-venv"])?;
        return workshop.run(&make);
    }
    Err(Missing { what: "Python's venv".into(), command: "sudo apt-get install -y python3-venv".into() }
        .into())
}

/// npm, and the packages of `web/ui` as its lock file names them.
pub fn npm(workshop: &Workshop) -> Result<(PathBuf, PathBuf)> {
    let npm = program(workshop, &["npm"], &["nodejs", "npm"])?;
    let ui = workshop.root.join("web/ui");
    let lock = std::fs::read_to_string(ui.join("package-lock.json")).context("web/ui/package-lock.json")?;
    let install = workshop.command(&npm, ["ci", "--no-audit", "--no-fund"]).dir(&ui);
    Workshop::once(&ui.join("node_modules/.xtask-stamp"), &lock, || workshop.run(&install))?;
    Ok((npm, ui))
}
