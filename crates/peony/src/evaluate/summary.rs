//! What an evaluation has found, for whoever writes it down; here also as JSON.

use std::collections::BTreeMap;

use peony_model::Provenance;
use serde::Serialize;

use super::cases::NotRead;
use super::figures::{Figures, Group, Subset};

/// Everything that is written down.
#[derive(Clone, Copy)]
pub struct Summary<'a> {
    /// Which rows of the table were read.
    pub split: &'a str,
    /// The model that read them.
    pub provenance: Option<&'a Provenance>,
    /// All readings first, then each data set and device.
    pub groups: &'a [Group<'a>],
    /// The rows that take no part, as they could not be read.
    pub not_read: &'a [NotRead],
}

/// The keys that `--json` writes.
#[derive(Serialize)]
struct Json<'a> {
    split: &'a str,
    provenance: Option<&'a Provenance>,
    not_read: Rows<'a>,
    /// Each data set by its name, and `all`.
    datasets: BTreeMap<&'a str, &'a Figures>,
    /// Each device by its name, `other` and `unknown`; left out where the table names none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    devices: BTreeMap<&'a str, &'a Figures>,
}

/// How many rows, and which.
#[derive(Serialize)]
struct Rows<'a> {
    count: usize,
    rows: &'a [NotRead],
}

impl Summary<'_> {
    /// Whether the name of the split says that the model may have learned from it: it knows such pictures better than new ones.
    pub fn may_be_learned_from(&self) -> bool {
        self.split.to_lowercase().starts_with("train")
    }

    /// The figures as JSON.
    ///
    /// # Errors
    /// Never for what an evaluation finds; `serde_json` cannot know.
    pub fn to_json(self) -> serde_json::Result<String> {
        let (mut datasets, mut devices) = (BTreeMap::new(), BTreeMap::new());
        for group in self.groups.iter().rev() {
            // `all` comes last, so that a data set of that name does not stand in its place.
            match &group.subset {
                Subset::All => datasets.insert("all", &group.figures),
                Subset::Dataset(name) => datasets.insert(name, &group.figures),
                Subset::Device(name) => devices.insert(name.as_str(), &group.figures),
                Subset::OtherDevices => devices.insert("other", &group.figures),
                Subset::DeviceUnknown => devices.insert("unknown", &group.figures),
            };
        }
        let not_read = Rows { count: self.not_read.len(), rows: self.not_read };
        let json = Json { split: self.split, provenance: self.provenance, not_read, datasets, devices };
        serde_json::to_string_pretty(&json)
    }
}
