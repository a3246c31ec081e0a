//! Pipelines of the system's own GStreamer, whose test pictures need no device.

use std::time::{Duration, Instant};

use peony_model::{Frame, Pixels};
use peony_sources::gst::{GstError, Server};
use peony_sources::{Event, Source, SourceError, open};

/// A red picture: luma and the distance of its Cr from grey in BT.601, whose Cr is 240 at most.
#[test]
fn pictures_come_with_their_colour_and_times_and_are_picked_up_again() {
    let url = "gst:videotestsrc is-live=true pattern=red num-buffers=12 ! video/x-raw,width=640,height=480,framerate=30/1";
    let mut source = open(&url.parse().unwrap()).unwrap();
    let began = Instant::now();
    let (mut frames, mut backs, mut losses): (Vec<Frame>, u32, u32) = (Vec::new(), 0, 0);
    while backs < 2 || frames.len() < 14 {
        assert!(began.elapsed() < Duration::from_secs(60), "{} frames, {losses} losses", frames.len());
        match source.next() {
            Some(Event::Frame(frame)) => frames.push(frame),
            Some(Event::Lost { .. }) => losses += 1,
            Some(Event::Back) => backs += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(losses >= 1, "twelve pictures, and the pipeline ends");
    for pair in frames.windows(2) {
        assert!(pair[1].index > pair[0].index && pair[1].time_ns >= pair[0].time_ns);
    }
    let steps_ms =
        |pair: &[Frame]| (pair[1].time_ns - pair[0].time_ns) / (pair[1].index - pair[0].index) / 1_000_000;
    assert_eq!(frames[..6].windows(2).map(steps_ms).filter(|ms| (33..=34).contains(ms)).count(), 5);
    let Pixels::LumaChroma { luma, chroma } = &frames[0].pixels else { panic!("no grid of colour") };
    assert_eq!(luma.dimensions(), (640, 480));
    assert!(luma.iter().all(|level| level.abs_diff(76) <= 2), "{}", luma.as_raw()[0]);
    assert!(chroma.iter().all(|cell| cell.abs_diff(112) <= 2), "{}", chroma.as_raw()[0]);
}

#[test]
fn a_pipeline_that_cannot_run_says_why_and_nothing_of_itself() {
    let check = |pipeline: &str, expected: GstError| {
        let mut server = Server::new(pipeline);
        server.connect_limit = Duration::from_secs(2);
        let error = server.connect().map(|_| ()).unwrap_err();
        assert!(matches!(error, SourceError::Gst(why) if why == expected), "{pipeline}: {error:?}");
        assert!(!format!("{error} {server:?}").contains("s3cret"));
    };
    check("s3cret", GstError::NoElement);
    check("videotestsrc s3cret=1", GstError::NoProperty);
    check("videotestsrc ! !", GstError::Pipeline);
    check("audiotestsrc", GstError::Pipeline);
    check("filesrc location=/nowhere/s3cret ! decodebin", GstError::DoesNotRun);
    check("v4l2src device=/dev/video-s3cret", GstError::DoesNotRun);
}

#[test]
fn pixels_that_are_not_square_are_refused() {
    let caps = "video/x-raw,width=64,height=64,pixel-aspect-ratio=(fraction)2/1";
    let mut connection = Server::new(&format!("videotestsrc ! {caps}")).connect().unwrap();
    let error = std::iter::repeat_with(|| peony_sources::Link::next(&mut connection)).find_map(Result::err);
    assert!(matches!(error, Some(SourceError::Gst(GstError::NotSquare))), "{error:?}");
}
