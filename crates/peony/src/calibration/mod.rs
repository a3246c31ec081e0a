//! The calibrations that a call knows, and which of them a source's lengths along the sweep are made with.

pub mod file;
pub mod probes;
mod used;

use std::path::Path;

use anyhow::{Result, bail};
use peony_dicom::Equipment;
use peony_ultrasound::calibrate::Calibration;
use peony_web::Scanner;

use self::file::{CalibrationFile, Fits};
use self::used::{Named, Used};
use crate::cli::CalibrationArgs;

/// Every calibration that the call named, and which one a person says the source is of.
#[derive(Debug, Clone, Default)]
pub struct Calibrations {
    known: Vec<CalibrationFile>,
    /// What the call named: a probe and preset, or the only file; or what was said on a page of every scanner.
    named: Option<Named>,
    /// What was said on pages of one scanner, which goes before that.
    used: Used,
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
        let only = known.first().map(CalibrationFile::name);
        if let Some(folder) = usual.filter(|folder| folder.is_dir()) {
            let kept = in_folder(folder)?;
            // What was measured again on the page is what counts, and a probe and preset have one calibration.
            known.retain(|known| kept.iter().all(|kept| kept.name() != known.name()));
            known.extend(kept);
        }
        let (named, used) = match (&args.probe, &args.calibration[..]) {
            (Some(_), _) => (Some(known[named(&known, args)?].name()), Used::default()),
            // One file is named for what is read; a folder is to choose from, and a person may have chosen on a page.
            (None, [file]) if !file.is_dir() => (only, Used::default()),
            (None, _) => {
                let used = usual.map(Used::read).unwrap_or_default();
                (used.everywhere(), used)
            }
        };
        Ok(Self { known, named, used })
    }

    /// The one for pictures that the call itself reads: that of the probe and preset that they say themselves, else the one that
    /// the call named, unless they say that they are of another. `None`: sizes are those in the plane.
    pub fn choose(&self, equipment: &Equipment) -> Option<Calibration> {
        self.fitting(equipment, self.named.as_ref())
    }

    /// The same for pictures of a scanner, of which a person may have said on a page which probe it has.
    pub fn choose_of(&self, equipment: &Equipment, scanner: Scanner<'_>) -> Option<Calibration> {
        self.fitting(equipment, self.used_by(scanner))
    }

    fn fitting(&self, equipment: &Equipment, named: Option<&Named>) -> Option<Calibration> {
        let mut fitting = self.known.iter().filter(|known| known.is_of(equipment) == Fits::Yes);
        let said = match (fitting.next(), fitting.next()) {
            (Some(only), None) => Some(only),
            _ => named
                .and_then(|named| self.place_of(named))
                .map(|at| &self.known[at])
                .filter(|named| named.is_of(equipment) != Fits::No),
        };
        said.map(CalibrationFile::calibration)
    }

    /// What a scanner uses where its pictures do not say whose they are.
    fn used_by(&self, scanner: Scanner<'_>) -> Option<&Named> {
        match self.used.of(scanner) {
            Some(said) => said.calibration.as_ref(),
            None => self.named.as_ref(),
        }
    }

    fn place_of(&self, named: &Named) -> Option<usize> {
        self.known.iter().position(|known| known.name() == *named)
    }
}

impl CalibrationFile {
    /// What a person knows it by.
    fn name(&self) -> Named {
        Named { probe: self.probe.clone(), preset: self.preset.clone() }
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

#[cfg(test)]
mod tests {
    use super::file::SweepRecord;
    use super::*;
    use peony_ultrasound::calibrate::BeamCalibration;

    fn equipment([model, transducer, processing]: [&str; 3]) -> Equipment {
        let [model, transducer, processing] = [model, transducer, processing].map(str::to_owned);
        Equipment { model, transducer, processing }
    }

    fn file(probe: &str, preset: &str, of: [&str; 3]) -> CalibrationFile {
        let beam = BeamCalibration { gain: 1.4, turn_gain: 1.6, by_depth: Vec::new() };
        let sweeps = vec![SweepRecord { length_mm: 60.0, read_mm: 60.0 }];
        CalibrationFile::new([probe, preset], (&beam, 0.27), sweeps, &equipment(of), None)
    }

    /// Probe and preset of the calibration that is chosen.
    fn chosen(known: &[CalibrationFile], named: Option<usize>, of: [&str; 3]) -> Option<[String; 2]> {
        let named = named.map(|at| known[at].name());
        let calibrations = Calibrations { known: known.to_vec(), named, used: Used::default() };
        let record = calibrations.choose(&equipment(of))?.record;
        Some([record.probe.clone(), record.preset.clone()])
    }

    #[test]
    fn the_probe_and_preset_that_the_pictures_say_choose_else_a_person_does() {
        let linear = ["E10", "ML6-15", "Breast"];
        let known = [
            file("linear", "breast", linear),
            file("linear", "thyroid", ["E10", "ML6-15", "Thyroid"]),
            file("grabber", "", ["", "", ""]),
        ];
        let check = |named: Option<usize>, of: [&str; 3], expect: Option<[&str; 2]>| {
            let expect = expect.map(|names| names.map(str::to_owned));
            assert_eq!(chosen(&known, named, of), expect, "{named:?}, {of:?}");
        };
        check(None, linear, Some(["linear", "breast"]));
        check(None, ["E10", "ML6-15", "Thyroid"], Some(["linear", "thyroid"]));
        // What the pictures say counts more than what a person named.
        check(Some(2), linear, Some(["linear", "breast"]));
        // Another preset, another probe, and a machine that does not say which of its probes.
        check(None, ["E10", "ML6-15", "Vascular"], None);
        check(None, ["E10", "C1-6", "Breast"], None);
        check(None, ["E10", "", "Breast"], None);
        check(None, ["", "", ""], None);
        // Named by a person: unless the pictures contradict.
        check(Some(0), ["", "", ""], Some(["linear", "breast"]));
        check(Some(0), ["E10", "", ""], Some(["linear", "breast"]));
        check(Some(0), ["E9", "", ""], None);
        check(Some(0), ["E10", "C1-6", "Breast"], None);
        check(Some(2), ["E10", "C1-6", "Breast"], Some(["grabber", ""]));
    }

    #[test]
    fn two_calibrations_of_one_probe_and_preset_are_not_chosen_between() {
        let linear = ["E10", "ML6-15", "Breast"];
        let known = [file("a", "", linear), file("b", "", linear)];
        assert_eq!(chosen(&known, None, linear), None);
        assert_eq!(chosen(&known, Some(1), linear), Some(["b".to_owned(), String::new()]));
    }

    #[test]
    fn a_folder_gives_all_of_its_files_and_what_is_written_is_read_the_same() {
        let folder = tempfile::TempDir::new().unwrap();
        let files = [file("b", "one", ["E10", "x", ""]), file("b", "two", ["", "", ""])];
        for (file, name) in files.iter().zip(["1.toml", "2.toml"]) {
            file.write(&folder.path().join(name)).unwrap();
        }
        std::fs::write(folder.path().join("notes.txt"), "notes").unwrap();
        let args = |probe: Option<&str>, preset: Option<&str>| CalibrationArgs {
            calibration: Vec::new(),
            probe: probe.map(str::to_owned),
            preset: preset.map(str::to_owned),
        };
        let load = |args: &CalibrationArgs| Calibrations::load(args, Some(folder.path()));
        let all = load(&args(None, None)).unwrap();
        assert_eq!((&all.known[..], all.named), (&files[..], None));
        let two = Named { probe: "b".to_owned(), preset: "two".to_owned() };
        assert_eq!(load(&args(Some("b"), Some("two"))).unwrap().named, Some(two));
        let several = load(&args(Some("b"), None)).unwrap_err().to_string();
        assert_eq!(several, "--preset: 'b' is calibrated for one, two; which?");
        let nowhere = Calibrations::load(&args(None, None), Some(&folder.path().join("none"))).unwrap();
        assert!(nowhere.known.is_empty());
        std::fs::write(folder.path().join("3.toml"), "version = 2").unwrap();
        assert!(load(&args(None, None)).unwrap_err().to_string().ends_with("3.toml: no calibration"));
    }
}
