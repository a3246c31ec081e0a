//! Presentation states made in the test.

#![allow(clippy::unwrap_used, reason = "a check function of a test fails as the test does")]

use std::io::Cursor;

use peony_dicom::pixels::{ImageHeader, Photometric, SampleOrder};
use peony_dicom::presentation::{
    Area, COLOUR_STATE, GREY_STATE, Ink, PresentationState, Shape, Shutter, Side, Units,
};
use peony_dicom::{Attribute, Attributes, DicomError, Encoding, Tag, VR, vr_of, write_data_set};

/// Elements by eight digits of their tags; values with backslashes between.
fn set<const N: usize>(elements: [(u32, &str); N]) -> Attributes {
    let read = |(tag, values): (u32, &str)| {
        let tag = Tag((tag >> 16) as u16, tag as u16);
        let values = values.split('\\').map(str::to_owned).collect();
        // Words are not written, which a table may be.
        let vr = if tag == Tag(0x0028, 0x3006) { VR::US } else { vr_of(tag) };
        (tag, Attribute { vr, values, items: Vec::new() })
    };
    elements.map(read).into_iter().collect()
}

fn with(mut around: Attributes, sequence: u32, items: Vec<Attributes>) -> Attributes {
    let tag = Tag((sequence >> 16) as u16, sequence as u16);
    around.insert(tag, Attribute { vr: VR::SQ, values: Vec::new(), items });
    around
}

fn image(uid: &str) -> Attributes {
    set([(0x0008_1155, uid)])
}

/// A grey state for the picture 1.2.3.
fn state() -> Attributes {
    let series = with(set([(0x0020_000E, "1.2")]), 0x0008_1140, vec![image("1.2.3")]);
    with(set([(0x0008_0016, GREY_STATE), (0x2050_0020, "IDENTITY")]), 0x0008_1115, vec![series])
}

fn file(state: &Attributes, encoding: Encoding) -> Vec<u8> {
    let syntax: &[u8] = match encoding {
        Encoding::ImplicitLittle => b"1.2.840.10008.1.2\0",
        _ => b"1.2.840.10008.1.2.1\0",
    };
    let mut file = vec![0; 128];
    file.extend(b"DICM\x02\0\x10\0UI");
    file.extend((syntax.len() as u16).to_le_bytes());
    file.extend(syntax);
    file.extend(write_data_set(state, encoding).unwrap());
    file
}

fn open(state: &Attributes) -> Result<PresentationState, DicomError> {
    PresentationState::open(Cursor::new(file(state, Encoding::ExplicitLittle)))
}

fn grey(bits_stored: u8, signed: bool) -> ImageHeader {
    ImageHeader {
        rows: 1,
        columns: 1,
        samples: 1,
        photometric: Photometric::Monochrome1,
        planar: false,
        bits_allocated: 16,
        bits_stored,
        high_bit: bits_stored - 1,
        signed,
        order: SampleOrder::Little,
    }
}

fn levels(state: &Attributes, image: &ImageHeader, frame: u64) -> Vec<u8> {
    open(state).unwrap().grey_levels(image, "1.2.3", frame)
}

#[test]
fn what_a_state_leaves_out_changes_nothing() {
    // Not even MONOCHROME1 does: a state for such a picture says INVERSE.
    assert_eq!(levels(&state(), &grey(8, false), 0), (0..=255).collect::<Vec<u8>>());
    let signed = levels(&state(), &grey(8, true), 0);
    assert_eq!((signed[0x80], signed[0xFF], signed[0], signed[0x7F]), (0, 127, 128, 255));
    let mut inverse = state();
    inverse.extend(set([(0x2050_0020, "INVERSE")]));
    assert_eq!(levels(&inverse, &grey(8, false), 0), (0..=255).rev().collect::<Vec<u8>>());
}

#[test]
fn a_window_is_for_the_frames_that_it_names() {
    let mut rescaled = state();
    rescaled.extend(set([(0x0028_1052, "-100"), (0x0028_1053, "2")]));
    let window = set([(0x0028_1050, "100"), (0x0028_1051, "1")]);
    let of = with(
        window,
        0x0008_1140,
        vec![[image("1.2.3"), set([(0x0008_1160, "2\\3")])].into_iter().flatten().collect()],
    );
    let state = with(rescaled, 0x0028_3110, vec![of]);
    // 2 × 100 - 100 is the first value above 99.5.
    let windowed = levels(&state, &grey(8, false), 1);
    assert_eq!((windowed[99], windowed[100]), (0, 255));
    assert_eq!(windowed, levels(&state, &grey(8, false), 2));
    let other = levels(&state, &grey(8, false), 0);
    assert_eq!((other[0], other[128], other[255]), (0, 128, 255));
}

#[test]
fn tables_are_looked_up_beyond_their_ends() {
    // From -2 on: 10, 20, 30 of 8 bits, two in a word.
    let modality = set([(0x0028_3002, "3\\65534\\8"), (0x0028_3006, "5130\\30")]);
    let described = with(state(), 0x0028_3000, vec![modality]);
    let mut signed = described.clone();
    let table = &mut signed.get_mut(&Tag(0x0028, 0x3000)).unwrap().items[0];
    table.get_mut(&Tag(0x0028, 0x3002)).unwrap().vr = VR::SS;
    table.get_mut(&Tag(0x0028, 0x3002)).unwrap().values = vec!["3".into(), "-2".into(), "8".into()];
    let got = levels(&signed, &grey(8, true), 0);
    assert_eq!((got[0x80], got[0xFE], got[0xFF], got[0], got[0x7F]), (10, 10, 20, 30, 30));
    // Without representations of values, a signed picture makes the same number a negative one.
    let implicit = PresentationState::open(Cursor::new(file(&described, Encoding::ImplicitLittle))).unwrap();
    assert_eq!(implicit.grey_levels(&grey(8, true), "1.2.3", 0), got);

    let voi = with(
        Attributes::new(),
        0x0028_3010,
        vec![set([(0x0028_3002, "2\\100\\16"), (0x0028_3006, "0\\65535")])],
    );
    let mut both = with(state(), 0x0028_3110, vec![voi]);
    both = with(both, 0x2050_0010, vec![set([(0x0028_3002, "2\\0\\12"), (0x0028_3006, "4095\\1000")])]);
    let got = levels(&both, &grey(8, false), 0);
    assert_eq!((got[0], got[100], got[101], got[255]), (255, 255, 62, 62));
    let short = with(state(), 0x0028_3000, vec![set([(0x0028_3002, "9\\0\\8"), (0x0028_3006, "1\\2")])]);
    assert!(matches!(open(&short).err(), Some(DicomError::Missing(_))));
}

#[test]
fn areas_turns_and_shutters_are_read() {
    let mut said = state();
    said.extend(set([
        (0x0070_0041, "Y"),
        (0x0070_0042, "270"),
        (0x0018_1600, "RECTANGULAR\\CIRCULAR\\POLYGONAL"),
        (0x0018_1602, "2"),
        (0x0018_1604, "9"),
        (0x0018_1606, "3"),
        (0x0018_1608, "8"),
        (0x0018_1610, "5\\6"),
        (0x0018_1612, "4"),
        (0x0018_1620, "1\\2\\3\\4\\5\\6"),
        (0x0018_1622, "32896"),
    ]));
    let corners = set([
        (0x0070_0052, "1\\40"),
        (0x0070_0053, "60\\-3"),
        (0x0070_0100, "MAGNIFY"),
        (0x0070_0102, "2\\1"),
        (0x0070_0103, "1.5"),
    ]);
    let state = open(&with(said, 0x0070_005A, vec![corners])).unwrap();
    assert_eq!((state.turn().quarters, state.turn().flipped, state.shutter_level()), (3, true, 128));
    let area = Area { edges_px: [0, -4, 60, 40], tall: 2.0, magnified: Some(1.5) };
    assert_eq!(state.area("1.2.3", 0), Some(area));
    let shutters = [
        Shutter::Rectangle { edges: [2.0, 3.0, 9.0, 8.0] },
        Shutter::Circle { center: [6.0, 5.0], radius: 4.0 },
        Shutter::Polygon { corners: vec![[2.0, 1.0], [4.0, 3.0], [6.0, 5.0]] },
    ];
    assert_eq!(state.shutters(), shutters);
}

fn annotated(graphics: Vec<Attributes>, texts: Vec<Attributes>) -> Attributes {
    let layers = vec![
        set([(0x0070_0002, "TOP"), (0x0070_0062, "2"), (0x0070_0066, "32896")]),
        set([(0x0070_0002, "LOW"), (0x0070_0062, "1"), (0x0070_0401, "35298\\53485\\49981")]),
    ];
    let on = |layer, sequence, items| with(set([(0x0070_0002, layer)]), sequence, items);
    let annotations = vec![on("TOP", 0x0070_0009, graphics), on("LOW", 0x0070_0008, texts)];
    with(with(state(), 0x0070_0060, layers), 0x0070_0001, annotations)
}

fn graphic(kind: &str, data: &str) -> Attributes {
    set([(0x0070_0005, "PIXEL"), (0x0070_0022, data), (0x0070_0023, kind), (0x0070_0024, "Y")])
}

#[test]
fn marks_are_told_from_the_lowest_layer_up() {
    let graphics = vec![
        graphic("CIRCLE", "5\\5\\5\\8"),
        graphic("ELLIPSE", "0\\4\\8\\4\\4\\2\\4\\6"),
        graphic("POINT", "1.5\\2"),
    ];
    let text = set([
        (0x0070_0003, "DISPLAY"),
        (0x0070_0004, "PIXEL"),
        (0x0070_0006, "左乳 3 点"),
        (0x0070_0010, "0.1\\0.2"),
        (0x0070_0011, "0.5\\0.3"),
        (0x0070_0012, "CENTER"),
        (0x0070_0014, "7\\8"),
        (0x0070_0015, "Y"),
    ]);
    let state = open(&annotated(graphics, vec![text])).unwrap();
    let marks = state.marks("1.2.3", 0);
    let Shape::Text(text) = &marks[0].shape else { panic!("the text is not lowest") };
    assert_eq!((text.text.as_str(), text.side), ("左乳 3 点", Side::Center));
    let near = |a: f64, b: f64| (a - b).abs() < 1e-6;
    let Some((Units::Display, [[x, _], [_, y]])) = text.within else { panic!("no box") };
    assert!(near(x, 0.1) && near(y, 0.3));
    assert_eq!(text.anchor, Some((Units::Pixel, [7.0, 8.0], true)));
    let (units, filled) = (Units::Pixel, true);
    let circle = Shape::Ellipse { units, center: [5.0, 5.0], axes: [[0.0, 3.0], [-3.0, 0.0]], filled };
    let ellipse = Shape::Ellipse { units, center: [4.0, 4.0], axes: [[4.0, 0.0], [0.0, 2.0]], filled };
    assert_eq!([&marks[1].shape, &marks[2].shape], [&circle, &ellipse]);
    assert_eq!(marks[3].shape, Shape::Point { units, at: [1.5, 2.0] });
    assert_eq!((state.ink_of("TOP"), state.ink_of("none")), (Ink([128; 3]), Ink::WHITE));
    // The red of sRGB has L* 54.29, a* 80.81, b* 69.89 under D50.
    let Ink([red, green, blue]) = state.ink_of("LOW");
    assert!(red >= 250 && green <= 8 && blue <= 16, "{red} {green} {blue}");
    assert!(!format!("{:?}", marks[0]).contains('左'), "no text of a file is in a debug form");
}

#[test]
fn what_is_not_read_is_refused_whole() {
    let mut other = state();
    other.extend(set([(0x0008_0016, "1.2.840.10008.5.1.4.1.1.11.3")]));
    let mut turned = state();
    turned.extend(set([(0x0070_0042, "45")]));
    let mut shut = state();
    shut.extend(set([(0x0018_1600, "STAR")]));
    let mut without = state();
    without.remove(&Tag(0x0008, 0x1115));
    let mut tiled = graphic("POINT", "1\\2");
    tiled.extend(set([(0x0070_0005, "MATRIX")]));
    let far = format!("1\\2{}", "\\1e30\\1e30");
    let nowhere = set([(0x0070_0006, "here")]);
    let compound = with(
        state(),
        0x0070_0001,
        vec![with(set([(0x0070_0002, "L")]), 0x0070_0209, vec![set([(0x0070_0226, "1")])])],
    );
    for (what, state) in [
        ("pseudo-colour", other),
        ("mask", with(state(), 0x0028_6100, vec![set([(0x0028_6101, "NONE")])])),
        ("45 degrees", turned),
        ("shape of a shutter", shut),
        ("no picture", without),
        ("tiled", annotated(vec![tiled], vec![])),
        ("far away", annotated(vec![graphic("POLYLINE", &far)], vec![])),
        ("one point of a circle", annotated(vec![graphic("CIRCLE", "1\\2")], vec![])),
        ("unknown graphic", annotated(vec![graphic("SPIRAL", "1\\2\\3\\4")], vec![])),
        ("text without a place", annotated(vec![], vec![nowhere])),
        ("compound", compound),
        ("window", with(state(), 0x0028_3110, vec![set([(0x0028_1050, "1")])])),
        (
            "no magnification",
            with(
                state(),
                0x0070_005A,
                vec![set([(0x0070_0052, "1\\1"), (0x0070_0053, "2\\2"), (0x0070_0100, "MAGNIFY")])],
            ),
        ),
    ] {
        assert!(open(&state).is_err(), "{what}");
    }
    let mut colour = state();
    colour.extend(set([(0x0008_0016, COLOUR_STATE)]));
    assert!(open(&colour).unwrap().is_for_colour());
}

#[test]
fn a_state_without_end_is_refused() {
    let many: Vec<Attributes> = (0..5_001).map(|_| graphic("POINT", "1\\2")).collect();
    let long = vec!["1\\2"; 8_000].join("\\");
    let lines: Vec<Attributes> = (0..13).map(|_| graphic("POLYLINE", &long)).collect();
    let letters = "x".repeat(1_025);
    let text = set([(0x0070_0004, "PIXEL"), (0x0070_0006, &letters), (0x0070_0014, "7\\8")]);
    for state in [annotated(many, vec![]), annotated(lines, vec![]), annotated(vec![], vec![text])] {
        assert!(matches!(open(&state).err(), Some(DicomError::TooLarge { .. })));
    }
    for end in (0..file(&state(), Encoding::ExplicitLittle).len()).step_by(3) {
        let cut = file(&state(), Encoding::ExplicitLittle)[..end].to_vec();
        drop(PresentationState::open(Cursor::new(cut)));
    }
}

#[test]
fn a_state_with_wrong_bytes_is_read_or_refused() {
    let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/presentation");
    let (mut read, mut refused, mut random) = (0, 0, 0x9E37_79B9_7F4A_7C15_u64);
    for seed in ["dcmtk", "everything"] {
        let whole = std::fs::read(std::path::Path::new(seeds).join(seed)).unwrap();
        let said = PresentationState::open(Cursor::new(&whole)).unwrap();
        assert!(said.is_for("2.25.3", 0), "{seed}");
        for _ in 0..2_000 {
            let mut bytes = whole.clone();
            for _ in 0..3 {
                // xorshift64 (G. Marsaglia, Xorshift RNGs, 2003).
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                let at = 132 + (random >> 8) as usize % (bytes.len() - 132);
                bytes[at] = random as u8;
            }
            match PresentationState::open(Cursor::new(bytes)) {
                Ok(state) => {
                    read += 1;
                    let picture = state.references()[0].instance_uid.clone();
                    assert_eq!(state.grey_levels(&grey(8, true), &picture, 0).len(), 256);
                    for plane in state.overlays().iter().filter_map(|overlay| overlay.plane.as_ref()) {
                        let _ = plane.is_set(u64::MAX, [plane.size_px[0] - 1, plane.size_px[1] - 1]);
                    }
                }
                Err(_) => refused += 1,
            }
        }
    }
    assert!(read > 100 && refused > 100, "{read} {refused}");
}

#[test]
fn a_code_that_is_too_long_to_be_one_is_none() {
    for (length, kept) in [(64, true), (65, false)] {
        let uid = format!("1.{}", "2".repeat(length - 2));
        let series = with(set([(0x0020_000E, uid.as_str())]), 0x0008_1140, vec![image(&uid)]);
        let mut said = state();
        said.extend(with(Attributes::new(), 0x0008_1115, vec![series]));
        let said = open(&said).unwrap();
        let of = &said.references()[0];
        let expect = if kept { uid.as_str() } else { "" };
        assert_eq!((of.instance_uid.as_str(), of.series_uid.as_str()), (expect, expect));
        assert_eq!(said.is_for(&uid, 0), kept);
    }
}

#[test]
fn the_pictures_of_all_series_are_counted_together() {
    let of = |counts: [usize; 2]| {
        let series =
            counts.map(|count| with(set([(0x0020_000E, "1.2")]), 0x0008_1140, vec![image("1.2.3"); count]));
        let mut said = state();
        said.extend(with(Attributes::new(), 0x0008_1115, series.to_vec()));
        open(&said)
    };
    assert_eq!(of([5_000, 5_000]).unwrap().references().len(), 10_000);
    let many = of([5_000, 5_001]);
    assert!(
        matches!(many, Err(DicomError::TooLarge { value: 10_001, limit: 10_000, .. })),
        "{:?}",
        many.err()
    );
}
