//! A disk that fills soon and can become read-only.

use std::path::Path;
use std::process::Command;

/// A small disk of its own; where none can be made the test says so and passes.
pub struct SmallDisk(tempfile::TempDir);

/// The disk is read-only until this is dropped.
pub struct ReadOnly<'a>(&'a SmallDisk);

fn done(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

impl SmallDisk {
    pub fn mount(size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        if done(Command::new("mount").args(["-t", "tmpfs", "-o", size, "tmpfs"]).arg(folder.path())) {
            return Some(Self(folder));
        }
        eprintln!("skipped: a small disk cannot be mounted here");
        None
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn resize(&self, size: &str) {
        let options = format!("remount,{size}");
        assert!(done(Command::new("mount").args(["-o", &options]).arg(self.path())), "{options}");
    }

    /// A file that is open for writing holds the disk; what becomes read-only is a view of it.
    pub fn read_only(&self) -> ReadOnly<'_> {
        assert!(done(Command::new("mount").arg("--bind").arg(self.path()).arg(self.path())));
        assert!(done(Command::new("mount").args(["-o", "remount,ro,bind"]).arg(self.path())));
        ReadOnly(self)
    }
}

impl Drop for ReadOnly<'_> {
    fn drop(&mut self) {
        // What was read is closed on another thread, perhaps not yet.
        assert!(done(Command::new("umount").arg("--lazy").arg(self.0.path())));
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}
