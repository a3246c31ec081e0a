//! The words of the BI-RADS ultrasound lexicon that describe a lesion, and their codes.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Code;

/// What a word answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Feature {
    /// Its shape.
    Shape,
    /// How its long axis lies against the skin.
    Orientation,
    /// Its edge.
    Margin,
    /// Its echoes against those of fat.
    Echo,
    /// What it does to the echoes behind it.
    Posterior,
    /// The boundary; the fourth edition's, and under margin since.
    Boundary,
    /// Calcifications.
    Calcification,
}

impl Feature {
    /// The key used in files, such as `shape`.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Shape => "shape",
            Self::Orientation => "orientation",
            Self::Margin => "margin",
            Self::Echo => "echo",
            Self::Posterior => "posterior",
            Self::Boundary => "boundary",
            Self::Calcification => "calcification",
        }
    }
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident: $feature:ident, $key:literal, $scheme:literal $value:literal $meaning:literal;)*) => {
        /// A word of the lexicon.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Word {
            $($(#[$doc])* $name,)*
        }

        impl Word {
            /// Every word, in the order of the lexicon.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// What it answers.
            #[must_use]
            pub fn feature(self) -> Feature {
                match self {
                    $(Self::$name => Feature::$feature,)*
                }
            }

            /// The key used in files, such as `irregular`.
            #[must_use]
            pub fn key(self) -> &'static str {
                match self {
                    $(Self::$name => $key,)*
                }
            }

            /// Its code (CID 6004, 6006, 6012 and 6152 to 6155), or our own where DICOM has none.
            #[must_use]
            pub fn code(self) -> Code {
                match self {
                    $(Self::$name => Code { value: $value, scheme: $scheme, meaning: $meaning },)*
                }
            }
        }
    };
}

words! {
    /// Oval.
    Oval: Shape, "oval", "SCT" "84360004" "Oval";
    /// Round.
    Round: Shape, "round", "SCT" "42700002" "Round";
    /// Irregular.
    Irregular: Shape, "irregular", "SCT" "49608001" "Irregular";
    /// The long axis lies along the skin.
    Parallel: Orientation, "parallel", "DCM" "111355" "Parallel";
    /// It does not, or there is none.
    NotParallel: Orientation, "not_parallel", "DCM" "111356" "Not parallel";
    /// The whole edge is sharp.
    Circumscribed: Margin, "circumscribed", "SCT" "129738007" "Circumscribed";
    /// No clear edge.
    Indistinct: Margin, "indistinct", "SCT" "129741003" "Indistinct";
    /// Sharp corners.
    Angular: Margin, "angular", "DCM" "111343" "Angular";
    /// Short scallops.
    Microlobulated: Margin, "microlobulated", "SCT" "129739004" "Microlobulated";
    /// Lines that radiate.
    Spiculated: Margin, "spiculated", "SCT" "129742005" "Spiculated";
    /// No echoes inside.
    Anechoic: Echo, "anechoic", "DCM" "111361" "Anechoic";
    /// Brighter than fat.
    Hyperechoic: Echo, "hyperechoic", "DCM" "111362" "Hyperechoic";
    /// Cystic and solid.
    Complex: Echo, "complex", "DCM" "111363" "Complex";
    /// Darker than fat.
    Hypoechoic: Echo, "hypoechoic", "DCM" "111364" "Hypoechoic";
    /// As bright as fat.
    Isoechoic: Echo, "isoechoic", "DCM" "111365" "Isoechoic";
    /// Mixed.
    Heterogeneous: Echo, "heterogeneous", "99PEONY" "PN1012" "Heterogeneous echo pattern";
    /// Nothing behind it changes.
    NoPosterior: Posterior, "none", "DCM" "111367" "No posterior acoustic features";
    /// Brighter behind it.
    Enhancement: Posterior, "enhancement", "DCM" "111368" "Posterior enhancement";
    /// Darker behind it.
    Shadowing: Posterior, "shadowing", "DCM" "111369" "Posterior shadowing";
    /// Both.
    Combined: Posterior, "combined", "DCM" "111370" "Combined posterior acoustic pattern";
    /// A bright rim.
    Halo: Boundary, "halo", "DCM" "111359" "Echogenic halo";
    /// A sharp boundary.
    Abrupt: Boundary, "abrupt", "DCM" "111358" "Abrupt interface";
    /// No bright specks.
    NoCalcification: Calcification, "none", "99PEONY" "PN1018" "No calcifications";
    /// Bright specks inside it.
    InMass: Calcification, "in_mass", "DCM" "111346" "Calcifications within a mass";
    /// Bright specks beside it.
    OutsideMass: Calcification, "outside", "DCM" "111347" "Calcifications outside of a mass";
    /// Bright specks in a duct.
    Intraductal: Calcification, "intraductal", "99PEONY" "PN1013" "Intraductal calcifications";
}

impl Word {
    /// The feature's key and the word's, such as `shape.irregular`: how files and messages name it.
    #[must_use]
    pub fn path(self) -> String {
        format!("{}.{}", self.feature().key(), self.key())
    }

    /// The word that [`Self::path`] names.
    #[must_use]
    pub fn from_path(path: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|word| word.path() == path)
    }
}

/// Whether the words that hold of a lesion are those of a simple cyst: anechoic, circumscribed all around, with enhancement behind it,
/// and not irregular. What is not said of its shape is nothing against it.
#[must_use]
pub fn is_simple_cyst(words: &[Word]) -> bool {
    let only = |word: Word| words.iter().all(|other| other.feature() != word.feature() || *other == word);
    let is = |word: Word| words.contains(&word) && only(word);
    is(Word::Anechoic)
        && is(Word::Circumscribed)
        && is(Word::Enhancement)
        && !words.contains(&Word::Irregular)
}

impl Serialize for Word {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.path())
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let path = String::deserialize(deserializer)?;
        Self::from_path(&path).ok_or_else(|| serde::de::Error::custom("not a word of the lexicon"))
    }
}

#[cfg(feature = "schema")]
crate::schema::written_as_text!(Word);

/// A word said of a lesion, and how sure whoever said it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Descriptor {
    /// The word.
    pub word: Word,
    /// Probability that it holds, 0..=1.
    pub probability: f32,
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn keys_and_codes_tell_words_of_a_feature_apart() {
        let keys: HashSet<_> = Word::ALL.iter().map(|word| (word.feature(), word.key())).collect();
        let codes: HashSet<_> =
            Word::ALL.iter().map(|word| (word.code().scheme, word.code().value)).collect();
        assert_eq!((keys.len(), codes.len()), (Word::ALL.len(), Word::ALL.len()));
        assert!(Word::ALL.iter().all(|word| Word::from_path(&word.path()) == Some(*word)));
        assert!(Word::ALL.iter().all(|w| w.code().value.len() <= 16 && w.code().meaning.len() <= 64));
    }

    #[test]
    fn a_simple_cyst_has_all_of_its_signs_and_nothing_against_them() {
        use Word::{
            Anechoic, Angular, Circumscribed, Combined, Complex, Enhancement, Irregular, Oval, Parallel,
        };
        for (words, expect) in [
            (&[Oval, Parallel, Circumscribed, Anechoic, Enhancement][..], true),
            (&[Circumscribed, Anechoic, Enhancement], true),
            (&[Irregular, Circumscribed, Anechoic, Enhancement], false),
            (&[Oval, Circumscribed, Angular, Anechoic, Enhancement], false),
            (&[Oval, Circumscribed, Anechoic, Complex, Enhancement], false),
            (&[Oval, Circumscribed, Anechoic, Combined], false),
            (&[Oval, Circumscribed, Anechoic], false),
            (&[], false),
        ] {
            assert_eq!(is_simple_cyst(words), expect, "{words:?}");
        }
    }
}
