//! Where a step works: the folders, its log, and how it starts other programs.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use duct::Expression;

/// No command of ours runs for longer than this; one that does is killed, so that a hang is a failure with a name.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// What a step is given.
pub struct Workshop {
    /// The repository.
    pub root: PathBuf,
    /// Cargo's target folder: everything that a step makes lies below it.
    pub target: PathBuf,
    /// All that the step's programs say.
    pub log: PathBuf,
    /// How long each fuzz target runs.
    pub fuzz_seconds: u32,
}

#[cfg(test)]
impl Workshop {
    /// One of a test's own, in a folder that no other test has.
    pub fn of_test(name: &str) -> Self {
        let root = std::env::temp_dir().join(format!("peony-xtask-{}-{name}", std::process::id()));
        fs::create_dir_all(&root).unwrap();
        let (target, log) = (root.join("target"), root.join(format!("{name}.log")));
        File::create(&log).unwrap();
        Self { root, target, log, fuzz_seconds: 0 }
    }
}

impl Workshop {
    /// Begin the log of the step `name`.
    pub fn open(fuzz_seconds: u32, name: &str) -> Result<Self> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = manifest.parent().context("xtask lies inside the repository")?.to_owned();
        // Cargo takes a relative target folder from the working folder, which is not always the root.
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => std::path::absolute(folder)?,
            None => root.join("target"),
        };
        let logs = target.join("xtask");
        fs::create_dir_all(&logs).with_context(|| format!("cannot make {}", logs.display()))?;
        let log = logs.join(format!("{name}.log"));
        File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        Ok(Self { root, target, log, fuzz_seconds })
    }

    /// A folder below the target folder, made if need be.
    pub fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.target.join(name);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(folder)
    }

    /// A program with its arguments, to be started in the repository's root.
    pub fn command<A: Into<OsString>>(
        &self,
        program: impl AsRef<Path>,
        args: impl IntoIterator<Item = A>,
    ) -> Call {
        let program = program.as_ref();
        let args: Vec<OsString> = args.into_iter().map(Into::into).collect();
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let words = args.iter().map(|arg| arg.to_string_lossy().into_owned());
        let shown = std::iter::once(name).chain(words).collect::<Vec<_>>().join(" ");
        let expression = duct::cmd(program.as_os_str().to_owned(), args)
            .env("CARGO_TARGET_DIR", &self.target)
            .stdin_null();
        Call { shown, folder: self.root.clone(), expression }
    }

    /// Cargo, the one that runs us.
    pub fn cargo(&self, args: &[&str]) -> Call {
        let cargo = std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from);
        self.command(cargo, args)
    }

    /// Run to the end with all output in the log.
    ///
    /// # Errors
    /// The program cannot be started, says no, or takes longer than [`LIMIT`].
    pub fn run(&self, call: &Call) -> Result<()> {
        self.run_into(&self.log, call)
    }

    /// [`Workshop::run`] with a log of its own, for programs that run beside each other.
    pub fn run_into(&self, log: &Path, call: &Call) -> Result<()> {
        let running = call.start(log)?;
        match running.wait_timeout(LIMIT)? {
            Some(output) if output.status.success() => Ok(()),
            Some(output) => bail!("`{}` ended with {}", call.shown, output.status),
            None => {
                running.kill()?;
                bail!("`{}` took longer than {} minutes and was stopped", call.shown, LIMIT.as_secs() / 60)
            }
        }
    }

    /// Start it and leave it running, with all output in the log.
    pub fn start(&self, call: &Call) -> Result<duct::Handle> {
        call.start(&self.log)
    }

    /// What the step's programs have said so far.
    pub fn said(&self) -> String {
        fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// Do `work` unless it was done for exactly this `wanted` before; an interrupted one is done again.
    ///
    /// `stamp` lies inside what the work makes, so that both are deleted together.
    pub fn once(stamp: &Path, wanted: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
        if fs::read_to_string(stamp).is_ok_and(|done| done == wanted) {
            return Ok(());
        }
        // Not being there is what the removal is for.
        fs::remove_file(stamp).ok();
        work()?;
        Ok(fs::write(stamp, wanted)?)
    }
}

/// A program to be run, and how to name it to a person.
#[derive(Clone)]
pub struct Call {
    shown: String,
    /// Kept apart from the expression, where the first folder named would win and not the last.
    folder: PathBuf,
    expression: Expression,
}

impl Call {
    /// In this folder instead of the repository's root.
    pub fn dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = folder.into();
        self
    }

    /// With this in its environment.
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.expression = self.expression.env(name, value);
        self
    }

    /// What it prints.
    pub fn read(&self) -> Result<String> {
        self.expression.dir(&self.folder).stderr_null().read().with_context(|| format!("`{}`", self.shown))
    }

    fn start(&self, log: &Path) -> Result<duct::Handle> {
        let mut said = OpenOptions::new().create(true).append(true).open(log)?;
        writeln!(said, "$ {}", self.shown)?;
        let quiet = self.expression.dir(&self.folder).stderr_to_stdout().stdout_file(said).unchecked();
        quiet.start().with_context(|| format!("`{}` cannot be started", self.shown))
    }
}
