//! Descriptors of the lexicon: the words that the table gives against those that the program says.

use std::collections::{BTreeMap, BTreeSet};

use peony_model::{Feature, Finding, Word};
use serde::Serialize;

use super::metrics::{Estimate, wilson};

/// A group of descriptors; each is a column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // The names are the lexicon's.
pub enum DescriptorGroup {
    Shape,
    Margin,
    Echogenicity,
    Posterior,
    Halo,
    Calcifications,
}

/// The words of one group for one lesion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescriptorRow {
    /// Which group.
    pub group: DescriptorGroup,
    /// The words of the table.
    pub truth: BTreeSet<String>,
    /// The words of the program.
    pub said: BTreeSet<String>,
}

/// How well the words of one group were said.
#[derive(Debug, Clone, Serialize)]
pub struct DescriptorAccuracy {
    /// Which group.
    pub group: DescriptorGroup,
    /// Lesions with words from both.
    pub lesions: usize,
    /// Share with the very same words, with Wilson's interval.
    pub same: Estimate,
    /// Share where every word said is one of the table's, though it may have more; with Wilson's interval.
    pub among: Estimate,
    /// Share that would have the same words if the commonest answer were always given.
    pub commonest: f64,
}

/// What the program says of a finding: for each group that it judges, words as the table spells them (`oval`,
/// `not circumscribed`, `no`). Of halo and calcifications it says only that they are there: silence counts as `no` here.
pub fn descriptors_said(finding: &Finding) -> Vec<(DescriptorGroup, BTreeSet<String>)> {
    if finding.descriptors.is_empty() {
        return Vec::new();
    }
    let keys = |feature| -> BTreeSet<String> {
        let said = finding.descriptors.iter().filter(|said| said.word.feature() == feature);
        said.flat_map(|said| as_in_the_table(said.word)).map(str::to_owned).collect()
    };
    let or_no =
        |words: BTreeSet<String>| if words.is_empty() { BTreeSet::from(["no".to_owned()]) } else { words };
    vec![
        (DescriptorGroup::Shape, keys(Feature::Shape)),
        (DescriptorGroup::Margin, keys(Feature::Margin)),
        (DescriptorGroup::Echogenicity, keys(Feature::Echo)),
        (DescriptorGroup::Posterior, keys(Feature::Posterior)),
        (DescriptorGroup::Halo, or_no(keys(Feature::Boundary))),
        (DescriptorGroup::Calcifications, or_no(keys(Feature::Calcification))),
    ]
}

/// A word as the table writes it.
fn as_in_the_table(word: Word) -> Vec<&'static str> {
    match word {
        Word::Complex => vec!["complex cystic/solid"],
        Word::NoPosterior => vec!["no"],
        Word::Halo => vec!["yes"],
        Word::InMass => vec!["in a mass"],
        Word::Indistinct | Word::Angular | Word::Microlobulated | Word::Spiculated => {
            vec!["not circumscribed", word.key()]
        }
        word => vec![word.key()],
    }
}

/// The words in a cell of the table: `not circumscribed - angular&indistinct` has three.
pub fn words(cell: &str) -> BTreeSet<String> {
    let parts = cell.split(" - ").flat_map(|part| part.split('&'));
    parts.map(|word| word.trim().to_lowercase()).filter(|word| !word.is_empty()).collect()
}

/// The rows of one lesion: the groups for which the table and the program both have words.
pub fn compare(
    truth: &[(DescriptorGroup, BTreeSet<String>)],
    said: Vec<(DescriptorGroup, BTreeSet<String>)>,
) -> Vec<DescriptorRow> {
    let rows = said.into_iter().filter(|(_, words)| !words.is_empty()).filter_map(|(group, said)| {
        let (_, truth) = truth.iter().find(|(of, words)| *of == group && !words.is_empty())?;
        Some(DescriptorRow { group, truth: truth.clone(), said })
    });
    rows.collect()
}

/// The accuracy of each group that has rows, in the lexicon's order.
pub fn accuracy<'a>(rows: impl Iterator<Item = &'a DescriptorRow>) -> Vec<DescriptorAccuracy> {
    let mut groups: BTreeMap<DescriptorGroup, Vec<&DescriptorRow>> = BTreeMap::new();
    for row in rows {
        groups.entry(row.group).or_default().push(row);
    }
    let of = |(group, rows): (DescriptorGroup, Vec<&DescriptorRow>)| {
        let lesions = rows.len();
        let share = |count: usize| wilson(count, lesions);
        let mut answers: BTreeMap<&BTreeSet<String>, usize> = BTreeMap::new();
        for row in &rows {
            *answers.entry(&row.truth).or_default() += 1;
        }
        Some(DescriptorAccuracy {
            group,
            lesions,
            same: share(rows.iter().filter(|row| row.said == row.truth).count())?,
            among: share(rows.iter().filter(|row| row.said.is_subset(&row.truth)).count())?,
            commonest: answers.into_values().max()? as f64 / lesions as f64,
        })
    };
    groups.into_iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(group: DescriptorGroup, truth: &str, said: &str) -> DescriptorRow {
        DescriptorRow { group, truth: words(truth), said: words(said) }
    }

    #[test]
    fn a_cell_may_hold_several_words() {
        let check = |cell: &str, expect: &[&str]| {
            let found: Vec<String> = words(cell).into_iter().collect();
            assert_eq!(found, expect, "'{cell}'");
        };
        check("oval", &["oval"]);
        check("Not circumscribed - angular&indistinct", &["angular", "indistinct", "not circumscribed"]);
        check("complex cystic/solid", &["complex cystic/solid"]);
        check(" ", &[]);
    }

    #[test]
    fn only_what_both_have_words_for_is_compared() {
        use DescriptorGroup::{Halo, Margin, Shape};
        let truth = [(Shape, words("oval")), (Margin, words("")), (Halo, words("no"))];
        let said = vec![(Shape, words("round")), (Margin, words("circumscribed")), (Halo, words(""))];
        assert_eq!(compare(&truth, said), [row(Shape, "oval", "round")]);
    }

    #[test]
    fn accuracy_knows_the_same_words_and_some_of_them() {
        use DescriptorGroup::{Margin, Shape};
        let rows = [
            row(Margin, "circumscribed", "circumscribed"),
            row(Margin, "not circumscribed - angular&indistinct", "not circumscribed"),
            row(Margin, "not circumscribed - spiculated", "circumscribed"),
            row(Margin, "circumscribed", "not circumscribed"),
            row(Shape, "oval", "oval"),
        ];
        let found = accuracy(rows.iter());
        assert_eq!((found[0].group, found[0].lesions), (Shape, 1));
        let margin = &found[1];
        assert_eq!((margin.same.value, margin.among.value, margin.commonest), (0.25, 0.5, 0.5));
    }
}
