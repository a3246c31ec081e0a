//! One line a step while they run, and all of them at the end.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::install::Missing;
use crate::steps::Step;
use crate::tally::Tally;
use crate::workshop::Workshop;

/// How much of a failed step's log is shown.
const LAST_LINES: usize = 60;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Ok,
    Failed,
    Skipped,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

struct Line {
    name: &'static str,
    verdict: Verdict,
    tally: Tally,
    note: String,
    took: Duration,
}

/// What has been run.
pub struct Report {
    lines: Vec<Line>,
    /// On a machine that nobody watches, what did not run counts as failed: else it would stay so unseen.
    strict: bool,
    begun: Instant,
}

impl Report {
    /// An empty report; strict where the environment says `CI=true`.
    pub fn new() -> Self {
        let strict = std::env::var("CI").is_ok_and(|value| value == "true" || value == "1");
        Self { lines: Vec::new(), strict, begun: Instant::now() }
    }

    /// Run one step and print its line; a failure shows the end of its log and stops nothing.
    pub fn run(&mut self, step: &Step, workshop: &Workshop) {
        let watched = io::stderr().is_terminal();
        if watched {
            eprint!("{:<10} … ({})\r", step.name, workshop.log.display());
        }
        let begun = Instant::now();
        let outcome = (step.run)(workshop);
        if watched {
            eprint!("\x1b[2K");
        }
        let line = judge(step.name, outcome, workshop, begun.elapsed(), self.strict);
        print(&line);
        if line.verdict == Verdict::Failed {
            show_log(workshop);
        }
        self.lines.push(line);
    }

    /// Print the table and the sum.
    pub fn close(self) -> ExitCode {
        println!("\n{:<10} {:<8} {:>7}  what", "step", "", "seconds");
        let mut sum = Tally::default();
        for line in &self.lines {
            print(line);
            sum += line.tally;
        }
        println!("{:<10} {:<8} {:>7.1}", "all", "", self.begun.elapsed().as_secs_f64());
        println!("\n{} passed, {} failed, {} skipped", sum.passed, sum.failed, sum.skipped);
        if self.lines.iter().any(|line| line.verdict == Verdict::Failed) {
            return ExitCode::FAILURE;
        }
        ExitCode::SUCCESS
    }
}

fn judge(
    name: &'static str,
    outcome: anyhow::Result<String>,
    at: &Workshop,
    took: Duration,
    strict: bool,
) -> Line {
    let counted = Tally::read(&at.said());
    let line = |verdict, tally, note| Line { name, verdict, tally, note, took };
    match outcome {
        Ok(note) => line(Verdict::Ok, counted.unwrap_or(Tally::PASSED), note),
        Err(error) => {
            let missing = error.downcast_ref::<Missing>();
            if let (Some(missing), false) = (missing, strict) {
                return line(Verdict::Skipped, Tally::SKIPPED, missing.to_string());
            }
            // A step may fail beside its tests, and then these count nothing as failed.
            let tally = counted.filter(|tally| tally.failed > 0).unwrap_or(Tally::FAILED);
            line(Verdict::Failed, tally, format!("{error:#}").replace('\n', " "))
        }
    }
}

fn print(line: &Line) {
    let Line { name, verdict, took, note, .. } = line;
    println!("{name:<10} {:<8} {:>7.1}  {note}", verdict.word(), took.as_secs_f64());
    // A pipe holds lines back otherwise, and a watcher sees nothing for minutes.
    io::stdout().flush().ok();
}

fn show_log(workshop: &Workshop) {
    let said = workshop.said();
    let lines: Vec<&str> = said.lines().collect();
    for line in &lines[lines.len().saturating_sub(LAST_LINES)..] {
        println!("    | {line}");
    }
    println!("    all of it: {}", workshop.log.display());
}
