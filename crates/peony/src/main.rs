//! Peony reads breast ultrasound as the probe moves.
//!
//! This is the only binary: it turns the command line into sources, a model and a pipeline, and wires them to
//! the terminal or the live page. What a subcommand does stands in the module of its name.

mod account;
mod analyze;
mod bench;
mod calibrate;
mod calibration;
mod check;
mod cli;
mod engine;
mod evaluate;
mod exit;
mod import;
mod input;
mod live;
mod order;
mod progress;
mod record;
mod replay;
mod storage;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Bench, Cli, Command};

fn main() -> ExitCode {
    // What cannot be read is one line, not a panic's as well.
    peony_model::quiet_guarded_panics();
    let cli = Cli::parse();
    start_log(cli.verbose);
    let outcome = match &cli.command {
        Command::Analyze(args) => analyze::run(args),
        Command::Replay(args) => replay::run(args),
        Command::Calibrate(args) => calibrate::run(args),
        Command::Demo(args) => live::demo(args),
        Command::Serve(args) => live::serve(args),
        Command::Bench(args) => match &args.what {
            Bench::Live(args) => bench::live(args),
            Bench::Streams(args) => bench::streams::run(args),
            Bench::Exam(args) => bench::exam::run(args),
            Bench::Calibration(args) => bench::calibration::run(args),
            Bench::Store(args) => bench::store::run(args),
        },
        Command::Import(args) => import::run(args),
        Command::Check(args) => check::run(args),
        Command::Order(args) => order::run(args),
        Command::Account(args) => account::run(args),
        Command::Site(args) => account::site(args),
        Command::Evaluate(args) => evaluate::run(args),
    };
    match outcome {
        Ok(outcome) => outcome.into(),
        // A reader that has had enough (`| head`) is not a fault.
        Err(error) if exit::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("peony: {error:#}");
            ExitCode::from(1)
        }
    }
}

/// The log goes to the standard error and holds no pixel, name or identifier of a patient (invariant 5).
fn start_log(verbose: u8) {
    let level = match verbose {
        0 => tracing::Level::WARN,
        1 => tracing::Level::INFO,
        _ => tracing::Level::DEBUG,
    };
    tracing_subscriber::fmt().with_max_level(level).with_writer(std::io::stderr).without_time().init();
}
