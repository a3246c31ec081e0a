//! BI-RADS categories: what a person gave, what the program proposed, and what the lexicon expects of each.

use anyhow::{Result, bail};
use serde::{Serialize, Serializer};

use super::metrics::agreement::{confusion, quadratic_kappa};
use super::metrics::{Estimate, bootstrap, wilson};
use super::reading::{Reading, Truth};

/// A category with which lesions are compared, least suspicious first. 0, 1 and 6 say nothing of how a lesion looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// Benign.
    Two,
    /// Probably benign.
    Three,
    /// Suspicious, with the letter unknown.
    Four,
    /// Low suspicion.
    FourA,
    /// Moderate suspicion.
    FourB,
    /// High suspicion.
    FourC,
    /// Highly suggestive of malignancy.
    Five,
}

/// Where every lesion with a 4 has its letter.
const FINE: [Category; 6] =
    [Category::Two, Category::Three, Category::FourA, Category::FourB, Category::FourC, Category::Five];
/// Where the letter of some is unknown.
const MERGED: [Category; 4] = [Category::Two, Category::Three, Category::Four, Category::Five];

impl Category {
    /// What is written as `2`, `4a` or `4A`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "2" => Self::Two,
            "3" => Self::Three,
            "4" => Self::Four,
            "4a" | "4A" => Self::FourA,
            "4b" | "4B" => Self::FourB,
            "4c" | "4C" => Self::FourC,
            "5" => Self::Five,
            _ => return None,
        })
    }

    /// As it is written: `2`, `3`, `4`, `4A`, `4B`, `4C`, `5`.
    pub fn label(self) -> &'static str {
        match self {
            Self::Two => "2",
            Self::Three => "3",
            Self::Four => "4",
            Self::FourA => "4A",
            Self::FourB => "4B",
            Self::FourC => "4C",
            Self::Five => "5",
        }
    }

    /// The share of malignant lesions that the lexicon expects, from and to.
    pub fn expected(self) -> [f64; 2] {
        match self {
            Self::Two => [0.0, 0.0],
            Self::Three => [0.0, 0.02],
            Self::Four => [0.02, 0.95],
            Self::FourA => [0.02, 0.10],
            Self::FourB => [0.10, 0.50],
            Self::FourC => [0.50, 0.95],
            Self::Five => [0.95, 1.0],
        }
    }

    /// Without its letter.
    fn merged(self) -> Self {
        match self {
            Self::FourA | Self::FourB | Self::FourC => Self::Four,
            other => other,
        }
    }
}

impl Serialize for Category {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.label())
    }
}

/// The category in a row of the table; `None` where there is none to compare.
///
/// # Errors
/// Where the text is no category of BI-RADS.
pub fn given(text: &str) -> Result<Option<Category>> {
    let text = text.trim();
    match Category::parse(text) {
        None if matches!(text, "" | "0" | "1" | "6") => Ok(None),
        None => bail!("BI-RADS '{text}' is none of 0, 1, 2, 3, 4, 4a, 4b, 4c, 5, 6: read without it"),
        found => Ok(found),
    }
}

/// The categories given by a person against those proposed, a picture each.
#[derive(Debug, Clone, Serialize)]
pub struct Agreement {
    /// The categories that were told apart, least suspicious first.
    pub scale: Vec<Category>,
    /// Cohen's kappa with quadratic weights on that scale; `None` where all say one category.
    pub kappa: Option<Estimate>,
    /// A row for each category given, a column for each proposed.
    pub matrix: Vec<Vec<usize>>,
    /// Pictures with both.
    pub pictures: usize,
    /// Pictures with a category given and none proposed: nothing was found, or it was not graded.
    pub without_proposal: usize,
}

/// Compares given and proposed; `None` where no picture has both.
pub fn agreement(readings: &[&Reading]) -> Option<Agreement> {
    let given = || readings.iter().filter_map(|reading| Some((reading, reading.given?)));
    let both: Vec<(&str, [Category; 2])> = given()
        .filter_map(|(reading, given)| Some((&*reading.patient, [given, reading.proposed?])))
        .collect();
    if both.is_empty() {
        return None;
    }
    let lettered = !both.iter().any(|(_, pair)| pair.contains(&Category::Four));
    let scale = if lettered { FINE.to_vec() } else { MERGED.to_vec() };
    let level = |category: Category| {
        let told = if lettered { category } else { category.merged() };
        scale.iter().position(|&level| level == told)
    };
    let pairs: Vec<(&str, (usize, usize))> = both
        .iter()
        .filter_map(|&(patient, [given, proposed])| Some((patient, (level(given)?, level(proposed)?))))
        .collect();
    let levels = |rows: &[&(&str, (usize, usize))]| rows.iter().map(|row| row.1).collect::<Vec<_>>();
    Some(Agreement {
        kappa: bootstrap(&pairs, |row| row.0, |rows| quadratic_kappa(&levels(rows), scale.len())),
        matrix: confusion(&levels(&pairs.iter().collect::<Vec<_>>()), scale.len()),
        pictures: pairs.len(),
        without_proposal: given().count() - pairs.len(),
        scale,
    })
}

/// What became of the pictures for which one category was proposed.
#[derive(Debug, Clone, Serialize)]
pub struct Observed {
    /// The category proposed.
    pub category: Category,
    /// Pictures with it, normals with a false mask among them.
    pub pictures: usize,
    /// How many of them show a malignant lesion.
    pub malignant: usize,
    /// Their share, with Wilson's interval.
    pub share: Estimate,
    /// The share that the lexicon expects, from and to.
    pub expected: [f64; 2],
}

/// The observed malignancy of every category that was proposed, least suspicious first.
pub fn observed(readings: &[&Reading]) -> Vec<Observed> {
    let mut categories: Vec<Category> = readings.iter().filter_map(|reading| reading.proposed).collect();
    categories.sort_unstable();
    categories.dedup();
    let of = |category: Category| {
        let proposed = || readings.iter().filter(|reading| reading.proposed == Some(category));
        let malignant = proposed().filter(|reading| reading.truth == Truth::Malignant).count();
        let pictures = proposed().count();
        let share = wilson(malignant, pictures)?;
        Some(Observed { category, pictures, malignant, share, expected: category.expected() })
    };
    categories.into_iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::reading::tests::reading;

    fn judged(given: &str, proposed: &str, truth: Truth) -> Reading {
        let [given, proposed] = [given, proposed].map(Category::parse);
        Reading { given, proposed, ..reading(&format!("{given:?}{proposed:?}"), truth) }
    }

    fn compare(pairs: &[(&str, &str)]) -> Option<Agreement> {
        let readings: Vec<Reading> =
            pairs.iter().map(|(given, proposed)| judged(given, proposed, Truth::Benign)).collect();
        agreement(&readings.iter().collect::<Vec<_>>())
    }

    #[test]
    fn the_table_may_hold_any_category() {
        let check = |text: &str, expect: Result<Option<Category>, ()>| {
            assert_eq!(given(text).map_err(|_| ()), expect, "'{text}'");
        };
        check("4a", Ok(Some(Category::FourA)));
        check(" 2 ", Ok(Some(Category::Two)));
        check("4", Ok(Some(Category::Four)));
        check("", Ok(None));
        check("1", Ok(None));
        check("6", Ok(None));
        check("7", Err(()));
        check("4d", Err(()));
    }

    #[test]
    fn one_unknown_letter_merges_the_scale() {
        let labels = |found: &Agreement| found.scale.iter().map(|level| level.label()).collect::<Vec<_>>();
        let fine = compare(&[("4a", "4B"), ("2", "3"), ("5", "5")]).unwrap();
        assert_eq!(labels(&fine), ["2", "3", "4A", "4B", "4C", "5"]);
        assert_eq!((fine.matrix[2][3], fine.matrix[0][1], fine.matrix[5][5]), (1, 1, 1));
        let merged = compare(&[("4a", "4B"), ("4", "4C"), ("5", "5"), ("3", "")]).unwrap();
        assert_eq!(labels(&merged), ["2", "3", "4", "5"]);
        assert_eq!((merged.matrix[2][2], merged.matrix[3][3]), (2, 1));
        assert_eq!((merged.pictures, merged.without_proposal), (3, 1));
        assert_eq!(merged.kappa.unwrap().value, 1.0);
        assert!(compare(&[("", "3"), ("3", "")]).is_none());
    }

    #[test]
    fn malignancy_is_counted_for_what_was_proposed() {
        let readings = [
            judged("", "4B", Truth::Malignant),
            judged("", "4B", Truth::Normal),
            judged("", "4B", Truth::Benign),
            judged("", "3", Truth::Benign),
            judged("", "2", Truth::Benign),
        ];
        let found = observed(&readings.iter().collect::<Vec<_>>());
        let seen: Vec<_> = found.iter().map(|o| (o.category.label(), o.pictures, o.malignant)).collect();
        assert_eq!(seen, [("2", 1, 0), ("3", 1, 0), ("4B", 3, 1)]);
        assert_eq!(found[2].expected, [0.10, 0.50]);
    }
}
