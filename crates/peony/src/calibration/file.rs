//! The file of one calibration: what `peony calibrate` writes and every other subcommand reads.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use peony_dicom::Equipment;
use peony_model::report::CalibrationRecord;
use peony_ultrasound::calibrate::{BeamCalibration, Calibration, DepthGain, LENGTHS_MM};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::whole;

/// The version of the format, and of what the theory reads from speckle: gains of another one stand for other lengths.
const VERSION: u32 = 2;
/// No such file is larger.
const MOST_BYTES: u64 = 1 << 16;
/// So much of a name is in that of its file: no disk takes one of 64 Chinese characters twice.
const SHOWN: usize = 24;
/// So many bytes of a digest tell the names of a house's probes apart.
const APART: usize = 4;
const HEAD: &str = "# The beam of one probe and preset, from sweeps of known length, as `peony calibrate` wrote it. Lengths along a sweep that are
# made with it are simulated; relative_error is to be said beside them. Gains are true steps over those that the theory of
# the virtual transducer's beam reads from speckle.
";

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalibrationFile {
    pub version: u32,
    /// Names that a person gave.
    pub probe: String,
    #[serde(default)]
    pub preset: String,
    /// The day, `YYYY-MM-DD`.
    pub made: String,
    /// Who made it on a page: an account, where there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The version of the program that made it.
    pub program: String,
    pub relative_error: f32,
    pub beam: Beam,
    /// What the recordings said of the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equipment: Option<Machine>,
    pub sweeps: Vec<SweepRecord>,
}

/// [`BeamCalibration`] as it is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beam {
    gain: f32,
    turn_gain: f32,
    #[serde(default)]
    by_depth: Vec<Depth>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Depth {
    depth_mm: f32,
    factor: f32,
}

/// [`Equipment`] as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    model: String,
    transducer: String,
    processing: String,
}

/// One sweep that it was made from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepRecord {
    /// As it was said.
    pub length_mm: f32,
    /// As it is read with this calibration.
    pub read_mm: f32,
}

impl CalibrationFile {
    /// Today's, of this program. `equipment` is what the recordings said, `by` who made it on a page.
    pub fn new(
        [probe, preset]: [&str; 2],
        (beam, relative_error): (&BeamCalibration, f32),
        sweeps: Vec<SweepRecord>,
        equipment: &Equipment,
        by: Option<&str>,
    ) -> Self {
        let Equipment { model, transducer, processing } = equipment.clone();
        let depth = |known: &DepthGain| Depth { depth_mm: known.depth_mm, factor: known.factor };
        Self {
            version: VERSION,
            probe: probe.to_owned(),
            preset: preset.to_owned(),
            made: jiff::Zoned::now().date().to_string(),
            by: by.map(str::to_owned),
            program: env!("CARGO_PKG_VERSION").to_owned(),
            relative_error,
            beam: Beam {
                gain: beam.gain,
                turn_gain: beam.turn_gain,
                by_depth: beam.by_depth.iter().map(depth).collect(),
            },
            equipment: (*equipment != Equipment::default()).then_some(Machine {
                model,
                transducer,
                processing,
            }),
            sweeps,
        }
    }

    /// Reads and checks one.
    ///
    /// # Errors
    /// One line that names the file and what is wrong with it.
    pub fn read(path: &Path) -> Result<Self> {
        let read = || -> Result<Self> {
            let length = path.metadata()?.len();
            if length > MOST_BYTES {
                bail!("{length} bytes: no calibration is longer than {MOST_BYTES}");
            }
            let text = std::fs::read_to_string(path)?;
            let file: Self = toml::from_str(&text).map_err(|error| anyhow::anyhow!(one_line(&error)))?;
            file.check()?;
            Ok(file)
        };
        read().with_context(|| format!("{}: no calibration", path.display()))
    }

    /// Writes it whole or not at all.
    ///
    /// # Errors
    /// Where the folder takes nothing.
    pub fn write(&self, path: &Path) -> Result<()> {
        let write =
            || -> Result<()> { Ok(whole::write(path, &format!("{HEAD}{}", toml::to_string(self)?))?) };
        write().with_context(|| format!("{}: cannot be written", path.display()))
    }

    fn check(&self) -> Result<()> {
        if self.version < VERSION {
            bail!(
                "an earlier version of the program made it, which read speckle otherwise: calibrate once more"
            );
        }
        if self.version != VERSION {
            bail!("version is {}; this program reads {VERSION}", self.version);
        }
        check_name("probe", &self.probe)?;
        if !self.preset.is_empty() {
            check_name("preset", &self.preset)?;
        }
        if self.made.parse::<jiff::civil::Date>().is_err() {
            bail!("made is no day, such as 2026-05-28");
        }
        let within = |what: &str, value: f32, low: f32, high: f32| {
            if (low..=high).contains(&value) {
                Ok(())
            } else {
                bail!("{what} is {value}, not between {low} and {high}")
            }
        };
        within("relative_error", self.relative_error, 0.01, 1.0)?;
        within("beam.gain", self.beam.gain, 0.1, 10.0)?;
        within("beam.turn_gain", self.beam.turn_gain, 0.1, 10.0)?;
        for depth in &self.beam.by_depth {
            within("beam.by_depth.depth_mm", depth.depth_mm, 0.0, 200.0)?;
            within("beam.by_depth.factor", depth.factor, 0.2, 5.0)?;
        }
        if !self.beam.by_depth.is_sorted_by(|a, b| a.depth_mm < b.depth_mm) || self.beam.by_depth.len() > 100
        {
            bail!("beam.by_depth is not a list of at most 100 depths, least first");
        }
        if self.sweeps.is_empty() {
            bail!("sweeps: there is none");
        }
        for sweep in &self.sweeps {
            within("sweeps.length_mm", sweep.length_mm, *LENGTHS_MM.start(), *LENGTHS_MM.end())?;
        }
        Ok(())
    }

    /// What the pipeline reads with.
    pub fn calibration(&self) -> Calibration {
        let depth = |known: &Depth| DepthGain { depth_mm: known.depth_mm, factor: known.factor };
        Calibration {
            record: Arc::new(CalibrationRecord {
                probe: self.probe.clone(),
                preset: self.preset.clone(),
                made: self.made.clone(),
                relative_error: self.relative_error,
            }),
            beam: BeamCalibration {
                gain: self.beam.gain,
                turn_gain: self.beam.turn_gain,
                by_depth: self.beam.by_depth.iter().map(depth).collect(),
            },
        }
    }

    /// What a file says of its machine, held against that of the calibration's sweeps.
    pub fn is_of(&self, equipment: &Equipment) -> Fits {
        let Some(known) = &self.equipment else { return Fits::Unknown };
        let of_both = [
            (&known.model, &equipment.model),
            (&known.transducer, &equipment.transducer),
            (&known.processing, &equipment.processing),
        ];
        if of_both.iter().any(|(known, said)| !known.is_empty() && !said.is_empty() && known != said) {
            return Fits::No;
        }
        // A machine has several probes: its model alone tells of none.
        let told = known.transducer == equipment.transducer && !known.transducer.is_empty();
        if told && known.processing == equipment.processing { Fits::Yes } else { Fits::Unknown }
    }
}

/// Whether pictures are of the probe and preset of a calibration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fits {
    /// They say that they are.
    Yes,
    /// They say that they are not.
    No,
    /// They do not say.
    Unknown,
}

/// What the file of a probe and preset is called, without its folder: their names, as far as every disk takes them, and what tells
/// apart those that are written alike there.
pub fn file_name(probe: &str, preset: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || "-._".contains(c) { c } else { '_' };
    let names = [probe, preset].into_iter().filter(|name| !name.is_empty());
    let name = names
        .map(|name| name.chars().take(SHOWN).map(plain).collect::<String>())
        .collect::<Vec<_>>()
        .join("-");
    // No name has a control character.
    let digest = Sha256::digest(format!("{probe}\n{preset}"));
    let apart: String = digest.iter().take(APART).map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{apart}.toml", name.trim_start_matches('.'))
}

/// A name that a person gives a probe or a preset: it is printed in reports.
///
/// # Errors
/// Says what a name is.
pub fn check_name(what: &str, name: &str) -> Result<()> {
    let fine = name.trim() == name
        && !name.is_empty()
        && name.chars().count() <= 64
        && !name.chars().any(char::is_control);
    if fine { Ok(()) } else { bail!("{what} is a name of 1 to 64 characters, without blanks around it") }
}

/// What a TOML error says, without the drawing of the place.
fn one_line(error: &toml::de::Error) -> String {
    let message = error.message().replace('\n', " ");
    match error.span() {
        Some(span) => format!("{message} (at byte {})", span.start),
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_probes_have_a_file_of_one_name_and_every_disk_takes_it() {
        let long = "乳".repeat(64);
        let names = [
            ["L12/5", ""],
            ["L12:5", ""],
            ["L12-5", ""],
            ["L12", "5"],
            ["l12", "5"],
            ["..", ""],
            [&long, &long],
            [&long, &long[3..]],
        ];
        let mut files: Vec<String> =
            names.iter().map(|[probe, preset]| file_name(probe, preset).to_lowercase()).collect();
        assert!(
            files
                .iter()
                .all(|file| file.len() <= 255 && !file.starts_with('.') && !file.contains(['/', ':'])),
            "{files:?}"
        );
        files.sort();
        files.dedup();
        assert_eq!(files.len(), names.len(), "{files:?}");
        assert!(file_name("L12-5", "breast").starts_with("L12-5-breast-"));
    }
}
