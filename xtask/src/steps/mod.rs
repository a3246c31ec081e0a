//! The steps of `cargo xtask test`, in the order in which they run: cheap and frequent failures first.

mod deny;
mod fuzz;
pub mod generated;
mod page;
mod python;
mod rust;
mod training;
mod ui;

use anyhow::Result;

use crate::workshop::Workshop;

/// One check of the project.
pub struct Step {
    /// What `--only` and `--skip` take.
    pub name: &'static str,
    /// One line for `--list`.
    pub what: &'static str,
    /// Does it, and says what was checked.
    pub run: fn(&Workshop) -> Result<Done>,
}

/// What a step that went well has to say.
#[derive(Debug, Default)]
pub struct Done {
    /// A word on what was checked.
    pub note: String,
    /// Checks inside it that could not run.
    pub skips: Vec<Skip>,
}

/// A check that could not run, while the rest of its step did.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skip {
    /// Which, and why.
    pub what: String,
    /// Whether this machine could run it with more installed; what it cannot is no fault in continuous integration.
    pub mendable: bool,
}

impl<T: Into<String>> From<T> for Done {
    fn from(note: T) -> Self {
        Self { note: note.into(), skips: Vec::new() }
    }
}

/// Every step. `python` comes before `rust`, whose tests compare with pydicom and run ONNX Runtime from there.
pub const STEPS: [Step; 12] = [
    Step { name: "format", what: "rustfmt changes nothing", run: rust::format },
    Step {
        name: "clippy",
        what: "no warning from the compiler or clippy, in all targets",
        run: rust::clippy,
    },
    Step { name: "deny", what: "licences, bans and sources of dependencies, by deny.toml", run: deny::run },
    Step {
        name: "python",
        what: "a virtual environment with pydicom, pyigtl and ONNX Runtime for the Rust tests",
        run: python::run,
    },
    Step { name: "rust", what: "Rust unit and integration tests", run: rust::tests },
    Step { name: "doctests", what: "examples in the documentation", run: rust::doctests },
    Step { name: "ui", what: "TypeScript: types, lint, tests", run: ui::check },
    Step {
        name: "generated",
        what: "the API's description and its TypeScript are what the code says",
        run: generated::check,
    },
    Step { name: "dist", what: "the committed page is what its sources build", run: ui::dist_is_current },
    Step { name: "page", what: "the live page in headless Chromium, screenshots kept", run: page::run },
    Step { name: "fuzz", what: "every parser of foreign bytes, for --fuzz-seconds each", run: fuzz::run },
    Step { name: "training", what: "Python: the training code's tests, ruff", run: training::run },
];

/// The names, for the command line to check.
pub fn names() -> Vec<&'static str> {
    STEPS.iter().map(|step| step.name).collect()
}
