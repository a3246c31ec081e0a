//! The table of cases: which pictures, and what is known of them.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, bail};
use csv::StringRecord;
use serde::Deserialize;

use super::categories::{self, Category};
use super::descriptors::{DescriptorGroup, words};
use super::foreign::Printable;
use super::reading::Truth;

/// The columns without which there is nothing to measure.
const NEEDED: [&str; 6] = ["dataset", "image", "mask", "group", "pathology", "split"];

/// One row of the table as it is written; further columns are left alone.
#[derive(Debug, Deserialize)]
struct Row {
    dataset: String,
    image: String,
    mask: String,
    group: String,
    pathology: String,
    split: String,
    #[serde(default)]
    birads: String,
    #[serde(default)]
    device: String,
    #[serde(default)]
    shape: String,
    #[serde(default)]
    margin: String,
    #[serde(default)]
    echogenicity: String,
    #[serde(default)]
    posterior: String,
    #[serde(default)]
    halo: String,
    #[serde(default)]
    calcifications: String,
}

/// One picture and what is known of it.
#[derive(Debug, Clone)]
pub struct Case {
    /// The set it is from.
    pub dataset: String,
    /// The picture's path below the root.
    pub image: String,
    /// Its mask's; empty for normals.
    pub mask: String,
    /// Patient or near-duplicate group, unique across data sets.
    pub patient: String,
    /// What was there.
    pub truth: Truth,
    /// The category a person gave.
    pub given: Option<Category>,
    /// The machine it was made on; empty where the table does not say.
    pub device: String,
    /// The lexicon's words for the lesion, where the table has any.
    pub descriptors: Vec<(DescriptorGroup, BTreeSet<String>)>,
}

/// The ultrasound cases of one split.
#[derive(Debug, Default)]
pub struct Cases {
    /// Those that can be read.
    pub cases: Vec<Case>,
    /// One line for each row that cannot, or not wholly.
    pub complaints: Vec<String>,
}

impl Cases {
    /// The rows of the split that are ultrasound: a lesion with its mask, or a normal. Mammograms have no mask and lie
    /// under `mammography/`.
    ///
    /// # Errors
    /// Where the table cannot be read, lacks a column that is needed, or holds no such case.
    pub fn read(path: &Path, split: &str) -> Result<Self> {
        let table = || path.display().to_string();
        let mut reader = csv::Reader::from_path(path).with_context(table)?;
        let headers = reader.headers().with_context(table)?.clone();
        if let Some(missing) = NEEDED.iter().find(|&&needed| !headers.iter().any(|header| header == needed)) {
            bail!("{}: no column '{missing}'", table());
        }
        let mut found = Self::default();
        for record in reader.records() {
            let row = record.and_then(|record: StringRecord| record.deserialize::<Row>(Some(&headers)));
            match row {
                Ok(row) => found.take(row, split),
                Err(error) => found.complaints.push(format!("{}: {error}", table())),
            }
        }
        if found.cases.is_empty() {
            // What stands in the way is the better reason.
            let why = found.complaints.first().map(|first| format!("; {first}")).unwrap_or_default();
            bail!("{}: no ultrasound case of the split '{split}'{why}", table());
        }
        Ok(found)
    }

    fn take(&mut self, row: Row, split: &str) {
        if row.split != split || row.image.starts_with("mammography/") {
            return;
        }
        let image = row.image.clone();
        let mut complain = |error: &anyhow::Error| {
            self.complaints.push(Printable(&format!("{image}: {error:#}")).to_string());
        };
        let truth = match truth(&row.pathology) {
            Ok(Truth::Benign | Truth::Malignant) if row.mask.is_empty() => return,
            Ok(truth) => truth,
            Err(error) => return complain(&error),
        };
        let given = categories::given(&row.birads).unwrap_or_else(|error| {
            complain(&error);
            None
        });
        self.cases.push(case(row, truth, given));
    }
}

fn truth(pathology: &str) -> Result<Truth> {
    match pathology {
        "normal" => Ok(Truth::Normal),
        "benign" => Ok(Truth::Benign),
        "malignant" => Ok(Truth::Malignant),
        other => bail!("pathology '{other}' is none of benign, malignant, normal"),
    }
}

fn case(row: Row, truth: Truth, given: Option<Category>) -> Case {
    let descriptors = [
        (DescriptorGroup::Shape, row.shape),
        (DescriptorGroup::Margin, row.margin),
        (DescriptorGroup::Echogenicity, row.echogenicity),
        (DescriptorGroup::Posterior, row.posterior),
        (DescriptorGroup::Halo, row.halo),
        (DescriptorGroup::Calcifications, row.calcifications),
    ];
    // A picture of nobody in particular is nobody else's.
    let group = if row.group.is_empty() { &row.image } else { &row.group };
    Case {
        patient: format!("{}/{group}", row.dataset),
        device: row.device.trim().to_owned(),
        descriptors: descriptors.into_iter().map(|(group, cell)| (group, words(&cell))).collect(),
        dataset: row.dataset,
        image: row.image,
        mask: row.mask,
        truth,
        given,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(table: &str) -> Result<Cases> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cases.csv");
        std::fs::write(&path, table).unwrap();
        Cases::read(&path, "val")
    }

    #[test]
    fn columns_that_are_missing_or_unknown_are_no_matter() {
        let found = read(
            "split,mood,dataset,image,mask,group,pathology\n\
             val,calm,set,a.png,a-mask.png,1,benign\n\
             train,calm,set,b.png,b-mask.png,2,benign\n\
             val,calm,set,c.png,,3,normal\n\
             val,calm,set,d.png,,4,malignant\n\
             val,calm,mias,mammography/e.png,,5,normal\n",
        )
        .unwrap();
        let images: Vec<_> = found.cases.iter().map(|case| case.image.as_str()).collect();
        assert_eq!(images, ["a.png", "c.png"], "only val, ultrasound, and lesions with a mask");
        assert!(found.complaints.is_empty(), "{:?}", found.complaints);
        let first = &found.cases[0];
        assert_eq!((first.given, &*first.device, &*first.patient), (None, "", "set/1"));
        assert!(first.descriptors.iter().all(|(_, words)| words.is_empty()));
    }

    #[test]
    fn a_row_that_cannot_be_is_one_line_and_the_others_are_read() {
        let found = read(
            "dataset,image,mask,group,pathology,birads,shape,split\n\
             set,a.png,a.png,1,benign,4x,oval,val\n\
             set,b.png,b.png,2,strange,2,oval,val\n\
             set,c.png\n\
             set,d\u{1b}[2J.png,d.png,3,odd\u{7},,,val\n\
             set,e.png,e.png,4,malignant,4c,irregular,val\n",
        )
        .unwrap();
        let seen: Vec<_> = found.cases.iter().map(|case| (case.image.as_str(), case.given)).collect();
        assert_eq!(seen, [("a.png", None), ("e.png", Some(Category::FourC))]);
        assert_eq!(found.complaints.len(), 4, "{:?}", found.complaints);
        for (complaint, says) in
            found.complaints.iter().zip(["'4x'", "'strange'", "line: 4", "'odd\u{fffd}'"])
        {
            assert!(complaint.contains(says), "{complaint} does not say {says}");
            assert!(!complaint.chars().any(char::is_control), "{complaint:?}");
        }
    }

    #[test]
    fn a_table_without_what_is_needed_says_so() {
        let check = |table: &str, says: &str| {
            let error = format!("{:#}", read(table).unwrap_err());
            assert!(error.contains(says), "'{error}' does not say '{says}'");
        };
        check("dataset,image,mask,group,split\n", "no column 'pathology'");
        check("dataset,image,mask,group,pathology,split\nset,a.png,,1,normal,train\n", "no ultrasound case");
        check("dataset,image,mask,group,pathology,split\nset,a.png,,1,odd,val\n", "'odd'");
    }
}
