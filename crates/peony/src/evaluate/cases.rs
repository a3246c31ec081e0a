//! The table of cases: which pictures, and what is known of them.

use std::collections::BTreeSet;
use std::fmt::{Display, Formatter};
use std::path::Path;

use anyhow::{Context, Result, bail};
use csv::{StringRecord, Trim};
use serde::{Deserialize, Serialize};

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
    /// Its mask's; empty for normals, and of a lesion where there is none.
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
    /// What is wrong with the others.
    pub not_read: Vec<NotRead>,
    /// One line for each row that is read without a part of it.
    pub complaints: Vec<String>,
    /// The splits that the table has.
    splits: BTreeSet<String>,
}

/// A row that was not read, in words that are safe on a terminal.
#[derive(Debug, Clone, Serialize)]
pub struct NotRead {
    /// Its picture, or its table where the row itself cannot be read.
    pub row: String,
    /// What is wrong.
    pub why: String,
}

impl NotRead {
    /// Of a row and what is wrong with it.
    pub fn new(row: &str, error: &anyhow::Error) -> Self {
        Self { row: Printable(row).to_string(), why: Printable(&format!("{error:#}")).to_string() }
    }
}

impl Display for NotRead {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.row, self.why)
    }
}

impl Cases {
    /// The rows of the split that are ultrasound. Mammograms lie under `mammography/`. Blanks around a cell are no part of it.
    ///
    /// # Errors
    /// Where the table cannot be read, lacks a column that is needed, or holds no such case.
    pub fn read(path: &Path, split: &str) -> Result<Self> {
        let table = || path.display().to_string();
        let mut reader = csv::ReaderBuilder::new().trim(Trim::All).from_path(path).with_context(table)?;
        let headers = reader.headers().with_context(table)?.clone();
        if let Some(missing) = NEEDED.iter().find(|&&needed| !headers.iter().any(|header| header == needed)) {
            bail!("{}: no column '{missing}'; {}", table(), columns(&headers));
        }
        let mut found = Self::default();
        for record in reader.records() {
            let row = record.and_then(|record: StringRecord| record.deserialize::<Row>(Some(&headers)));
            match row {
                Ok(row) => found.take(row, split),
                Err(error) => found.not_read.push(NotRead::new(&table(), &error.into())),
            }
        }
        if found.cases.is_empty() {
            // What stands in the way is the better reason.
            let why = match found.not_read.first() {
                Some(first) => first.to_string(),
                None if found.splits.is_empty() => "there is none of any split".into(),
                None => format!("the splits are {}", listed(found.splits.iter().map(String::as_str))),
            };
            bail!("{}: no ultrasound case of the split '{split}'; {why}", table());
        }
        Ok(found)
    }

    fn take(&mut self, row: Row, split: &str) {
        if row.image.starts_with("mammography/") {
            return;
        }
        if row.split != split {
            self.splits.insert(row.split);
            return;
        }
        let truth = match truth(&row.pathology) {
            Ok(truth) => truth,
            Err(error) => return self.not_read.push(NotRead::new(&row.image, &error)),
        };
        let given = categories::given(&row.birads).unwrap_or_else(|error| {
            self.complaints.push(NotRead::new(&row.image, &error).to_string());
            None
        });
        self.cases.push(case(row, truth, given));
    }
}

/// What a table without a column has in its place.
fn columns(headers: &StringRecord) -> String {
    let separator = match headers.get(0) {
        Some(one) if headers.len() == 1 && one.contains([';', '\t']) => ", separated by no comma",
        _ => "",
    };
    format!("its columns are {}{separator}", listed(headers.iter()))
}

/// Names out of a table, as many as a line has room for.
fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const MOST: usize = 30;
    let quoted = |name: &str| format!("'{}'", Printable(&name.chars().take(200).collect::<String>()));
    let mut names: Vec<_> = names.map(quoted).collect();
    if names.len() > MOST {
        names.truncate(MOST);
        names.push("…".into());
    }
    names.join(", ")
}

/// The machine that a cell names. Many tables write that they do not know it.
fn device(cell: String) -> String {
    if cell.eq_ignore_ascii_case("unknown") { String::new() } else { cell }
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
        device: device(row.device),
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
        assert_eq!(images, ["a.png", "c.png", "d.png"], "only val and ultrasound, with a mask or without");
        assert!(found.complaints.is_empty() && found.not_read.is_empty(), "{:?}", found.complaints);
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
        assert_eq!((found.complaints.len(), found.not_read.len()), (1, 3), "{:?}", found.complaints);
        let not_read = found.not_read.iter().map(ToString::to_string);
        let complaints = found.complaints.into_iter().chain(not_read);
        for (complaint, says) in complaints.zip(["'4x'", "'strange'", "line: 4", "'odd\u{fffd}'"]) {
            assert!(complaint.contains(says), "{complaint} does not say {says}");
            assert!(!complaint.chars().any(char::is_control), "{complaint:?}");
        }
    }

    #[test]
    fn blanks_around_a_cell_are_no_part_of_it_and_a_device_may_be_said_to_be_unknown() {
        let found = read(
            "dataset, image,mask,group,pathology,split,device\n\
             set,a.png,,1, normal , val,Unknown\n\
             set,b.png,,2,normal,val, probe\n",
        )
        .unwrap();
        let seen: Vec<_> = found.cases.iter().map(|case| (&*case.image, &*case.device)).collect();
        assert_eq!(seen, [("a.png", ""), ("b.png", "probe")]);
    }

    #[test]
    fn a_table_without_what_is_needed_says_so() {
        let check = |table: &str, says: &str| {
            let error = format!("{:#}", read(table).unwrap_err());
            assert!(error.contains(says), "'{error}' does not say '{says}'");
        };
        check(
            "dataset,image,mask,group,split\n",
            "no column 'pathology'; its columns are 'dataset', 'image', 'mask'",
        );
        check("Dataset,Image\n", "no column 'dataset'; its columns are 'Dataset', 'Image'");
        check("dataset;image;mask\n", "its columns are 'dataset;image;mask', separated by no comma");
        let needed = "dataset,image,mask,group,pathology,split\n";
        check(
            &format!("{needed}set,a.png,,1,normal,train\nset,b.png,,1,normal,test\n"),
            "the splits are 'test', 'train'",
        );
        check(needed, "there is none of any split");
        check("dataset,image,mask,group,pathology,split\nset,a.png,,1,odd,val\n", "'odd'");
    }
}
