//! Whatever a GStreamer pipeline gives (feature `gstreamer`): a test picture, a network encoder of another protocol, and by
//! `v4l2src` the capture devices of Linux.
//!
//! A person writes the pipeline up to its last element, as `gst-launch-1.0` takes it; behind it comes what turns video into planes and a
//! sink that keeps the newest picture alone. A pipeline can read any file and reach any host, so its text comes from the call of the
//! program only, never from a page, and is printed nowhere: it may hold a password.

use std::time::{Duration, Instant};

use gstreamer::prelude::*;
use gstreamer::{ClockTime, Fraction, MessageView, ParseError, State, StateChangeSuccess};
use gstreamer_app::AppSink;
use gstreamer_video::prelude::*;
use gstreamer_video::{VideoColorRange, VideoFrameRef, VideoInfo};
use image::GrayImage;
use peony_model::{Pixels, Spacing};

use crate::chroma::{self, Plane};
use crate::levels::FULL_FROM_LIMITED;
use crate::{Heard, Link, Picture, Source, SourceError};

/// No wait for a picture is longer, so that whoever reads can stop.
const POLL: ClockTime = ClockTime::from_mseconds(100);
/// Columns, and rows, of a picture; as videos.
const SIDE_PX: u32 = 8192;
/// Columns × rows of a picture; as videos.
const FRAME_PIXELS: u64 = 16_000_000;
const SINK: &str = "peony";

/// A pipeline by its description.
#[derive(Clone)]
pub struct Server {
    description: String,
    /// How long the pipeline may take until it runs.
    pub connect_limit: Duration,
    /// For how long no picture may come before it counts as lost.
    pub silence_limit: Duration,
    /// From here the times of all connections count, so that they go on from one to the next.
    started: Instant,
}

/// Says nothing of the description.
impl std::fmt::Debug for Server {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Server").finish_non_exhaustive()
    }
}

/// Why a pipeline gives no pictures. Nothing of its description is in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GstError {
    /// The system's GStreamer does not start.
    #[error("GStreamer does not start")]
    Init,
    /// An element of the pipeline is not installed.
    #[error("the pipeline names an element that is not installed")]
    NoElement,
    /// An element has no such property, or not of this value.
    #[error("an element of the pipeline has no such property, or does not take its value")]
    NoProperty,
    /// The elements do not fit each other, or the text is no pipeline.
    #[error("the pipeline cannot be put together; try it with gst-launch-1.0")]
    Pipeline,
    /// It was put together and does not run: no such device, or another program holds it.
    #[error("the pipeline does not run: is the device there, and free?")]
    DoesNotRun,
    /// What came is no video, or larger than any screen.
    #[error("no picture that is read: at most {SIDE_PX} pixels a side and {most} million a frame", most = FRAME_PIXELS / 1_000_000)]
    Picture,
    /// Lengths and shapes would be wrong.
    #[error("the pixels are not square; scale the video first")]
    NotSquare,
}

impl Server {
    /// A pipeline with the usual limits, such as `videotestsrc is-live=true` or `v4l2src device=/dev/video0`.
    #[must_use]
    pub fn new(description: &str) -> Self {
        Self {
            description: description.to_owned(),
            connect_limit: Duration::from_secs(5),
            silence_limit: Duration::from_secs(5),
            started: Instant::now(),
        }
    }
}

impl Source for Server {
    type Link = Connection;

    fn connect(&mut self) -> Result<Self::Link, SourceError> {
        gstreamer::init().map_err(|_| GstError::Init)?;
        let whole = format!(
            "{} ! videoconvert ! video/x-raw,format=I420 ! appsink name={SINK} sync=false max-buffers=1 drop=true",
            self.description
        );
        let pipeline = gstreamer::parse::launch(&whole).map_err(|error| parse_error(&error))?;
        let pipeline = pipeline.downcast::<gstreamer::Pipeline>().map_err(|_| GstError::Pipeline)?;
        let sink = pipeline.by_name(SINK).and_then(|sink| sink.downcast::<AppSink>().ok());
        let connection = Connection {
            sink: sink.ok_or(GstError::Pipeline)?,
            pipeline,
            silence_limit: self.silence_limit,
            last_picture: Instant::now(),
            started: self.started,
            first: None,
        };
        connection.run(self.connect_limit)?;
        Ok(connection)
    }
}

fn parse_error(error: &gstreamer::glib::Error) -> GstError {
    match error.kind::<ParseError>() {
        Some(ParseError::NoSuchElement) => GstError::NoElement,
        Some(ParseError::NoSuchProperty | ParseError::CouldNotSetProperty) => GstError::NoProperty,
        _ => GstError::Pipeline,
    }
}

/// A pipeline that runs.
#[derive(Debug)]
pub struct Connection {
    pipeline: gstreamer::Pipeline,
    sink: AppSink,
    silence_limit: Duration,
    last_picture: Instant,
    started: Instant,
    /// When the first picture came after `started`, and its own time; those of the others count from there.
    first: Option<(Duration, Option<ClockTime>)>,
}

impl Connection {
    fn run(&self, limit: Duration) -> Result<(), SourceError> {
        match self.pipeline.set_state(State::Playing) {
            Ok(StateChangeSuccess::Success | StateChangeSuccess::NoPreroll) => Ok(()),
            Ok(StateChangeSuccess::Async) => {
                let (state, _, _) = self.pipeline.state(ClockTime::try_from(limit).ok());
                match state {
                    Ok(StateChangeSuccess::Async) => Err(SourceError::Silent(limit)),
                    Ok(_) => Ok(()),
                    Err(_) => Err(GstError::DoesNotRun.into()),
                }
            }
            Err(_) => Err(GstError::DoesNotRun.into()),
        }
    }

    /// An error that the pipeline has told since the last time.
    fn has_failed(&self) -> bool {
        let Some(bus) = self.pipeline.bus() else { return true };
        bus.iter().any(|message| matches!(message.view(), MessageView::Error(_)))
    }

    fn stamp(&mut self, own: Option<ClockTime>) -> Option<Duration> {
        let (since, began) = *self.first.get_or_insert_with(|| (self.started.elapsed(), own));
        since.checked_add(own?.checked_sub(began?)?.into())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // Stops the pipeline's threads and gives the device back; there is nobody left to hear of a failure.
        let _stopped = self.pipeline.set_state(State::Null);
    }
}

impl Link for Connection {
    fn next(&mut self) -> Result<Heard, SourceError> {
        let Some(sample) = self.sink.try_pull_sample(POLL) else {
            if self.has_failed() {
                return Err(GstError::DoesNotRun.into());
            }
            if self.sink.is_eos() {
                return Err(SourceError::Closed);
            }
            if self.last_picture.elapsed() > self.silence_limit {
                return Err(SourceError::Silent(self.silence_limit));
            }
            return Ok(Heard::Nothing);
        };
        let arrived = Instant::now();
        self.last_picture = arrived;
        let pixels = pixels(&sample)?;
        let stamp = self.stamp(sample.buffer().and_then(|buffer| buffer.pts()));
        Ok(Heard::Picture(Picture { stamp, arrived, pixels, spacing: Spacing::Unknown }))
    }
}

fn pixels(sample: &gstreamer::Sample) -> Result<Pixels, GstError> {
    let info = sample.caps().and_then(|caps| VideoInfo::from_caps(caps).ok()).ok_or(GstError::Picture)?;
    let (width, height) = (info.width(), info.height());
    let fits = |side: u32| (1..=SIDE_PX).contains(&side);
    if !fits(width) || !fits(height) || u64::from(width) * u64::from(height) > FRAME_PIXELS {
        return Err(GstError::Picture);
    }
    if info.par() != Fraction::new(1, 1) {
        return Err(GstError::NotSquare);
    }
    let buffer = sample.buffer().ok_or(GstError::Picture)?;
    let frame = VideoFrameRef::from_buffer_ref_readable(buffer, &info).map_err(|_| GstError::Picture)?;
    let plane = |number: u32| {
        let samples = frame.plane_data(number).ok()?;
        // A negative stride is a picture that stands on its head; the converter gives none.
        let stride = usize::try_from(*frame.plane_stride().get(number as usize)?).ok()?;
        Some(Plane { samples, stride })
    };
    let [y, cb, cr] = [plane(0), plane(1), plane(2)].map(|plane| plane.ok_or(GstError::Picture));
    let (y, columns) = (y?, width as usize);
    let is_full_range = info.colorimetry().range() == VideoColorRange::Range0_255;
    let level = |level: &u8| if is_full_range { *level } else { FULL_FROM_LIMITED[usize::from(*level)] };
    let mut levels = Vec::with_capacity(columns * height as usize);
    for row in 0..height as usize {
        levels.extend(y.row(row, columns).ok_or(GstError::Picture)?.iter().map(level));
    }
    let luma = GrayImage::from_raw(width, height, levels).ok_or(GstError::Picture)?;
    let size = [width.div_ceil(2) as usize, height.div_ceil(2) as usize];
    Ok(match chroma::grid(cb?, cr?, size) {
        Some(chroma) => Pixels::LumaChroma { luma, chroma },
        None => Pixels::Luma8(luma),
    })
}
