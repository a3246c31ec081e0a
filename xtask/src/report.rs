//! One line a step while they run, and all of them at the end.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use crate::install::Missing;
use crate::steps::{Done, Skip, Step};
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
    skips: Vec<Skip>,
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

    /// Run one step and print its line; whatever goes wrong fails that step, shows the end of its log and stops
    /// nothing.
    pub fn run(&mut self, step: &Step, workshop: Result<Workshop>) {
        let begun = Instant::now();
        let (outcome, said) = match &workshop {
            Ok(workshop) => (attempt(step, workshop), workshop.said()),
            Err(error) => (Err(anyhow!("{error:#}")), String::new()),
        };
        let line = judge(step.name, outcome, &said, self.strict);
        let line = Line { took: begun.elapsed(), ..line };
        print(&line);
        if let (Verdict::Failed, Ok(workshop)) = (line.verdict, &workshop) {
            show_log(workshop, &said);
        }
        self.lines.push(line);
    }

    /// Print the table and the sum; the exit code says whether all is well.
    pub fn close(self) -> ExitCode {
        println!("\n{:<10} {:<8} {:>7}  what", "step", "", "seconds");
        self.lines.iter().for_each(print);
        println!("{:<10} {:<8} {:>7.1}", "all", "", self.begun.elapsed().as_secs_f64());
        println!("\n{}", self.closing_line());
        if self.lines.iter().any(|line| line.verdict == Verdict::Failed) {
            return ExitCode::FAILURE;
        }
        ExitCode::SUCCESS
    }

    fn closing_line(&self) -> String {
        let mut sum = Tally::default();
        self.lines.iter().for_each(|line| sum += line.tally);
        format!("{} passed, {} failed, {} skipped", sum.passed, sum.failed, sum.skipped)
    }
}

fn attempt(step: &Step, workshop: &Workshop) -> Result<Done> {
    let watched = io::stderr().is_terminal();
    if watched {
        eprint!("{:<10} … ({})\r", step.name, workshop.log.display());
    }
    // The other steps run on and the sum is printed, even where a step itself is at fault.
    let outcome = catch_unwind(AssertUnwindSafe(|| (step.run)(workshop)));
    if watched {
        eprint!("\x1b[2K");
    }
    outcome.unwrap_or_else(|_| Err(anyhow!("the step itself panicked")))
}

/// What came out of a step, from its own word and from what its programs `said`.
fn judge(name: &'static str, outcome: Result<Done>, said: &str, strict: bool) -> Line {
    let counted = Tally::read(said);
    let line = |verdict, tally, note, skips| Line { name, verdict, tally, note, skips, took: Duration::ZERO };
    let error = match outcome {
        Ok(Done { note, skips }) => {
            let (faults, borne): (Vec<_>, Vec<_>) = skips.iter().partition(|skip| strict && skip.mendable);
            // A step that runs no tests is one check.
            let alone = if faults.is_empty() { Tally::PASSED } else { Tally::default() };
            let mut tally = counted.unwrap_or(alone);
            tally += Tally { passed: 0, failed: count(&faults), skipped: count(&borne) };
            if faults.is_empty() {
                return line(Verdict::Ok, tally, note, skips);
            }
            return line(
                Verdict::Failed,
                tally,
                note + "; with CI=true nothing that could run is skipped",
                skips,
            );
        }
        Err(error) => error,
    };
    let mut tally = counted.unwrap_or_default();
    if let (Some(missing), false) = (error.downcast_ref::<Missing>(), strict) {
        tally += Tally::SKIPPED;
        return line(Verdict::Skipped, tally, missing.to_string(), Vec::new());
    }
    // A step may fail beside its tests or before any of them has counted.
    if tally.failed == 0 {
        tally += Tally::FAILED;
    }
    line(Verdict::Failed, tally, format!("{error:#}").replace('\n', " "), Vec::new())
}

fn count(skips: &[&Skip]) -> u32 {
    u32::try_from(skips.len()).unwrap_or(u32::MAX)
}

fn print(line: &Line) {
    let Line { name, verdict, took, note, .. } = line;
    println!("{name:<10} {:<8} {:>7.1}  {note}", verdict.word(), took.as_secs_f64());
    for (what, times) in grouped(&line.skips) {
        let times = if times > 1 { format!(" ({times} ×)") } else { String::new() };
        println!("{:>28}skipped: {what}{times}", "");
    }
    // A pipe holds lines back otherwise, and a watcher sees nothing for minutes.
    io::stdout().flush().ok();
}

/// Several tests may lack the same.
fn grouped(skips: &[Skip]) -> BTreeMap<&str, u32> {
    let mut grouped = BTreeMap::new();
    for skip in skips {
        *grouped.entry(skip.what.as_str()).or_default() += 1;
    }
    grouped
}

fn show_log(workshop: &Workshop, said: &str) {
    let lines: Vec<&str> = said.lines().collect();
    for line in &lines[lines.len().saturating_sub(LAST_LINES)..] {
        println!("    | {line}");
    }
    println!("    all of it: {}", workshop.log.display());
}

#[cfg(test)]
mod tests {
    use std::fs;

    use anyhow::{Context as _, bail};

    use super::*;

    const SUMMARY: &str = "     Summary [ 1.0s] 9 tests run: 9 passed, 0 skipped\n";

    fn missing() -> Missing {
        Missing { what: "a thing".into(), command: "get it".into() }
    }

    fn with_skips(mendable: &[bool]) -> Result<Done> {
        let skip = |mendable: &bool| Skip { what: "no thing".into(), mendable: *mendable };
        Ok(Done { note: "checked".into(), skips: mendable.iter().map(skip).collect() })
    }

    fn check(outcome: Result<Done>, said: &str, strict: bool, expected: (Verdict, [u32; 3])) {
        let case = format!("{outcome:?} {said:?} strict: {strict}");
        let line = judge("step", outcome, said, strict);
        let Tally { passed, failed, skipped } = line.tally;
        assert_eq!((line.verdict, [passed, failed, skipped]), expected, "{case}");
    }

    #[test]
    fn a_step_that_goes_well_counts_its_tests_or_itself() {
        check(Ok("fine".into()), "", true, (Verdict::Ok, [1, 0, 0]));
        check(Ok("fine".into()), SUMMARY, true, (Verdict::Ok, [9, 0, 0]));
    }

    #[test]
    fn a_step_that_fails_before_it_has_counted_is_one_failure() {
        check(Err(anyhow!("no")), "", false, (Verdict::Failed, [0, 1, 0]));
        check(Err(anyhow!("no")), "error: could not compile `peony`", true, (Verdict::Failed, [0, 1, 0]));
    }

    #[test]
    fn a_step_that_fails_after_its_tests_keeps_what_they_counted() {
        check(Err(anyhow!("killed")), SUMMARY, true, (Verdict::Failed, [9, 1, 0]));
        let said = "     Summary [ 1.0s] 9 tests run: 7 passed, 2 failed, 0 skipped";
        check(Err(anyhow!("no")), said, false, (Verdict::Failed, [7, 2, 0]));
    }

    #[test]
    fn what_is_missing_is_a_skip_for_a_person_and_a_failure_in_continuous_integration() {
        check(Err(missing().into()), "", false, (Verdict::Skipped, [0, 0, 1]));
        check(Err(missing().into()), "", true, (Verdict::Failed, [0, 1, 0]));
        let below = Err(anyhow!("refused")).context(missing());
        check(below, "", false, (Verdict::Skipped, [0, 0, 1]));
        check(Err(missing().into()), SUMMARY, false, (Verdict::Skipped, [9, 0, 1]));
    }

    #[test]
    fn a_skip_inside_a_step_fails_it_in_continuous_integration_unless_nothing_mends_it() {
        check(with_skips(&[true, false]), SUMMARY, false, (Verdict::Ok, [9, 0, 2]));
        check(with_skips(&[true, false]), SUMMARY, true, (Verdict::Failed, [9, 1, 1]));
        check(with_skips(&[false, false]), SUMMARY, true, (Verdict::Ok, [9, 0, 2]));
        check(with_skips(&[true]), "", true, (Verdict::Failed, [0, 1, 0]));
        check(with_skips(&[true]), "", false, (Verdict::Ok, [1, 0, 1]));
    }

    #[test]
    fn equal_skips_are_one_line() {
        let done = with_skips(&[true, true]).unwrap();
        assert_eq!(grouped(&done.skips).into_iter().collect::<Vec<_>>(), [("no thing", 2)]);
    }

    fn tests_pass(workshop: &Workshop) -> Result<Done> {
        fs::write(&workshop.log, SUMMARY)?;
        Ok("9 tests".into())
    }

    fn fails(_: &Workshop) -> Result<Done> {
        bail!("no")
    }

    fn lacks(_: &Workshop) -> Result<Done> {
        Err(missing().into())
    }

    fn panics(_: &Workshop) -> Result<Done> {
        panic!("a fault of the step's own")
    }

    /// Runs the steps, each in a workshop or without one; the closing line, and whether the exit code says well.
    fn close(
        name: &str,
        strict: bool,
        steps: &[fn(&Workshop) -> Result<Done>],
        opens: bool,
    ) -> (String, bool) {
        let mut report = Report { lines: Vec::new(), strict, begun: Instant::now() };
        for (number, run) in steps.iter().enumerate() {
            let step = Step { name: "step", what: "", run: *run };
            let workshop = Workshop::of_test(&format!("{name}-{number}"));
            let folder = workshop.root.clone();
            report.run(&step, if opens { Ok(workshop) } else { Err(anyhow!("no room for a log")) });
            fs::remove_dir_all(folder).unwrap();
        }
        let line = report.closing_line();
        (line, format!("{:?}", report.close()) == format!("{:?}", ExitCode::SUCCESS))
    }

    #[test]
    fn one_step_that_fails_fails_the_whole_and_the_sum_is_of_all() {
        let closed = |name, strict, steps: &[fn(&Workshop) -> Result<Done>]| close(name, strict, steps, true);
        assert_eq!(closed("well", true, &[tests_pass]), ("9 passed, 0 failed, 0 skipped".into(), true));
        assert_eq!(
            closed("fails", false, &[fails, tests_pass]),
            ("9 passed, 1 failed, 0 skipped".into(), false)
        );
        assert_eq!(
            closed("lacks", false, &[tests_pass, lacks]),
            ("9 passed, 0 failed, 1 skipped".into(), true)
        );
        assert_eq!(
            closed("lacks-ci", true, &[lacks, tests_pass]),
            ("9 passed, 1 failed, 0 skipped".into(), false)
        );
        assert_eq!(
            closed("panics", false, &[panics, tests_pass]),
            ("9 passed, 1 failed, 0 skipped".into(), false)
        );
        assert_eq!(
            close("no-log", false, &[tests_pass], false),
            ("0 passed, 1 failed, 0 skipped".into(), false)
        );
    }
}
