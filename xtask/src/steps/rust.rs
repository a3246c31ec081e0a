//! The compiler's, clippy's and the tests' word on the Rust code.

use std::process::Command;

use anyhow::Result;

use crate::install;
use crate::steps::fuzz::cplusplus;
use crate::steps::{Done, Skip, python};
use crate::tally::{self, Tally};
use crate::workshop::{Call, Workshop};

const NEXTEST: &str = "0.9.143";
/// The tests that run every engine: they see one ONNX Runtime library at a time.
const ENGINE_TESTS: [&str; 2] = ["engines", "peony_us"];
/// What stands in the reason of a skip that nothing which can be installed mends: pictures that are not in the
/// repository, instructions that the processor does not have, and a system that lets nobody mount a disk.
const NOT_HERE: [&str; 4] = ["PEONY_DATA", "shared/data", "the processor has no", "cannot be mounted"];
/// Where Debian puts the server that tests of the store start for themselves.
const POSTGRESQL: &str = "/usr/lib/postgresql";
/// Where it puts another maker's archive, which is no program for the path.
const ORTHANC: &str = "/usr/sbin/Orthanc";

/// rustfmt over every crate, the fuzz targets too.
pub fn format(workshop: &Workshop) -> Result<Done> {
    install::component(workshop, "rustfmt", "fmt")?;
    workshop.run(&workshop.cargo(&["fmt", "--all", "--check"]))?;
    let manifest = "--manifest-path=fuzz/Cargo.toml";
    workshop.run(&workshop.cargo(&["fmt", manifest, "--check"]))?;
    Ok("rustfmt".into())
}

/// Warnings are errors here and not in the sources: a newer compiler may warn of more.
pub fn clippy(workshop: &Workshop) -> Result<Done> {
    install::component(workshop, "clippy", "clippy")?;
    // One of the features builds C++.
    cplusplus(workshop)?;
    let args =
        ["clippy", "--workspace", FEATURES, &features(), "--all-targets", "--locked", "--", "-D", "warnings"];
    workshop.run(&workshop.cargo(&args))?;
    Ok("no warning".into())
}

const FEATURES: &str = "--features";
const GSTREAMER: &str = "gstreamer";

/// All features, as far as the system has what they are built with: GStreamer's headers cannot be had by cargo.
fn features() -> String {
    let found =
        Command::new("pkg-config").args(["--exists", "gstreamer-video-1.0", "gstreamer-app-1.0"]).status();
    let gstreamer = found.is_ok_and(|status| status.success());
    ["h264", "rtsp", "otlp"].into_iter().chain(gstreamer.then_some(GSTREAMER)).collect::<Vec<_>>().join(",")
}

/// Programs and examples of the workspace, named as cargo's arguments, as the tests have them: with the same packages and
/// features chosen nothing is compiled a second time.
pub fn build(workshop: &Workshop, targets: &[&str]) -> Result<()> {
    cplusplus(workshop)?;
    let features = features();
    let args = ["build", "--workspace", FEATURES, &features, "--locked"];
    workshop.run(&workshop.cargo(&[&args[..], targets].concat()))
}

/// All tests but those in documentation; by cargo's own runner where nextest cannot be had.
///
/// Those of the engines run once more with OpenVINO, since a process opens one library only.
pub fn tests(workshop: &Workshop) -> Result<Done> {
    cplusplus(workshop)?;
    // Peers of the node's tests, which say so where they have none.
    install::program(workshop, &["storescu"], &["dcmtk"]).ok();
    for (place, package) in [(POSTGRESQL, "postgresql"), (ORTHANC, "orthanc")] {
        if !std::path::Path::new(place).exists() {
            // Without it a test says that it was skipped.
            install::package(workshop, package).ok();
        }
    }
    let features = features();
    let nextest = install::cargo_tool(workshop, "cargo-nextest", NEXTEST);
    let run = |targets: &[&str]| match &nextest {
        Ok(program) => {
            let args = ["nextest", "run", "--workspace", FEATURES, &features, "--locked", "--no-fail-fast"];
            // Those that failed last, where the end of the log is shown.
            let shown = ["--success-output", "final", "--failure-output", "immediate-final"];
            workshop.command(program, [&args[..], &shown, targets].concat())
        }
        Err(_) => {
            let args = ["test", "--workspace", FEATURES, &features, "--locked", "--no-fail-fast"];
            workshop.cargo(&[&args[..], targets, &["--", "--show-output"]].concat())
        }
    };
    workshop.run(&with_python(workshop, &run(&["--all-targets"])))?;
    let first = workshop.said();
    let openvino = python::openvino(workshop);
    if let Some(library) = &openvino {
        let targets = ENGINE_TESTS.map(|name| ["--test", name]).concat();
        workshop.run(&run(&targets).env("PEONY_ORT_LIB", library))?;
    }
    let both = workshop.said();
    let second = both.strip_prefix(&first).unwrap_or_default();
    let skips = skips(&first, second, openvino.is_some());
    let mut note = format!("{} tests", Tally::read(&both).unwrap_or_default().passed);
    if !skips.is_empty() {
        note += &format!(", {} checks in them skipped", skips.len());
    }
    if !features.contains(GSTREAMER) {
        note += ", without GStreamer, whose headers are not installed";
    }
    if nextest.is_err() {
        note += ", by cargo test: cargo-nextest could not be installed";
    }
    Ok(Done { note, skips })
}

/// What tests skipped that passed. What lacked OpenVINO in the first run counts only where there was no second one.
fn skips(first: &str, second: &str, openvino: bool) -> Vec<Skip> {
    let of_openvino = |what: &str| what.starts_with("openvino");
    let first = tally::skip_lines(first).into_iter().filter(|what| !openvino || !of_openvino(what));
    let all = first.chain(tally::skip_lines(second));
    all.map(|what| {
        let not_made = of_openvino(&what) && !python::OPENVINO_IS_MADE;
        let mendable = !not_made && !NOT_HERE.iter().any(|word| what.contains(word));
        Skip { what, mendable }
    })
    .collect()
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
pub fn doctests(workshop: &Workshop) -> Result<Done> {
    workshop.run(&workshop.cargo(&["test", "--workspace", FEATURES, &features(), "--locked", "--doc"]))?;
    let tally = Tally::read(&workshop.said()).unwrap_or_default();
    Ok(format!("{} examples", tally.passed).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str =
        "    skipped: openvino: no OpenVINO inside\n    skipped: no shared data (set PEONY_DATA)\n";

    fn check(second: &str, openvino: bool, expected: &[(&str, bool)]) {
        let found = skips(FIRST, second, openvino);
        let found: Vec<_> = found.iter().map(|skip| (skip.what.as_str(), skip.mendable)).collect();
        assert_eq!(found, expected, "{second:?}");
    }

    #[test]
    fn an_engine_is_skipped_where_no_run_had_it() {
        let data = ("no shared data (set PEONY_DATA)", false);
        check("", true, &[data]);
        check("", false, &[("openvino: no OpenVINO inside", python::OPENVINO_IS_MADE), data]);
        let second = "skipped: openvino-bf16: refused\nskipped: onnxruntime: gone";
        let again = [data, ("openvino-bf16: refused", python::OPENVINO_IS_MADE), ("onnxruntime: gone", true)];
        check(second, true, &again);
    }

    #[test]
    fn what_the_processor_lacks_is_no_fault() {
        let said = "skipped: openvino-bf16: it ran in fp32, the processor has no bf16";
        let last = skips(FIRST, said, true).pop().unwrap();
        assert!(!last.mendable, "{last:?}");
    }
}
