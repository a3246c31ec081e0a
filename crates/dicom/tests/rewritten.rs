//! Data sets written anew in little endian, with uncompressed pixels or coded frames, to the byte.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a check function of a test fails as the test does")]

mod synthetic;

use std::cell::{Cell, RefCell};
use std::io::Cursor;

use peony_dicom::pixels::{ImageHeader, Lossless};
use peony_dicom::written::Target;
use peony_dicom::{DicomError, Elements, FramePlaces, Rewriting, Step, outline, rewrite};

use synthetic::{File, PIXEL_DATA, RLE, SEQUENCE_END, item, long, short};

const DEFLATED: &str = "1.2.840.10008.1.2.1.99";
const ITEM_END: [u8; 8] = [0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0];

/// Takes everything, or nothing beyond so many bytes.
struct Taker<'a> {
    file: &'a [u8],
    frames: Option<FramePlaces>,
    taken: RefCell<Vec<u8>>,
    largest: Cell<usize>,
    most: usize,
}

#[derive(Debug)]
enum Fault {
    Dicom(DicomError),
    Gone,
}

impl From<DicomError> for Fault {
    fn from(error: DicomError) -> Self {
        Self::Dicom(error)
    }
}

impl Rewriting for Taker<'_> {
    type Fault = Fault;

    fn coded(&self, index: u64) -> Result<Vec<u8>, Fault> {
        let places = self.frames.as_ref().unwrap();
        let range = places.range(index).unwrap();
        Ok(places.coded(&self.file[range.start as usize..range.end as usize])?)
    }

    fn decode<T>(&self, _: &ImageHeader, work: impl FnOnce() -> T) -> Result<T, Fault> {
        Ok(work())
    }

    fn take(&self, bytes: Vec<u8>) -> Result<(), Fault> {
        let mut taken = self.taken.borrow_mut();
        self.largest.set(self.largest.get().max(bytes.len()));
        taken.extend(bytes);
        if taken.len() > self.most { Err(Fault::Gone) } else { Ok(()) }
    }
}

fn written(file: &[u8], target: Target, most: usize) -> (Result<(), Fault>, Vec<u8>, usize) {
    let mut on_disk = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut on_disk, file).unwrap();
    let frames = outline(&on_disk).unwrap().frames;
    let taker = Taker { file, frames, taken: RefCell::default(), largest: Cell::new(0), most };
    let outcome = rewrite(Cursor::new(file), taker.frames.as_ref(), target, &taker);
    (outcome, taker.taken.into_inner(), taker.largest.get())
}

fn check(file: &File, target: Target, expected: &[Vec<u8>]) {
    let (outcome, bytes, _) = written(&file.bytes(), target, usize::MAX);
    outcome.unwrap();
    let expected = expected.concat();
    assert!(bytes == expected, "{}\n{}", bytes.escape_ascii(), expected.escape_ascii());
}

/// An element as implicit little endian has it.
fn implicit(tag: (u16, u16), value: &[u8]) -> Vec<u8> {
    [&tag.0.to_le_bytes(), &tag.1.to_le_bytes(), (value.len() as u32).to_le_bytes().as_slice(), value]
        .concat()
}

fn of_no_length(tag: (u16, u16)) -> Vec<u8> {
    [&tag.0.to_le_bytes()[..], &tag.1.to_le_bytes(), &[0xFF; 4]].concat()
}

/// As explicit little endian has it.
fn explicit(tag: (u16, u16), after_tag: &[u8]) -> Vec<u8> {
    [&tag.0.to_le_bytes(), &tag.1.to_le_bytes(), after_tag].concat()
}

/// A report: a sequence of known length in a private one, group lengths, something unknown, something long.
fn report() -> File {
    let text = explicit((0x0008, 0x0100), &short(b"SH", b"111 "));
    let within = explicit((0x0040, 0xA043), &long(b"SQ", &item(&text)));
    File::cine(1)
        .raw((0x0008, 0x0000), short(b"UL", &[9, 0, 0, 0]))
        .text((0x0008, 0x0016), b"UI", "1.2.840.10008.5.1.4.1.1.88.11\0")
        .raw((0x0033, 0x0010), short(b"LO", b"PEONY "))
        .raw((0x0033, 0x1001), short(b"DS", b"1.5\\-2"))
        .raw((0x0033, 0x1002), long(b"UN", &[1, 2, 3, 4]))
        .raw((0x0033, 0x1003), long(b"SQ", &[item(&within), item(&[])].concat()))
        .raw((0x0040, 0xA160), long(b"UT", &[b'x'; 70_000]))
        .without(PIXEL_DATA)
        .without(synthetic::NUMBER_OF_FRAMES)
        .without(synthetic::FRAME_TIME)
}

/// The elements of a picture of that file before its pixels, without the two that were taken away.
fn header() -> Vec<Vec<u8>> {
    let word = |tag, value: u16| implicit(tag, &value.to_le_bytes());
    vec![
        word((0x0028, 0x0002), 1),
        implicit((0x0028, 0x0004), b"MONOCHROME2 "),
        word((0x0028, 0x0010), 3),
        word((0x0028, 0x0011), 4),
        word((0x0028, 0x0100), 8),
        word((0x0028, 0x0101), 8),
        word((0x0028, 0x0102), 7),
    ]
}

#[test]
fn every_value_stands_in_implicit_as_it_stood() {
    let item_begins = of_no_length((0xFFFE, 0xE000));
    let mut expected = vec![
        implicit((0x0008, 0x0016), b"1.2.840.10008.5.1.4.1.1.88.11\0"),
        implicit((0x0008, 0x0060), b"US"),
    ];
    expected.extend(header());
    expected.extend([
        implicit((0x0033, 0x0010), b"PEONY "),
        implicit((0x0033, 0x1001), b"1.5\\-2"),
        implicit((0x0033, 0x1002), &[1, 2, 3, 4]),
        of_no_length((0x0033, 0x1003)),
        item_begins.clone(),
        of_no_length((0x0040, 0xA043)),
        item_begins.clone(),
        implicit((0x0008, 0x0100), b"111 "),
        ITEM_END.to_vec(),
        SEQUENCE_END.to_vec(),
        ITEM_END.to_vec(),
        item_begins,
        ITEM_END.to_vec(),
        SEQUENCE_END.to_vec(),
        implicit((0x0040, 0xA160), &[b'x'; 70_000]),
    ]);
    check(&report(), Target::ImplicitLittle, &expected);
}

/// Run lengths of twelve samples from `first` on.
fn runs(first: u8) -> Vec<u8> {
    let mut coded = vec![0; 64];
    (coded[0], coded[4]) = (1, 64);
    coded.push(11);
    coded.extend(first..first + 12);
    coded.push(0x80);
    coded
}

#[test]
fn frames_lie_one_after_the_other_in_both() {
    let file = File::cine(2).syntax(RLE).encapsulated(&[&runs(1), &runs(100)]);
    let samples: Vec<u8> = (1..13).chain(100..112).collect();
    let mut expected = vec![implicit((0x0008, 0x0060), b"US"), implicit((0x0018, 0x1063), b"40")];
    let mut image = header();
    image.insert(2, implicit((0x0028, 0x0008), b"2 "));
    expected.extend(image);
    expected.push(implicit(PIXEL_DATA, &samples));
    check(&file, Target::ImplicitLittle, &expected);

    let (outcome, bytes, _) = written(&file.bytes(), Target::ExplicitLittle, usize::MAX);
    outcome.unwrap();
    let tail = explicit(PIXEL_DATA, &long(b"OB", &samples));
    assert!(bytes.ends_with(&tail), "{}", bytes.escape_ascii());
}

#[test]
fn what_is_not_decoded_or_not_wanted_ends_at_once() {
    let damaged = File::cine(2).syntax(RLE).encapsulated(&[&runs(1)[..70], &runs(100)]);
    let (outcome, bytes, _) = written(&damaged.bytes(), Target::ImplicitLittle, usize::MAX);
    assert!(matches!(outcome, Err(Fault::Dicom(DicomError::Coded { .. }))), "{outcome:?}");
    assert!(bytes.is_empty(), "the first frame is decoded before anything is written");

    let fewer = File::cine(3).syntax(RLE).encapsulated(&[&runs(1), &runs(100)]);
    let (outcome, bytes, _) = written(&fewer.bytes(), Target::ImplicitLittle, usize::MAX);
    assert!(matches!(outcome, Err(Fault::Dicom(DicomError::Unsupported(_)))), "{outcome:?}");
    assert!(bytes.is_empty(), "it says three frames and has two");

    let large = report().raw((0x0040, 0xA160), long(b"UT", &vec![b'x'; 5 << 20])).bytes();
    let (outcome, bytes, largest) = written(&large, Target::ImplicitLittle, 1);
    assert!(matches!(outcome, Err(Fault::Gone)), "{outcome:?}");
    assert!(bytes.len() == largest && largest <= 512 << 10, "{largest} bytes at a time");
}

#[test]
fn what_is_deflated_comes_out() {
    let plain = report();
    let bytes = plain.bytes();
    let start = 128 + 4 + synthetic::meta(plain.syntax).len();
    let mut deflated = bytes[..132].to_vec();
    deflated.extend(synthetic::meta(DEFLATED));
    let mut encoder = flate2::write::DeflateEncoder::new(deflated, flate2::Compression::default());
    std::io::Write::write_all(&mut encoder, &bytes[start..]).unwrap();
    let (outcome, from_deflated, _) = written(&encoder.finish().unwrap(), Target::ImplicitLittle, usize::MAX);
    outcome.unwrap();
    assert!(from_deflated == written(&bytes, Target::ImplicitLittle, usize::MAX).1);
}

/// Smallest pixel value and a look-up table's descriptor, "US or SS": below nought where the samples are signed.
#[test]
fn what_stands_for_a_sample_is_signed_where_the_samples_are() {
    let below = |vr: &[u8; 2]| short(vr, &(-7_i16).to_le_bytes());
    let picture = |signed: u8| {
        let file = File::cine(1)
            .raw((0x0028, 0x0103), short(b"US", &[signed, 0]))
            .raw((0x0028, 0x0106), below(b"SS"));
        let (outcome, bytes, _) = written(&file.bytes(), Target::ImplicitLittle, usize::MAX);
        outcome.unwrap();
        let implicit = [&[0; 128], &b"DICM"[..], &synthetic::meta("1.2.840.10008.1.2"), &bytes].concat();
        let (outcome, bytes, _) = written(&implicit, Target::ExplicitLittle, usize::MAX);
        outcome.unwrap();
        bytes
    };
    let has = |bytes: &[u8], vr: &[u8; 2]| {
        let wanted = explicit((0x0028, 0x0106), &below(vr));
        bytes.windows(wanted.len()).any(|part| part == wanted)
    };
    let [signed, unsigned] = [picture(1), picture(0)];
    assert!(has(&signed, b"SS") && !has(&signed, b"US"));
    assert!(has(&unsigned, b"US") && !has(&unsigned, b"SS"));
}

#[test]
fn a_compressed_icon_is_left_out_and_a_plain_one_stays() {
    let icon = |pixels: Vec<u8>| {
        let columns = explicit((0x0028, 0x0011), &short(b"US", &[2, 0]));
        long(b"SQ", &item(&[columns, pixels].concat()))
    };
    let plain = explicit(PIXEL_DATA, &long(b"OB", &[5, 6, 7, 8]));
    let fragment = [&[0xFE, 0xFF, 0x00, 0xE0, 4, 0, 0, 0][..], &[1, 2, 3, 4]].concat();
    let table = [0xFE, 0xFF, 0x00, 0xE0, 0, 0, 0, 0];
    let undefined = [&b"OB\0\0"[..], &[0xFF; 4], &table, &fragment, &SEQUENCE_END].concat();
    let compressed = explicit(PIXEL_DATA, &undefined);
    for (pixels, stays) in [(plain, true), (compressed, false)] {
        let file = File::cine(1).syntax(RLE).raw((0x0088, 0x0200), icon(pixels)).encapsulated(&[&runs(1)]);
        let (outcome, bytes, _) = written(&file.bytes(), Target::ImplicitLittle, usize::MAX);
        outcome.unwrap();
        let sequence = of_no_length((0x0088, 0x0200));
        assert_eq!(bytes.windows(8).any(|part| part == sequence), stays);
        let samples: Vec<u8> = (1..13).collect();
        assert!(bytes.ends_with(&implicit(PIXEL_DATA, &samples)), "{}", bytes.escape_ascii());
    }
}

/// A maker's thumbnail, alone in its sequence or within another, which keeps the rest of it; and one in a sequence of which more was handed on than is
/// held back.
#[test]
fn a_sequence_with_a_compressed_picture_is_left_out_wherever_it_is() {
    let fragment = [&[0xFE, 0xFF, 0x00, 0xE0, 4, 0, 0, 0][..], &[1, 2, 3, 4]].concat();
    let table = [0xFE, 0xFF, 0x00, 0xE0, 0, 0, 0, 0];
    let undefined = [&b"OB\0\0"[..], &[0xFF; 4], &table, &fragment, &SEQUENCE_END].concat();
    let columns = explicit((0x0028, 0x0011), &short(b"US", &[2, 0]));
    let thumbnail = long(b"SQ", &item(&[columns.clone(), explicit(PIXEL_DATA, &undefined)].concat()));
    let around = |before: Vec<u8>| {
        long(b"SQ", &item(&[before, explicit((0x0009, 0x1002), &thumbnail), columns.clone()].concat()))
    };
    let filler = |length: usize| explicit((0x0009, 0x1001), &long(b"OB", &vec![7; length]));
    let rest = implicit((0x0028, 0x0011), &[2, 0]);
    for (sequence, left_out, kept) in [
        (thumbnail.clone(), (0x0009, 0x1000), None),
        (around(vec![]), (0x0009, 0x1002), Some(&rest)),
        (around(filler(600 << 10)), (0x0009, 0x1002), Some(&rest)),
    ] {
        let file = File::cine(1).syntax(RLE).raw((0x0009, 0x1000), sequence).encapsulated(&[&runs(1)]);
        let (outcome, bytes, _) = written(&file.bytes(), Target::ImplicitLittle, usize::MAX);
        outcome.unwrap();
        let has = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
        assert!(!has(&of_no_length(left_out)));
        assert!(
            kept.is_none_or(|kept| has(&[kept.as_slice(), &of_no_length((0xFFFE, 0xE00D))[..4]].concat()))
        );
        let samples: Vec<u8> = (1..13).collect();
        assert!(bytes.ends_with(&implicit(PIXEL_DATA, &samples)), "{}", bytes.len());
    }
}

/// What is left out may itself be longer than what is held back: nothing of it is handed on, nor more of it in memory, wherever the rest lies. Where its
/// beginning was handed on before the picture came, it cannot be left out any more.
#[test]
fn a_sequence_that_is_left_out_may_be_longer_than_what_is_held() {
    const LONG: usize = 3 << 20;
    let fragment = [&[0xFE, 0xFF, 0x00, 0xE0, 4, 0, 0, 0][..], &[1, 2, 3, 4]].concat();
    let table = [0xFE, 0xFF, 0x00, 0xE0, 0, 0, 0, 0];
    let undefined = [&b"OB\0\0"[..], &[0xFF; 4], &table, &fragment, &SEQUENCE_END].concat();
    let picture = explicit(PIXEL_DATA, &undefined);
    let filler = |group| explicit((group, 0x1001), &long(b"OB", &vec![7; LONG]));
    let sequence = |parts: &[&[u8]]| long(b"SQ", &item(&parts.concat()));
    let columns = explicit((0x0028, 0x0011), &short(b"US", &[2, 0]));
    // The rest of it behind the picture, alone, in an item of its own and in a sequence of its own.
    let behind = sequence(&[&picture, &filler(0x7FE1)]);
    let in_turn = long(b"SQ", &[item(&picture), item(&filler(0x0009))].concat());
    let deeper = sequence(&[&picture, &explicit((0x7FE1, 0x1002), &sequence(&[&filler(0x0009)]))]);
    for left_out in [behind, in_turn, deeper] {
        let around = sequence(&[&explicit((0x0009, 0x1002), &left_out), &columns]);
        for (sequence, stays) in [(left_out, false), (around, true)] {
            let file = File::cine(1).syntax(RLE).raw((0x0009, 0x1000), sequence).encapsulated(&[&runs(1)]);
            let (outcome, bytes, largest) = written(&file.bytes(), Target::ImplicitLittle, usize::MAX);
            outcome.unwrap();
            assert!(bytes.len() < 64 << 10 && largest < 64 << 10, "{} {largest}", bytes.len());
            let has = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
            assert_eq!(has(&of_no_length((0x0009, 0x1000))), stays);
            assert!(!has(&of_no_length((0x0009, 0x1002))) && !has(&[7; 8]));
            let samples: Vec<u8> = (1..13).collect();
            assert!(bytes.ends_with(&implicit(PIXEL_DATA, &samples)), "{}", bytes.len());
        }
    }
    let before = sequence(&[&filler(0x0009), &picture]);
    let file = File::cine(1).syntax(RLE).raw((0x0009, 0x1000), before).encapsulated(&[&runs(1)]);
    let (outcome, bytes, _) = written(&file.bytes(), Target::ImplicitLittle, usize::MAX);
    assert!(matches!(outcome, Err(Fault::Dicom(DicomError::Unsupported(_)))), "{outcome:?}");
    let samples: Vec<u8> = (1..13).collect();
    assert!(!bytes.ends_with(&implicit(PIXEL_DATA, &samples)), "nobody takes half for all");
}

const RUNS: Target = Target::Compressed(Lossless::Rle);

/// Native and coded pictures alike: each frame one fragment of an even length, after a table without offsets.
#[test]
fn frames_that_are_coded_are_a_fragment_each() {
    let samples: Vec<u8> = (0..24).collect();
    let frame = |first: u8| {
        let row = |first: u8| [&[3][..], &[first, first + 1, first + 2, first + 3]].concat();
        let mut segment = [row(first), row(first + 4), row(first + 8)].concat();
        segment.push(0);
        let mut coded = vec![0; 64];
        (coded[0], coded[4]) = (1, 64);
        [coded, segment].concat()
    };
    let fragments: Vec<u8> = [vec![], frame(0), frame(12)].iter().flat_map(|value| item(value)).collect();
    let undefined = [&b"OB\0\0\xFF\xFF\xFF\xFF"[..], &fragments, &SEQUENCE_END].concat();
    let word = |tag, value: u8| explicit(tag, &short(b"US", &[value, 0]));
    let expected = [
        explicit((0x0008, 0x0060), &short(b"CS", b"US")),
        explicit((0x0018, 0x1063), &short(b"DS", b"40")),
        word((0x0028, 0x0002), 1),
        explicit((0x0028, 0x0004), &short(b"CS", b"MONOCHROME2 ")),
        explicit((0x0028, 0x0008), &short(b"IS", b"2 ")),
        word((0x0028, 0x0010), 3),
        word((0x0028, 0x0011), 4),
        word((0x0028, 0x0100), 8),
        word((0x0028, 0x0101), 8),
        word((0x0028, 0x0102), 7),
        explicit(PIXEL_DATA, &undefined),
    ];
    check(&File::cine(2), RUNS, &expected);
    // The same out of other runs, and out of what has places of its own: they are others now.
    let places = [[0_u64, 86], [78, 78]].map(|places| places.map(u64::to_le_bytes));
    let coded = File::cine(2)
        .syntax(RLE)
        .raw((0x7FE0, 0x0001), long(b"OV", &places[0].concat()))
        .raw((0x7FE0, 0x0002), long(b"OV", &places[1].concat()))
        .encapsulated(&[&runs(0), &runs(12)]);
    check(&coded, RUNS, &expected);
    // And back.
    let file = [&[0; 128], &b"DICM"[..], &synthetic::meta(RLE), &expected.concat()].concat();
    let (outcome, bytes, _) = written(&file, Target::ExplicitLittle, usize::MAX);
    outcome.unwrap();
    assert!(bytes.ends_with(&explicit(PIXEL_DATA, &long(b"OB", &samples))));
}

/// What the Image Pixel module of `file` says when it is written so: photometric interpretation, planar configuration, high bit.
fn module(file: &File, target: Target) -> (String, Option<u16>, u16) {
    let (outcome, bytes, _) = written(&file.bytes(), target, usize::MAX);
    outcome.unwrap();
    let bytes = [&[0; 128], &b"DICM"[..], &synthetic::meta(target.uid()), &bytes].concat();
    let mut on_disk = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut on_disk, &bytes).unwrap();
    let data_set = Elements::open(on_disk).unwrap();
    let (mut photometric, mut planar, mut high_bit) = (String::new(), None, 0);
    let walked = data_set.walk(|step| {
        if let Step::Element { tag, value, .. } = step {
            let bytes = data_set.bytes(value, 1 << 20).unwrap();
            let word = || u16::from_le_bytes([bytes[0], bytes[1]]);
            match (tag.group(), tag.element()) {
                (0x0028, 0x0004) => photometric = String::from_utf8_lossy(&bytes).trim().to_owned(),
                (0x0028, 0x0006) => planar = Some(word()),
                (0x0028, 0x0102) => high_bit = word(),
                _ => {}
            }
        }
        Ok(())
    });
    walked.unwrap();
    (photometric, planar, high_bit)
}

#[test]
fn the_image_pixel_module_says_how_the_samples_are_coded() {
    let xl = Target::Compressed(Lossless::JpegXl);
    let colour = |photometric: &str, planar: u16, bytes: usize| {
        let file =
            File::cine(1).words(synthetic::SAMPLES, &[3]).text(synthetic::PHOTOMETRIC, b"CS", photometric);
        file.words((0x0028, 0x0006), &[planar]).native(&vec![90; bytes])
    };
    let says = |text: &str, planar| (text.to_owned(), planar, 7);
    for planar in [0, 1] {
        let rgb = colour("RGB", planar, 36);
        assert_eq!(module(&rgb, RUNS), says("RGB", Some(1)));
        assert_eq!(module(&rgb, xl), says("RGB", Some(0)));
        let ybr = colour("YBR_FULL", planar, 36);
        assert_eq!(module(&ybr, RUNS), says("YBR_FULL", Some(1)));
    }
    assert_eq!(module(&colour("YBR_FULL_422", 0, 24), RUNS), says("YBR_FULL", Some(1)));
    assert_eq!(module(&File::cine(1), RUNS), says("MONOCHROME2", None));
    // Ten bits that lie high in their cells lie low in what is decoded of them.
    let high = File::cine(1)
        .words(synthetic::BITS_ALLOCATED, &[16])
        .words(synthetic::BITS_STORED, &[10])
        .words(synthetic::HIGH_BIT, &[15])
        .native(&[0x40; 24]);
    let coded = Target::Compressed(Lossless::JpegLs);
    assert_eq!(module(&high, coded), ("MONOCHROME2".into(), None, 9));
}

#[test]
fn what_cannot_be_coded_is_refused_before_anything_is_written() {
    let refused = |file: &File, target| {
        let (outcome, bytes, _) = written(&file.bytes(), target, usize::MAX);
        let Err(Fault::Dicom(error @ DicomError::NotWritten { .. })) = outcome else {
            panic!("{outcome:?}");
        };
        assert!(bytes.is_empty(), "{error}");
        error.to_string()
    };
    assert_eq!(refused(&report(), RUNS), "what has no frames is not written in RLE");
    let colour = File::cine(1)
        .words(synthetic::SAMPLES, &[3])
        .text(synthetic::PHOTOMETRIC, b"CS", "RGB")
        .native(&[1; 36]);
    let jpeg_ls = Target::Compressed(Lossless::JpegLs);
    assert_eq!(refused(&colour, jpeg_ls), "colour is not written in JPEG-LS");
    // The overlay is in bits of the cells that no frame of runs would have.
    let marked = File::cine(1)
        .words(synthetic::BITS_STORED, &[6])
        .words(synthetic::HIGH_BIT, &[5])
        .words((0x6000, 0x0100), &[8])
        .words((0x6000, 0x0102), &[7]);
    assert_eq!(refused(&marked, RUNS), "an overlay among samples is not written in RLE");
    let beside = marked.words((0x6000, 0x0100), &[1]).words((0x6000, 0x0102), &[0]);
    assert!(written(&beside.bytes(), RUNS, usize::MAX).0.is_ok());
}
