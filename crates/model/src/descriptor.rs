//! The words of the BI-RADS ultrasound lexicon that describe a lesion or its breast, and their codes.

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
    /// What the tissue, the ducts or the skin around it have.
    Associated,
    /// Blood flow, in the colour or power mode.
    Vascularity,
    /// How hard it is, in elastography.
    Elasticity,
    /// The background of a breast; of no lesion.
    Tissue,
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
            Self::Associated => "associated",
            Self::Vascularity => "vascularity",
            Self::Elasticity => "elasticity",
            Self::Tissue => "tissue",
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

            /// Its code (CID 6004, 6006, 6012, 6056, 6064, 6151 to 6155 and 6157), or our own where DICOM has none.
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
    /// Nothing of the sort.
    NoAssociated: Associated, "none", "99PEONY" "PN1019" "No associated features";
    /// The tissue is drawn out of its order.
    Distortion: Associated, "distortion", "SCT" "129792006" "Architectural distortion";
    /// A wide duct.
    DuctEctasia: Associated, "duct_ectasia", "SCT" "22049009" "Mammary duct ectasia";
    /// A duct that has changed in another way.
    DuctChange: Associated, "duct_change", "99PEONY" "PN1014" "Other duct change";
    /// Thick skin.
    SkinThickening: Associated, "skin_thickening", "SCT" "129797000" "Skin thickening";
    /// Skin that is drawn in.
    SkinRetraction: Associated, "skin_retraction", "SCT" "129796009" "Skin retraction";
    /// Water in the tissue.
    Oedema: Associated, "edema", "SCT" "79654002" "Edema";
    /// Cooper's ligaments; the fourth edition's.
    CooperChange: Associated, "cooper", "DCM" "111111" "Cooper's ligament changes";
    /// No blood flow in it or beside it.
    NoVascularity: Vascularity, "none", "DCM" "111373" "Vascularity not present";
    /// Blood flow inside it.
    InternalVascularity: Vascularity, "internal", "DCM" "111375" "Vascularity present in lesion";
    /// Vessels in its rim: DICOM's "immediately adjacent" is the nearest.
    RimVascularity: Vascularity, "rim", "DCM" "111376" "Vascularity present immediately adjacent to lesion";
    /// More blood flow all around it; the fourth edition's.
    DiffuseVascularity: Vascularity, "diffuse", "DCM" "111377" "Diffusely increased vascularity in surrounding tissue";
    /// Soft.
    Soft: Elasticity, "soft", "99PEONY" "PN1015" "Soft";
    /// In between.
    Intermediate: Elasticity, "intermediate", "99PEONY" "PN1016" "Intermediate elasticity";
    /// Hard.
    Hard: Elasticity, "hard", "99PEONY" "PN1017" "Hard";
    /// Fat throughout.
    FatTissue: Tissue, "fat", "DCM" "111351" "Homogeneous background echotexture - fat";
    /// Glands throughout.
    FibroglandularTissue: Tissue, "fibroglandular", "DCM" "111352" "Homogeneous background echotexture - fibroglandular";
    /// Both, side by side.
    HeterogeneousTissue: Tissue, "heterogeneous", "DCM" "111353" "Heterogeneous background echotexture";
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
    fn words_of_a_person_alone_have_the_codes_of_the_clinical_reference() {
        for (path, scheme, value) in [
            ("tissue.fat", "DCM", "111351"),
            ("tissue.fibroglandular", "DCM", "111352"),
            ("tissue.heterogeneous", "DCM", "111353"),
            ("vascularity.none", "DCM", "111373"),
            ("vascularity.internal", "DCM", "111375"),
            ("vascularity.rim", "DCM", "111376"),
            ("vascularity.diffuse", "DCM", "111377"),
            ("elasticity.soft", "99PEONY", "PN1015"),
            ("elasticity.intermediate", "99PEONY", "PN1016"),
            ("elasticity.hard", "99PEONY", "PN1017"),
            ("associated.distortion", "SCT", "129792006"),
            ("associated.duct_ectasia", "SCT", "22049009"),
            ("associated.duct_change", "99PEONY", "PN1014"),
            ("associated.skin_thickening", "SCT", "129797000"),
            ("associated.skin_retraction", "SCT", "129796009"),
            ("associated.edema", "SCT", "79654002"),
            ("associated.cooper", "DCM", "111111"),
        ] {
            let code = Word::from_path(path).unwrap().code();
            assert_eq!((code.scheme, code.value), (scheme, value), "{path}");
        }
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
