//! BI-RADS assessment categories and their coded form.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Code;

/// An assessment category, in the order of what is to be done: the greatest of several is the one that counts. The machine
/// proposes 2, 3, 4A to 4C and 5 only: 0, 1, 6 and a 4 without a letter are a person's to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BiRads {
    /// Negative.
    Cat1,
    /// Benign.
    Cat2,
    /// Probably benign, p ≤ 2 %.
    Cat3,
    /// Known malignancy.
    Cat6,
    /// Incomplete: more imaging or earlier pictures are needed.
    Cat0,
    /// Suspicious, 2 % < p < 95 %, not divided.
    Cat4,
    /// Low suspicion, 2 % < p ≤ 10 %.
    Cat4A,
    /// Intermediate suspicion, 10 % < p ≤ 50 %.
    Cat4B,
    /// High suspicion, 50 % < p < 95 %.
    Cat4C,
    /// Highly suggestive of malignancy, p ≥ 95 %.
    Cat5,
}

impl BiRads {
    /// Every category.
    pub const ALL: [Self; 10] = [
        Self::Cat0,
        Self::Cat1,
        Self::Cat2,
        Self::Cat3,
        Self::Cat4,
        Self::Cat4A,
        Self::Cat4B,
        Self::Cat4C,
        Self::Cat5,
        Self::Cat6,
    ];

    /// The category that is written so.
    #[must_use]
    pub fn from_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.label() == label)
    }

    /// The category whose likelihood interval holds a **calibrated** probability of malignancy; `None` where
    /// `probability` is not within 0..=1. A score that was not calibrated has no category.
    #[must_use]
    pub fn from_calibrated(probability: f32) -> Option<Self> {
        match probability {
            p if !(0.0..=1.0).contains(&p) => None,
            p if p <= 0.02 => Some(Self::Cat3),
            p if p <= 0.10 => Some(Self::Cat4A),
            p if p <= 0.50 => Some(Self::Cat4B),
            p if p < 0.95 => Some(Self::Cat4C),
            _ => Some(Self::Cat5),
        }
    }

    /// As [`Self::from_calibrated`], but benign where the probability is at most 2 % and `benign`, the probability that this is
    /// what a reader gives a category below 3, is more than a half. No probability of malignancy alone makes a 2.
    #[must_use]
    pub fn proposed(probability: f32, benign: f32) -> Option<Self> {
        match Self::from_calibrated(probability) {
            Some(Self::Cat3) if benign > 0.5 => Some(Self::Cat2),
            category => category,
        }
    }

    /// The category as it is written, such as `4A`.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Cat0 => "0",
            Self::Cat1 => "1",
            Self::Cat2 => "2",
            Self::Cat3 => "3",
            Self::Cat4 => "4",
            Self::Cat4A => "4A",
            Self::Cat4B => "4B",
            Self::Cat4C => "4C",
            Self::Cat5 => "5",
            Self::Cat6 => "6",
        }
    }

    /// Its code (CID 6026 and 6027); the meanings of 4A to 4C are the fourth edition's, as DICOM has them.
    #[must_use]
    pub fn code(self) -> Code {
        let (value, scheme, meaning) = match self {
            Self::Cat0 => ("397138000", "SCT", "Incomplete"),
            Self::Cat1 => ("397140005", "SCT", "Negative"),
            Self::Cat2 => ("397141009", "SCT", "Benign"),
            Self::Cat3 => ("397143007", "SCT", "Probably benign"),
            Self::Cat4 => ("397144001", "SCT", "Suspicious"),
            Self::Cat4A => ("MA.II.A.5.4A", "BI", "4A - Low suspicion"),
            Self::Cat4B => ("MA.II.A.5.4B", "BI", "4B - Intermediate suspicion"),
            Self::Cat4C => ("MA.II.A.5.4C", "BI", "4C - Moderate suspicion"),
            Self::Cat5 => ("397145000", "SCT", "Highly suggestive of malignancy"),
            Self::Cat6 => ("MA.II.A.5.6", "BI", "Known biopsy proven malignancy"),
        };
        Code { value, scheme, meaning }
    }
}

impl Serialize for BiRads {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.label())
    }
}

impl<'de> Deserialize<'de> for BiRads {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let label = String::deserialize(deserializer)?;
        Self::from_label(&label)
            .ok_or_else(|| serde::de::Error::custom("a category is 0, 1, 2, 3, 4, 4A, 4B, 4C, 5 or 6"))
    }
}

#[cfg(feature = "schema")]
crate::schema::written_as_text!(BiRads);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_take_the_half_open_intervals_of_the_lexicon() {
        let check = |p: f32, expect: Option<&str>| {
            assert_eq!(BiRads::from_calibrated(p).map(BiRads::label), expect, "p = {p}");
        };
        check(0.0, Some("3"));
        check(0.02, Some("3"));
        check(0.0201, Some("4A"));
        check(0.10, Some("4A"));
        check(0.11, Some("4B"));
        check(0.50, Some("4B"));
        check(0.51, Some("4C"));
        check(0.949, Some("4C"));
        check(0.95, Some("5"));
        check(1.0, Some("5"));
        check(1.01, None);
        check(-0.1, None);
        check(f32::NAN, None);
    }

    #[test]
    fn the_greatest_is_the_one_that_asks_for_most() {
        let order = ["1", "2", "3", "6", "0", "4", "4A", "4B", "4C", "5"].map(BiRads::from_label);
        assert!(order.iter().all(Option::is_some) && order.is_sorted());
        assert_eq!(order.len(), BiRads::ALL.len());
    }

    #[test]
    fn benign_needs_a_reader_s_word_beside_a_low_probability() {
        let check = |p: f32, benign: f32, expect: Option<&str>| {
            assert_eq!(BiRads::proposed(p, benign).map(BiRads::label), expect, "p = {p}, benign = {benign}");
        };
        check(0.01, 0.9, Some("2"));
        check(0.01, 0.5, Some("3"));
        check(0.01, f32::NAN, Some("3"));
        check(0.05, 0.9, Some("4A"));
        check(f32::NAN, 0.9, None);
    }
}
