//! Getting what a step needs by ordinary package clients, or saying what to type.

use std::fmt;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

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

/// A component of the Rust toolchain that gives cargo the command `gives`; by rustup where that is there.
pub fn component(workshop: &Workshop, name: &str, gives: &str) -> Result<()> {
    let there = || workshop.cargo(&[gives, "--version"]).read().is_ok();
    let add = ["component", "add", name];
    if !there()
        && let Ok(rustup) = which::which("rustup")
    {
        // Whether it helped is asked below.
        workshop.run(&workshop.command(rustup, add)).ok();
    }
    if there() {
        return Ok(());
    }
    Err(Missing { what: name.to_owned(), command: format!("rustup {}", add.join(" ")) }.into())
}

/// The first of `programs` on the path; else `packages` by apt-get where we may, else [`Missing`].
pub fn program(workshop: &Workshop, programs: &[&str], packages: &[&str]) -> Result<PathBuf> {
    let find = || programs.iter().find_map(|name| which::which(name).ok());
    if let Some(found) = find() {
        return Ok(found);
    }
    if may_install(workshop) {
        apt_get(workshop, packages)?;
    }
    let missing = || Missing {
        what: programs.join(" or "),
        command: format!("sudo apt-get install -y {}", packages.join(" ")),
    };
    find().ok_or_else(|| missing().into())
}

/// A package of the system by apt-get, where we may.
pub fn package(workshop: &Workshop, package: &str) -> Result<()> {
    if may_install(workshop) { apt_get(workshop, &[package]) } else { Ok(()) }
}

fn may_install(workshop: &Workshop) -> bool {
    which::which("apt-get").is_ok() && is_root(workshop)
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
        // The stamp says what is here: a second copy of every package, gigabytes of them, would serve nobody.
        let pip = ["-m", "pip", "install", "--no-input", "--no-cache-dir"];
        let mut args: Vec<String> = pip.map(str::to_owned).to_vec();
        args.extend_from_slice(arguments);
        workshop.run(&workshop.command(&python, args)).map_err(|error| {
            let what = format!("a Python package of {name}");
            let command = format!("{} -m pip install {}", python.display(), arguments.join(" "));
            error.context(Missing { what, command })
        })
    })?;
    Ok(python)
}

/// The first Python on the path that is as new as `training/pyproject.toml` wants it.
fn system_python(workshop: &Workshop) -> Result<PathBuf> {
    let usual = program(workshop, &["python3"], &["python3", "python3-venv"])?;
    let project = "training/pyproject.toml";
    let text = fs::read_to_string(workshop.root.join(project)).context(project)?;
    let wanted = text.lines().find_map(|line| line.strip_prefix("requires-python = "));
    let wanted = wanted.with_context(|| format!("{project}: no requires-python"))?.trim_matches('"');
    let refused = |python: &PathBuf| {
        let found =
            workshop.command(python, ["-c", "import platform; print(platform.python_version())"]).read();
        new_enough("Python", &found?, wanted, "sudo apt-get install -y python3.12 python3.12-venv")
    };
    let others = ["python3.14", "python3.13", "python3.12", "python3.11"];
    let others = others.iter().filter_map(|name| which::which(name).ok());
    match refused(&usual) {
        Ok(()) => Ok(usual),
        Err(error) => others.into_iter().find(|python| refused(python).is_ok()).ok_or(error),
    }
}

fn make_venv(workshop: &Workshop) -> Result<()> {
    let system = system_python(workshop)?;
    let folder = workshop.target.join("python");
    let folder = folder.to_string_lossy();
    let make = workshop.command(&system, ["-m", "venv", "--clear", &folder]);
    if workshop.run(&make).is_ok() {
        return Ok(());
    }
    // Debian's python3 has no venv inside.
    if may_install(workshop) {
        apt_get(workshop, &["python3-venv"])?;
        return workshop.run(&make);
    }
    Err(Missing { what: "Python's venv".into(), command: "sudo apt-get install -y python3-venv".into() }
        .into())
}

/// A package into a folder of its own below the target folder, for the libraries in it: the wheel for `python` on
/// `platform`, whichever Python runs here, and nothing that it depends on.
pub fn wheel(
    workshop: &Workshop,
    name: &str,
    package: &str,
    python: &str,
    platform: &str,
) -> Result<PathBuf> {
    let runner = venv_python(workshop);
    let folder = workshop.target.join(name);
    let target = folder.to_string_lossy().into_owned();
    let args = [
        ["-m", "pip", "install", "--no-input", "--no-deps", "--only-binary=:all:"].as_slice(),
        &["--python-version", python, "--platform", platform, "--target", &target, package],
    ]
    .concat();
    Workshop::once(&folder.join("xtask.stamp"), &args.join(" "), || {
        // pip does not replace what a former version has left there.
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        workshop.run(&workshop.command(&runner, args.clone())).map_err(|error| {
            let command = format!("{} {}", runner.display(), args.join(" "));
            error.context(Missing { what: package.to_owned(), command })
        })
    })?;
    Ok(folder)
}

/// Node, as new as `web/ui/package.json` wants it.
pub fn node(workshop: &Workshop) -> Result<PathBuf> {
    let node = program(workshop, &["node"], &["nodejs", "npm"])?;
    let ask = |args: &[&str]| workshop.command(&node, args.to_vec()).dir(workshop.root.join("web/ui")).read();
    let wanted = ask(&["-p", "require('./package.json').engines.node"])?;
    new_enough("Node", &ask(&["--version"])?, &wanted, "npm install --global node@22")?;
    Ok(node)
}

/// Whether `found`, such as `v20.20.2`, is what `wanted`, such as `>=20.19`, asks for; [`Missing`] where it is older.
fn new_enough(name: &str, found: &str, wanted: &str, command: &str) -> Result<()> {
    let (found, wanted) = (found.trim(), wanted.trim());
    let Some((text, least)) = wanted.strip_prefix(">=").and_then(|text| Some((text.trim(), version(text)?)))
    else {
        bail!("{name} `{wanted}` is wanted; understood is `>=` and one version");
    };
    if version(found.trim_start_matches('v')).is_some_and(|found| found >= least) {
        return Ok(());
    }
    let what = format!("{name} {text} or newer (there is {found})");
    Err(Missing { what, command: command.to_owned() }.into())
}

/// The numbers of `20.19`; what follows a hyphen or a plus does not count.
fn version(text: &str) -> Option<Vec<u32>> {
    let numbers = text.trim().split(['-', '+']).next()?;
    numbers.split('.').map(|number| number.parse().ok()).collect()
}

/// npm, and the packages of `web/ui` as its lock file names them.
pub fn npm(workshop: &Workshop) -> Result<(PathBuf, PathBuf)> {
    node(workshop)?;
    let npm = program(workshop, &["npm"], &["nodejs", "npm"])?;
    let ui = workshop.root.join("web/ui");
    let lock = fs::read_to_string(ui.join("package-lock.json")).context("web/ui/package-lock.json")?;
    let install = workshop.command(&npm, ["ci", "--no-audit", "--no-fund"]).dir(&ui);
    Workshop::once(&ui.join("node_modules/.xtask-stamp"), &lock, || {
        workshop.run(&install).map_err(|error| {
            let (what, command) = ("a package of web/ui".to_owned(), "npm --prefix web/ui ci".to_owned());
            error.context(Missing { what, command })
        })
    })?;
    Ok((npm, ui))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `None`: new enough.
    fn check_version(found: &str, wanted: &str, expected: Option<&str>) {
        let said = new_enough("Node", found, wanted, "get it").err().map(|error| {
            assert!(error.downcast_ref::<Missing>().is_some(), "{found} {wanted}");
            error.to_string()
        });
        assert_eq!(said.as_deref(), expected, "{found} {wanted}");
    }

    #[test]
    fn an_old_program_is_named_with_what_to_type() {
        check_version("v20.20.2\n", ">=20.19", None);
        check_version("v20.19.0", ">=20.19", None);
        check_version("v24.0.0-nightly", ">=20.19", None);
        check_version("3.11.7", ">=3.11", None);
        check_version(
            "3.9.2",
            ">=3.11",
            Some("Node 3.11 or newer (there is 3.9.2) is missing; type: get it"),
        );
        let said = "Node 20.19 or newer (there is v18.20.4) is missing; type: get it";
        check_version("v18.20.4", ">=20.19", Some(said));
        let said = "Node 20.19 or newer (there is v20.9.0) is missing; type: get it";
        check_version("v20.9.0", ">=20.19", Some(said));
        let said = "Node 20 or newer (there is nonsense) is missing; type: get it";
        check_version("nonsense", ">= 20", Some(said));
    }

    #[test]
    fn a_wish_that_is_not_understood_is_an_error_and_not_passed_over() {
        let error = new_enough("Node", "v20.20.2", "^20.19 || >=22", "get it").unwrap_err();
        assert!(error.downcast_ref::<Missing>().is_none() && error.to_string().contains("^20.19"), "{error}");
    }
}
