//! The training code's own tests. PyTorch is some gigabytes: this step comes last and can be skipped by name.

use anyhow::{Context as _, Result};

use crate::install;
use crate::steps::Done;
use crate::tally::Tally;
use crate::workshop::Workshop;

const REQUIREMENTS: &str = "training/requirements.txt";

pub fn run(workshop: &Workshop) -> Result<Done> {
    let wanted = std::fs::read_to_string(workshop.root.join(REQUIREMENTS)).context(REQUIREMENTS)?;
    let arguments = ["-r".to_owned(), REQUIREMENTS.into()];
    let python = install::pip(workshop, "training", &arguments, &wanted)?;
    let folder = workshop.root.join("training");
    let tool = |args: &[&str]| workshop.command(&python, [&["-m"], args].concat()).dir(&folder);
    workshop.run(&tool(&["ruff", "check", "."]))?;
    workshop.run(&tool(&["ruff", "format", "--check", "."]))?;
    // `-rs`: what was skipped is in the log with its reason.
    workshop.run(&tool(&["pytest", "-q", "-rs", "-p", "no:cacheprovider"]))?;
    let Tally { passed, skipped, .. } = Tally::read(&workshop.said()).unwrap_or_default();
    let mut note = format!("{passed} tests, ruff");
    if skipped > 0 {
        note += &format!(", {skipped} skipped: `grep SKIPPED {}`", workshop.log.display());
    }
    Ok(note.into())
}
