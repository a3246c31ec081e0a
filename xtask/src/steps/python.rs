//! Python beside the Rust tests: pydicom, pynetdicom, dicomweb-client and pyigtl to compare with, an S3 server, a provider of OpenID Connect, and the ONNX Runtime libraries inside two wheels.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use walkdir::WalkDir;

use crate::install;
use crate::steps::{Done, Skip};
use crate::workshop::Workshop;

const ACCESS: &str = "crates/access/tests/requirements.txt";
const DICOM: &str = "crates/dicom/tests/requirements.txt";
const DICOMWEB: &str = "crates/dicomweb/tests/requirements.txt";
const NODE: &str = "crates/node/tests/requirements.txt";
const SOURCES: &str = "crates/sources/tests/requirements.txt";
const STORE: &str = "crates/store/tests/requirements.txt";
const TRAINING: &str = "training/requirements.txt";
/// An ONNX Runtime library with OpenVINO inside; one wheel for each Python, and the same library in all of them.
const OPENVINO: &str = "onnxruntime-openvino==1.24.1";
const OPENVINO_PYTHON: &str = "3.12";
const OPENVINO_PLATFORM: &str = "manylinux_2_28_x86_64";
/// Below the target folder.
const OPENVINO_FOLDER: &str = "openvino";
/// Whether that wheel is made for machines like this one.
pub const OPENVINO_IS_MADE: bool = cfg!(all(target_os = "linux", target_arch = "x86_64"));

pub fn run(workshop: &Workshop) -> Result<Done> {
    let read = |path: &str| fs::read_to_string(workshop.root.join(path)).with_context(|| path.to_owned());
    let dicom = read(DICOM)?;
    // The version that made the models, without the gigabytes of PyTorch beside it.
    let training = read(TRAINING)?;
    let onnxruntime =
        training.lines().find(|line| line.starts_with("onnxruntime==")).unwrap_or("onnxruntime");
    let arguments = ["-r".to_owned(), DICOM.into(), onnxruntime.trim().to_owned()];
    install::pip(workshop, "rust", &arguments, &dicom)?;
    install::pip(workshop, "dicomweb", &["-r".to_owned(), DICOMWEB.into()], &read(DICOMWEB)?)?;
    access(workshop)?;
    install::pip(workshop, "node", &["-r".to_owned(), NODE.into()], &read(NODE)?)?;
    install::pip(workshop, "store", &["-r".to_owned(), STORE.into()], &read(STORE)?)?;
    // The file has all that is needed, and one package of it in the place of one that has no wheel.
    let arguments = ["--no-deps".to_owned(), "-r".into(), SOURCES.into()];
    install::pip(workshop, "sources", &arguments, &read(SOURCES)?)?;
    let library = onnx_runtime(workshop).context("the onnxruntime package holds no library")?;
    let note = format!(
        "pydicom, pynetdicom, dicomweb-client, pyigtl, moto, oidc-provider-mock, {}",
        file_name(&library)
    );
    if !OPENVINO_IS_MADE {
        let what = format!("OpenVINO: {OPENVINO} is not made for this kind of machine");
        return Ok(Done { note, skips: vec![Skip { what, mendable: false }] });
    }
    Ok(match install::wheel(workshop, OPENVINO_FOLDER, OPENVINO, OPENVINO_PYTHON, OPENVINO_PLATFORM) {
        Ok(_) => {
            let library = openvino(workshop).with_context(|| format!("{OPENVINO} holds no library"))?;
            format!("{note}, {} with OpenVINO", file_name(&library)).into()
        }
        // The other engines are tested all the same.
        Err(error) => Done { note, skips: vec![Skip { what: format!("OpenVINO: {error}"), mendable: true }] },
    })
}

/// The Python that has the provider of OpenID Connect.
pub fn access(workshop: &Workshop) -> Result<PathBuf> {
    let wanted = fs::read_to_string(workshop.root.join(ACCESS)).context(ACCESS)?;
    install::pip(workshop, "access", &["-r".to_owned(), ACCESS.into()], &wanted)
}

/// The ONNX Runtime library in the virtual environment, if it was installed.
pub fn onnx_runtime(workshop: &Workshop) -> Option<PathBuf> {
    library_below(&workshop.target.join("python/lib"))
}

/// The ONNX Runtime library with OpenVINO inside, if it was installed.
pub fn openvino(workshop: &Workshop) -> Option<PathBuf> {
    library_below(&workshop.target.join(OPENVINO_FOLDER))
}

fn library_below(folder: &Path) -> Option<PathBuf> {
    let name = if cfg!(target_os = "macos") { "libonnxruntime." } else { "libonnxruntime.so" };
    WalkDir::new(folder)
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
