//! The compiler's, clippy's and the tests' word on the Rust code.

use anyhow::Result;

use crate::install;
use crate::steps::python;
use crate::tally::Tally;
use crate::workshop::{Call, Workshop};

const NEXTEST: &str = "0.9.143";

/// rustfmt over every crate, the fuzz targets too.
pub fn format(workshop: &Workshop) -> Result<String> {
    workshop.run(&workshop.cargo(&["fmt", "--all", "--check"]))?;
    let manifest = "--manifest-path=fuzz/Cargo.toml";
    workshop.run(&workshop.cargo(&["fmt", manifest, "--check"]))?;
    Ok("rustfmt".into())
}

/// Warnings are errors here and not in the sources: a newer compiler may warn of more.
pub fn clippy(workshop: &Workshop) -> Result<String> {
    let args = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
    workshop.run(&workshop.cargo(&args))?;
    Ok("no warning".into())
}

/// All tests but those in documentation; by cargo's own runner where nextest cannot be had.
pub fn tests(workshop: &Workshop) -> Result<String> {
    let nextest = install::cargo_tool(workshop, "cargo-nextest", NEXTEST);
    let command = match &nextest {
        Ok(program) => workshop.command(
            program,
            ["nextest", "run", "--workspace", "--locked", "--no-fail-fast", "--success-output", "final"],
        ),
        Err(_) => workshop.cargo(&["test", "--workspace", "--locked", "--all-targets", "--no-fail-fast"]),
    };
    workshop.run(&with_python(workshop, &command))?;
    let said = workshop.said();
    let tally = Tally::read(&said).unwrap_or_default();
    let mut note = format!("{} tests", tally.passed);
    // Tests that lack data pass and say so; what they say must not be lost among the others.
    let unseen = said.lines().filter(|line| line.trim_start().starts_with("skipped:")).count();
    if unseen > 0 {
        note += &format!(", {unseen} of them passed over: `grep skipped: {}`", workshop.log.display());
    }
    if nextest.is_err() {
        note += ", by cargo test: cargo-nextest could not be installed";
    }
    Ok(note)
}

/// The environment that tests look for Python and ONNX Runtime in; what a person has set stays.
fn with_python(workshop: &Workshop, command: &Call) -> Call {
    let python = install::venv_python(workshop);
    let mut command = command.clone();
    if python.exists() && std::env::var_os("PEONY_PYTHON").is_none() {
        command = command.env("PEONY_PYTHON", &python);
    }
    match python::onnx_runtime(workshop) {
        Some(library) if std::env::var_os("PEONY_ORT_LIB").is_none() => command.env("PEONY_ORT_LIB", library),
        _ => command,
    }
}

/// Examples in documentation: nextest does not run them.
pub fn doctests(workshop: &Workshop) -> Result<String> {
    workshop.run(&workshop.cargo(&["test", "--workspace", "--locked", "--doc"]))?;
    let tally = Tally::read(&workshop.said()).unwrap_or_default();
    Ok(format!("{} examples", tally.passed))
}
