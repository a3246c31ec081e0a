//! How a call ended, for the shell.

use std::process::ExitCode;

/// How a call ended; worse outcomes are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Everything asked for was done.
    Done,
    /// Something could not be read or done; the rest was.
    SomeFailed,
    /// There is no usable model.
    NoModel,
}

impl Outcome {
    /// The worse of the two.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.max(other)
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::SUCCESS,
            Outcome::SomeFailed => Self::from(1),
            // 2 is clap's for a wrong command line.
            Outcome::NoModel => Self::from(3),
        }
    }
}
