//! Where a step works: the folders, its log, and how it starts other programs.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
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

    /// A program with its arguments, to be started in the repository's root with `target` for its builds.
    pub fn command<A: Into<OsString>>(
        &self,
        program: impl AsRef<Path>,
        args: impl IntoIterator<Item = A>,
    ) -> Expression {
        let program = program.as_ref().as_os_str().to_owned();
        duct::cmd(program, args).dir(&self.root).env("CARGO_TARGET_DIR", &self.target).stdin_null()
    }

    /// Cargo, the one that runs us.
    pub fn cargo(&self, args: &[&str]) -> Expression {
        let cargo = std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from);
        self.command(cargo, args)
    }

    /// Run to the end with all output in the log.
    ///
    /// # Errors
    /// The program cannot be started, says no, or takes longer than [`LIMIT`].
    pub fn run(&self, command: &Expression) -> Result<()> {
        self.run_into(&self.log, command)
    }

    /// [`Workshop::run`] with a log of its own, for programs that run beside each other.
    pub fn run_into(&self, log: &Path, command: &Expression) -> Result<()> {
        let said = OpenOptions::new().create(true).append(true).open(log)?;
        let running = command.stderr_to_stdout().stdout_file(said).unchecked().start()?;
        match running.wait_timeout(LIMIT)? {
            Some(output) if output.status.success() => Ok(()),
            Some(output) => bail!("{running:?} ended with {}", output.status),
            None => {
                running.kill()?;
                bail!("{running:?} took longer than {} minutes and was stopped", LIMIT.as_secs() / 60)
            }
        }
    }

    /// Start it and leave it running, with all output in the log.
    pub fn start(&self, command: &Expression) -> Result<duct::Handle> {
        let said = OpenOptions::new().append(true).open(&self.log)?;
        Ok(command.stderr_to_stdout().stdout_file(said).unchecked().start()?)
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
