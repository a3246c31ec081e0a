//! Which calibration a person has said that a scanner's probe is of, as it lies beside the calibrations.

use std::io::ErrorKind;
use std::path::Path;

use peony_web::Scanner;
use serde::{Deserialize, Serialize};

use crate::whole;

/// No calibration: those end in `.toml`.
const FILE: &str = "used";

/// Probe and preset of a calibration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    pub probe: String,
    pub preset: String,
}

/// What people have said on pages, where pictures do not say whose they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Used {
    /// Of every scanner for which nobody has said anything else: so earlier versions wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    probe: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    preset: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    used: Vec<Said>,
}

/// What was said last of one scanner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    site: String,
    source: String,
    /// `None`: no calibration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Named>,
    /// Who said it: an account, where there are any.
    pub by: String,
    /// The day, `YYYY-MM-DD`.
    pub since: String,
}

impl Used {
    /// What was said last; nothing where nobody has said it, and, with a line in the log, where it cannot be read.
    pub fn read(folder: &Path) -> Self {
        let read = std::fs::read_to_string(folder.join(FILE));
        let text = match read {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Self::default(),
            Err(error) => {
                tracing::warn!("which probes are used cannot be read: {error}");
                return Self::default();
            }
        };
        toml::from_str(&text).unwrap_or_else(|_| {
            tracing::warn!("which probes are used cannot be read: it is no such file");
            Self::default()
        })
    }

    /// Keeps it for the next start.
    ///
    /// # Errors
    /// Where the disk refuses.
    pub fn write(&self, folder: &Path) -> std::io::Result<()> {
        whole::write(&folder.join(FILE), &toml::to_string(self).map_err(std::io::Error::other)?)
    }

    /// What was said of every scanner.
    pub fn everywhere(&self) -> Option<Named> {
        Some(Named { probe: self.probe.clone()?, preset: self.preset.clone()? })
    }

    /// What was said of this scanner.
    pub fn of(&self, scanner: Scanner<'_>) -> Option<&Said> {
        self.used.iter().find(|said| said.is_of(scanner))
    }

    /// The same with another word on this scanner, of today.
    #[must_use]
    pub fn with(&self, scanner: Scanner<'_>, calibration: Option<Named>, by: &str) -> Self {
        let Scanner { site, source } = scanner;
        let said = Said {
            site: site.to_owned(),
            source: source.to_owned(),
            calibration,
            by: by.to_owned(),
            since: jiff::Zoned::now().date().to_string(),
        };
        let others = self.used.iter().filter(|said| !said.is_of(scanner)).cloned();
        Self { used: others.chain([said]).collect(), ..self.clone() }
    }
}

impl Said {
    fn is_of(&self, Scanner { site, source }: Scanner<'_>) -> bool {
        self.site == site && self.source == source
    }
}
