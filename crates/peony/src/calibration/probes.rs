//! The calibrations of a program that serves: pages see them, add to them and say which is used.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use peony_dicom::Equipment;
use peony_model::report::CalibrationRecord;
use peony_ultrasound::calibrate::Calibration;
use peony_web::wire::{ChosenView, KnownCalibration, ProbeName};
use peony_web::{MadeCalibration, NotKept, Scanner};

use super::Calibrations;
use super::file::{CalibrationFile, SweepRecord, check_name, file_name};
use super::used::{Named, Used};

/// A calibration that another one of the same probe and preset took the place of.
const FORMER: &str = "former";

/// What the next examination of each scanner is read with.
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

    /// The one for pictures of this machine, which come from this scanner.
    pub fn choose(&self, equipment: &Equipment, scanner: Scanner<'_>) -> Option<Calibration> {
        self.now().choose_of(equipment, scanner)
    }

    /// The one that an examination was read with before, also where another one has taken its place meanwhile; `None`, with a line in
    /// the log, where it is nowhere any more.
    pub fn again(&self, record: &CalibrationRecord) -> Option<Calibration> {
        let known: Vec<Calibration> = self.now().known.iter().map(CalibrationFile::calibration).collect();
        let former = || self.folder.iter().flat_map(|folder| of_end(folder, FORMER).unwrap_or_default());
        let former = former().filter_map(|path| Some(CalibrationFile::read(&path).ok()?.calibration()));
        let found = known.into_iter().chain(former).find(|calibration| *calibration.record == *record);
        if found.is_none() {
            tracing::warn!(
                "an examination is taken up again whose calibration is gone: its lengths are those in the plane from now on"
            );
        }
        found
    }

    /// All that are known, and which of them this scanner uses.
    pub fn list(&self, scanner: Scanner<'_>) -> Vec<KnownCalibration> {
        let now = self.now();
        let used = now.used_by(scanner).and_then(|named| now.place_of(named));
        let chosen =
            now.used.of(scanner).map(|said| ChosenView { by: said.by.clone(), since: said.since.clone() });
        let view = |(at, file): (usize, &CalibrationFile)| KnownCalibration {
            record: (*file.calibration().record).clone(),
            by: file.by.clone(),
            used: used == Some(at),
            chosen: chosen.clone().filter(|_| used == Some(at)),
        };
        now.known.iter().enumerate().map(view).collect()
    }

    /// Keeps one that was made on a page, and uses it for that scanner.
    ///
    /// # Errors
    /// [`NotKept`].
    pub fn keep(&self, scanner: Scanner<'_>, made: &MadeCalibration, by: &str) -> Result<(), NotKept> {
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
        let file = CalibrationFile::new([probe, preset], beam, sweeps, &Equipment::default(), Some(by));
        let named = Named { probe: probe.clone(), preset: preset.clone() };
        // Whoever keeps another one meanwhile waits.
        let mut now = self.now();
        let used = now.used.with(scanner, Some(named.clone()), by);
        write(&file, &used, folder).map_err(|error| NotKept::Disk(format!("{error:#}")))?;
        now.known.retain(|known| known.name() != named);
        now.known.push(file);
        now.used = used;
        Ok(())
    }

    /// Uses another one, or none, for that scanner.
    ///
    /// # Errors
    /// [`NotKept`].
    pub fn take(&self, scanner: Scanner<'_>, probe: Option<&ProbeName>, by: &str) -> Result<(), NotKept> {
        let folder = self.folder.as_ref().ok_or(NotKept::Nowhere)?;
        let named =
            probe.map(|ProbeName { probe, preset }| Named { probe: probe.clone(), preset: preset.clone() });
        let mut now = self.now();
        if named.as_ref().is_some_and(|named| now.place_of(named).is_none()) {
            return Err(NotKept::Unknown);
        }
        let used = now.used.with(scanner, named, by);
        let kept = std::fs::create_dir_all(folder).and_then(|()| used.write(folder));
        kept.map_err(|error| NotKept::Disk(error.to_string()))?;
        now.used = used;
        Ok(())
    }

    fn now(&self) -> MutexGuard<'_, Calibrations> {
        // Nothing in between leaves it half changed.
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn of_end(folder: &Path, end: &str) -> std::io::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder)?.collect::<std::io::Result<Vec<_>>>()?;
    let paths = entries.into_iter().map(|entry| entry.path());
    Ok(paths.filter(|path| path.extension().is_some_and(|is| is == end)).collect())
}

/// Writes a calibration and what is used; what was one of the same probe and preset is none any more, and stays on the disk.
fn write(file: &CalibrationFile, used: &Used, folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)?;
    let path = folder.join(file_name(&file.probe, &file.preset));
    let same = |known: CalibrationFile| known.name() == file.name();
    let of_same = |path: &PathBuf| CalibrationFile::read(path).is_ok_and(same);
    let former: Vec<PathBuf> = of_end(folder, "toml")?.into_iter().filter(of_same).collect();
    // A person has put another one's file there.
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
    Ok(used.write(folder)?)
}

#[cfg(test)]
mod tests {
    use peony_ultrasound::calibrate::{BeamCalibration, Fitted};

    use super::*;
    use crate::cli::CalibrationArgs;

    const NORTH: Scanner<'_> = Scanner { site: "north", source: "capture" };
    const SOUTH: Scanner<'_> = Scanner { site: "south", source: "capture" };

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

    fn of(probe: &str) -> ProbeName {
        ProbeName { probe: probe.into(), preset: String::new() }
    }

    /// As the program finds them when it starts.
    fn load(folder: &Path) -> Probes {
        let args = CalibrationArgs { calibration: Vec::new(), probe: None, preset: None };
        Probes::new(Calibrations::load(&args, Some(folder)).unwrap(), Some(folder.to_owned()))
    }

    fn gain(probes: &Probes, scanner: Scanner<'_>) -> Option<f32> {
        probes.choose(&Equipment::default(), scanner).map(|chosen| chosen.beam.gain)
    }

    fn listed(probes: &Probes) -> Vec<(String, bool)> {
        probes.list(NORTH).into_iter().map(|known| (known.record.probe, known.used)).collect()
    }

    #[test]
    fn what_a_person_keeps_is_used_at_once_and_after_a_start_until_another_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("calibrations");
        let probes = load(&at);
        let both = || (gain(&probes, NORTH), gain(&load(&at), NORTH));
        assert_eq!(gain(&probes, NORTH), None, "nobody has measured this probe");
        probes.keep(NORTH, &made("L12-5", 1.4), "li.na").unwrap();
        assert_eq!(both(), (Some(1.4), Some(1.4)));
        probes.keep(NORTH, &made("L9", 1.1), "li.na").unwrap();
        assert_eq!(listed(&probes), [("L12-5".to_owned(), false), ("L9".to_owned(), true)]);
        assert_eq!(both(), (Some(1.1), Some(1.1)));
        probes.take(NORTH, Some(&of("L12-5")), "li.na").unwrap();
        assert_eq!(both(), (Some(1.4), Some(1.4)));
        assert_eq!(probes.take(NORTH, Some(&of("C1-6")), "li.na"), Err(NotKept::Unknown));
        probes.take(NORTH, None, "li.na").unwrap();
        assert_eq!(both(), (None, None));
    }

    #[test]
    fn scanners_of_two_sites_share_no_probe_and_somebody_stands_for_each() {
        let folder = tempfile::tempdir().unwrap();
        let probes = load(folder.path());
        probes.keep(NORTH, &made("L12-5", 1.4), "li.na").unwrap();
        probes.keep(SOUTH, &made("L9", 1.1), "wang.fang").unwrap();
        let device = Scanner { source: "RTSP", ..NORTH };
        let after = load(folder.path());
        for now in [&probes, &after] {
            assert_eq!([NORTH, SOUTH, device].map(|of| gain(now, of)), [Some(1.4), Some(1.1), None]);
        }
        after.take(SOUTH, Some(&of("L12-5")), "chen.jie").unwrap();
        let today = jiff::Zoned::now().date().to_string();
        let seen = |scanner| {
            let list = load(folder.path()).list(scanner);
            let used = list.into_iter().find(|known| known.used).unwrap();
            let chosen = used.chosen.unwrap();
            (used.record.probe, used.by.unwrap(), chosen.by, chosen.since)
        };
        let said = |by: &str| ("L12-5".to_owned(), "li.na".to_owned(), by.to_owned(), today.clone());
        assert_eq!((seen(NORTH), seen(SOUTH)), (said("li.na"), said("chen.jie")));
        let file = std::fs::read_to_string(folder.path().join(file_name("L12-5", ""))).unwrap();
        assert!(file.contains("by = \"li.na\"") && file.contains(&format!("made = \"{today}\"")), "{file}");
        after.take(SOUTH, None, "chen.jie").unwrap();
        assert_eq!([NORTH, SOUTH].map(|of| gain(&load(folder.path()), of)), [Some(1.4), None]);
    }

    #[test]
    fn what_an_earlier_version_wrote_counts_for_every_scanner_until_one_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let probes = load(folder.path());
        for (probe, gain) in [("L12-5", 1.4), ("L9", 1.1)] {
            probes.keep(NORTH, &made(probe, gain), "li.na").unwrap();
        }
        let [old, new] =
            ["L12-5.toml".to_owned(), file_name("L12-5", "")].map(|name| folder.path().join(name));
        let text = std::fs::read_to_string(&new).unwrap().replace("by = \"li.na\"\n", "");
        std::fs::write(&old, text).unwrap();
        std::fs::remove_file(&new).unwrap();
        std::fs::write(folder.path().join("used"), "probe = \"L12-5\"\npreset = \"\"\n").unwrap();
        let probes = load(folder.path());
        assert_eq!([NORTH, SOUTH].map(|of| gain(&probes, of)), [Some(1.4), Some(1.4)]);
        probes.take(NORTH, Some(&of("L9")), "li.na").unwrap();
        assert_eq!([NORTH, SOUTH].map(|of| gain(&load(folder.path()), of)), [Some(1.1), Some(1.4)]);
        // Measured again it has a file of the new name, and the old one is none any more.
        load(folder.path()).keep(SOUTH, &made("L12-5", 1.5), "li.na").unwrap();
        assert_eq!((gain(&load(folder.path()), SOUTH), old.exists(), new.exists()), (Some(1.5), false, true));
        assert_eq!(listed(&load(folder.path())).len(), 2);
    }

    #[test]
    fn a_probe_that_is_measured_again_has_one_calibration_and_the_former_stays_for_what_was_begun_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let probes = load(folder.path());
        probes.keep(NORTH, &made("L12-5", 1.4), "li.na").unwrap();
        let begun = probes.choose(&Equipment::default(), NORTH).unwrap();
        let mut again = made("L12-5", 1.5);
        again.fitted.relative_error = 0.29;
        probes.keep(NORTH, &again, "li.na").unwrap();
        let after = load(folder.path());
        assert_eq!((listed(&probes).len(), gain(&after, NORTH)), (1, Some(1.5)));
        assert_eq!(after.again(&begun.record), Some(begun.clone()));
        let now = after.choose(&Equipment::default(), NORTH).unwrap();
        assert_eq!(after.again(&now.record), Some(now));
        let gone = CalibrationRecord { probe: "L9".to_owned(), ..(*begun.record).clone() };
        assert_eq!(after.again(&gone), None);
    }

    #[test]
    fn what_was_measured_again_takes_the_place_of_the_file_of_the_call_at_the_next_start() {
        let [folder, given] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let call = load(given.path());
        call.keep(NORTH, &made("L12-5", 1.4), "li.na").unwrap();
        let file = given.path().join(file_name("L12-5", ""));
        for (calibration, probe) in
            [(vec![file.clone()], None), (vec![given.path().to_owned()], Some("L12-5".to_owned()))]
        {
            let at = folder.path().join(if probe.is_some() { "named" } else { "only" });
            let args = CalibrationArgs { calibration, probe, preset: None };
            let start = || Probes::new(Calibrations::load(&args, Some(&at)).unwrap(), Some(at.clone()));
            assert_eq!(gain(&start(), NORTH), Some(1.4));
            start().keep(NORTH, &made("L12-5", 1.5), "li.na").unwrap();
            assert_eq!((gain(&start(), NORTH), listed(&start()).len()), (Some(1.5), 1));
        }
    }

    #[test]
    fn what_cannot_be_kept_changes_nothing_and_names_that_are_written_alike_can() {
        let folder = tempfile::tempdir().unwrap();
        let probes = load(folder.path());
        probes.keep(NORTH, &made("L12/5", 1.4), "li.na").unwrap();
        for name in ["", " ", "a\nb", &"x".repeat(65)] {
            assert_eq!(probes.keep(NORTH, &made(name, 1.2), "li.na"), Err(NotKept::Name), "{name:?}");
        }
        assert_eq!([&probes, &load(folder.path())].map(|now| gain(now, NORTH)), [Some(1.4); 2]);
        probes.keep(NORTH, &made("L12:5", 1.2), "li.na").unwrap();
        assert_eq!([&probes, &load(folder.path())].map(|now| gain(now, NORTH)), [Some(1.2); 2]);
        assert_eq!(listed(&load(folder.path())).len(), 2);
        let nowhere = Probes::new(Calibrations::default(), None);
        assert_eq!(nowhere.keep(NORTH, &made("L9", 1.2), "li.na"), Err(NotKept::Nowhere));
    }
}
