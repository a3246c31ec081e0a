//! How a call ended, for the shell.

use std::io::ErrorKind;
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

/// Whether something could not be written because nobody reads on.
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        let json = cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
        io.or(json) == Some(ErrorKind::BrokenPipe)
    })
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
