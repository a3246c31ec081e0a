//! Identifiers: the small data sets of queries and retrievals (PS3.4 §C.2.2).

use peony_dicom::{Attribute, Attributes, DicomError, Encoding, Level, Tag};

use crate::presentation::Context;
use crate::sop_class::Model;
use crate::transfer_syntax::IMPLICIT_LITTLE;

/// The longest that is taken: a list of some 16,000 UIDs.
pub const MOST_BYTES: usize = 1 << 20;

/// Specific Character Set.
pub const CHARACTER_SET: Tag = Tag(0x0008, 0x0005);
/// Query/Retrieve Level.
pub const LEVEL: Tag = Tag(0x0008, 0x0052);
/// Retrieve AE Title.
pub const RETRIEVE_AE_TITLE: Tag = Tag(0x0008, 0x0054);
/// Failed SOP Instance UID List.
pub const FAILED_INSTANCES: Tag = Tag(0x0008, 0x0058);
/// Patient ID.
pub const PATIENT_ID: Tag = Tag(0x0010, 0x0020);
/// Study Instance UID.
pub const STUDY_UID: Tag = Tag(0x0020, 0x000D);
/// Series Instance UID.
pub const SERIES_UID: Tag = Tag(0x0020, 0x000E);
/// SOP Instance UID.
pub const INSTANCE_UID: Tag = Tag(0x0008, 0x0018);

/// The levels by the word that says them, with the key that is unique there (PS3.4 §C.6.1.1, §C.6.2.1).
pub const LEVELS: [(Level, &str, Tag); 4] = [
    (Level::Patient, "PATIENT", PATIENT_ID),
    (Level::Study, "STUDY", STUDY_UID),
    (Level::Series, "SERIES", SERIES_UID),
    (Level::Instance, "IMAGE", INSTANCE_UID),
];

fn encoding(context: &Context) -> Encoding {
    // These two are all that is agreed to for anything but objects.
    if context.transfer_syntax == IMPLICIT_LITTLE {
        Encoding::ImplicitLittle
    } else {
        Encoding::ExplicitLittle
    }
}

/// Reads one that came in a presentation context.
///
/// # Errors
/// [`DicomError`].
pub fn read(context: &Context, bytes: &[u8]) -> Result<Attributes, DicomError> {
    peony_dicom::read_data_set(bytes, encoding(context))
}

/// Writes one for a presentation context.
///
/// # Errors
/// [`DicomError`] where a value is longer than can be written.
pub fn write(context: &Context, identifier: &Attributes) -> Result<Vec<u8>, DicomError> {
    peony_dicom::write_data_set(identifier, encoding(context))
}

/// One attribute.
#[must_use]
pub fn attribute(tag: Tag, values: Vec<String>) -> (Tag, Attribute) {
    (tag, Attribute::of(tag, values))
}

/// The values of an attribute that are not empty.
#[must_use]
pub fn values(identifier: &Attributes, tag: Tag) -> Vec<String> {
    let values = identifier.get(&tag).map(|attribute| attribute.values.as_slice()).unwrap_or_default();
    values.iter().filter(|value| !value.is_empty()).cloned().collect()
}

/// The same, each once: what is said twice is not twice as much.
#[must_use]
pub fn distinct(identifier: &Attributes, tag: Tag) -> Vec<String> {
    let mut heard = std::collections::BTreeSet::new();
    values(identifier, tag).into_iter().filter(|value| heard.insert(value.clone())).collect()
}

/// The level of an identifier; `None` where it is missing or the model does not have it.
#[must_use]
pub fn level(identifier: &Attributes, model: Model) -> Option<Level> {
    let said = identifier.get(&LEVEL)?.values.first()?;
    let (level, ..) = LEVELS.into_iter().find(|(_, word, _)| *word == said.as_str())?;
    let has = match model {
        Model::PatientRoot => true,
        Model::StudyRoot => level != Level::Patient,
        Model::PatientStudyOnly => level <= Level::Study,
    };
    has.then_some(level)
}

/// The word of a level.
#[must_use]
pub fn word(level: Level) -> &'static str {
    LEVELS.iter().find(|(of, ..)| *of == level).map_or("", |(_, word, _)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_twice_is_said_once_and_in_its_order() {
        let uids = ["1.2", "1.3", "1.2", "", "1.1"].map(str::to_owned).to_vec();
        let identifier: Attributes = [attribute(STUDY_UID, uids)].into();
        assert_eq!(distinct(&identifier, STUDY_UID), ["1.2", "1.3", "1.1"]);
    }
}
