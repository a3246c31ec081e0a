//! What an index keeps of a file: its attributes in Unicode and the places of its frames, read from the disk a little at a time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a check function of a test fails as the test does"
)]

mod synthetic;

use std::io::Write as _;

use peony_dicom::{DicomError, FramePlaces, Level, Outline, REQUEST_ATTRIBUTES, Tag, level_of, outline};

use synthetic::{File, JPEG, NUMBER_OF_FRAMES, PIXEL_DATA, RLE, item, long, short};

const NAME: Tag = Tag(0x0010, 0x0010);

fn outline_of(bytes: &[u8]) -> Result<Outline, DicomError> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    outline(&file)
}

/// The bytes of each frame by its place.
fn frames(bytes: &[u8]) -> Vec<Vec<u8>> {
    let outline = outline_of(bytes).unwrap();
    let places = outline.frames.unwrap();
    let frame = |index| {
        let range = places.range(index).unwrap();
        places.coded(&bytes[range.start as usize..range.end as usize]).unwrap()
    };
    assert_eq!(places.range(places.count()), None);
    (0..places.count()).map(frame).collect()
}

#[test]
fn frames_lie_where_the_outline_says() {
    let native = File::cine(3).bytes();
    assert_eq!(frames(&native), [0, 12, 24].map(|at| (at..at + 12).collect::<Vec<u8>>()));
    let [one, two, rest] = [b"\xFF\xD8\xFF\xE0one!".as_slice(), b"\xFF\xD8\xFF\xE0two", b"and the rest"];
    let joined = [two, rest].concat();
    let coded = File::cine(2).syntax(JPEG).encapsulated(&[one, two, rest]).bytes();
    assert_eq!(frames(&coded), [one, &joined]);
    let run_lengths = File::cine(2).syntax(RLE).encapsulated(&[b"one", b"two"]).bytes();
    assert_eq!(frames(&run_lengths), [b"one", b"two"]);
    // High-throughput JPEG 2000, which nothing here decodes.
    let [one, two] = [b"\xFF\x4F\xFF\x51one!".as_slice(), b"\xFF\x4F\xFF\x51two!"];
    let coded = File::cine(2).syntax("1.2.840.10008.1.2.4.201").encapsulated(&[one, two]).bytes();
    assert_eq!(frames(&coded), [one, two]);
}

#[test]
fn what_has_no_place_of_its_own_has_none() {
    let none = |bytes: Vec<u8>| assert_eq!(outline_of(&bytes).unwrap().frames, None);
    none(File::cine(1).without(PIXEL_DATA).bytes());
    // A video of ten frames in one fragment.
    none(File::cine(10).syntax("1.2.840.10008.1.2.4.102").encapsulated(&[b"video"]).bytes());
    // Pixels of one bit: the second frame begins within a byte.
    let bits = File::cine(2).words(synthetic::BITS_ALLOCATED, &[1]).words(synthetic::COLUMNS, &[3]);
    none(bits.bytes());
    // More frames than bytes: those that are there.
    let few = File::cine(3).text(NUMBER_OF_FRAMES, b"IS", "9").bytes();
    assert_eq!(frames(&few).len(), 3);
    let places = FramePlaces::Encapsulated { start: 0, lengths: vec![20] };
    assert!(matches!(places.coded(&[0; 20]), Err(DicomError::Malformed { .. })));
}

#[test]
fn attributes_are_in_unicode_and_without_padding() {
    let request = [&[0x40, 0x00, 0x01, 0x10], short(b"SH", b"RP-7").as_slice()].concat();
    let file = File::cine(1)
        .text((0x0008, 0x0005), b"CS", "GB18030")
        .raw((0x0010, 0x0010), short(b"PN", b"Wang^Fang=\xCD\xF5^\xB7\xBC "))
        .text((0x0010, 0x0020), b"LO", "  P-1 ")
        .text((0x0008, 0x0008), b"CS", "ORIGINAL\\PRIMARY")
        .text((0x0010, 0x4000), b"LT", &"long ".repeat(1000))
        .raw((0x0040, 0x0275), long(b"SQ", &item(&request)));
    let outline = outline_of(&file.bytes()).unwrap();
    assert_eq!(outline.text(NAME), "Wang^Fang=王^芳");
    assert_eq!(outline.text(Tag(0x0010, 0x0020)), "P-1");
    assert_eq!(outline.attributes[&Tag(0x0008, 0x0008)].values, ["ORIGINAL", "PRIMARY"]);
    assert_eq!(outline.text(Tag(0x0028, 0x0010)), "3");
    assert!(!outline.attributes.contains_key(&Tag(0x0010, 0x4000)), "longer than an index keeps");
    let items = &outline.attributes[&REQUEST_ATTRIBUTES].items;
    assert_eq!(items[0][&Tag(0x0040, 0x1001)].values, ["RP-7"]);
    assert_eq!(outline.transfer_syntax_uid, "1.2.840.10008.1.2.1");
    assert_eq!(outline.data_set, 132 + 8 + 20);
    assert_eq!((level_of(NAME), level_of(Tag(0x7FE0, 0x0010))), (Some(Level::Patient), None));
}

#[test]
fn a_deflated_data_set_has_attributes_and_no_places() {
    let plain = File::cine(1).text((0x0010, 0x0020), b"LO", "P-1").bytes();
    let start = outline_of(&plain).unwrap().data_set as usize;
    let mut deflated = plain[..132].to_vec();
    deflated.extend(synthetic::meta("1.2.840.10008.1.2.1.99"));
    let mut encoder = flate2::write::DeflateEncoder::new(deflated, flate2::Compression::fast());
    encoder.write_all(&plain[start..]).unwrap();
    let outline = outline_of(&encoder.finish().unwrap()).unwrap();
    assert_eq!(outline.frames, None);
    assert_eq!(outline.text(Tag(0x0010, 0x0020)), "P-1");
}

/// The same scan as for pictures: what it refuses, the outline refuses.
#[test]
fn what_is_damaged_is_refused_in_a_file_as_in_memory() {
    let whole = File::cine(2).syntax(JPEG).encapsulated(&[&[7; 9000], &[8; 20_000]]).bytes();
    for length in (0..whole.len()).step_by(97) {
        let in_memory =
            peony_dicom::scan::scan(whole[..length].to_vec()).map(|_| ()).map_err(|error| error.to_string());
        let in_file = outline_of(&whole[..length]).map(|_| ()).map_err(|error| error.to_string());
        assert_eq!(in_file, in_memory, "{length}");
    }
    let mut deep = File::cine(1).without(PIXEL_DATA).bytes();
    for _ in 0..100_000 {
        deep.extend(b"\x40\x00\x75\x02SQ\0\0\xFF\xFF\xFF\xFF\xFE\xFF\x00\xE0\xFF\xFF\xFF\xFF");
    }
    assert!(matches!(outline_of(&deep), Err(DicomError::TooDeep { .. })));
    let four_gigabytes = File::cine(1).raw(PIXEL_DATA, b"OB\0\0\xFE\xFF\xFF\xFFabcd".to_vec()).bytes();
    assert!(matches!(outline_of(&four_gigabytes), Err(DicomError::Truncated { .. })));
}
