//! Bad input: one clear line each, and never a panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test may.

mod synthetic;

use peony_dicom::{DicomError, limits, open, open_bytes};
use synthetic::{
    BITS_ALLOCATED, BITS_STORED, COLUMNS, EXPLICIT, File, HIGH_BIT, JPEG, MODALITY, NUMBER_OF_FRAMES,
    PHOTOMETRIC, PIXEL_DATA, RLE, ROWS, SAMPLES, SEQUENCE_END, item, long, meta, short,
};

/// The line that a file which cannot be opened gives.
fn check(name: &str, bytes: Vec<u8>, expect: &str) {
    match open_bytes(bytes) {
        Ok(cine) => panic!("{name} was read: {cine:?}"),
        Err(error) => assert_eq!(error.to_string(), expect, "{name}"),
    }
}

/// The line that the first frame of a file which can be opened gives.
fn check_frame(name: &str, bytes: Vec<u8>, expect: &str) {
    let cine = open_bytes(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
    match cine.frame(0) {
        Ok(_) => panic!("{name} was decoded"),
        Err(error) => assert_eq!(error.to_string(), expect, "{name}"),
    }
}

#[test]
fn what_is_not_dicom_is_said_so() {
    let not =
        |length| format!("not a DICOM file: its {length} bytes do not hold the letters DICM at byte 128");
    check("empty", vec![], &not(0));
    check("text", b"a letter".repeat(100), &not(800));
    check("127 bytes", vec![0; 127], &not(127));
    let only_prefix = [vec![0; 128], b"DICM".to_vec()].concat();
    check(
        "prefix",
        only_prefix,
        "the file is cut off: file meta information at byte 132 needs 8 bytes, 0 are left",
    );
    assert!(matches!(open("no/such/file.dcm"), Err(DicomError::Io(_))));
}

#[test]
fn a_file_cut_anywhere_is_an_error() {
    let whole = [
        File::cine(2).regions(&[(1, [0, 0, 3, 2], 3, 0.01)]).bytes(),
        File::cine(2).syntax(RLE).encapsulated(&[&[0; 70], &[1; 70]]).bytes(),
    ];
    for bytes in whole {
        for length in 0..bytes.len() {
            let error = open_bytes(bytes[..length].to_vec()).expect_err(&format!("cut at {length}"));
            let clear = matches!(
                error,
                DicomError::NotDicom { .. } | DicomError::Truncated { .. } | DicomError::NoPixelData
            );
            assert!(clear, "cut at {length}: {error}");
        }
    }
}

/// A data set of sequences of undefined length in each other.
fn nested(depth: usize, vr: &[u8]) -> Vec<u8> {
    let opening = [&[0x18, 0x00, 0x11, 0x60], vr, &[0xFF; 4], &[0xFE, 0xFF, 0x00, 0xE0], &[0xFF; 4]].concat();
    opening.repeat(depth)
}

#[test]
fn sequences_nested_100_000_deep_are_refused() {
    let file = |syntax, data_set| [vec![0; 128], b"DICM".to_vec(), meta(syntax), data_set].concat();
    let line = |at| format!("sequences nested deeper than 64 at byte {at}");
    check("explicit", file(EXPLICIT, nested(100_000, b"SQ\0\0")), &line(160 + 64 * 20 + 12));
    check("implicit", file("1.2.840.10008.1.2", nested(100_000, b"")), &line(158 + 64 * 16 + 8));
    // The content of an unknown element is implicit little endian, so only the first has a value representation.
    let unknown = [nested(1, b"UN\0\0"), nested(100_000, b"")].concat();
    check("unknown", file(EXPLICIT, unknown), &line(160 + 20 + 63 * 16 + 8));
    // Each sequence says how long it is; the innermost is written first.
    let mut defined = Vec::new();
    for _ in 0..100 {
        defined = [vec![0x18, 0x00, 0x11, 0x60], long(b"SQ", &item(&defined))].concat();
    }
    check("defined", file(EXPLICIT, defined), &line(160 + 64 * 20 + 12));
}

#[test]
fn numbers_past_their_limits_are_refused_before_anything_is_allocated() {
    let sized = |rows, columns| File::cine(1).words(ROWS, &[rows]).words(COLUMNS, &[columns]).bytes();
    check("12,000 × 12,000", sized(12_000, 12_000), "Rows × Columns is 144000000, the limit is 48000000");
    check("no rows", sized(0, 4), "Rows (0028,0010) is 0, allowed: 1 to 65535");
    check("no columns", sized(3, 0), "Columns (0028,0011) is 0, allowed: 1 to 65535");
    let frames = |text| File::cine(1).text(NUMBER_OF_FRAMES, b"IS", text).bytes();
    check("frames", frames("999999999"), "Number of Frames is 999999999, the limit is 200000");
    let long_and_large =
        File::cine(1).words(ROWS, &[4000]).words(COLUMNS, &[4000]).text(NUMBER_OF_FRAMES, b"IS", "200000");
    check(
        "cine",
        long_and_large.bytes(),
        "the length of all frames in bytes is 3200000000000, the limit is 68719476736",
    );
}

#[test]
fn a_file_past_the_limit_is_refused_before_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.dcm");
    // Sparse: it has a length and takes no room.
    std::fs::File::create(&path).unwrap().set_len(limits::FILE_BYTES + 1).unwrap();
    let error = open(&path).unwrap_err().to_string();
    assert_eq!(error, "the length of the file in bytes is 1073741825, the limit is 1073741824");
}

#[test]
fn a_coded_frame_past_the_limit_is_refused_before_it_is_joined() {
    let half = vec![0; limits::FRAME_CODED_BYTES as usize / 2 + 2];
    let file = File::cine(1).syntax(JPEG).encapsulated(&[&half, &half]);
    let line = "the length of a coded frame in bytes is 100663300, the limit is 100663296";
    check_frame("two halves", file.bytes(), line);
}

#[test]
fn a_contradicting_header_is_refused() {
    let with = |tag, value| File::cine(1).words(tag, &[value]).bytes();
    check("12 bits", with(BITS_ALLOCATED, 12), "Bits Allocated (0028,0100) is 12, allowed: 8 or 16");
    check("stored", with(BITS_STORED, 9), "Bits Stored (0028,0101) is 9, allowed: 1 to Bits Allocated");
    check(
        "high",
        with(HIGH_BIT, 8),
        "High Bit (0028,0102) is 8, allowed: Bits Stored - 1 to Bits Allocated - 1",
    );
    check("samples", with(SAMPLES, 2), "Samples per Pixel (0028,0002) is 2, allowed: 1 or 3");
    let grey3 = "Samples per Pixel (0028,0002) is 3, allowed: 1 for a grey picture or a palette";
    check("grey of three", with(SAMPLES, 3), grey3);
    check("no rows", File::cine(1).without(ROWS).bytes(), "Rows (0028,0010) is missing or unreadable");
    let strange = File::cine(1).text(PHOTOMETRIC, b"CS", "HSV").bytes();
    check("photometric", strange, "this Photometric Interpretation (0028,0004) is not read");
    let palette = File::cine(1).text(PHOTOMETRIC, b"CS", "PALETTE COLOR").bytes();
    let missing = "Red Palette Color Lookup Table Descriptor (0028,1101) is missing or unreadable";
    check("palette", palette, missing);
    check("report", File::cine(1).without(PIXEL_DATA).bytes(), "the object holds no pixel data");
}

#[test]
fn transfer_syntaxes_that_are_not_read_are_named() {
    let with = |syntax| File::cine(1).syntax(syntax).bytes();
    check(
        "video",
        with("1.2.840.10008.1.2.4.102"),
        "transfer syntax 1.2.840.10008.1.2.4.102 is not read (video)",
    );
    check("private", with("1.2.3.4"), "transfer syntax 1.2.3.4 is not read");
    // A UID may hold anything; only what a UID is made of comes back out.
    check("a name", with("Doe^Jane 1.2"), "transfer syntax 1.2 is not read");
}

#[test]
fn damaged_structure_is_refused() {
    let whole = File::cine(1).bytes();
    let longer = File::cine(1).raw(PIXEL_DATA, b"OB\0\0\x00\x00\x01\x00abcd".to_vec());
    let at = whole.len() - 12;
    let cut =
        format!("the file is cut off: the value of an element at byte {at} needs 65536 bytes, 4 are left");
    check("lying length", longer.bytes(), &cut);
    let sequence = |value: &[u8]| File::cine(1).raw((0x0018, 0x6011), long(b"SQ", value)).bytes();
    let error_of = |bytes| open_bytes(bytes).unwrap_err().to_string();
    let damaged = |bytes, what: &str| {
        let line = error_of(bytes);
        assert!(line.starts_with("damaged DICOM at byte ") && line.ends_with(what), "{line}");
    };
    let not_an_item = [0x18, 0x00, 0x14, 0x60, 4, 0, 0, 0, 0, 0, 0, 0];
    damaged(sequence(&not_an_item), "a sequence holds something that is not an item");
    let long_item = [&[0xFE, 0xFF, 0x00, 0xE0, 100, 0, 0, 0], [0; 4].as_slice()].concat();
    damaged(sequence(&long_item), "an element reaches past the end of its sequence item");
    let long_element = item(&[&[0x18, 0x00, 0x14, 0x60], b"US".as_slice(), &[40, 0, 0, 0]].concat());
    damaged(sequence(&long_element), "an element reaches past the end of its sequence item");
    let stray = File::cine(1).raw((0xFFFE, 0xE00D), vec![0; 4]);
    damaged(stray.bytes(), "an item or delimiter outside a sequence");
    let endless =
        File::cine(1).raw(PIXEL_DATA, b"OB\0\0\xFF\xFF\xFF\xFF\xFE\xFF\x00\xE0\xFF\xFF\xFF\xFF".to_vec());
    damaged(endless.bytes(), "a fragment of undefined length");
    let bare = [b"OB\0\0\xFF\xFF\xFF\xFF".as_slice(), &SEQUENCE_END].concat();
    damaged(File::cine(1).raw(PIXEL_DATA, bare).bytes(), "encapsulated pixel data without an offset table");
    let undefined = File::cine(1).raw((0x0018, 0x0010), b"UT\0\0\xFF\xFF\xFF\xFF".to_vec());
    damaged(undefined.bytes(), "an undefined length where none is allowed");
    let deflated = File::cine(1).syntax("1.2.840.10008.1.2.1.99");
    damaged(deflated.bytes(), "the deflated data set does not inflate");
}

#[test]
fn pixel_data_that_is_not_there_is_said_so() {
    check(
        "short",
        File::cine(1).native(&[1, 2, 3, 4]).bytes(),
        "the pixel data holds 4 bytes, one frame needs 12",
    );
    let none = File::cine(1).syntax(RLE).encapsulated(&[]);
    check("no fragments", none.bytes(), "the pixel data holds 0 bytes, one frame needs 1");
    let at = File::cine(1).syntax(JPEG).bytes().len() - 12;
    let line = format!("damaged DICOM at byte {at}: compressed pixel data without fragments");
    check("native JPEG", File::cine(1).syntax(JPEG).bytes(), &line);
}

#[test]
fn a_damaged_frame_is_an_error_in_its_place() {
    let rle = |frame: &[u8]| File::cine(1).syntax(RLE).encapsulated(&[frame]).bytes();
    check_frame("empty", rle(&[]), "RLE: no room for the header of 64 bytes");
    let header = |segments: u32, start: u32| {
        let mut header = [0; 64];
        header[..4].copy_from_slice(&segments.to_le_bytes());
        header[4..8].copy_from_slice(&start.to_le_bytes());
        header.to_vec()
    };
    check_frame("segments", rle(&header(3, 64)), "RLE: the coded picture has segments 3, the header says 1");
    check_frame("outside", rle(&header(1, 1000)), "RLE: a segment lies outside the frame");
    check_frame("in the header", rle(&header(1, 4)), "RLE: a segment lies outside the frame");
    check_frame("short", rle(&header(1, 64)), "RLE: a segment ends before its plane is full");

    // 16 × 12 pixels, coded; the header says 4 × 3.
    let seed = |path: &str| {
        let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/");
        std::fs::read(format!("{seeds}{path}")).unwrap()[4..].to_vec()
    };
    for (syntax, path, codec) in [
        (JPEG, "pixels_jpeg/grey", "JPEG"),
        ("1.2.840.10008.1.2.4.90", "pixels_jpeg2000/grey", "JPEG 2000"),
        ("1.2.840.10008.1.2.4.110", "pixels_jpegxl/grey", "JPEG XL"),
    ] {
        let file = File::cine(1).syntax(syntax).encapsulated(&[&seed(path)]).bytes();
        check_frame(path, file, &format!("{codec}: the coded picture has columns 16, the header says 4"));
    }
    // Between two good frames the damaged one is the only error.
    let good = [header(1, 64), vec![11, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]].concat();
    let three = File::cine(3).syntax(RLE).encapsulated(&[&good, &[], &good]);
    let frames: Vec<bool> = open_bytes(three.bytes()).unwrap().frames().map(|frame| frame.is_ok()).collect();
    assert_eq!(frames, [true, false, true]);
}

/// Found by fuzzing: preset parameters let the error statistics of `pure_jpegls` 2.0.0 overflow (`update_stats` in
/// its `context.rs`), which panics where overflow is checked. The panic must cost the frame and nothing else.
#[test]
fn jpeg_ls_overflow_in_error_statistics_costs_one_frame() {
    let seed =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/pixels_jpegls/overflow_in_error_statistics");
    let coded = std::fs::read(seed).unwrap()[4..].to_vec();
    let sized = File::cine(1).words(ROWS, &[12]).words(COLUMNS, &[16]).words(BITS_ALLOCATED, &[8]);
    let file = sized.syntax("1.2.840.10008.1.2.4.80").encapsulated(&[&coded]).bytes();
    let frame = open_bytes(file).unwrap().frame(0);
    if cfg!(debug_assertions) {
        assert_eq!(frame.unwrap_err().to_string(), "JPEG-LS: the decoder gave up on damaged data");
    }
}

/// Other parsers have their own ideas of what an unknown value representation holds.
#[test]
fn unknown_vr_of_a_sequence_reaches_no_other_parser() {
    let regions = (0x0018, 0x6011);
    let element = [&[0x18, 0x00, 0x14, 0x60], short(b"US", &[1, 0]).as_slice()].concat();
    for vr in [b"UN", b"SP", b"SQ"] {
        let file = File::cine(1).raw(regions, long(vr, &item(&element))).bytes();
        let scan = peony_dicom::scan::scan(file.clone()).unwrap();
        let handed_on = scan
            .header
            .iter()
            .any(|element| scan.bytes[element.clone()].starts_with(&[0x18, 0x00, 0x11, 0x60]));
        assert!(!handed_on, "{vr:?}");
        assert_eq!(scan.regions.len(), usize::from(vr == b"SQ"), "{vr:?}");
        assert_eq!(*open_bytes(file).unwrap().spacing(), peony_model::Spacing::Unknown, "{vr:?}");
    }
}

/// dicom-rs makes a string of every value between two backslashes: 24 bytes of each byte, in each region.
#[test]
fn a_long_element_of_a_region_reaches_no_other_parser() {
    let long_text = [&[0x18, 0x00, 0x16, 0x60], long(b"UC", &[b'\\'; 300]).as_slice()].concat();
    let file = File::cine(1).raw((0x0018, 0x6011), long(b"SQ", &item(&long_text)));
    let cine = open_bytes(file.bytes()).unwrap();
    let said: Vec<String> = cine.issues().iter().map(ToString::to_string).collect();
    let passed_over = "(0018,6016) with 300 bytes was passed over, the limit is 256";
    assert_eq!(said, [passed_over, "ultrasound region 0 was left out: its location is missing"]);
}

/// Found by fuzzing: dicom-rs reads 301 words of a US of 603 bytes and took the last byte and what followed for the
/// header of an element of 670 MB, which it allocated.
#[test]
fn odd_length_of_words_does_not_shift_what_follows() {
    let file = File::cine(1).raw((0x0028, 0x0103), short(b"US", &[0; 3]));
    let cine = open_bytes(file.bytes()).unwrap();
    assert_eq!((cine.frame_count(), cine.size_px()), (1, [4, 3]));
}

#[test]
fn no_text_of_the_file_is_in_an_error_or_in_the_debug_form() {
    let secret = "QUUX ZED";
    for tag in [MODALITY, NUMBER_OF_FRAMES, PHOTOMETRIC, (0x0028, 0x0030), (0x0010, 0x0010)] {
        let file = File::cine(1)
            .text((0x0010, 0x0010), b"PN", secret)
            .raw(tag, short(b"LO", secret.to_lowercase().as_bytes()));
        let said = match open_bytes(file.bytes()) {
            Ok(cine) => {
                format!("{cine:?} {:?}", cine.issues().iter().map(ToString::to_string).collect::<Vec<_>>())
            }
            Err(error) => format!("{error} {error:?}"),
        };
        assert!(!said.to_uppercase().contains("QUUX"), "{tag:?}: {said}");
    }
}
