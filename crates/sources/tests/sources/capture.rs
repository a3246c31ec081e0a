//! What a page that captures pictures sends.

use std::time::{Duration, Instant};

use peony_model::Pixels;
use peony_sources::capture::{
    Announcement, BURST, CaptureError, ErrorCode, Examination, FRAMES_A_SECOND, Format, GRID, HEADER_BYTES,
    Heard, Kind, Range, Sent, Session,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const MS: Duration = Duration::from_millis(1);

/// A picture whose levels count up from its number, as a page writes it.
#[derive(Clone)]
pub struct Written {
    pub sequence: u32,
    pub flags: u32,
    pub stamp_us: u64,
    pub size: [u16; 2],
    pub grid: Vec<u8>,
    /// What the header says of the payload beside what is right.
    pub off_by: i64,
}

impl Default for Written {
    fn default() -> Self {
        let stamp_us = 1_700_000_000_000_000;
        Self { sequence: 0, flags: 0, stamp_us, size: [64, 64], grid: Vec::new(), off_by: 0 }
    }
}

impl Written {
    pub fn at_ms(sequence: u32, ms: u64) -> Self {
        Self { sequence, stamp_us: Self::default().stamp_us + ms * 1000, ..Self::default() }
    }

    pub fn luma(&self) -> Vec<u8> {
        let pixels = usize::from(self.size[0]) * usize::from(self.size[1]);
        (0..pixels).map(|pixel| (pixel + self.sequence as usize) as u8).collect()
    }

    pub fn bytes(&self) -> Vec<u8> {
        let payload = [self.luma(), self.grid.clone()].concat();
        let mut bytes = self.sequence.to_le_bytes().to_vec();
        bytes.extend(self.flags.to_le_bytes());
        bytes.extend(self.stamp_us.to_le_bytes());
        bytes.extend(self.size[0].to_le_bytes());
        bytes.extend(self.size[1].to_le_bytes());
        bytes.extend(((payload.len() as i64 + self.off_by) as u32).to_le_bytes());
        assert_eq!(bytes.len(), HEADER_BYTES);
        [bytes, payload].concat()
    }
}

pub fn announcement() -> Value {
    json!({
        "peony_capture": 1, "width": 64, "height": 64, "format": "luma8", "range": "full",
        "frame_rate": 30.0, "source": "camera",
    })
}

fn announced() -> Session {
    let mut session = Session::default();
    session.text(&announcement().to_string()).unwrap();
    session
}

#[test]
fn an_announcement_says_what_comes() {
    let expected = Announcement {
        width: 1024,
        height: 768,
        format: Format::Luma8Chroma,
        range: Range::Limited,
        frame_rate: None,
        source: Kind::Screen,
        take_over: true,
        page: Some(7),
    };
    let text = r#"{"peony_capture":1,"width":1024,"height":768,"format":"luma8+chroma","range":"limited",
        "frame_rate":null,"source":"screen","take_over":true,"page":7,"of_a_later_version":[1]}"#;
    assert_eq!(Announcement::parse(text), Ok(expected));
    let rate = |rate: f64| {
        let mut value = announcement();
        value["frame_rate"] = json!(rate);
        Announcement::parse(&value.to_string()).unwrap().frame_rate
    };
    assert_eq!([29.97, 0.0, -5.0, 1e9].map(rate), [Some(29.97), None, None, None]);
}

#[test]
fn what_is_no_announcement_is_named() {
    let check = |change: fn(&mut Value), code: ErrorCode, begins: &str| {
        let mut value = announcement();
        change(&mut value);
        let error = Announcement::parse(&value.to_string()).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().starts_with(begins), "{error}");
    };
    use ErrorCode::{BadAnnouncement, Size, UnsupportedVersion};
    check(|v| v["peony_capture"] = json!(2), UnsupportedVersion, "peony_capture: version 2, 1 is understood");
    check(|v| v["peony_capture"] = json!("1"), BadAnnouncement, "announcement: peony_capture: missing or no");
    check(|v| *v = json!([]), BadAnnouncement, "announcement: peony_capture: missing or no number");
    check(|v| v["format"] = json!("rgb"), BadAnnouncement, "announcement: unknown variant `rgb`");
    check(|v| v["range"] = Value::Null, BadAnnouncement, "announcement: invalid type: null");
    check(|v| v["width"] = json!(70_000), BadAnnouncement, "announcement: invalid value: integer `70000`");
    check(|v| v["width"] = json!(63), Size, "size: 63 × 64, 64 to 4096 a side and 16000000 pixels are taken");
    check(|v| v["height"] = json!(4097), Size, "size: 64 × 4097");
    let long = format!(r#"{{"peony_capture":1,"format":"{}"}}"#, "x".repeat(3000));
    assert!(Announcement::parse(&long).unwrap_err().to_string().len() < 200, "foreign text is cut short");
    assert!(matches!(Announcement::parse("{"), Err(CaptureError::Announcement(_))));
}

#[test]
fn a_picture_is_read_as_it_was_written() {
    let mut grid = vec![0; (GRID[0] * GRID[1]) as usize];
    grid[..77].fill(20);
    let check = |written: &Written, chroma: Option<&[u8]>| {
        let bytes = written.bytes();
        let sent = Sent::parse(&bytes).unwrap();
        assert_eq!((sent.sequence, sent.size_px, sent.chroma), (written.sequence, written.size, chroma));
        assert_eq!(sent.stamp, Duration::from_micros(written.stamp_us));
        assert_eq!(sent.luma, written.luma());
    };
    check(&Written { sequence: u32::MAX, size: [65, 100], ..Written::default() }, None);
    check(&Written { flags: 1, ..Written::default() }, None);
    let coloured = Written { flags: 3, grid: grid.clone(), ..Written::default() };
    check(&coloured, Some(&grid));
    check(&Written { flags: 2, ..coloured }, Some(&grid));
    check(&Written { stamp_us: u64::MAX, ..Written::default() }, None);
}

#[test]
fn a_message_that_is_no_picture_says_why() {
    let check = |bytes: &[u8], expected: &str| {
        assert_eq!(Sent::parse(bytes).unwrap_err().to_string(), expected);
    };
    let whole = Written::default().bytes();
    check(&[], "header: 0 bytes, 24 expected");
    check(&whole[..23], "header: 23 bytes, 24 expected");
    check(&whole[..24], "payload: 0 bytes, 4096 expected");
    check(&[&whole[..], &[0]].concat(), "payload: 4097 bytes, 4096 expected");
    check(&Written { off_by: -1, ..Written::default() }.bytes(), "payload length: 4095 bytes, 4096 expected");
    check(&Written { flags: 4, ..Written::default() }.bytes(), "flags: 0x4, bits 0 and 1 are understood");
    check(&Written { flags: 2, ..Written::default() }.bytes(), "payload length: 4096 bytes, 4864 expected");
    // Refused by the header alone: no pixel of it is there.
    let refused = |size: [u16; 2]| {
        let bytes = Written { size: [0, 0], ..Written::default() }.bytes();
        let bytes = [&bytes[..16], &size[0].to_le_bytes(), &size[1].to_le_bytes(), &bytes[20..24]].concat();
        let why = Sent::parse(&bytes).unwrap_err();
        assert!(matches!(why, CaptureError::Size { .. }), "{size:?}: {why}");
    };
    [[0, 0], [63, 64], [64, 63], [4097, 64], [4096, 4096], [4000, 4001], [u16::MAX; 2]]
        .into_iter()
        .for_each(refused);
}

#[test]
fn nothing_is_taken_before_it_is_announced_and_no_number_twice() {
    let now = Instant::now();
    let bytes = Written::default().bytes();
    assert_eq!(Session::default().binary(&bytes, now), Err(CaptureError::NotAnnounced));
    let mut session = announced();
    assert!(matches!(session.binary(&bytes, now), Ok(Heard::Picture(..))));
    assert_eq!(session.binary(&bytes, now), Err(CaptureError::Sequence { this: 0, last: 0 }));
    assert!(session.text("nonsense").is_err());
    let next = Written { sequence: 7, size: [128, 96], ..Written::default() }.bytes();
    assert!(matches!(session.binary(&next, now), Ok(Heard::Picture(..))), "after nonsense, of another size");
}

#[test]
fn a_million_pictures_a_second_are_taken_at_the_pace_and_counted() {
    let (mut session, start) = (announced(), Instant::now());
    let (mut taken, mut counted) = (0_u32, 0);
    let mut bytes = Written::default().bytes();
    for sequence in 0..1_000_000_u32 {
        bytes[..4].copy_from_slice(&sequence.to_le_bytes());
        match session.binary(&bytes, start + Duration::from_micros(sequence.into())).unwrap() {
            Heard::Picture(..) => taken += 1,
            Heard::TooSoon { dropped, .. } => counted = dropped,
        }
    }
    assert_eq!(u64::from(taken) + counted, 1_000_000);
    assert!((FRAMES_A_SECOND..=FRAMES_A_SECOND + BURST).contains(&taken), "{taken} taken");
}

#[test]
fn a_grabber_of_sixty_frames_a_second_loses_none_however_they_bunch() {
    let (mut session, start) = (announced(), Instant::now());
    for second in 0..3_u32 {
        for frame in 0..60_u32 {
            let bytes = Written { sequence: second * 60 + frame, ..Written::default() }.bytes();
            // Four at once, then a pause of four.
            let arrived = start + second * 1000 * MS + (frame / 4 * 4) * 1000 / 60 * MS;
            assert!(matches!(session.binary(&bytes, arrived), Ok(Heard::Picture(..))), "{second} s, {frame}");
        }
    }
}

/// Pictures by their socket, their number there, the page's time and ours in ms; expects numbers and times in ms.
fn check_examination(sent: &[(u32, u32, u64, u32)], expected: &[(u64, u64)]) {
    let (mut examination, start) = (Examination::default(), Instant::now());
    let mut socket = 0;
    let frames = sent.iter().map(|&(of, sequence, page_ms, our_ms)| {
        if std::mem::replace(&mut socket, of) != of {
            examination.begin();
        }
        let bytes = Written::at_ms(sequence, page_ms).bytes();
        let captured = examination.take(&Sent::parse(&bytes).unwrap(), Range::Full, start + our_ms * MS);
        (captured.frame.index, captured.frame.time_ns / 1_000_000)
    });
    assert_eq!(frames.collect::<Vec<_>>(), expected, "{sent:?}");
}

#[test]
fn one_examination_goes_on_from_page_to_page() {
    check_examination(&[(0, 0, 0, 0), (0, 1, 40, 45), (0, 4, 160, 170)], &[(0, 0), (1, 40), (4, 160)]);
    // The socket was lost for ten seconds; the page numbers anew and its clock went on.
    check_examination(
        &[(0, 0, 0, 0), (0, 1, 40, 45), (1, 0, 10_040, 10_050), (1, 1, 10_080, 10_090)],
        &[(0, 0), (1, 40), (2, 10_040), (3, 10_080)],
    );
    // Another machine's page takes over: its clock is an hour behind, and the time goes on by arrival.
    check_examination(
        &[(0, 0, 3_600_000, 0), (0, 1, 3_600_040, 40), (1, 9, 20, 1040), (1, 10, 60, 1080)],
        &[(0, 0), (1, 40), (2, 1040), (3, 1080)],
    );
}

#[test]
fn the_grid_of_colour_comes_with_the_frame() {
    let mut grid = vec![0; (GRID[0] * GRID[1]) as usize];
    grid[40] = 99;
    let bytes = Written { flags: 2, grid, ..Written::default() }.bytes();
    let captured = Examination::default().take(&Sent::parse(&bytes).unwrap(), Range::Full, Instant::now());
    let Pixels::LumaChroma { luma, chroma } = captured.frame.pixels else { panic!("no grid") };
    assert_eq!((luma.dimensions(), chroma.dimensions()), ((64, 64), (GRID[0], GRID[1])));
    assert_eq!(chroma.get_pixel(8, 1).0, [99], "row by row");
}

#[test]
fn the_limited_range_is_expanded_and_the_full_one_kept() {
    let bytes = Written::default().bytes();
    let sent = Sent::parse(&bytes).unwrap();
    let check = |range: Range, at: [(usize, u8); 4]| {
        let captured = Examination::default().take(&sent, range, Instant::now());
        let Pixels::Luma8(grey) = captured.frame.pixels else { panic!("colour") };
        for (level, expected) in at {
            assert_eq!(grey.as_raw()[level], expected, "{range:?} {level}");
        }
    };
    check(Range::Full, [(0, 0), (16, 16), (128, 128), (255, 255)]);
    check(Range::Limited, [(0, 0), (16, 0), (126, 128), (235, 255)]);
}

proptest! {
    #[test]
    fn no_bytes_panic_and_what_is_read_is_whole(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        prop_assert!(Sent::parse(&bytes).is_err(), "no picture is so small");
        let mut session = announced();
        prop_assert!(session.binary(&bytes, Instant::now()).is_err());
    }

    #[test]
    fn any_picture_within_the_limits_comes_back(
        sequence: u32, stamp_us: u64, flags in 0_u32..4, width in 64_u16..200, height in 64_u16..200, level: u8,
    ) {
        let grid = if flags & 2 == 0 { Vec::new() } else { vec![level; (GRID[0] * GRID[1]) as usize] };
        let written = Written { sequence, flags, stamp_us, size: [width, height], grid, off_by: 0 };
        let bytes = written.bytes();
        let sent = Sent::parse(&bytes).unwrap();
        prop_assert_eq!(sent.luma, written.luma());
        prop_assert_eq!(sent.sequence, sequence);
        prop_assert_eq!(sent.chroma.is_some(), flags & 2 != 0);
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,200}") {
        let error = Announcement::parse(&text).unwrap_err();
        prop_assert!(error.to_string().len() < 1000);
    }

    /// Whatever the page's clock and numbers do, the examination's never fall.
    #[test]
    fn numbers_rise_and_times_never_fall(pictures in prop::collection::vec((any::<u32>(), any::<u64>(), any::<bool>()), 1..50)) {
        let (mut examination, start) = (Examination::default(), Instant::now());
        let mut last: Option<(u64, u64)> = None;
        for (number, (sequence, stamp_us, begins)) in pictures.into_iter().enumerate() {
            if begins {
                examination.begin();
            }
            let bytes = Written { sequence, stamp_us, ..Written::default() }.bytes();
            let arrived = start + number as u32 * 33 * MS;
            let frame = examination.take(&Sent::parse(&bytes).unwrap(), Range::Full, arrived).frame;
            prop_assert!(last.is_none_or(|(index, time_ns)| index < frame.index && time_ns <= frame.time_ns));
            last = Some((frame.index, frame.time_ns));
        }
    }
}
