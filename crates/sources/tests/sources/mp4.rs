//! MP4 files, as `tests/make_videos.py` made them with another coder.

use std::io::Cursor;

use peony_model::{Frame, Pixels, Spacing};
use peony_sources::mp4::{Mp4, Mp4Error};
use proptest::prelude::*;

pub const BASELINE: &[u8] = include_bytes!("../videos/baseline.mp4");
pub const REORDERED: &[u8] = include_bytes!("../videos/reordered.mp4");
const FULL_RANGE: &[u8] = include_bytes!("../videos/full_range.mp4");
pub const FRAGMENTED: &[u8] = include_bytes!("../videos/fragmented.mp4");
const NOT_SQUARE: &[u8] = include_bytes!("../videos/not_square.mp4");
const HEVC: &[u8] = include_bytes!("../videos/hevc.mp4");

fn open(bytes: &[u8]) -> Result<Mp4<Cursor<Vec<u8>>>, Mp4Error> {
    Mp4::new(Cursor::new(bytes.to_vec()))
}

/// The number that is read off a frame, which is that of the frame as it was made.
pub fn number_of(pixels: &Pixels) -> u64 {
    let Pixels::LumaChroma { luma: grey, chroma } = pixels else { panic!("no grid of colour") };
    assert!(chroma.iter().all(|cell| *cell <= 3), "the films are grey");
    assert_eq!(grey.dimensions(), (96, 80));
    let level = f64::from(grey.get_pixel(48, 40).0[0]);
    let number = ((level - 20.0) / 17.0).round();
    assert!((level - (20.0 + 17.0 * number)).abs() <= 3.0, "level {level} is none that was made");
    // The ramp beside the block, from 30 to 200.
    let left = i32::from(grey.get_pixel(1, 5).0[0]);
    assert!((left - 31).abs() <= 5, "level {left} beside the block");
    number as u64
}

#[test]
fn every_kind_gives_its_frames_in_order_at_their_times() {
    let check = |name: &str, bytes: &[u8]| {
        let mp4 = open(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(mp4.frame_count(), 12, "{name}");
        let frames: Vec<Frame> =
            mp4.map(|frame| frame.unwrap_or_else(|error| panic!("{name}: {error}"))).collect();
        let seen: Vec<_> = frames
            .iter()
            .map(|frame| (frame.index, number_of(&frame.pixels), frame.time_ns / 1_000_000))
            .collect();
        let expected: Vec<_> = (0..12).map(|number| (number, number, number * 40)).collect();
        assert_eq!(seen, expected, "{name}");
        assert!(frames.iter().all(|frame| frame.spacing == Spacing::Unknown));
    };
    check("baseline", BASELINE);
    check("reordered", REORDERED);
    check("full range", FULL_RANGE);
    check("fragmented", FRAGMENTED);
}

#[test]
fn what_is_not_read_says_why() {
    let check = |bytes: &[u8], expected: &str| match open(bytes) {
        Ok(_) => panic!("{expected}: read"),
        Err(error) => assert_eq!(error.to_string(), expected),
    };
    check(NOT_SQUARE, "H.264: the pixels are not square; scale the video first");
    check(HEVC, "no H.264 video in it; others can be converted: ffmpeg -i x.mp4 x.y4m");
    check(&BASELINE[..600], "damaged MP4 file: a box that is longer than what holds it");
    check(b"", "damaged MP4 file: its tables cannot be read");
    check(b"\0\0\0\x14ftypisom", "damaged MP4 file: a box that is longer than what holds it");
    check(
        &[&b"\0\0\0\x01mdat"[..], &[0xFF; 8]].concat(),
        "damaged MP4 file: a box that is longer than what holds it",
    );
    check(b"\0\0\0\0mdat", "damaged MP4 file: a box without a length");
    let nested = (1..=20_u32).rev().fold(Vec::new(), |inside, _| {
        [&(inside.len() as u32 + 8).to_be_bytes()[..], b"moov", &inside].concat()
    });
    check(&nested, "damaged MP4 file: boxes within boxes");
}

/// Changes the first `name` box's content from `at` on.
fn with_content(file: &[u8], name: &[u8; 4], at: usize, content: &[u8]) -> Vec<u8> {
    let begins = file.windows(4).position(|window| window == name).unwrap() + 4 + at;
    let mut changed = file.to_vec();
    changed[begins..begins + content.len()].copy_from_slice(content);
    changed
}

#[test]
fn samples_that_no_byte_stands_for_are_refused_before_they_are_counted() {
    let check = |bytes: &[u8], expected: &str| {
        let error = open(bytes).map(|_| ()).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    // Four thousand million pictures of one byte each.
    let too_long = "too long: at most 10 million pictures and pieces of sound are read";
    check(&with_content(BASELINE, b"stsz", 4, &[[0, 0, 0, 1], [0xFF; 4]].concat()), too_long);
    check(&with_content(FRAGMENTED, b"trun", 4, &[0xFF; 4]), too_long);
    // A million in a file of three kilobytes, and twelve that are each as long as the file.
    let more = "damaged MP4 file: more pictures than the file holds";
    check(&with_content(FRAGMENTED, b"trun", 4, &[0, 0x0F, 0, 0]), more);
    let length = (BASELINE.len() as u32).to_be_bytes();
    check(&with_content(BASELINE, b"stsz", 4, &[length, [0, 0, 0, 12]].concat()), more);
}

/// The reader behind this one never passes a box of no length.
#[test]
fn an_empty_box_within_the_description_of_a_picture_ends_the_reading() {
    let name_at = BASELINE.windows(4).position(|window| window == b"avcC").unwrap();
    let mut empty = BASELINE.to_vec();
    empty[name_at - 4..name_at + 4].copy_from_slice(b"\0\0\0\0abcd");
    let error = open(&empty).map(|_| ()).unwrap_err();
    assert_eq!(error.to_string(), "damaged MP4 file: its tables cannot be read");
}

#[test]
fn a_damaged_frame_is_an_error_in_its_place_and_the_file_goes_on() {
    // The length before the first unit of the sixth picture, in a file whose pictures stand alone every four.
    let lengths = open(BASELINE).unwrap().frame_count();
    let begins = BASELINE.windows(4).position(|window| window == b"stsz").unwrap() + 16;
    let size = |number: usize| {
        let at = begins + 4 * number;
        u32::from_be_bytes(BASELINE[at..at + 4].try_into().unwrap()) as usize
    };
    let mdat = BASELINE.windows(4).position(|window| window == b"mdat").unwrap() + 4;
    let sixth = mdat + (0..5).map(size).sum::<usize>();
    let mut damaged = BASELINE.to_vec();
    damaged[sixth..sixth + 4].fill(0xFF);
    let read: Vec<Result<u64, String>> = open(&damaged)
        .unwrap()
        .map(|frame| frame.map(|frame| number_of(&frame.pixels)).map_err(|error| error.to_string()))
        .collect();
    let errors: Vec<&String> = read.iter().filter_map(|frame| frame.as_ref().err()).collect();
    assert_eq!(errors.first().map(|error| error.as_str()), Some("frame 5: a unit of the video is cut off"));
    let numbers: Vec<u64> = read.iter().filter_map(|frame| frame.as_ref().ok().copied()).collect();
    assert_eq!(numbers[..5], [0, 1, 2, 3, 4]);
    assert!(numbers.ends_with(&[8, 9, 10, 11]), "from the next picture that stands alone: {numbers:?}");
    assert!(read.len() as u64 <= lengths);
}

proptest! {
    #[test]
    fn no_bytes_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12), which in 0..3_usize) {
        let mut bytes = [BASELINE, REORDERED, FRAGMENTED][which].to_vec();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        peony_model::quiet_guarded_panics();
        if let Ok(mp4) = open(&bytes) {
            let mut last_ns = 0;
            for frame in mp4.take(50).flatten() {
                prop_assert!(frame.time_ns >= last_ns);
                last_ns = frame.time_ns;
            }
        }
    }
}
