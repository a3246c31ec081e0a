//! What a step counted, and how the test runners' own counts are read from what they print.

use std::ops::AddAssign;

/// How many checks.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    pub passed: u32,
    pub failed: u32,
    pub skipped: u32,
}

impl Tally {
    pub const PASSED: Self = Self { passed: 1, failed: 0, skipped: 0 };
    pub const FAILED: Self = Self { passed: 0, failed: 1, skipped: 0 };
    pub const SKIPPED: Self = Self { passed: 0, failed: 0, skipped: 1 };

    /// The counts in what a test runner printed; `None` where none did: such a step is one check.
    ///
    /// Understood are the last lines of nextest, of cargo's own runner, of pytest and of vitest.
    pub fn read(said: &str) -> Option<Self> {
        let plain = without_colours(said);
        let mut sum = Self::default();
        for line in plain.lines().filter_map(summary) {
            sum += Self {
                passed: count_before(line, "passed"),
                // nextest says `1 timed out` and `1 exec failed`, pytest `1 error`.
                failed: ["failed", "timed", "exec", "error"]
                    .iter()
                    .map(|word| count_before(line, word))
                    .sum(),
                skipped: count_before(line, "skipped") + count_before(line, "ignored"),
            };
        }
        (sum != Self::default()).then_some(sum)
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, more: Self) {
        self.passed += more.passed;
        self.failed += more.failed;
        self.skipped += more.skipped;
    }
}

/// What tests say that pass though they could not check everything, a line for each check: `skipped: ` and why.
pub fn skip_lines(said: &str) -> Vec<String> {
    let lines = said.lines().filter_map(|line| line.trim_start().strip_prefix("skipped: "));
    lines.map(|why| why.trim_end().to_owned()).collect()
}

/// The line without its ornaments, if it is the last one of a test runner.
fn summary(line: &str) -> Option<&str> {
    // Never indented: indented ones are those of single tests, which nextest shows among what a test has printed.
    let cargo = line.starts_with("test result:");
    let line = line.trim_matches([' ', '\t', '=']);
    let nextest = line.starts_with("Summary [");
    // After a minute pytest says `65.32s (0:01:05)`.
    let time = line.rsplit_once(" (").map_or(line, |(before, _)| before);
    let timed =
        time.contains(" in ") && time.ends_with('s') && time.starts_with(|c: char| c.is_ascii_digit());
    let pytest = timed && [" passed", " failed", " error", " skipped"].iter().any(|word| line.contains(word));
    let vitest = line.starts_with("Tests ");
    (nextest || cargo || pytest || vitest).then_some(line)
}

/// The number that stands before `word`, such as 12 in `12 passed`; none is 0.
fn count_before(line: &str, word: &str) -> u32 {
    let words: Vec<&str> =
        line.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let pair = words.windows(2).find(|pair| pair[1].trim_end_matches('s') == word);
    pair.and_then(|pair| pair[0].parse().ok()).unwrap_or(0)
}

/// Terminal colours are `ESC [ … m`.
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| plain + part.split_once('m').map_or(part, |(_, rest)| rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(said: &str, expected: Option<[u32; 3]>) {
        let expected = expected.map(|[passed, failed, skipped]| Tally { passed, failed, skipped });
        assert_eq!(Tally::read(said), expected, "{said}");
    }

    #[test]
    fn the_last_lines_of_each_runner_are_read() {
        check("     Summary [   1.2s] 12 tests run: 12 passed, 3 skipped", Some([12, 0, 3]));
        check(
            "     Summary [   1.2s] 12 tests run: 9 passed (1 slow), 2 failed, 1 timed out, 0 skipped",
            Some([9, 3, 0]),
        );
        check("     Summary [   0.0s] 1 test run: 1 passed, 0 skipped", Some([1, 0, 0]));
        check("     Summary [   0.1s] 4/9 tests run: 2 passed, 1 failed, 1 exec failed", Some([2, 2, 0]));
        check(
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s",
            Some([3, 0, 1]),
        );
        check("======= 2 failed, 31 passed, 1 skipped in 4.56s =======", Some([31, 2, 1]));
        check("31 passed, 1 skipped in 4.56s", Some([31, 0, 1]));
        check("31 passed, 2 warnings in 65.32s (0:01:05)", Some([31, 0, 0]));
        check("=========== 1 skipped, 2 errors in 0.31s ===========", Some([0, 2, 1]));
        check("2 failed in 0.10s", Some([0, 2, 0]));
        check(
            "\u{1b}[2m      Tests \u{1b}[22m \u{1b}[1m\u{1b}[32m34 passed\u{1b}[39m\u{1b}[22m\u{1b}[90m (34)\u{1b}[39m",
            Some([34, 0, 0]),
        );
        check(" Test Files  3 passed (3)\n      Tests  1 failed | 33 passed (34)", Some([33, 1, 0]));
    }

    #[test]
    fn several_runs_add_up() {
        check(
            "test result: ok. 3 passed; 0 failed\nnoise\ntest result: ok. 4 passed; 0 failed",
            Some([7, 0, 0]),
        );
    }

    #[test]
    fn a_test_that_nextest_shows_is_not_counted_again() {
        let shown = "        PASS [   0.012s] (2/4) xtask::bin/xtask tally\n  stdout ───\n\n    running 1 test\n    \
                     test tally ... ok\n\n    test result: ok. 1 passed; 0 failed; 0 ignored; finished in 0.00s\n";
        check(&format!("     Summary [   0.0s] 4 tests run: 4 passed, 0 skipped\n{shown}"), Some([4, 0, 0]));
    }

    #[test]
    fn skips_are_read_wherever_the_runner_puts_them() {
        let said = "skipped: no shared data\n  stderr ───\n\n    skipped: openvino: none\n a check was skipped: no\n\
                    2 skipped\n";
        assert_eq!(skip_lines(said), ["no shared data", "openvino: none"]);
    }

    #[test]
    fn what_is_no_test_runner_has_no_counts() {
        check("    Finished `dev` profile in 12.3s\nwarning: 3 passed over", None);
        check("", None);
    }
}
