//! Whether a file or folder that was opened is still the one that its path names: what is written into one that was deleted or replaced under a
//! running program is lost when it ends.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A path, and what it named when it was opened.
#[derive(Debug, Clone)]
pub(crate) struct Anchor {
    path: PathBuf,
    was: Option<Identity>,
}

/// Which file system, and which of its files.
type Identity = (u64, u64);

impl Anchor {
    /// What this path names now. Nothing that it may name later is another one than nothing.
    pub fn of(path: &Path) -> Self {
        Self { path: path.to_owned(), was: identity(path).ok().flatten() }
    }

    /// Whether the path still names it.
    pub fn holds(&self) -> io::Result<bool> {
        Ok(self.was.is_none() || identity(&self.path)? == self.was)
    }
}

/// `None` where there is nothing.
fn identity(path: &Path) -> io::Result<Option<Identity>> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(of(&metadata)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

#[cfg(unix)]
fn of(metadata: &fs::Metadata) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt as _;
    Some((metadata.dev(), metadata.ino()))
}

/// Elsewhere a file that is open is neither deleted nor replaced.
#[cfg(not(unix))]
fn of(_: &fs::Metadata) -> Option<Identity> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_names_something_else_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("one"), folder.path().join("other"));
        fs::write(&other, "other").unwrap();
        assert!(Anchor::of(&path).holds().unwrap(), "nothing was opened");
        fs::write(&path, "one").unwrap();
        let anchor = Anchor::of(&path);
        fs::write(&path, "it grows").unwrap();
        assert!(anchor.holds().unwrap());
        fs::rename(&path, folder.path().join("moved")).unwrap();
        assert!(!anchor.holds().unwrap(), "it is gone");
        fs::rename(&other, &path).unwrap();
        assert!(!anchor.holds().unwrap(), "it is another one");
    }
}
