//! YUV4MPEG2 files.

use peony_model::{Pixels, Spacing};
use peony_sources::y4m::{Y4m, Y4mError};
use proptest::prelude::*;

/// A file of this header and frames of these many bytes, the luma (8 × 4 pixels) counting up from the frame's number.
pub fn file(header: &str, frames: usize, chroma_bytes: usize) -> Vec<u8> {
    let mut bytes = format!("YUV4MPEG2 {header}\n").into_bytes();
    for frame in 0..frames {
        bytes.extend(b"FRAME\n");
        bytes.extend((0..32).map(|pixel| (frame + pixel * 8) as u8));
        bytes.extend(vec![0x80; chroma_bytes]);
    }
    bytes
}

/// The times in microseconds and the levels of the first frame; and what was noted.
fn check(header: &str, chroma_bytes: usize, times_us: &[u64], levels: impl Fn(u8) -> u8, issues: &[&str]) {
    let bytes = file(header, times_us.len(), chroma_bytes);
    let y4m = Y4m::new(&bytes[..]).unwrap();
    assert_eq!(
        (y4m.size_px(), y4m.frame_count(bytes.len() as u64)),
        ([8, 4], times_us.len() as u64),
        "{header}"
    );
    assert_eq!(y4m.issues().iter().map(ToString::to_string).collect::<Vec<_>>(), issues, "{header}");
    let frames: Vec<_> = y4m.map(Result::unwrap).collect();
    assert_eq!(frames.iter().map(|frame| frame.time_ns / 1000).collect::<Vec<_>>(), times_us, "{header}");
    for (number, frame) in frames.iter().enumerate() {
        let luma = frame.luma();
        let expected: Vec<u8> = (0..32).map(|pixel| levels((number + pixel * 8) as u8)).collect();
        assert_eq!(luma.as_raw(), &expected, "{header}");
        assert_eq!((frame.index, &frame.spacing), (number as u64, &Spacing::Unknown), "{header}");
    }
}

/// BT.601: black is 16, white 235.
fn limited(level: u8) -> u8 {
    ((f64::from(level) - 16.0) * 255.0 / 219.0).round().clamp(0.0, 255.0) as u8
}

fn full(level: u8) -> u8 {
    level
}

#[test]
fn every_coding_gives_its_luma() {
    const TIMES: [u64; 3] = [0, 40_000, 80_000];
    let check = |colours: &str, chroma_bytes: usize, levels: fn(u8) -> u8| {
        check(&format!("W8 H4 F25:1 Ip A1:1 {colours}"), chroma_bytes, &TIMES, levels, &[]);
    };
    check("", 16, limited);
    check("C420", 16, limited);
    check("C420jpeg", 16, limited);
    check("C420mpeg2 XYSCSS=420MPEG2", 16, limited);
    check("C420paldv XCOLORRANGE=LIMITED", 16, limited);
    check("C420jpeg XYSCSS=420JPEG XCOLORRANGE=FULL", 16, full);
    check("C422", 32, limited);
    check("C444 XCOLORRANGE=FULL", 64, full);
    check("Cmono", 0, full);
    check("Cmono XCOLORRANGE=LIMITED", 0, limited);
}

#[test]
fn what_colour_there_is_comes_as_a_grid() {
    let (luma, mut cb, cr) = (vec![90; 64 * 48], vec![128; 32 * 24], vec![128; 32 * 24]);
    cb[5 * 32 + 7] = 200;
    let file = [b"YUV4MPEG2 W64 H48 F25:1 C420\nFRAME\n".as_slice(), &luma, &cb, &cr].concat();
    let frame = Y4m::new(&file[..]).unwrap().next().unwrap().unwrap();
    let Pixels::LumaChroma { chroma, .. } = frame.pixels else { panic!("no grid of colour") };
    let coloured: Vec<_> = chroma.enumerate_pixels().filter(|(_, _, cell)| cell.0[0] > 0).collect();
    assert_eq!(coloured, [(7, 5, &image::Luma([72]))]);
}

#[test]
fn frames_come_at_the_files_rate() {
    let assumed = "no usable frame rate, 25 frames a second are assumed";
    let woven = "interlaced video: the two fields of a frame are read as one picture";
    check("W8 H4 F30000:1001 Cmono", 0, &[0, 33_366, 66_733], full, &[]);
    check("W8 H4 F0:0 A0:0 Cmono", 0, &[0, 40_000], full, &[assumed]);
    check("W8 H4 Cmono", 0, &[0, 40_000], full, &[assumed]);
    check("W8 H4 F1:0 Cmono", 0, &[0, 40_000], full, &[assumed]);
    check("W8 H4 F18446744073709551615:1 Cmono", 0, &[0, 40_000], full, &[assumed]);
    check("W8 H4 F50:1 It Cmono", 0, &[0, 20_000], full, &[woven]);
    check("W8 H4 F50:1 Cmono", 0, &[], full, &[]);
}

#[test]
fn headers_that_are_not_read_say_why() {
    let check = |bytes: &[u8], expected: &str| match Y4m::new(bytes) {
        Ok(_) => panic!("{expected}: read"),
        Err(error) => assert_eq!(error.to_string(), expected),
    };
    let header = |tags: &str| format!("YUV4MPEG2 {tags}\n").into_bytes();
    check(b"", "damaged YUV4MPEG2 header");
    check(b"YUV4MPEG2 W8 H4", "damaged YUV4MPEG2 header");
    check(b"RIFF and something else\n", "not a YUV4MPEG2 file");
    check(&header("W8"), "damaged YUV4MPEG2 header");
    check(&header("W-8 H4"), "damaged YUV4MPEG2 header");
    check(&header("W8 H4 F25"), "damaged YUV4MPEG2 header");
    check(&header(&format!("W8 H4 {}", "X".repeat(2000))), "damaged YUV4MPEG2 header");
    check(&header("W8 H4 C411"), "the colour space is not read: mono, 420, 422 and 444 of 8 bits are");
    check(&header("W8 H4 C420p10"), "10 bits a sample, 8 are read");
    check(&header("W8 H4 A59:54"), "the pixels are 59:54 and not square; scale the video first");
    let large = "too large: at most 8192 pixels a side and 16 million a frame are read";
    check(&header("W8193 H4"), large);
    check(&header("W8192 H8192"), large);
    check(&header("W4294967296 H4294967296 Cmono"), large);
    check(&header("W18446744073709551615 H2"), large);
}

#[test]
fn a_cut_off_frame_is_an_error_in_its_place_and_the_last() {
    let whole = file("W8 H4 F25:1 Cmono", 3, 0);
    let check = |bytes: &[u8], good: usize, expected: Option<&str>| {
        let read: Vec<Result<_, Y4mError>> = Y4m::new(bytes).unwrap().collect();
        let errors: Vec<String> =
            read.iter().filter_map(|frame| Some(frame.as_ref().err()?.to_string())).collect();
        assert_eq!(
            (read.len() - errors.len(), errors),
            (good, expected.map(str::to_owned).into_iter().collect())
        );
    };
    check(&whole, 3, None);
    check(&whole[..whole.len() - 1], 2, Some("frame 2 is cut off"));
    check(&whole[..whole.len() - 33], 2, Some("frame 2 is cut off"));
    check(&whole[..whole.len() - 38], 2, None);
    let mut broken = whole.clone();
    let second = whole.len() - 2 * 38;
    broken[second] = b'G';
    check(&broken, 1, Some("frame 1 does not begin with FRAME"));
}

proptest! {
    #[test]
    fn no_bytes_panic(header in "([WHFAICX][0-9:a-zA-Z=]{0,8} ?){0,8}", rest in prop::collection::vec(any::<u8>(), 0..200)) {
        let bytes = [format!("YUV4MPEG2 {header}\nFRAME\n").as_bytes(), &rest].concat();
        if let Ok(y4m) = Y4m::new(&bytes[..]) {
            prop_assert!(y4m.size_px().iter().all(|side| (1..=8192).contains(side)));
            let mut last_ns = 0;
            for frame in y4m.flatten() {
                prop_assert!(frame.time_ns >= last_ns);
                last_ns = frame.time_ns;
            }
        }
    }
}
