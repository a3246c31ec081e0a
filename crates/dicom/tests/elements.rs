//! A data set told step by step, and frames decoded without the file in memory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a check function of a test fails as the test does"
)]

mod synthetic;

use std::io::{Cursor, Read, Seek, SeekFrom};

use peony_dicom::pixels::Window;
use peony_dicom::{
    Characters, DicomError, Elements, FramePlaces, Pictures, Step, Tag, VR, open_bytes, tag_of,
};
use peony_model::Pixels;

use synthetic::{File, JPEG, PIXEL_DATA, RLE, item, long, short};

/// The steps as lines.
fn steps(bytes: &[u8]) -> Result<Vec<String>, DicomError> {
    let data_set = Elements::open(Cursor::new(bytes))?;
    let mut lines = Vec::new();
    data_set.walk(|step| {
        lines.push(match step {
            Step::Element { tag, vr, value, .. } => {
                let bytes = data_set.bytes(value.clone(), 1000)?;
                assert_eq!(bytes.len(), value.len());
                format!("{tag} {} {}", vr.to_string(), value.len())
            }
            Step::Fragments { tag } => format!("{tag} fragments"),
            Step::Sequence { tag } => format!("{tag} sequence"),
            Step::Item => "item".into(),
            Step::ItemEnd => "end of item".into(),
            Step::SequenceEnd => "end of sequence".into(),
        });
        Ok(())
    })?;
    Ok(lines)
}

const SEQUENCE: (u16, u16) = (0x0088, 0x0200);

#[test]
fn every_element_is_told_once_and_nesting_with_it() {
    let inner = [&[0x28, 0, 0x10, 0], short(b"US", &[1, 0]).as_slice()].concat();
    let of_length = long(b"SQ", &[item(&inner), item(&[])].concat());
    let mut until_delimited = b"SQ\0\0\xFF\xFF\xFF\xFF\xFE\xFF\x00\xE0\xFF\xFF\xFF\xFF".to_vec();
    until_delimited.extend(&inner);
    until_delimited.extend(b"\xFE\xFF\x0D\xE0\0\0\0\0");
    until_delimited.extend(item(&[]));
    until_delimited.extend(synthetic::SEQUENCE_END);
    let nested = [
        "(0088,0200) sequence",
        "item",
        "(0028,0010) US 2",
        "end of item",
        "item",
        "end of item",
        "end of sequence",
    ];
    for after_tag in [of_length, until_delimited] {
        let told = steps(&File::cine(1).raw(SEQUENCE, after_tag).bytes()).unwrap();
        let at = told.iter().position(|line| line == nested[0]).unwrap();
        assert_eq!(told[at..at + nested.len()], nested);
        assert_eq!(told.last().unwrap(), "(7FE0,0010) OB 12");
    }
    let coded = steps(&File::cine(1).syntax(JPEG).encapsulated(&[b"coded!"]).bytes()).unwrap();
    assert_eq!(coded.last().unwrap(), "(7FE0,0010) fragments");
}

#[test]
fn what_the_scan_refuses_is_not_told() {
    let mut deep = File::cine(1).without(PIXEL_DATA).bytes();
    for _ in 0..100_000 {
        deep.extend(b"\x40\x00\x75\x02SQ\0\0\xFF\xFF\xFF\xFF\xFE\xFF\x00\xE0\xFF\xFF\xFF\xFF");
    }
    assert!(matches!(steps(&deep), Err(DicomError::TooDeep { .. })));
    let bytes = File::cine(1).bytes();
    assert!(matches!(steps(&bytes[..bytes.len() - 2]), Err(DicomError::Truncated { .. })));
    assert!(matches!(steps(b"no DICOM"), Err(DicomError::NotDicom { .. })));
    let data_set = Elements::open(Cursor::new(&bytes)).unwrap();
    assert!(matches!(data_set.bytes(0..100, 99), Err(DicomError::TooLarge { .. })));
    assert!(data_set.bytes(0..bytes.len() + 1, usize::MAX).is_err());
}

/// Counts what is read.
struct Counted<'a>(Cursor<&'a [u8]>, &'a std::cell::Cell<usize>);

impl Read for Counted<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        self.1.set(self.1.get() + into.len());
        self.0.read(into)
    }
}

impl Seek for Counted<'_> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.0.seek(to)
    }
}

#[test]
fn of_a_long_cine_the_frames_are_jumped_over() {
    let frame = vec![7; 20_000];
    let fragments: Vec<&[u8]> = (0..100).map(|_| frame.as_slice()).collect();
    let mut bytes = File::cine(100).syntax(RLE).encapsulated(&fragments).bytes();
    bytes.extend(b"\xFC\xFF\xFC\xFFOB\0\0\x04\0\0\0\0\0\0\0");
    let start = (bytes.len() - 16 - 8 - 100 * 20_008) as u64;
    let places = FramePlaces::Encapsulated { start, lengths: vec![20_008; 100] };
    let read = std::cell::Cell::new(0);
    let tags = |places: Option<&FramePlaces>| {
        read.set(0);
        let data_set = Elements::open(Counted(Cursor::new(&bytes), &read)).unwrap().knowing(places);
        let mut tags = Vec::new();
        let walked = data_set.walk(|step| {
            if let Step::Element { tag, .. } | Step::Fragments { tag } = step {
                tags.push(tag);
            }
            Ok(())
        });
        walked.map(|()| (tags, read.get()))
    };
    let (all, without) = tags(None).unwrap();
    let (known, with) = tags(Some(&places)).unwrap();
    assert_eq!(all, known);
    assert_eq!(all.last(), Some(&Tag(0xFFFC, 0xFFFC)), "what follows the frames is told");
    assert!(with < 50_000 && without > 500_000, "{with} and {without} bytes");
    let wrong = FramePlaces::Encapsulated { start: start + 2, lengths: vec![20_008; 100] };
    assert!(matches!(tags(Some(&wrong)), Err(DicomError::Malformed { .. })));
    read.set(0);
    drop(Pictures::open(Counted(Cursor::new(&bytes), &read)).unwrap());
    assert!(read.get() < 50_000, "{} bytes for a header", read.get());
}

#[test]
fn a_frame_is_decoded_as_it_is_out_of_the_whole_file() {
    let file = File::cine(3).bytes();
    let cine = open_bytes(file.clone()).unwrap();
    let pictures = Pictures::open(Cursor::new(&file)).unwrap();
    let pixels = file.len() - 36;
    for index in 0..3 {
        let coded = &file[pixels + 12 * index..][..12];
        let picture = pictures.picture(coded, None).unwrap();
        let Pixels::Luma8(grey) = picture else { panic!("grey") };
        assert_eq!(&grey, &*cine.frame(index as u64).unwrap().luma());
    }
    let window = Window::of("", 6.0, 1.0);
    let Pixels::Luma8(grey) = pictures.picture(&file[pixels..][..12], window).unwrap() else {
        panic!("grey")
    };
    assert_eq!(grey.as_raw()[..], [0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255]);
    assert!(matches!(
        Pictures::open(Cursor::new(File::cine(1).without(PIXEL_DATA).bytes())),
        Err(DicomError::NoPixelData)
    ));
    assert!(pictures.decode(&[0; 3]).is_err());
}

#[test]
fn texts_are_read_in_their_characters() {
    let chinese = Characters::of(&[String::new(), "GB18030".into()]);
    let bytes = [b"Wang^Xiao=".as_slice(), &[0xCD, 0xF5], b"^", &[0xD0, 0xA1], b" "].concat();
    assert_eq!(chinese.decode(VR::PN, &bytes), "Wang^Xiao=王^小 ");
    let file = File::cine(1)
        .text((0x0008, 0x1030), b"LO", " one\\two ")
        .raw((0x0040, 0xA160), long(b"UT", b"a\\b "));
    let bytes = file.bytes();
    let data_set = Elements::open(Cursor::new(&bytes)).unwrap();
    let mut texts = Vec::new();
    data_set
        .walk(|step| {
            if let Step::Element { vr: vr @ (VR::LO | VR::UT), value, .. } = step {
                texts.push(data_set.texts(vr, value, &Characters::default())?);
            }
            Ok(())
        })
        .unwrap();
    assert_eq!(texts, [vec!["one", "two"], vec!["a\\b"]]);
    assert_eq!(tag_of("PatientName"), Some(Tag(0x0010, 0x0010)));
    assert_eq!(tag_of("7fe00010"), Some(Tag(0x7FE0, 0x0010)));
    assert_eq!((tag_of("patientname"), tag_of("123"), tag_of("")), (None, None, None));
}
