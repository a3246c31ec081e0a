//! A device on the network as an examination's source.

use std::sync::Weak;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use peony_model::LatestSlot;
use peony_sources::{Event, LiveSource, SourceError, SourceUrl};
use peony_web::Hub;
use peony_web::wire::DeviceLost;

use super::source::Captured;
use crate::exit::Outcome;

/// A device that gives no picture for so long when it is tried is not reached.
const TRY_LIMIT: Duration = Duration::from_secs(8);

/// Gives frames on until the device is stopped. One that drops out is one line on the standard error and on the pages, and an entry of the
/// examination, which goes on when it is back; the call has failed in part then.
pub fn run(mut device: LiveSource, slot: &LatestSlot<Captured>, hub: &Weak<Hub>) -> Outcome {
    let note = |lost: Option<DeviceLost>| {
        let Some(hub) = hub.upgrade() else { return };
        hub.device_lost(lost);
        if let Err(error) = hub.examination().source_lost(lost.is_some()) {
            tracing::warn!("an examination takes nothing: {error}");
        }
    };
    let mut outcome = Outcome::Done;
    while let Some(event) = device.next() {
        match event {
            Event::Frame(frame) => {
                let damaged = device.counts().damaged;
                slot.put(Captured {
                    frame,
                    at: Instant::now(),
                    sweep: 0,
                    damaged,
                    truth: Vec::new(),
                    seed: None,
                });
            }
            Event::Lost { why, .. } => {
                crate::log::tell(format_args!("the device is lost, and looked for again: {why}"));
                outcome = Outcome::SomeFailed;
                note(Some(reason(&why)));
            }
            Event::Back => note(None),
        }
    }
    outcome
}

/// Connects to a device once.
///
/// # Errors
/// One line on why that gives no picture, or none in time.
pub fn tried(source: &SourceUrl) -> Result<(), String> {
    let mut device = peony_sources::open(source).map_err(|error| error.to_string())?;
    let stopper = device.stopper();
    let (tell, told) = sync_channel::<()>(1);
    let timer = thread::Builder::new().name("peony-try-limit".to_owned());
    let timer = timer.spawn(move || {
        // The other end goes when the device has said something.
        if told.recv_timeout(TRY_LIMIT) == Err(RecvTimeoutError::Timeout) {
            stopper.stop();
        }
    });
    let first = timer.map_err(|error| format!("the system gives no thread: {error}")).map(|_| device.next());
    drop(tell);
    match first? {
        Some(Event::Lost { why, .. }) => Err(why.to_string()),
        Some(_) => Ok(()),
        None => Err(format!("no picture within {} s", TRY_LIMIT.as_secs())),
    }
}

/// Why a device is lost, as pages have words for it.
fn reason(why: &SourceError) -> DeviceLost {
    match why {
        SourceError::Connect(_) => DeviceLost::Unreachable,
        SourceError::Closed | SourceError::Broken(_) => DeviceLost::Closed,
        SourceError::Silent(_) => DeviceLost::Silent,
        SourceError::Igtl(_) => DeviceLost::Unreadable,
        #[cfg(feature = "rtsp")]
        SourceError::Rtsp(peony_sources::rtsp::RtspError::Unauthorized) => DeviceLost::Unauthorized,
        #[cfg(feature = "rtsp")]
        SourceError::Rtsp(peony_sources::rtsp::RtspError::Failed { .. }) => DeviceLost::Unreachable,
        #[cfg(feature = "rtsp")]
        SourceError::Rtsp(_) => DeviceLost::Unreadable,
        #[cfg(feature = "gstreamer")]
        SourceError::Gst(_) => DeviceLost::Unreachable,
    }
}
