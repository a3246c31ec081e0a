//! Finding an ONNX Runtime library on this machine, and opening it, at most one a process.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ort::environment::Environment;
use ort::ep::ExecutionProvider;
use ort::logging::LogLevel;

use super::guarded;

/// Asked in this order where no path is given.
const VARIABLES: [&str; 2] = ["PEONY_ORT_LIB", "ORT_DYLIB_PATH"];
const USUAL_FOLDERS: [&str; 7] = [
    "/usr/local/lib",
    "/usr/lib",
    "/usr/lib64",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/opt/onnxruntime/lib",
    "/opt/homebrew/lib",
];

/// An open ONNX Runtime library.
#[derive(Clone)]
pub(crate) struct Library {
    pub environment: Environment,
    /// Where it is from.
    pub path: PathBuf,
    /// Whether OpenVINO is inside.
    pub openvino: bool,
}

/// What this process has opened: `ort` keeps the first library for good.
enum Opened {
    Not,
    Open(Library),
    /// It was kept, but cannot be used: no other can be opened either.
    Broken(String),
}

static OPENED: Mutex<Opened> = Mutex::new(Opened::Not);

impl Library {
    /// Open the library at `explicit` (a file or its folder), or the one that the environment names, or the first
    /// of the usual places that can be used; with `prefer_openvino` those with OpenVINO beside them come first.
    /// The library already open is given again, whatever is asked.
    ///
    /// # Errors
    /// One line that says what was not found or why it cannot be used.
    pub fn open(explicit: Option<&Path>, prefer_openvino: bool) -> Result<Self, String> {
        let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
        match &*opened {
            Opened::Open(library) => return Ok(library.clone()),
            Opened::Broken(reason) => return Err(reason.clone()),
            Opened::Not => {}
        }
        let mut reasons = Vec::new();
        for path in candidates(explicit, prefer_openvino)? {
            match open_at(&path) {
                Ok(library) => {
                    *opened = Opened::Open(library.clone());
                    return Ok(library);
                }
                Err(Refusal::Next(reason)) => reasons.push(reason),
                Err(Refusal::Broken(reason)) => {
                    *opened = Opened::Broken(reason.clone());
                    return Err(reason);
                }
            }
        }
        if reasons.is_empty() {
            return Err(format!(
                "no ONNX Runtime library found (set {} to libonnxruntime.so.1.24 or newer)",
                VARIABLES[0]
            ));
        }
        Err(reasons.join("; "))
    }
}

enum Refusal {
    /// This file is not one; the next may be.
    Next(String),
    /// This file is held for good and does not work.
    Broken(String),
}

fn open_at(path: &Path) -> Result<Library, Refusal> {
    // Probed first, because `ort::init_from` (2.0.0-rc.14) may not be called again after it failed: its second
    // call says that a library is open, and its first use panics.
    let shown = path.display();
    match guarded(|| Ok(ort::util::probe(path))).map_err(Refusal::Next)? {
        None => return Err(Refusal::Next(format!("{shown} cannot be opened as an ONNX Runtime library"))),
        Some(minor) if minor < ort::MINOR_VERSION => {
            let needed = ort::MINOR_VERSION;
            return Err(Refusal::Next(format!(
                "{shown} is ONNX Runtime 1.{minor}, but 1.{needed} or newer is needed"
            )));
        }
        Some(_) => {}
    }
    let started = guarded(|| {
        let environment = ort::init_from(path)
            .map_err(|error| error.to_string())?
            .with_name("peony")
            .with_telemetry(false)
            .with_logger(Arc::new(|level, category, _, _, message| match level {
                LogLevel::Error | LogLevel::Fatal => tracing::warn!(category, "onnxruntime: {message}"),
                _ => tracing::debug!(category, "onnxruntime: {message}"),
            }))
            .build()
            .map_err(|error| error.to_string())?;
        environment.set_log_level(LogLevel::Warning);
        let openvino = ort::ep::OpenVINO::is_available().map_err(|error| error.to_string())?;
        Ok((environment, openvino))
    });
    match started {
        Ok((environment, openvino)) => Ok(Library { environment, path: path.to_owned(), openvino }),
        Err(reason) => Err(Refusal::Broken(format!("{shown} cannot be used: {reason}"))),
    }
}

/// Library files to try, best first. A path that a person gave is the only one: another library in its place
/// would be a surprise.
fn candidates(explicit: Option<&Path>, prefer_openvino: bool) -> Result<Vec<PathBuf>, String> {
    let named = VARIABLES.iter().find_map(|name| env::var_os(name).filter(|value| !value.is_empty()));
    if let Some(given) = explicit.map(Path::to_owned).or_else(|| named.map(PathBuf::from)) {
        let found = if given.is_dir() { in_folder(&given) } else { vec![given.clone()] };
        return match found.first() {
            Some(path) if path.is_file() => Ok(found),
            _ => Err(format!("no ONNX Runtime library at {}", given.display())),
        };
    }
    let mut found: Vec<PathBuf> = folders().iter().flat_map(|folder| in_folder(folder)).collect();
    if prefer_openvino {
        // A stable sort: within each half the order of the places stays.
        found.sort_by_key(|path| !has_openvino(path));
    }
    Ok(found)
}

fn folders() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    if let Some(program) = env::current_exe().ok().as_deref().and_then(Path::parent) {
        folders.push(program.to_owned());
        folders.push(program.join("lib"));
    }
    if let Some(environment) = env::var_os("VIRTUAL_ENV").filter(|value| !value.is_empty()) {
        let root = PathBuf::from(environment);
        let versions = root.join("lib").read_dir().into_iter().flatten().flatten().map(|entry| entry.path());
        let packages =
            versions.map(|python| python.join("site-packages")).chain([root.join("Lib/site-packages")]);
        folders.extend(packages.map(|packages| packages.join("onnxruntime/capi")));
    }
    folders.extend(USUAL_FOLDERS.iter().map(PathBuf::from));
    folders
}

/// The ONNX Runtime libraries of one folder, newest first.
fn in_folder(folder: &Path) -> Vec<PathBuf> {
    let entries = folder.read_dir().into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found: Vec<PathBuf> =
        entries.filter(|path| path.file_name().and_then(OsStr::to_str).is_some_and(is_library)).collect();
    found.sort_by_key(|path| std::cmp::Reverse(version(path)));
    found
}

fn is_library(name: &str) -> bool {
    name == "onnxruntime.dll"
        || name.starts_with("libonnxruntime.so")
        || (name.starts_with("libonnxruntime.") && name.ends_with(".dylib"))
}

/// The numbers of `libonnxruntime.so.1.24.1`; none for a name without them.
fn version(path: &Path) -> Vec<u32> {
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    name.split('.').filter_map(|part| part.parse().ok()).collect()
}

fn has_openvino(library: &Path) -> bool {
    let beside = ["libonnxruntime_providers_openvino.so", "onnxruntime_providers_openvino.dll"];
    library.parent().is_some_and(|folder| beside.iter().any(|name| folder.join(name).is_file()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_gives_its_libraries_newest_first() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "libonnxruntime.so.1.9.1",
            "libonnxruntime.so.1.24.1",
            "libonnxruntime.so",
            "libonnxruntime_providers_shared.so",
            "libonnxruntime.1.25.0.dylib",
            "onnxruntime.txt",
        ] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let found = in_folder(folder.path());
        let names: Vec<_> = found.iter().filter_map(|path| path.file_name()?.to_str()).collect();
        let expected = [
            "libonnxruntime.1.25.0.dylib",
            "libonnxruntime.so.1.24.1",
            "libonnxruntime.so.1.9.1",
            "libonnxruntime.so",
        ];
        assert_eq!(names, expected);
        assert!(!has_openvino(&found[0]));
        std::fs::write(folder.path().join("libonnxruntime_providers_openvino.so"), "").unwrap();
        assert!(has_openvino(&found[0]));
    }

    #[test]
    fn a_path_that_a_person_gave_is_the_only_one() {
        let folder = tempfile::tempdir().unwrap();
        let said = candidates(Some(folder.path()), false).unwrap_err();
        assert!(said.contains(&folder.path().display().to_string()), "{said}");
        let library = folder.path().join("libonnxruntime.so");
        std::fs::write(&library, "").unwrap();
        assert_eq!(candidates(Some(folder.path()), true).unwrap(), std::slice::from_ref(&library));
        assert_eq!(candidates(Some(&library), true).unwrap(), [library]);
    }
}
