//! Small data sets without a file around them.

use peony_dicom::{Attribute, Attributes, DicomError, Encoding, Tag, VR, read_data_set, write_data_set};
use proptest::prelude::*;

const NAME: Tag = Tag(0x0010, 0x0010);
const STEPS: Tag = Tag(0x0040, 0x0100);

fn text(tag: Tag, values: &[&str]) -> (Tag, Attribute) {
    (tag, Attribute::of(tag, values.iter().map(|value| (*value).to_owned())))
}

fn identifier() -> Attributes {
    let step: Attributes = [
        text(Tag(0x0008, 0x0060), &["US"]),
        text(Tag(0x0040, 0x0002), &["20261126-20261127"]),
        text(Tag(0x0040, 0x0006), &[]),
    ]
    .into();
    [
        text(Tag(0x0008, 0x0052), &["STUDY"]),
        text(Tag(0x0008, 0x0061), &["US", "MG"]),
        text(NAME, &["王^小明"]),
        text(Tag(0x0010, 0x0030), &[]),
        text(Tag(0x0028, 0x0010), &["480"]),
        (STEPS, Attribute { vr: VR::SQ, values: Vec::new(), items: vec![step] }),
    ]
    .into()
}

#[test]
fn what_is_written_is_read() {
    for encoding in [Encoding::ImplicitLittle, Encoding::ExplicitLittle] {
        let bytes = write_data_set(&identifier(), encoding).unwrap();
        let read = read_data_set(&bytes, encoding).unwrap();
        assert!(read == identifier(), "{encoding:?}: {:?}", read.keys());
        // Neither byte goes missing unseen.
        for cut in 1..bytes.len() {
            let cut = read_data_set(&bytes[..cut], encoding);
            assert!(cut.is_err() || cut.is_ok_and(|cut| cut != identifier()), "{encoding:?}");
        }
    }
}

#[test]
fn names_are_read_in_the_character_set_that_is_said() {
    // GB18030: 王 is CD F5.
    let mut bytes = b"\x08\0\x05\0CS\x08\0GB18030 ".to_vec();
    bytes.extend_from_slice(b"\x10\0\x10\0PN\x02\0\xCD\xF5");
    let read = read_data_set(&bytes, Encoding::ExplicitLittle).unwrap();
    assert_eq!(read[&NAME].values, ["王"]);
}

#[test]
fn letters_where_none_may_be_do_not_cut_off_what_follows() {
    let day = Tag(0x0008, 0x0020);
    let said: Attributes = [text(day, &["2026日"]), text(NAME, &["王^小明"])].into();
    for encoding in [Encoding::ImplicitLittle, Encoding::ExplicitLittle] {
        let read = read_data_set(&write_data_set(&said, encoding).unwrap(), encoding).unwrap();
        assert_eq!(read[&NAME].values, ["王^小明"]);
        assert!(!read.contains_key(&day));
    }
}

#[test]
fn nesting_is_refused_before_it_costs_anything() {
    let begin: &[u8] = b"\x40\0\0\x01SQ\0\0\xFF\xFF\xFF\xFF\xFE\xFF\0\xE0\xFF\xFF\xFF\xFF";
    let read = read_data_set(&begin.repeat(100_000), Encoding::ExplicitLittle);
    assert!(matches!(read, Err(DicomError::TooDeep { limit: 4, .. })));
}

/// Patient ID in implicit little endian.
fn patient_id(value: &[u8]) -> Vec<u8> {
    let length = (value.len() as u32).to_le_bytes();
    [&[0x10, 0, 0x20, 0], &length[..], value].concat()
}

#[test]
fn a_key_that_cannot_be_read_is_refused_and_never_left_out() {
    let list = vec!["PATIENT-00001"; 1000].join("\\") + " ";
    let read = read_data_set(&patient_id(list.as_bytes()), Encoding::ImplicitLittle).unwrap();
    assert_eq!(read[&Tag(0x0010, 0x0020)].values.len(), 1000);
    let long = read_data_set(&patient_id(&[b'1'; 70_000]), Encoding::ImplicitLittle).err();
    assert!(matches!(long, Some(DicomError::TooLarge { value: 70_000, .. })), "{long:?}");
    let unknown = b"\x10\0\x20\0UN\0\0\x02\0\0\x001 ";
    let unknown = read_data_set(unknown, Encoding::ExplicitLittle).err();
    assert!(matches!(unknown, Some(DicomError::Malformed { .. })), "{unknown:?}");
}

#[test]
fn a_value_that_is_longer_than_its_length_can_say_is_refused() {
    let uids = |count: u32| (0..count).map(|number| format!("1.2.826.0.1.3680043.9.{number:07}")).collect();
    let list = |count| -> Attributes {
        [(Tag(0x0008, 0x0058), Attribute { vr: VR::UI, values: uids(count), items: vec![] })].into()
    };
    // Thirty bytes each with what comes after it.
    let (fits, long) = (list(65_530 / 30), list(65_600 / 30));
    let written = write_data_set(&fits, Encoding::ExplicitLittle).unwrap();
    assert!(read_data_set(&written, Encoding::ExplicitLittle).unwrap() == fits);
    let within = Attribute { vr: VR::SQ, values: vec![], items: vec![long.clone()] };
    for long in [&long, &[(Tag(0x0008, 0x1198), within)].into()] {
        let refused = write_data_set(long, Encoding::ExplicitLittle);
        assert!(matches!(refused, Err(DicomError::TooLarge { limit: 65_534, .. })), "{refused:?}");
        assert!(write_data_set(long, Encoding::ImplicitLittle).is_ok(), "its lengths have 32 bits");
    }
}

proptest! {
    #[test]
    fn no_bytes_break_it(bytes in prop::collection::vec(any::<u8>(), 0..300), explicit: bool) {
        let encoding = if explicit { Encoding::ExplicitLittle } else { Encoding::ImplicitLittle };
        if let Ok(read) = read_data_set(&bytes, encoding) {
            prop_assert!(read_data_set(&write_data_set(&read, encoding).unwrap(), encoding).is_ok());
        }
    }
}
