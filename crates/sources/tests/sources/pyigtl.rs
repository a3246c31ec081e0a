//! Against pyigtl, an independent implementation of the protocol.
//!
//! Needs a Python with the packages of `requirements.txt` (`PEONY_PYTHON`, else `python3`); says so and passes without.

use std::time::{Duration, Instant};

use peony_model::{CalibrationSource, Pixels, Spacing};
use peony_sources::igtl::Server;
use peony_sources::{Backoff, Event, Heard, Link, LiveSource, Picture, Source};

use crate::free_port::free_port;
use crate::peer::{Peer, python};

/// The picture `number` as `pyigtl_server.py` makes it.
fn expected(number: u32, slice: u32, components: u32) -> Vec<u8> {
    let mut levels = Vec::new();
    for y in 0..120 {
        for x in 0..160 {
            let level = (7 * x + 13 * y + 29 * slice + 3 * number) % 256;
            levels.extend((0..components).map(|component| ((level + 50 * component) % 256) as u8));
        }
    }
    levels
}

fn check(picture: &Picture, number: u32, slice: u32, components: u32) {
    let (read, kind) = match &picture.pixels {
        Pixels::Luma8(grey) => (grey.as_raw(), 1),
        Pixels::Rgb8(colour) => (colour.as_raw(), 3),
        Pixels::LumaChroma { .. } => panic!("a grid, of a message"),
    };
    assert_eq!(kind, components, "picture {number}");
    assert!(*read == expected(number, slice, components), "picture {number}, slice {slice}: other levels");
    let Spacing::Uniform(mm) = &picture.spacing else { panic!("picture {number} has no scale") };
    assert_eq!((mm.x(), mm.y(), mm.source()), (0.25, 0.5, CalibrationSource::OpenIgtLink));
    let stamp = picture.stamp.unwrap().as_secs_f64() - 1_700_000_000.0;
    assert!((stamp - f64::from(number) / 25.0).abs() < 1e-5, "picture {number} at {stamp} s");
}

#[test]
fn every_picture_of_pyigtl_is_read_to_the_bit() {
    let Some(python) = python("numpy, pyigtl") else { return };
    let port = free_port();
    let _peer = Peer::start(&python, "pyigtl_server.py", port);
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut server = Server::new(format!("127.0.0.1:{port}"));
    let mut link = loop {
        match server.connect() {
            Ok(link) => break link,
            Err(error) => assert!(Instant::now() < deadline, "{error}"),
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    let mut pictures = Vec::new();
    while pictures.len() < 10 {
        assert!(Instant::now() < deadline, "{} pictures only", pictures.len());
        match link.next().unwrap() {
            Heard::Picture(picture) => pictures.push(picture),
            Heard::Damaged(error) => panic!("{error}"),
            Heard::Nothing => {}
        }
    }
    // Number, slice and components of each; those with 16 bits hold 12, of which eight remain.
    let kinds = [(0, 0, 1), (1, 0, 1), (2, 0, 3), (3, 0, 1), (4, 0, 1), (4, 1, 1), (4, 2, 1), (5, 0, 1)];
    for (picture, (number, slice, components)) in pictures.iter().zip(kinds) {
        check(picture, number, slice, components);
    }
}

#[test]
fn pyigtl_may_die_and_come_back() {
    let Some(python) = python("numpy, pyigtl") else { return };
    let port = free_port();
    let waits = [Duration::from_millis(20); 4];
    let mut source = LiveSource::start(Server::new(format!("127.0.0.1:{port}")), Backoff { waits }).unwrap();
    assert!(matches!(source.next(), Some(Event::Lost { .. })), "it has not begun yet");

    let first = Peer::start(&python, "pyigtl_server.py", port);
    // Whatever else was in the way until then.
    assert!(matches!(source.find(|event| !matches!(event, Event::Lost { .. })), Some(Event::Back)));
    let frames = |source: &mut LiveSource, count: usize| -> Vec<(u64, u64)> {
        let frame = |event| match event {
            Event::Frame(frame) => (frame.index, frame.time_ns),
            other => panic!("no frame: {other:?}"),
        };
        source.take(count).map(frame).collect()
    };
    let before = frames(&mut source, 8);
    drop(first);
    let Some(since) = source.find_map(|event| match event {
        Event::Lost { since, .. } => Some(since),
        _ => None,
    }) else {
        panic!("never lost")
    };
    let _second = Peer::start(&python, "pyigtl_server.py", port);
    // Whatever else was in the way until then.
    assert!(matches!(source.find(|event| !matches!(event, Event::Lost { .. })), Some(Event::Back)));
    let gap_ns = since.elapsed().as_nanos() as u64;
    let after = frames(&mut source, 8);
    let all = [before, after.clone()].concat();
    assert!(all.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1), "{all:?}");
    // The second server's stamps begin where the first's did: arrival counts from there on.
    let last_ns = all[7].1;
    assert!(after[0].1 - last_ns + 2_000_000_000 > gap_ns, "a gap of {gap_ns} ns: {all:?}");
}
