//! What goes on from one socket of an examination to the next.

use std::time::{Duration, Instant};

use image::GrayImage;
use peony_model::{Frame, Pixels, Spacing};

use super::{GRID, Range, Sent};
use crate::clock::FrameClock;
use crate::levels::FULL_FROM_LIMITED;

/// Numbers and times the frames of one examination, whichever page sends them.
#[derive(Debug, Default)]
pub struct Examination {
    clock: FrameClock,
    next_index: u64,
    /// The number on the present socket of the last picture; `None` where a new one begins.
    last_sequence: Option<u32>,
}

/// A frame that a page captured.
#[derive(Debug)]
pub struct Captured {
    /// As the pipeline reads it: in the full range, with the grid of colour where one came, without a scale.
    pub frame: Frame,
    /// When the page got it, since 1970-01-01 UTC by the page's clock.
    pub stamp: Duration,
    /// When the last byte of it arrived.
    pub arrived: Instant,
}

impl Examination {
    /// Another socket begins: its pictures are numbered anew and follow those before.
    pub fn begin(&mut self) {
        self.last_sequence = None;
    }

    /// The picture as a frame. What the page passed over since the last one is counted in the frame's number.
    pub fn take(&mut self, sent: &Sent<'_>, range: Range, arrived: Instant) -> Captured {
        let passed_over =
            self.last_sequence.map_or(0, |last| sent.sequence.saturating_sub(last).saturating_sub(1));
        self.last_sequence = Some(sent.sequence);
        let index = self.next_index.saturating_add(u64::from(passed_over));
        self.next_index = index.saturating_add(1);
        let (time_ns, fault) = self.clock.time_ns(Some(sent.stamp), arrived);
        if let Some(fault) = fault {
            tracing::warn!("the capturing page's times are left for those of arrival: {fault}");
        }
        let frame = Frame { index, time_ns, pixels: pixels(sent, range), spacing: Spacing::Unknown };
        Captured { frame, stamp: sent.stamp, arrived }
    }
}

fn pixels(sent: &Sent<'_>, range: Range) -> Pixels {
    let luma = grey(sent, range);
    let [columns, rows] = GRID;
    match sent.chroma.and_then(|cells| GrayImage::from_raw(columns, rows, cells.to_vec())) {
        Some(chroma) => Pixels::LumaChroma { luma, chroma },
        None => Pixels::Luma8(luma),
    }
}

fn grey(sent: &Sent<'_>, range: Range) -> GrayImage {
    let levels = match range {
        Range::Full => sent.luma.to_vec(),
        Range::Limited => sent.luma.iter().map(|level| FULL_FROM_LIMITED[usize::from(*level)]).collect(),
    };
    let [width, height] = sent.size_px.map(u32::from);
    // `Sent::parse` has checked that there are as many levels as pixels.
    GrayImage::from_raw(width, height, levels).unwrap_or_default()
}
