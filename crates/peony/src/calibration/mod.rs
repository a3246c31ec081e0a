//! The calibrations that a call knows, and which of them a source's lengths along the sweep are made with.

pub mod file;

use std::path::Path;

use anyhow::{Result, bail};
use peony_dicom::Equipment;
use peony_ultrasound::calibrate::Calibration;

use self::file::{CalibrationFile, Fits};
use crate::cli::CalibrationArgs;

/// Every calibration that the call named, and which one a person says the source is of.
#[derive(Debug, Clone, Default)]
pub struct Calibrations {
    known: Vec<CalibrationFile>,
    /// Probe and preset, or the only file that was named.
    named: Option<usize>,
}

impl Calibrations {
    /// Reads the files and folders of the call, and those of `usual`, a folder that need not be there.
    ///
    /// # Errors
    /// One line for the first that is no calibration, and where what is named is not there or not one alone.
    pub fn load(args: &CalibrationArgs, usual: Option<&Path>) -> Result<Self> {
        let mut known = Vec::new();
        for path in &args.calibration {
            if path.is_dir() {
                known.extend(in_folder(path)?);
            } else {
                known.push(CalibrationFile::read(path)?);
            }
        }
        if let Some(folder) = usual.filter(|folder| folder.is_dir()) {
            known.extend(in_folder(folder)?);
        }
        let named = match (&args.probe, &args.calibration[..]) {
            (Some(_), _) => Some(named(&known, args)?),
            // One file is named for what is read; a folder is to choose from.
            (None, [only]) if !only.is_dir() => Some(0),
            (None, _) => None,
        };
        Ok(Self { known, named })
    }

    /// The one for pictures of this machine: that of the probe and preset that they say themselves, else the one that a person
    /// named, unless they say that they are of another. `None`: sizes are those in the plane.
    pub fn choose(&self, equipment: &Equipment) -> Option<Calibration> {
        let mut fitting = self.known.iter().filter(|known| known.is_of(equipment) == Fits::Yes);
        let said = match (fitting.next(), fitting.next()) {
            (Some(only), None) => Some(only),
            _ => self
                .named
                .and_then(|at| self.known.get(at))
                .filter(|named| named.is_of(equipment) != Fits::No),
        };
        said.map(CalibrationFile::calibration)
    }
}

fn in_folder(folder: &Path) -> Result<Vec<CalibrationFile>> {
    let entries = walkdir::WalkDir::new(folder).max_depth(1).sort_by_file_name();
    let files = entries.into_iter().filter_map(Result::ok).map(walkdir::DirEntry::into_path);
    files
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .map(|path| CalibrationFile::read(&path))
        .collect()
}

fn named(known: &[CalibrationFile], args: &CalibrationArgs) -> Result<usize> {
    let probe = args.probe.as_deref().unwrap_or_default();
    let of_probe: Vec<usize> = (0..known.len()).filter(|&at| known[at].probe == probe).collect();
    let fitting: Vec<usize> = of_probe
        .iter()
        .copied()
        .filter(|&at| args.preset.as_ref().is_none_or(|preset| known[at].preset == *preset))
        .collect();
    let list = |names: Vec<&str>| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    match (&fitting[..], &args.preset) {
        (&[only], _) => Ok(only),
        ([], _) if of_probe.is_empty() => {
            bail!(
                "--probe: no calibration of '{probe}'; there are {}",
                list(known.iter().map(|known| &*known.probe).collect())
            )
        }
        ([], _) => {
            bail!("--preset: '{probe}' has {}", list(of_probe.iter().map(|&at| &*known[at].preset).collect()))
        }
        (_, None) => bail!(
            "--preset: '{probe}' is calibrated for {}; which?",
            list(of_probe.iter().map(|&at| &*known[at].preset).collect())
        ),
        (_, Some(preset)) => bail!("--calibration: two files are of '{probe}' and '{preset}'"),
    }
}
