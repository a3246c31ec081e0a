//! `peony config`: the page about the configuration, and an example of the file, both from the table.

use std::fmt::Write as _;
use std::io::Write as _;

use anyhow::Result;
use clap::{Arg, CommandFactory as _};

use super::FILE;
use super::keys::{Holds, Key, Kind, TABLE};
use crate::cli::{Cli, ConfigArgs};
use crate::exit::Outcome;
use crate::live::Neighbours;

/// Prints one of them.
///
/// # Errors
/// Where the standard output is closed.
pub fn run(args: &ConfigArgs) -> Result<Outcome> {
    let text = if args.example { example() } else { page() };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(Outcome::Done)
}

/// docs/CONFIGURATION.md.
pub fn page() -> String {
    let mut text = String::new();
    // Memory takes every write.
    let _ = write_page(&mut text);
    text
}

fn write_page(text: &mut String) -> std::fmt::Result {
    write!(
        text,
        "# Configuration

Printed by `peony config > docs/CONFIGURATION.md` from the tables in `crates/peony/src`; a test holds this file to them.

`peony serve` is configured by its flags, by the environment and by one file in TOML. A flag goes before the environment, that before the file,
and that before what holds where nobody says anything; a list is taken whole from the first that has one. The file is `{FILE}` in the data folder, or
what `--config FILE` (`PEONY_CONFIG`) names; only the latter may say where the data folder is. `peony import`, `peony check` and
`peony order` read `data` and `[store]` from it as well.

- **Environment.** The variable is the flag in capitals, with `_` for `-`, after `PEONY_`. Lists have commas between, switches are `true` or `false`.
  An empty variable says nothing.
- **Paths** in the file are taken from the folder that it is in, those of flags and variables from where the program was started.
- **Faults** are all said at once, a line each, with the file and the line or the variable; the program does not start then. `peony serve --check` looks
  and ends. No value is repeated: there may be a password in it.
- **SIGHUP** has the file read again, with the certificates that it names. What the table marks so holds at once; of anything else that
  has changed a line in the log says that it holds from the next start. What is wrong then is in the log, and everything stays as it was.
- **Reachable from outside.** An address that other machines can reach is refused without TLS and accounts (HTTP), and without certificates on
  both sides (DICOM).

## Keys
"
    )?;
    let serve = serve();
    let mut section = None;
    for key in TABLE {
        if section != Some(key.section) {
            section = Some(key.section);
            let title =
                if key.section.is_empty() { "At the top".to_owned() } else { format!("`[{}]`", key.section) };
            writeln!(
                text,
                "\n### {title}\n\n| key | flag | environment | without it | SIGHUP | |\n|---|---|---|---|---|---|"
            )?;
        }
        let Some(flag) = flag(&serve, key) else { continue };
        let mut variables = format!("`{}`", key.variable());
        if let Some(other) =
            flag.get_env().and_then(|other| other.to_str()).filter(|other| *other != key.variable())
        {
            let _ = write!(variables, ", `{other}`");
        }
        let again = if key.holds == Holds::ReadAgain { "yes" } else { "" };
        let (name, said, help) = (key.name, key.flag(), help(flag));
        writeln!(
            text,
            "| `{name}` | `{said}` | {variables} | {} | {again} | {help} |",
            default_of(flag, key)
        )?;
    }
    writeln!(
        text,
        "\n### Other nodes\n\nIn the file alone, and read again on SIGHUP.\n\n| key | type | |\n|---|---|---|"
    )?;
    for [name, kind, says] in Neighbours::KEYS {
        writeln!(text, "| `{name}` | {kind} | {says} |")?;
    }
    write!(text, "\n## A whole file\n\n```toml\n{}```\n", example())
}

/// A file in which every key stands, as a comment where it is not needed.
pub fn example() -> String {
    let mut text = String::from("# Peony: see docs/CONFIGURATION.md, or `peony config`.\n");
    let serve = serve();
    let mut section = "";
    for key in TABLE {
        if section != key.section {
            if section == "dicom" {
                let _ = write!(text, "\n# Other nodes.\n{}", Neighbours::EXAMPLE);
            }
            section = key.section;
            let _ = write!(text, "\n[{section}]\n");
        }
        let help = flag(&serve, key).map(help).unwrap_or_default();
        let _ = write!(text, "# {help}\n# {} = {}\n", key.name, key.example);
    }
    text
}

fn serve() -> clap::Command {
    Cli::command().find_subcommand("serve").cloned().unwrap_or_default()
}

fn flag<'c>(serve: &'c clap::Command, key: &Key) -> Option<&'c Arg> {
    serve.get_arguments().find(|argument| argument.get_id() == key.id)
}

fn help(flag: &Arg) -> String {
    let help = flag.get_help().map(ToString::to_string).unwrap_or_default();
    help.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn default_of(flag: &Arg, key: &Key) -> String {
    if key.kind == Kind::Switch {
        return "`false`".to_owned();
    }
    let values = flag.get_default_values().iter().filter_map(|value| value.to_str());
    values.map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ")
}
