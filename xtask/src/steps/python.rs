//! Python beside the Rust tests: pydicom to compare with, and the ONNX Runtime library inside its wheel.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use walkdir::WalkDir;

use crate::install;
use crate::workshop::Workshop;

const DICOM: &str = "crates/dicom/tests/requirements.txt";
const TRAINING: &str = "training/requirements.txt";

pub fn run(workshop: &Workshop) -> Result<String> {
    let read = |path: &str| fs::read_to_string(workshop.root.join(path)).with_context(|| path.to_owned());
    let dicom = read(DICOM)?;
    // The version that made the models, without the gigabytes of PyTorch beside it.
    let training = read(TRAINING)?;
    let onnxruntime =
        training.lines().find(|line| line.starts_with("onnxruntime==")).unwrap_or("onnxruntime");
    let arguments = ["-r".to_owned(), DICOM.into(), onnxruntime.trim().to_owned()];
    install::pip(workshop, "rust", &arguments, &dicom)?;
    let library = onnx_runtime(workshop).context("the onnxruntime package holds no library")?;
    Ok(library.file_name().unwrap_or_default().to_string_lossy().into_owned())
}

/// The library in the virtual environment, if it was installed.
pub fn onnx_runtime(workshop: &Workshop) -> Option<PathBuf> {
    let name = if cfg!(target_os = "macos") { "libonnxruntime." } else { "libonnxruntime.so" };
    WalkDir::new(workshop.target.join("python/lib"))
        .into_iter()
        .filter_map(Result::ok)
        .map(walkdir::DirEntry::into_path)
        .find(|path| is_in_package(path) && file_name(path).starts_with(name))
}

fn is_in_package(path: &Path) -> bool {
    path.parent().is_some_and(|folder| folder.ends_with("onnxruntime/capi"))
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
