//! Project tasks: `cargo xtask test` and `cargo xtask generate`.
//!
//! Everything that a clean checkout must pass is a step in [`steps::STEPS`]; a step installs what it needs or says what
//! is missing. This crate knows nothing of breast imaging and depends on no other crate of the workspace.

mod install;
mod report;
mod steps;
mod tally;
mod workshop;

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Args, Parser, Subcommand};

use crate::workshop::Workshop;

#[derive(Debug, Parser)]
#[command(about = "Project tasks", max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Check everything: Rust, TypeScript, Python, fuzzing, and the live page in a real browser.
    #[command(after_help = "Examples:
  cargo xtask test
  cargo xtask test --list
  cargo xtask test --only format clippy rust
  cargo xtask test --skip training --fuzz-seconds 10

A step, or a check inside one, that lacks something that cannot be installed is skipped and says what to type; \
with CI=true it fails.")]
    Test(TestArgs),
    /// Write what is generated and committed: the API's description, its TypeScript, and the built page.
    Generate,
}

/// Which steps, and how long.
#[derive(Debug, Args)]
struct TestArgs {
    /// Run these steps only.
    #[arg(long, num_args = 1.., value_name = "NAME", value_parser = steps::names())]
    only: Vec<String>,
    /// Run all but these steps.
    #[arg(long, num_args = 1.., value_name = "NAME", value_parser = steps::names())]
    skip: Vec<String>,
    /// How long each fuzz target runs.
    #[arg(long, value_name = "N", default_value_t = 20)]
    fuzz_seconds: u32,
    /// Print the steps and run none.
    #[arg(long)]
    list: bool,
}

fn main() -> Result<ExitCode> {
    match Cli::parse().task {
        Task::Test(args) => test(&args),
        Task::Generate => {
            steps::generated::write(&Workshop::open(0, "generate")?)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn test(args: &TestArgs) -> Result<ExitCode> {
    let chosen = steps::STEPS.iter().filter(|step| {
        let named = |names: &[String]| names.iter().any(|name| name == step.name);
        (args.only.is_empty() || named(&args.only)) && !named(&args.skip)
    });
    if args.list {
        chosen.for_each(|step| println!("{:<10} {}", step.name, step.what));
        return Ok(ExitCode::SUCCESS);
    }
    if chosen.clone().next().is_none() {
        bail!("--only and --skip leave no step to run");
    }
    let mut report = report::Report::new();
    for step in chosen {
        report.run(step, Workshop::open(args.fuzz_seconds, step.name));
    }
    Ok(report.close())
}
