//! Files that are written in one step: whoever reads one finds all of it, or what was there before.

use std::io::{Error, ErrorKind, Result, Write};
use std::path::Path;

use tempfile::NamedTempFile;

/// Writes a text in the place of what was there. A device or a pipe cannot be replaced: it takes the text as it is.
///
/// # Errors
/// Where the folder takes nothing; what was there is still there then.
pub fn write(path: &Path, text: &str) -> Result<()> {
    if is_stream(path) {
        return std::fs::write(path, text);
    }
    let mut file = beside(path)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// Whether [`write()`] could begin here; nothing is left of the trial, and what is there stays.
///
/// # Errors
/// What [`write()`] would say.
pub fn check(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Err(Error::new(ErrorKind::IsADirectory, "it is a folder"));
    }
    if !is_stream(path) {
        beside(path)?;
    }
    Ok(())
}

fn is_stream(path: &Path) -> bool {
    path.metadata().is_ok_and(|there| !there.is_file() && !there.is_dir())
}

/// An unfinished file in the same folder, which is gone when it is let go; whoever may read what the program makes may read it.
fn beside(path: &Path) -> Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new();
    #[cfg(unix)]
    file.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    // Named is the folder, which is what a person can mend, and not the unfinished file that nobody asked for.
    file.tempfile_in(folder).map_err(|error| {
        let folder = folder.display();
        let why = match error.kind() {
            ErrorKind::NotFound => format!("there is no folder {folder}"),
            kind => format!("the folder {folder} takes no file: {kind}"),
        };
        Error::new(error.kind(), why)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_a_trial_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.html");
        std::fs::write(&path, "before").unwrap();
        check(&path).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "before");
        write(&path, "after").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "after");
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
        for wrong in [folder.path().to_owned(), folder.path().join("nowhere/report.html")] {
            assert!(check(&wrong).is_err() && write(&wrong, "").is_err(), "{}", wrong.display());
        }
        let nowhere = folder.path().join("nowhere");
        let why = check(&nowhere.join("report.html")).unwrap_err().to_string();
        assert_eq!(why, format!("there is no folder {}", nowhere.display()));
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn whoever_may_read_what_a_person_makes_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let mode = |name: &str| folder.path().join(name).metadata().unwrap().permissions().mode();
        std::fs::write(folder.path().join("plain"), "").unwrap();
        write(&folder.path().join("whole"), "").unwrap();
        assert_eq!(mode("whole"), mode("plain"));
    }

    #[cfg(unix)]
    #[test]
    fn a_device_stays_a_device() {
        use std::os::unix::fs::FileTypeExt;
        let null = Path::new("/dev/null");
        check(null).unwrap();
        write(null, "text").unwrap();
        assert!(null.metadata().unwrap().file_type().is_char_device());
    }
}
