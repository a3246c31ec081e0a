//! Peony reads breast ultrasound as the probe moves.
//!
//! This is the only binary: it turns the command line into sources, a model and a pipeline, and wires them to
//! the terminal or the live page. What a subcommand does stands in the module of its name.

mod account;
mod analyze;
mod ask;
mod audit;
mod bench;
mod calibrate;
mod calibration;
mod check;
mod cli;
mod configuration;
mod engine;
mod evaluate;
mod exit;
mod import;
mod input;
mod live;
mod log;
mod order;
mod progress;
mod record;
mod replay;
mod storage;
mod whole;

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;

use crate::cli::{Bench, Command};
use crate::configuration::{Configured, Wrong};
use crate::exit::Outcome;
use crate::log::Log;

fn main() -> ExitCode {
    // What cannot be read is one line, not a panic's as well.
    peony_model::quiet_guarded_panics();
    let line: Vec<OsString> = std::env::args_os().collect();
    let configured = match configuration::read(&line, &|name| std::env::var_os(name)) {
        Ok(configured) => configured,
        Err(Wrong::Usage(error)) => error.exit(),
        Err(Wrong::Faults(faults)) => {
            faults.iter().for_each(|fault| eprintln!("peony: {fault}"));
            return ExitCode::from(1);
        }
    };
    match logged(configured, line) {
        Ok(outcome) => outcome.into(),
        // A reader that has had enough (`| head`) is not a fault.
        Err(error) if exit::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            log::tell(format_args!("{error:#}"));
            ExitCode::from(1)
        }
    }
}

fn logged(configured: Configured, line: Vec<OsString>) -> Result<Outcome> {
    let cli = &configured.cli;
    let log = log::start(cli.log_level(), cli.log_format(), cli.otlp())?;
    let outcome = run(configured, line, log.clone());
    log.end();
    outcome
}

fn run(configured: Configured, line: Vec<OsString>, log: Log) -> Result<Outcome> {
    if configured.cli.command.has_data() {
        storage::keep_private();
    }
    match &configured.cli.command {
        Command::Analyze(args) => analyze::run(args),
        Command::Replay(args) => replay::run(args),
        Command::Calibrate(args) => calibrate::run(args),
        Command::Demo(args) => live::demo(args),
        Command::Serve(args) => {
            let args = args.clone();
            live::serve(&args, configured, line, log)
        }
        Command::Config(args) => configuration::run(args),
        Command::Api => live::api(),
        Command::Bench(args) => match &args.what {
            Bench::Live(args) => bench::live(args),
            Bench::Streams(args) => bench::streams::run(args),
            Bench::Exam(args) => bench::exam::run(args),
            Bench::Calibration(args) => bench::calibration::run(args),
            Bench::Store(args) => bench::store::run(args),
        },
        Command::Import(args) => import::run(args),
        Command::Check(args) => check::run(args),
        Command::Audit(args) => audit::run(args),
        Command::Order(args) => order::run(args),
        Command::Ask(args) => ask::run(args),
        Command::Account(args) => account::run(args),
        Command::Site(args) => account::site(args),
        Command::Evaluate(args) => evaluate::run(args),
    }
}
