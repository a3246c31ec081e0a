//! Every fuzz target for a minute: not to find the deep bugs, but those that a new line of code brings in.

use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;

use anyhow::{Context as _, Result, bail};

use crate::install;
use crate::steps::Done;
use crate::workshop::{Call, Workshop};

const CARGO_FUZZ: &str = "0.13.2";
/// Two targets beside each other: a machine of two cores is full then.
const BESIDE: usize = 2;

pub fn run(workshop: &Workshop) -> Result<Done> {
    cplusplus(workshop)?;
    let program = install::cargo_tool(workshop, "cargo-fuzz", CARGO_FUZZ)?;
    // Without a sanitizer the stable compiler will do; Rust's own checks of bounds and overflow stay on.
    // cargo-fuzz looks for its crate from the working folder, and builds beside it.
    let fuzz = |args: &[&str]| workshop.command(&program, [&["fuzz"], args].concat());
    workshop.run(&fuzz(&["build", "--sanitizer", "none"]))?;
    let listed = fuzz(&["list"]).read().context("the fuzz targets")?;
    let targets: Vec<&str> = listed.lines().filter(|line| !line.is_empty()).collect();
    if targets.is_empty() {
        bail!("fuzz/ has no targets");
    }
    let waiting = Mutex::new(targets.clone());
    let failed = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..BESIDE {
            scope.spawn(|| {
                while let Some(target) = waiting.lock().ok().and_then(|mut waiting| waiting.pop()) {
                    let outcome = one(workshop, &fuzz, target);
                    if let (Err(error), Ok(mut failed)) = (outcome, failed.lock()) {
                        failed.push(format!("{target} ({error:#})"));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    if !failed.is_empty() {
        bail!("{} of {} targets: {}", failed.len(), targets.len(), failed.join("; "));
    }
    Ok(format!("{} targets, {} s each", targets.len(), workshop.fuzz_seconds).into())
}

/// libFuzzer is C++, and so is the decoder of H.264; their builds ask for `c++` unless `CXX` names another.
pub fn cplusplus(workshop: &Workshop) -> Result<()> {
    if std::env::var_os("CXX").is_none() {
        install::program(workshop, &["c++"], &["g++"])?;
    }
    Ok(())
}

/// One target, from its committed seeds into a corpus that is kept below the target folder.
fn one(workshop: &Workshop, fuzz: &impl Fn(&[&str]) -> Call, target: &str) -> Result<()> {
    let log = workshop.log.with_file_name(format!("fuzz-{target}.log"));
    std::fs::write(&log, "")?;
    let corpus = workshop.folder(&format!("fuzz-corpus/{target}"))?;
    let seeds: PathBuf = workshop.root.join("fuzz/seeds").join(target);
    let time = format!("-max_total_time={}", workshop.fuzz_seconds);
    let mut args = vec!["run", "--sanitizer", "none", target];
    let folders = [corpus.to_string_lossy(), seeds.to_string_lossy()];
    args.push(&folders[0]);
    if seeds.is_dir() {
        args.push(&folders[1]);
    }
    // A picture may ask for much memory and for some seconds; more than this is a fault of ours.
    args.extend(["--", &time, "-rss_limit_mb=3072", "-timeout=25", "-print_final_stats=1"]);
    workshop.run_into(&log, &fuzz(&args)).with_context(|| format!("see {}", log.display()))
}
