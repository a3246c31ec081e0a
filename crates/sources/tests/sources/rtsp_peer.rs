//! Against a stream of FFmpeg's: its coder, its packets and its fragments.
//!
//! Needs a Python with the packages of `requirements.txt` (`PEONY_PYTHON`, else `python3`); says so and passes without.

use std::time::{Duration, Instant};

use peony_model::Frame;
use peony_sources::{Event, open};

use crate::free_port::free_port;
use crate::peer::{Peer, python};

/// The number modulo 12 that is read off a frame; its block is in the middle, and sharp against the noise around it.
fn number_of(frame: &Frame) -> u64 {
    let grey = frame.luma();
    assert_eq!(grey.dimensions(), (640, 480));
    let level = f64::from(grey.get_pixel(320, 240).0[0]);
    let number = ((level - 20.0) / 17.0).round();
    assert!((level - (20.0 + 17.0 * number)).abs() <= 4.0, "level {level} is none that was made");
    number as u64
}

#[test]
fn a_stream_of_ffmpeg_is_read_and_picked_up_again() {
    let Some(python) = python("numpy, av") else { return };
    let port = free_port();
    let mut source = open(&format!("rtsp://127.0.0.1:{port}/video").parse().unwrap()).unwrap();
    assert!(matches!(source.next(), Some(Event::Lost { .. })), "it has not begun yet");
    let first = Peer::start(&python, "rtsp_server.py", port);
    // Whatever else was in the way until then.
    assert!(matches!(source.find(|event| !matches!(event, Event::Lost { .. })), Some(Event::Back)));
    let deadline = Instant::now() + Duration::from_secs(60);
    let frames = |count: usize, source: &mut peony_sources::LiveSource| -> Vec<Frame> {
        let frame = |event| match event {
            Event::Frame(frame) => frame,
            other => panic!("no frame: {other:?}"),
        };
        assert!(Instant::now() < deadline);
        source.take(count).map(frame).collect()
    };
    let before = frames(30, &mut source);
    for pair in before.windows(2) {
        // The queue may have dropped some; the number in the picture says the same as the frame's.
        let [a, b] = pair else { unreachable!() };
        assert_eq!((number_of(b) + 12 - number_of(a)) % 12, (b.index - a.index) % 12);
        let step_ms = (b.time_ns - a.time_ns) / 1_000_000 / (b.index - a.index);
        assert!((39..=41).contains(&step_ms), "{step_ms} ms from frame to frame");
    }
    drop(first);
    let mut last = before[29].index;
    loop {
        match source.next() {
            Some(Event::Frame(frame)) => last = frame.index,
            Some(Event::Lost { .. }) => break,
            other => panic!("neither a frame nor its end: {other:?}"),
        }
    }
    let _second = Peer::start(&python, "rtsp_server.py", port);
    // Whatever else was in the way until then.
    assert!(matches!(source.find(|event| !matches!(event, Event::Lost { .. })), Some(Event::Back)));
    let after = frames(3, &mut source);
    assert!(after[0].time_ns > before[29].time_ns);
    // The first may have been replaced before it was taken.
    let first = last + 1;
    assert!(after[0].index >= first);
    assert_eq!(number_of(&after[0]), (after[0].index - first) % 12, "it begins anew, and its numbers go on");
}
