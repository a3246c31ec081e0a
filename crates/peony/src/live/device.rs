//! A device on the network as an examination's source.

use std::sync::Weak;
use std::time::Instant;

use peony_model::LatestSlot;
use peony_sources::{Event, LiveSource};
use peony_web::Hub;

use super::source::Captured;
use crate::exit::Outcome;

/// Gives frames on until the device is stopped. One that drops out is one line on the standard error and an entry of the
/// examination, which goes on when it is back; the call has failed in part then.
pub fn run(mut device: LiveSource, slot: &LatestSlot<Captured>, hub: &Weak<Hub>) -> Outcome {
    let note = |lost: bool| {
        if let Some(hub) = hub.upgrade()
            && let Err(error) = hub.examination().source_lost(lost)
        {
            tracing::warn!("an examination takes nothing: {error}");
        }
    };
    let mut outcome = Outcome::Done;
    while let Some(event) = device.next() {
        match event {
            Event::Frame(frame) => {
                let damaged = device.counts().damaged;
                slot.put(Captured { frame, at: Instant::now(), sweep: 0, damaged, truth: Vec::new() });
            }
            Event::Lost { why, .. } => {
                crate::log::tell(format_args!("the device is lost, and looked for again: {why}"));
                outcome = Outcome::SomeFailed;
                note(true);
            }
            Event::Back => note(false),
        }
    }
    outcome
}
