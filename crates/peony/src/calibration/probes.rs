//! The calibrations of a program that serves: pages see them, add to them and say which is used.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use peony_dicom::Equipment;
use peony_ultrasound::calibrate::Calibration;
use peony_web::wire::{KnownCalibration, ProbeName};
use peony_web::{MadeCalibration, NotKept};

use super::file::{CalibrationFile, SweepRecord, check_name, file_name};
use super::named::Named;
use super::{Calibrations, place_of};

/// A calibration that another one of the same probe and preset took the place of.
const FORMER: &str = "former";

/// What the next examination is read with.
#[derive(Debug)]
pub struct Probes {
    /// Where they are kept; without it none can be added.
    folder: Option<PathBuf>,
    now: Mutex<Calibrations>,
}

impl Probes {
    pub fn new(now: Calibrations, folder: Option<PathBuf>) -> Self {
        Self { folder, now: Mutex::new(now) }
    }

    /// The one for pictures of this machine.
    pub fn choose(&self, equipment: &Equipment) -> Option<Calibration> {
        self.now().choose(equipment)
    }

    /// All that are known.
    pub fn list(&self) -> Vec<KnownCalibration> {
        let now = self.now();
        let known = now.known.iter().enumerate();
        let view = |(at, file): (usize, &CalibrationFile)| KnownCalibration {
            record: (*file.calibration().record).clone(),
            used: now.named == Some(at),
        };
        known.map(view).collect()
    }

    /// Keeps one that was made on a page, and uses it.
    ///
    /// # Errors
    /// [`NotKept`].
    pub fn keep(&self, made: &MadeCalibration) -> Result<(), NotKept> {
        let MadeCalibration { probe, preset, fitted, lengths_mm } = made;
        let folder = self.folder.as_ref().ok_or(NotKept::Nowhere)?;
        let named = |name: &str| check_name("name", name).is_ok();
        if !named(probe) || !(preset.is_empty() || named(preset)) {
            return Err(NotKept::Name);
        }
        let sweeps = lengths_mm.iter().zip(&fitted.read_mm);
        let sweeps = sweeps.map(|(&length_mm, &read_mm)| SweepRecord { length_mm, read_mm }).collect();
        // A page captures a picture and nothing of the machine: it says of no equipment.
        let beam = (&fitted.beam, fitted.relative_error);
        let file = CalibrationFile::new([probe, preset], beam, sweeps, &Equipment::default());
        let named = Named { probe: probe.clone(), preset: preset.clone() };
        // Whoever keeps another one meanwhile waits.
        let mut now = self.now();
        write(&file, &named, folder).map_err(|error| NotKept::Disk(format!("{error:#}")))?;
        now.known.retain(|known| known.probe != *probe || known.preset != *preset);
        now.known.push(file);
        now.named = Some(now.known.len() - 1);
        Ok(())
    }

    /// Uses another one, or none.
    ///
    /// # Errors
    /// [`NotKept`].
    pub fn take(&self, probe: Option<&ProbeName>) -> Result<(), NotKept> {
        let folder = self.folder.as_ref().ok_or(NotKept::Nowhere)?;
        let named =
            probe.map(|ProbeName { probe, preset }| Named { probe: probe.clone(), preset: preset.clone() });
        let mut now = self.now();
        let at =
            named.as_ref().map(|named| place_of(&now.known, named).ok_or(NotKept::Unknown)).transpose()?;
        let kept = std::fs::create_dir_all(folder).and_then(|()| Named::write(named.as_ref(), folder));
        kept.map_err(|error| NotKept::Disk(error.to_string()))?;
        now.named = at;
        Ok(())
    }

    fn now(&self) -> MutexGuard<'_, Calibrations> {
        // Nothing in between leaves it half changed.
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes a calibration and that it is used; what was one of the same probe and preset is none any more, and stays on the disk.
fn write(file: &CalibrationFile, named: &Named, folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)?;
    let path = folder.join(file_name(&file.probe, &file.preset));
    let entries = std::fs::read_dir(folder)?.collect::<std::io::Result<Vec<_>>>()?;
    let is_toml = |path: &PathBuf| path.extension().is_some_and(|end| end == "toml");
    let same = |known: CalibrationFile| known.probe == file.probe && known.preset == file.preset;
    let of_same = |path: &PathBuf| CalibrationFile::read(path).is_ok_and(same);
    let files = entries.into_iter().map(|entry| entry.path()).filter(is_toml);
    let former: Vec<PathBuf> = files.filter(of_same).collect();
    // Two names may be written alike: the one that has its file keeps it.
    if path.exists() && !former.contains(&path) {
        anyhow::bail!("another probe has a file of that name");
    }
    // At no moment is there none: the former one is there until the new one is.
    if former.contains(&path) {
        std::fs::copy(&path, path.with_extension(FORMER))?;
    }
    file.write(&path)?;
    for former in former.iter().filter(|former| **former != path) {
        std::fs::rename(former, former.with_extension(FORMER))?;
    }
    Ok(Named::write(Some(named), folder)?)
}

#[cfg(test)]
mod tests {
    use peony_ultrasound::calibrate::{BeamCalibration, Fitted};

    use super::*;
    use crate::cli::CalibrationArgs;

    fn made(probe: &str, gain: f32) -> MadeCalibration {
        MadeCalibration {
            probe: probe.to_owned(),
            preset: String::new(),
            fitted: Fitted {
                beam: BeamCalibration { gain, turn_gain: gain, by_depth: Vec::new() },
                relative_error: 0.27,
                read_mm: vec![60.0; 3],
            },
            lengths_mm: vec![60.0; 3],
        }
    }

    /// As the program finds them when it starts.
    fn load(folder: &Path) -> Probes {
        let args = CalibrationArgs { calibration: Vec::new(), probe: None, preset: None };
        Probes::new(Calibrations::load(&args, Some(folder)).unwrap(), Some(folder.to_owned()))
    }

    fn gain(probes: &Probes) -> Option<f32> {
        probes.choose(&Equipment::default()).map(|chosen| chosen.beam.gain)
    }

    fn listed(probes: &Probes) -> Vec<(String, bool)> {
        probes.list().into_iter().map(|known| (known.record.probe, known.used)).collect()
    }

    #[test]
    fn what_a_person_keeps_is_used_at_once_and_after_a_start_until_another_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("calibrations");
        let probes = load(&at);
        assert_eq!(gain(&probes), None, "nobody has measured this probe");
        probes.keep(&made("L12-5", 1.4)).unwrap();
        assert_eq!((gain(&probes), gain(&load(&at))), (Some(1.4), Some(1.4)));
        probes.keep(&made("L9", 1.1)).unwrap();
        assert_eq!(listed(&probes), [("L12-5".to_owned(), false), ("L9".to_owned(), true)]);
        assert_eq!((gain(&probes), gain(&load(&at))), (Some(1.1), Some(1.1)));
        let of = |probe: &str| ProbeName { probe: probe.into(), preset: String::new() };
        probes.take(Some(&of("L12-5"))).unwrap();
        assert_eq!((gain(&probes), gain(&load(&at))), (Some(1.4), Some(1.4)));
        assert_eq!(probes.take(Some(&of("C1-6"))), Err(NotKept::Unknown));
        probes.take(None).unwrap();
        assert_eq!((gain(&probes), gain(&load(&at))), (None, None));
    }

    #[test]
    fn a_probe_that_is_measured_again_has_one_calibration_and_the_former_stays_on_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let probes = load(folder.path());
        probes.keep(&made("L12-5", 1.4)).unwrap();
        probes.keep(&made("L12-5", 1.5)).unwrap();
        assert_eq!((listed(&probes).len(), gain(&load(folder.path()))), (1, Some(1.5)));
        let former = std::fs::read_to_string(folder.path().join("L12-5.former")).unwrap();
        assert!(former.contains("gain = 1.4"), "{former}");
    }

    #[test]
    fn what_was_measured_again_takes_the_place_of_the_file_of_the_call_at_the_next_start() {
        let [folder, given] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let call = load(given.path());
        call.keep(&made("L12-5", 1.4)).unwrap();
        let file = given.path().join("L12-5.toml");
        for (calibration, probe) in
            [(vec![file.clone()], None), (vec![given.path().to_owned()], Some("L12-5".to_owned()))]
        {
            let at = folder.path().join(if probe.is_some() { "named" } else { "only" });
            let args = CalibrationArgs { calibration, probe, preset: None };
            let start = || Probes::new(Calibrations::load(&args, Some(&at)).unwrap(), Some(at.clone()));
            assert_eq!(gain(&start()), Some(1.4));
            start().keep(&made("L12-5", 1.5)).unwrap();
            assert_eq!((gain(&start()), listed(&start()).len()), (Some(1.5), 1));
        }
    }

    #[test]
    fn what_cannot_be_kept_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let probes = load(folder.path());
        probes.keep(&made("L12/5", 1.4)).unwrap();
        for name in ["", " ", "a\nb", &"x".repeat(65)] {
            assert_eq!(probes.keep(&made(name, 1.2)), Err(NotKept::Name), "{name:?}");
        }
        // Another probe, whose file would be called the same.
        assert!(matches!(probes.keep(&made("L12:5", 1.2)), Err(NotKept::Disk(_))));
        assert_eq!((gain(&probes), gain(&load(folder.path()))), (Some(1.4), Some(1.4)));
        let nowhere = Probes::new(Calibrations::default(), None);
        assert_eq!(nowhere.keep(&made("L9", 1.2)), Err(NotKept::Nowhere));
    }
}
