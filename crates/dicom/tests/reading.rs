//! What is read of good files and of files that are a little wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test may.

mod synthetic;

use peony_dicom::{Cine, open_bytes};
use peony_model::{Pixels, RegionKind, Spacing};
use synthetic::{
    BITS_ALLOCATED, BITS_STORED, CINE_RATE, COLUMNS, FRAME_INCREMENT_POINTER, FRAME_TIME, FRAME_TIME_VECTOR,
    File, HIGH_BIT, MODALITY, NUMBER_OF_FRAMES, PHOTOMETRIC, PIXEL_SPACING, ROWS, SAMPLES, SOP_CLASS,
};

fn read(file: &File) -> Cine {
    open_bytes(file.bytes()).unwrap()
}

fn issues(cine: &Cine) -> Vec<String> {
    cine.issues().iter().map(ToString::to_string).collect()
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn samples(cine: &Cine, index: u64) -> Vec<u8> {
    match cine.frame(index).unwrap().pixels {
        Pixels::Luma8(grey) => grey.into_raw(),
        Pixels::Rgb8(colour) => colour.into_raw(),
        Pixels::LumaChroma { .. } => panic!("a grid, of DICOM"),
    }
}

#[test]
fn a_cine_gives_its_frames_in_order() {
    let cine = read(&File::cine(3));
    assert_eq!((cine.modality(), cine.frame_count(), cine.size_px()), ("US", 3, [4, 3]));
    assert_eq!(issues(&cine), [""; 0]);
    let frames: Vec<_> = cine.clone().into_iter().map(Result::unwrap).collect();
    assert_eq!(
        frames.iter().map(|frame| (frame.index, frame.time_ns)).collect::<Vec<_>>(),
        [(0, 0), (1, 40_000_000), (2, 80_000_000)]
    );
    assert_eq!(samples(&cine, 1), (12..24).collect::<Vec<u8>>());
    assert_eq!(cine.frame(3).unwrap_err().to_string(), "frame 3 of 3 does not exist");
}

#[test]
fn one_pixel_is_a_picture() {
    let cine = read(&File::cine(1).words(ROWS, &[1]).words(COLUMNS, &[1]).native(&[77, 0]));
    assert_eq!((cine.size_px(), samples(&cine, 0)), ([1, 1], vec![77]));
}

#[test]
fn a_mammogram_says_what_it_is() {
    let cine = read(&File::cine(1).text(MODALITY, b"CS", "MG"));
    assert_eq!(cine.modality(), "MG");
}

#[test]
fn a_lying_number_of_frames_is_an_issue() {
    let check = |declared: &str, found: u64, expect: &[&str]| {
        let cine = read(&File::cine(2).text(NUMBER_OF_FRAMES, b"IS", declared));
        assert_eq!(
            (cine.frame_count(), issues(&cine).as_slice()),
            (found, owned(expect).as_slice()),
            "{declared}"
        );
        assert!(cine.frames().all(|frame| frame.is_ok()), "{declared}");
    };
    check("2", 2, &[]);
    check("5", 2, &["Number of Frames (0028,0008) says 5, the pixel data holds 2"]);
    check("1", 1, &[]);
    check("-1", 1, &["Number of Frames (0028,0008) has a value that cannot be right and was left out"]);
    check("two", 1, &["Number of Frames (0028,0008) has a value that cannot be right and was left out"]);
}

#[test]
fn frame_times_never_fall_whatever_the_file_says() {
    let assumed = "no usable frame time, 30 frames a second are assumed";
    let left_out = |field| format!("{field} has a value that cannot be right and was left out");
    let check = |file: File, expect_ms: &[f64], expect: &[&str]| {
        let cine = read(&file);
        let times: Vec<u64> = cine.frames().map(|frame| frame.unwrap().time_ns).collect();
        let ms: Vec<f64> = times.iter().map(|ns| (*ns as f64 / 1e4).round() / 1e2).collect();
        assert_eq!(ms, expect_ms);
        assert_eq!(issues(&cine), owned(expect));
        assert!(times.is_sorted());
    };
    let cine = || File::cine(3).without(FRAME_TIME);
    let pointer =
        |file: File| file.raw(FRAME_INCREMENT_POINTER, synthetic::short(b"AT", &[0x18, 0, 0x65, 0x10]));
    check(cine(), &[0.0, 33.33, 66.67], &[assumed]);
    check(
        cine().text(FRAME_TIME, b"DS", "0"),
        &[0.0, 33.33, 66.67],
        &[&left_out("Frame Time (0018,1063)"), assumed],
    );
    check(
        cine().text(FRAME_TIME, b"DS", "-5"),
        &[0.0, 33.33, 66.67],
        &[&left_out("Frame Time (0018,1063)"), assumed],
    );
    check(
        cine().text(CINE_RATE, b"IS", "0"),
        &[0.0, 33.33, 66.67],
        &[&left_out("Cine Rate (0018,0040)"), assumed],
    );
    check(cine().text(CINE_RATE, b"IS", "20"), &[0.0, 50.0, 100.0], &[]);
    check(cine().text(FRAME_TIME_VECTOR, b"DS", "0\\10\\20"), &[0.0, 10.0, 30.0], &[]);
    let vector = |text| pointer(File::cine(3).text(FRAME_TIME_VECTOR, b"DS", text));
    let wrong = left_out("Frame Time Vector (0018,1065)");
    check(vector("0\\10\\20"), &[0.0, 10.0, 30.0], &[]);
    check(vector("0\\10\\-20"), &[0.0, 10.0, 20.0], &[&wrong]);
    check(vector("0\\10"), &[0.0, 10.0, 20.0], &[&wrong]);
    check(vector("0\\0\\0"), &[0.0, 40.0, 80.0], &[]); // a vector of noughts: Frame Time counts
    check(vector("soon"), &[0.0, 40.0, 80.0], &[]);
    check(File::cine(1).without(FRAME_TIME), &[0.0], &[]); // a still needs no rate
}

#[test]
fn each_region_has_its_own_scale() {
    let file = File::cine(1).words(ROWS, &[100]).words(COLUMNS, &[200]).native(&[0; 20_000]);
    let check =
        |regions: &[(u16, [u32; 4], u16, f64)], expect: &[(RegionKind, Option<f32>)], said: &[&str]| {
            let cine = read(&file.clone().regions(regions));
            assert_eq!(issues(&cine), owned(said));
            match cine.spacing() {
                Spacing::PerRegion(found) => {
                    let found: Vec<_> =
                        found.iter().map(|region| (region.kind, region.mm_per_px.map(|mm| mm.x()))).collect();
                    assert_eq!(found, expect);
                }
                other => assert!(expect.is_empty() && *other == Spacing::Unknown, "{other:?}"),
            }
        };
    use RegionKind::{Colour, Other, Tissue};
    check(&[(1, [10, 5, 199, 99], 3, 0.01)], &[(Tissue, Some(0.1))], &[]);
    // Centimetres may run against the pixels.
    check(&[(2, [10, 5, 99, 49], 3, -0.02)], &[(Colour, Some(0.2))], &[]);
    // Seconds are no length.
    check(&[(3, [10, 5, 99, 49], 4, 0.02)], &[(Other, None)], &[]);
    // The whole screen without a scale does not hide the picture within it.
    let screen = (0, [0, 0, 199, 99], 0, 1.0);
    check(&[screen, (1, [10, 5, 99, 49], 3, 0.01)], &[(Tissue, Some(0.1)), (Other, None)], &[]);
    let beyond = "ultrasound region 0 was left out: it reaches beyond the picture, which was cropped or resized after it was calibrated";
    check(&[(1, [10, 5, 639, 479], 3, 0.01)], &[], &[beyond]);
    check(
        &[(1, [50, 5, 10, 49], 3, 0.01)],
        &[],
        &["ultrasound region 0 was left out: its location is not a rectangle"],
    );
    let scale = "ultrasound region 0 has no believable pixel size";
    check(&[(1, [10, 5, 99, 49], 3, 0.0)], &[(Tissue, None)], &[scale]);
    check(&[(1, [10, 5, 99, 49], 3, f64::NAN)], &[(Tissue, None)], &[scale]);
    check(&[(1, [10, 5, 99, 49], 3, 1e30)], &[(Tissue, None)], &[scale]);
}

#[test]
fn the_tissue_region_is_the_largest_b_mode_picture() {
    let file = File::cine(1).words(ROWS, &[100]).words(COLUMNS, &[200]).native(&[0; 20_000]);
    let check =
        |name: &str, screen: &[(Option<u16>, u16, [u32; 4])], tissue: Option<[u32; 4]>, said: &[&str]| {
            let regions: Vec<_> =
                screen.iter().map(|&(format, kind, area)| (format, kind, area, 3, 0.01)).collect();
            let cine = read(&file.clone().screen(&regions));
            assert_eq!(issues(&cine), owned(said), "{name}");
            let area = cine.spacing().tissue_region().map(|region| region.area_px);
            let last_px = area.map(|area| {
                [area.min.x, area.min.y, area.max.x - 1.0, area.max.y - 1.0].map(|side| side as u32)
            });
            assert_eq!(last_px, tissue, "{name}");
        };
    // Region Spatial Format (PS3.3 §C.8.5.5.1.1).
    let [nothing, picture, m_mode, spectrum, wave, graphics] = [0, 1, 2, 3, 4, 5].map(Some);
    let (top, left, right) = ([0, 0, 199, 39], [0, 0, 89, 99], [90, 0, 199, 99]);
    let strip = [0, 40, 199, 99];
    let two = ["2 tissue regions; the largest is read"];
    check("B-mode", &[(picture, 1, top)], Some(top), &[]);
    check("B/M", &[(picture, 1, top), (m_mode, 1, strip)], Some(top), &[]);
    check("M-mode", &[(m_mode, 1, strip)], None, &[]);
    check("colour M-mode", &[(picture, 1, top), (m_mode, 2, strip)], Some(top), &[]);
    check("duplex", &[(picture, 1, top), (spectrum, 3, strip)], Some(top), &[]);
    check("dual", &[(picture, 1, left), (picture, 1, right)], Some(right), &two);
    check("B-mode and colour", &[(picture, 1, left), (picture, 2, right)], Some(left), &[]);
    check("no format", &[(None, 1, top)], Some(top), &[]);
    check("no formats", &[(None, 1, top), (None, 1, strip)], Some(strip), &two);
    check("no picture", &[(nothing, 1, top), (wave, 1, left), (graphics, 1, right)], None, &[]);
}

#[test]
fn the_probe_and_the_preset_are_read_where_they_are_names_of_equipment() {
    const MODEL: (u16, u16) = (0x0008, 0x1090);
    const TRANSDUCER: (u16, u16) = (0x0018, 0x5010);
    const PROCESSING: (u16, u16) = (0x0018, 0x5020);
    let check = |file: File, expect: [&str; 3]| {
        let cine = read(&file);
        let said = cine.equipment();
        assert_eq!([said.model.as_str(), &said.transducer, &said.processing], expect);
        assert!(!format!("{cine:?}").contains("L12"));
    };
    check(File::cine(1), ["", "", ""]);
    let named = File::cine(1).text(MODEL, b"LO", "LOGIQ E10").text(PROCESSING, b"LO", "Breast/1");
    check(named.clone().text(TRANSDUCER, b"LO", "ML6-15-D"), ["LOGIQ E10", "ML6-15-D", "Breast/1"]);
    check(named.clone().text(TRANSDUCER, b"LO", "L12-5\\\\38 mm"), ["LOGIQ E10", "L12-5 38 mm", "Breast/1"]);
    // A person's name has such a sign, and no probe.
    check(named.clone().text(TRANSDUCER, b"LO", "QUUX^ZED"), ["LOGIQ E10", "", "Breast/1"]);
    check(named.text(TRANSDUCER, b"LO", &"L12".repeat(30)), ["LOGIQ E10", "", "Breast/1"]);
}

#[test]
fn pixel_spacing_counts_only_where_it_is_legal() {
    let check = |file: File, expect: Option<[f32; 2]>| {
        let cine = read(&file.text(PIXEL_SPACING, b"DS", "0.2\\0.1"));
        match cine.spacing() {
            Spacing::Uniform(mm) => assert_eq!(Some([mm.x(), mm.y()]), expect),
            other => {
                assert_eq!((other, expect), (&Spacing::Unknown, None));
                assert_eq!(
                    issues(&cine),
                    ["Pixel Spacing (0028,0030) does not calibrate this kind of object and was left out"]
                );
            }
        }
    };
    check(File::cine(1), None); // ultrasound
    check(File::cine(1).text(MODALITY, b"CS", "MG"), None);
    check(File::cine(1).text(MODALITY, b"CS", "MR"), Some([0.1, 0.2]));
    check(File::cine(1).text(SOP_CLASS, b"UI", "1.2.840.10008.5.1.4.1.1.7"), Some([0.1, 0.2]));
    check(File::cine(1).text((0x0028, 0x0A02), b"CS", "FIDUCIAL"), Some([0.1, 0.2]));
}

#[test]
fn grey_of_any_depth_becomes_eight_bits() {
    let row = |values: &[u16], stored: u16| {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        File::cine(1)
            .words(ROWS, &[1])
            .words(COLUMNS, &[values.len() as u16])
            .words(BITS_ALLOCATED, &[16])
            .words(BITS_STORED, &[stored])
            .words(HIGH_BIT, &[stored - 1])
            .native(&bytes)
    };
    let check = |file: File, expect: &[u8]| assert_eq!(samples(&read(&file), 0), expect);
    let window = |file: File, center, width| {
        file.text((0x0028, 0x1050), b"DS", center).text((0x0028, 0x1051), b"DS", width)
    };
    check(row(&[0, 2048, 4095], 12), &[0, 128, 255]);
    check(row(&[0, 2048, 4095], 12).text(PHOTOMETRIC, b"CS", "MONOCHROME1"), &[255, 127, 0]);
    check(row(&[0xF000, 0x0FFF], 12), &[0, 255]); // bits above those that are stored do not count
    check(window(row(&[0, 100, 200, 4095], 12), "150", "101"), &[0, 1, 255, 255]);
    check(window(row(&[99, 100], 12), "100", "1"), &[0, 255]);
    check(window(row(&[0, 100], 12), "100", "0"), &[0, 6]); // no such window: the range of the bits
    let signed = row(&[0x0800, 0x0000, 0x07FF], 12).words((0x0028, 0x0103), &[1]);
    check(signed, &[0, 128, 255]);
}

#[test]
fn colour_becomes_rgb() {
    let colour = |photometric, pixels: &[u8]| {
        let file = File::cine(1).words(ROWS, &[1]).words(COLUMNS, &[2]).words(SAMPLES, &[3]);
        file.text(PHOTOMETRIC, b"CS", photometric).native(pixels)
    };
    let check = |file: File, expect: &[u8]| assert_eq!(samples(&read(&file), 0), expect);
    check(colour("RGB", &[1, 2, 3, 4, 5, 6]), &[1, 2, 3, 4, 5, 6]);
    check(colour("RGB", &[1, 2, 3, 4, 5, 6]).words((0x0028, 0x0006), &[1]), &[1, 3, 5, 2, 4, 6]);
    check(colour("YBR_FULL", &[76, 85, 255, 255, 128, 128]), &[254, 0, 0, 255, 255, 255]);
    check(colour("YBR_FULL_422", &[76, 255, 128, 128]), &[76, 76, 76, 255, 255, 255]);
}
