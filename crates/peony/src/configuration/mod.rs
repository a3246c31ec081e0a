//! The configuration: what the command line, the environment and one file say, in that order. Every fault is said in one go.
//!
//! Clap knows each flag, its values and its meaning; [`keys`] gives each its place in the file; [`file`] reads that. What environment and file
//! say is looked at value by value, by clap's own rules, and then put behind the command line: so there is one reading of a value, wherever it
//! stands. Other nodes, which no flag can say, are read by [`Neighbours`].

mod file;
mod keys;
mod page;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::num::ParseIntError;
use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _};
use peony_sources::SourceUrl;

pub use self::file::Section;
use self::file::{File, Said};
pub use self::keys::Kind;
use self::keys::{Holds, Key, TABLE};
pub use self::page::run;
use crate::cli::{Cli, Command};
use crate::live::{Checked, Neighbours};

/// The file, in the data folder.
pub const FILE: &str = "peony.toml";
/// What was before it, in the data folder.
const FORMER: &str = "dicom.toml";
/// Those that know where the store is: the file tells them as well.
const OF_THE_STORE: [&[&str]; 4] = [&["import"], &["check"], &["order", "add"], &["order", "list"]];
const SERVE: &[&str] = &["serve"];
/// What no flag and no key has.
const CLIENT_SECRET: &str = "PEONY_OIDC_CLIENT_SECRET";

/// Variables that are no key: of the configuration, and of the project's tests.
const OTHER_VARIABLES: [&str; 11] = [
    "PEONY_CONFIG",
    CLIENT_SECRET,
    "PEONY_CHROMIUM",
    "PEONY_FUZZ_STRICT",
    "PEONY_MEASURE",
    "PEONY_PYTHON",
    "PEONY_SERVE_KILLS",
    "PEONY_STORE_KILLS",
    "PEONY_STORE_VICTIM",
    "PEONY_STORE_VICTIM_FIRST",
    "PEONY_WRITE_SEEDS",
];

/// A value that was chosen for a flag that the command line does not have.
type Chosen = BTreeMap<&'static str, Vec<OsString>>;

/// Everything that was asked for.
#[derive(Debug)]
pub struct Configured {
    /// The call, with what environment and file say in it.
    pub cli: Cli,
    /// What the file says of other nodes.
    pub neighbours: Neighbours,
    chosen: Chosen,
}

/// Why the call cannot be followed.
#[derive(Debug)]
pub enum Wrong {
    /// The command line is wrong, or asks for help.
    Usage(Box<clap::Error>),
    /// What environment or file say is wrong: a line each.
    Faults(Vec<String>),
}

impl From<clap::Error> for Wrong {
    fn from(error: clap::Error) -> Self {
        Self::Usage(Box::new(error))
    }
}

/// Reads the command line, and for those that have one the environment and the file.
///
/// # Errors
/// [`Wrong`], with every fault.
pub fn read(line: &[OsString], environment: &dyn Fn(&str) -> Option<OsString>) -> Result<Configured, Wrong> {
    // What the command line lacks the file may have.
    let mut lenient = commands(environment);
    for path in OF_THE_STORE.iter().chain([&SERVE]) {
        lenient = without_data(lenient, path);
    }
    let matches = lenient.clone().try_get_matches_from(line)?;
    let (path, matches) = leaf(&matches);
    let of_serve = path == SERVE;
    if !of_serve && !OF_THE_STORE.contains(&&*path) {
        let matches = commands(environment).try_get_matches_from(line)?;
        let cli = Cli::from_arg_matches(&matches)?;
        return Ok(Configured { cli, neighbours: Neighbours::default(), chosen: Chosen::default() });
    }
    let command = path.iter().try_fold(&lenient, |command, name| command.find_subcommand(name));
    let layers = Layers { command: command.unwrap_or(&lenient), matches, environment };
    let mut faults = Vec::new();
    let (chosen, neighbours) = layers.read(of_serve, &mut faults);
    let has_data = matches.contains_id("data") || chosen.contains_key("data");
    if !has_data {
        faults.push("data: --data, PEONY_DATA or the file of --config must name the data folder".to_owned());
    }
    let mut whole = line.to_vec();
    if of_serve && !has_data {
        // What else is wrong is to be said as well; this is a folder that cannot be.
        whole.push(OsString::from("--data=\0"));
    }
    for key in TABLE {
        for value in chosen.get(key.id).into_iter().flatten() {
            whole.extend(argument(key, value));
        }
    }
    let mut cli =
        commands(environment).try_get_matches_from(whole).and_then(|matches| Cli::from_arg_matches(&matches));
    // A secret is on no command line, where other programs would read it.
    if let Ok(Cli { command: Command::Serve(args), .. }) = &mut cli {
        args.oidc.client_secret = secret(environment, &mut faults);
    }
    // What is in order for itself may not fit together.
    if let Ok(Cli { command: Command::Serve(args), .. }) = &cli {
        faults.extend(Checked::of(args, &neighbours).err().unwrap_or_default());
    }
    if !faults.is_empty() {
        return Err(Wrong::Faults(faults));
    }
    Ok(Configured { cli: cli?, neighbours, chosen })
}

/// The secret of this server at its provider of OpenID Connect, where the environment holds it.
fn secret(
    environment: &dyn Fn(&str) -> Option<OsString>,
    faults: &mut Vec<String>,
) -> Option<peony_access::ClientSecret> {
    let said = environment(CLIENT_SECRET).filter(|said| !said.is_empty())?;
    let text = said.into_string().map_err(|_| faults.push(format!("{CLIENT_SECRET}: it is no Unicode")));
    text.ok().map(peony_access::ClientSecret::new)
}

/// Variables that begin with the program's name and that it does not know, among those of the environment; what a cluster says of a service of that
/// name is none of them.
pub fn unknown_variables(names: impl Iterator<Item = OsString>) -> Vec<String> {
    let serve = Cli::command();
    let serve = serve.find_subcommand(SERVE[0]);
    let of_clap = serve.into_iter().flat_map(clap::Command::get_arguments).filter_map(|flag| flag.get_env());
    let mut known: Vec<String> = of_clap.map(|name| name.to_string_lossy().into_owned()).collect();
    known.extend(TABLE.iter().map(Key::variable));
    known.extend(OTHER_VARIABLES.map(str::to_owned));
    let names = names.filter_map(|name| name.into_string().ok());
    let mut unknown: Vec<String> = names
        .filter(|name| name.starts_with("PEONY_") && !known.contains(name))
        .filter(|name| !["PEONY_PORT", "PEONY_SERVICE_"].iter().any(|begin| name.starts_with(begin)))
        .collect();
    unknown.sort_unstable();
    unknown
}

impl Configured {
    /// The keys that another reading has otherwise and that hold from the next start only.
    pub fn waits_for_the_next_start(&self, other: &Self) -> Vec<String> {
        let waits = |key: &&Key| {
            key.holds == Holds::FromTheNextStart && self.chosen.get(key.id) != other.chosen.get(key.id)
        };
        TABLE.iter().filter(waits).map(Key::place).collect()
    }
}

/// The layers below the command line.
struct Layers<'l> {
    command: &'l clap::Command,
    matches: &'l ArgMatches,
    environment: &'l dyn Fn(&str) -> Option<OsString>,
}

impl Layers<'_> {
    fn read(&self, of_serve: bool, faults: &mut Vec<String>) -> (Chosen, Neighbours) {
        let mut chosen = Chosen::new();
        let keys = || TABLE.iter().filter(|key| self.is_flag(key.id));
        let open = keys().filter(|key| self.matches.value_source(key.id) != Some(ValueSource::CommandLine));
        let mut open: Vec<&Key> = open.collect();
        open.retain(|key| match key.in_environment(self.environment) {
            // Another variable of the environment that clap knows for it.
            None => self.matches.value_source(key.id) != Some(ValueSource::EnvVariable),
            Some(value) => {
                let values = self.of_environment(key, &value, faults);
                chosen.extend(values.map(|values| (key.id, values)));
                false
            }
        });
        let named = self.matches.get_one::<PathBuf>("config").cloned();
        let named = named
            .or_else(|| Some((self.environment)("PEONY_CONFIG").filter(|name| !name.is_empty())?.into()));
        let data = self.matches.get_one::<PathBuf>("data").cloned();
        let data = data.or_else(|| Some(PathBuf::from(chosen.get("data")?.first()?)));
        if let Some(former) =
            data.as_ref().map(|data| data.join(FORMER)).filter(|former| of_serve && former.exists())
        {
            // Its rules must not be lost in silence: it may say who is not taken.
            let former = former.display();
            faults.push(format!(
                "{former}: it is read no more; put what it says under [dicom] in {FILE} and take it away"
            ));
        }
        let usual = data.map(|data| data.join(FILE)).filter(|usual| usual.exists());
        let is_named = named.is_some();
        let Some(path) = named.or(usual) else { return (chosen, Neighbours::default()) };
        let file = match File::read(&path) {
            Ok(file) => file,
            Err(fault) => {
                faults.push(fault);
                return (chosen, Neighbours::default());
            }
        };
        let neighbours = self.of_file(&file, is_named, of_serve, &open, &mut chosen, faults);
        (chosen, neighbours)
    }

    fn of_file(
        &self,
        file: &File,
        is_named: bool,
        of_serve: bool,
        open: &[&Key],
        chosen: &mut Chosen,
        faults: &mut Vec<String>,
    ) -> Neighbours {
        let Some(mut whole) = file.parse(faults) else { return Neighbours::default() };
        let mut sections: BTreeMap<&str, Section<'_>> = BTreeMap::new();
        for section in TABLE.iter().map(|key| key.section).filter(|section| !section.is_empty()) {
            if let Some(table) = whole.take_section(section, faults) {
                sections.insert(section, table);
            }
        }
        for key in TABLE.iter().filter(|key| of_serve || self.is_flag(key.id)) {
            let section =
                if key.section.is_empty() { Some(&mut whole) } else { sections.get_mut(key.section) };
            let Some(said) = section.and_then(|section| section.take(key.name, key.kind, faults)) else {
                continue;
            };
            if key.id == "data" && !is_named {
                faults.push(format!(
                    "{}: this file was found in the data folder; it is for a file that --config names",
                    said.at
                ));
                continue;
            }
            let values = self.values(key, &said, file, faults);
            if open.iter().any(|open| open.id == key.id) {
                chosen.extend(values.map(|values| (key.id, values)));
            }
        }
        // The others read their own part of it, and leave the rest to the server.
        if !of_serve {
            return Neighbours::default();
        }
        let dicom = sections.get_mut("dicom");
        let neighbours = dicom.map(|dicom| Neighbours::read(dicom, faults)).unwrap_or_default();
        for section in std::iter::once(whole).chain(sections.into_values()) {
            section.finish(faults);
        }
        neighbours
    }

    fn is_flag(&self, id: &str) -> bool {
        self.command.get_arguments().any(|argument| argument.get_id() == id)
    }

    /// A list stands in the environment with commas between.
    fn of_environment(&self, key: &Key, value: &OsStr, faults: &mut Vec<String>) -> Option<Vec<OsString>> {
        let text = value.to_str();
        let values: Vec<OsString> = match (key.kind, text) {
            (Kind::Paths | Kind::Texts, Some(text)) => text.split(',').map(OsString::from).collect(),
            (Kind::Switch, Some("1")) => vec!["true".into()],
            (Kind::Switch, Some("0")) => vec!["false".into()],
            _ => vec![value.to_owned()],
        };
        self.without_fault(key, &key.variable(), values, faults)
    }

    fn values(&self, key: &Key, said: &Said, file: &File, faults: &mut Vec<String>) -> Option<Vec<OsString>> {
        let value = |text: &String| match key.kind {
            Kind::Path | Kind::Paths => file.resolve(text).into_os_string(),
            Kind::Source => match text.parse() {
                Ok(SourceUrl::Path(_)) => file.resolve(text).into_os_string(),
                _ => text.into(),
            },
            _ => text.into(),
        };
        let values: Vec<OsString> = said.texts.iter().map(value).collect();
        self.without_fault(key, &said.at, values, faults)
    }

    /// Values of which clap says that they are in order. What it says of others goes without the values: there may be a password in one.
    fn without_fault(
        &self,
        key: &Key,
        at: &str,
        values: Vec<OsString>,
        faults: &mut Vec<String>,
    ) -> Option<Vec<OsString>> {
        let wrong = |value: &OsString| {
            if key.kind == Kind::Switch && value != "true" && value != "false" {
                return Some(format!("{at}: it is true or false"));
            }
            let name = OsString::from(self.command.get_name());
            let call = std::iter::once(name).chain(argument(key, value));
            let error = self.command.clone().try_get_matches_from(call).err()?;
            Some(format!("{at}: {}", reason(&error, key)?))
        };
        let wrong: Vec<String> = values.iter().filter_map(wrong).collect();
        let fine = wrong.is_empty();
        faults.extend(wrong);
        fine.then_some(values)
    }
}

/// A value as it stands on a command line; nothing for a switch that is off.
fn argument(key: &Key, value: &OsStr) -> Option<OsString> {
    let mut argument = OsString::from(key.flag());
    if key.kind == Kind::Switch {
        return (value == "true").then_some(argument);
    }
    argument.push("=");
    argument.push(value);
    Some(argument)
}

/// Why a value is wrong; `None` where the error is of something else.
fn reason(error: &clap::Error, key: &Key) -> Option<String> {
    match error.kind() {
        ErrorKind::ValueValidation => {
            let why = std::error::Error::source(error)?;
            let (example, kind) = (key.example.trim_matches('\'').replace('_', ""), key.kind);
            Some(match kind {
                // What the library says of a number that is none helps nobody.
                Kind::Whole if why.is::<ParseIntError>() => {
                    format!("it is a whole number, such as {example}")
                }
                _ => why.to_string(),
            })
        }
        ErrorKind::InvalidUtf8 => Some("it is no Unicode".to_owned()),
        ErrorKind::InvalidValue => Some(match error.get(ContextKind::ValidValue) {
            Some(ContextValue::Strings(values)) if !values.is_empty() => {
                format!("it is one of {}", values.join(", "))
            }
            _ => "it must not be empty".to_owned(),
        }),
        _ => None,
    }
}

/// Everything that can be called. Clap would take an empty variable for a value that is missing; it says nothing.
fn commands(environment: &dyn Fn(&str) -> Option<OsString>) -> clap::Command {
    fn deaf(command: clap::Command, empty: &dyn Fn(&clap::Arg) -> bool) -> clap::Command {
        let command = command.mut_args(|flag| if empty(&flag) { flag.env(None::<&str>) } else { flag });
        command.mut_subcommands(|below| deaf(below, empty))
    }
    let empty = |flag: &clap::Arg| {
        let said = flag.get_env().and_then(OsStr::to_str).and_then(environment);
        said.is_some_and(|value| value.is_empty())
    };
    deaf(Cli::command(), &empty)
}

/// The same command, whose subcommand can do without `--data`.
fn without_data(command: clap::Command, path: &[&'static str]) -> clap::Command {
    match path {
        [] => command.mut_arg("data", |data| data.required(false)),
        [name, rest @ ..] => command.mut_subcommand(name, |command| without_data(command, rest)),
    }
}

/// The subcommand that was called, and what was matched for it.
fn leaf(matches: &ArgMatches) -> (Vec<&str>, &ArgMatches) {
    let (mut path, mut at) = (Vec::new(), matches);
    while let Some((name, below)) = at.subcommand() {
        path.push(name);
        at = below;
    }
    (path, at)
}
