//! Where the shared data is.

use std::path::{Path, PathBuf};

/// The folder that holds `cases.csv` (`PEONY_DATA`, else `../shared/data` beside the repository).
pub fn data() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("PEONY_DATA").map_or_else(beside, PathBuf::from);
    if folder.join("dicom").is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: no shared data (set PEONY_DATA to the folder that holds cases.csv)");
    None
}
