//! The training code's own tests. PyTorch is some gigabytes: this step comes last and can be skipped by name.

use anyhow::{Context as _, Result};

use crate::install;
use crate::tally::Tally;
use crate::workshop::Workshop;

const REQUIREMENTS: &str = "training/requirements.txt";

pub fn run(workshop: &Workshop) -> Result<String> {
    let wanted = std::fs::read_to_string(workshop.root.join(REQUIREMENTS)).context(REQUIREMENTS)?;
    let arguments = ["-r".to_owned(), REQUIREMENTS.into()];
    let python = install::pip(workshop, "training", &arguments, &wanted)?;
    let folder = workshop.root.join("training");
    let tool = |args: &[&str]| workshop.command(&python, [&["-m"], args].concat()).dir(&folder);
    workshop.run(&tool(&["ruff", "check", "."]))?;
    workshop.run(&tool(&["ruff", "format", "--check", "."]))?;
    workshop.run(&tool(&["pytest", "-q", "-p", "no:cacheprovider"]))?;
    let tally = Tally::read(&workshop.said()).unwrap_or_default();
    Ok(format!("{} tests, ruff", tally.passed))
}
