//! Which calibration a person has said on the live page that the probe is of, as it lies beside the calibrations.

use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::file::write_whole;

/// No calibration: those end in `.toml`.
const FILE: &str = "used";

/// Probe and preset of the calibration that is used where pictures do not say whose they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    pub probe: String,
    pub preset: String,
}

impl Named {
    /// What was said last; `None` where nobody has said it, and, with a line in the log, where it cannot be read.
    pub fn read(folder: &Path) -> Option<Self> {
        let read = std::fs::read_to_string(folder.join(FILE));
        let text = match read {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!("which probe is used cannot be read: {error}");
                return None;
            }
        };
        toml::from_str(&text)
            .map_err(|_| tracing::warn!("which probe is used cannot be read: it is no such file"))
            .ok()
    }

    /// Keeps it for the next start; `None` takes back what was said.
    ///
    /// # Errors
    /// Where the disk refuses.
    pub fn write(named: Option<&Self>, folder: &Path) -> std::io::Result<()> {
        let path = folder.join(FILE);
        match named {
            Some(named) => write_whole(&path, &toml::to_string(named).map_err(std::io::Error::other)?),
            None => match std::fs::remove_file(path) {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            },
        }
    }
}
