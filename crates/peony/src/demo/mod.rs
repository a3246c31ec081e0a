//! `peony demo`: a source, the pipeline and the live page in one process.
//!
//! The source runs on a thread of its own and keeps to its frame rate; the pipeline, here on the main thread, takes
//! the newest frame; the page's server has a third thread. Between them stand a queue of one and the hub, so none
//! waits for another (invariant 7).

mod recording;
mod source;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread;

use anyhow::{Context, Result};
use peony_ultrasound::live::LatestSlot;
use peony_web::wire::Model;
use peony_web::{Capture, Hub, ServeConfig};

use self::source::{Captured, Feed};
use crate::cli::DemoArgs;
use crate::engine::Reader;
use crate::exit::Outcome;

/// Opens the page and scans until Ctrl+C.
///
/// # Errors
/// Where the source cannot be opened or the page's port cannot be had.
pub fn run(args: &DemoArgs) -> Result<Outcome> {
    let feed = Feed::open(args)?;
    let mut reader = Reader::load(&args.model);
    let (hub, commands) = Hub::new(feed.description(), model_of(&reader));
    let config = ServeConfig {
        addr: SocketAddr::from((Ipv4Addr::LOCALHOST, args.port)),
        // A port that a person chose is taken as it is; the usual one may give way to a neighbour.
        further_ports: if args.port == crate::cli::DEFAULT_PORT { 9 } else { 0 },
    };
    let server = peony_web::start(config, hub.clone())?;
    welcome(&server.url(), args.no_open);
    let slot = Arc::new(LatestSlot::new());
    close_on_interrupt(&slot)?;
    let source = {
        let slot = Arc::clone(&slot);
        let run = move || {
            // The pipeline must not wait for a source that is gone, however it went.
            let _close = slot.close_on_drop();
            feed.run(&commands, &slot)
        };
        thread::Builder::new().name("peony-source".into()).spawn(run)
    };
    let source = source.context("the system gives no thread for the source")?;
    read(&slot, &hub, &mut reader);
    server.stop()?;
    // Where nobody commands it any more, the source ends too.
    drop(hub);
    Ok(reader.outcome().and(source.join().unwrap_or(Outcome::SomeFailed)))
}

/// Ctrl+C ends the frames and not the process, so that the call still says how it went.
fn close_on_interrupt(slot: &Arc<LatestSlot<Captured>>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let slot = Arc::clone(slot);
    let wait = move || match runtime.block_on(tokio::signal::ctrl_c()) {
        Ok(()) => slot.close(),
        // The system's own way of ending the process stays then.
        Err(error) => tracing::info!("Ctrl+C cannot be waited for: {error}"),
    };
    thread::Builder::new().name("peony-interrupt".into()).spawn(wait)?;
    Ok(())
}

fn welcome(url: &str, no_open: bool) {
    println!("Peony is scanning: {url}");
    println!("Only this machine can reach the page. Research use only. Ctrl+C ends it.");
    if !no_open && let Err(error) = open::that_detached(url) {
        tracing::info!("no browser could be opened: {error}");
    }
}

fn model_of(reader: &Reader) -> Result<Model, String> {
    let by = reader.provenance().ok_or_else(|| reader.why_no_model().to_owned())?;
    Ok(Model {
        name: by.model.clone(),
        version: by.version.clone(),
        sha256: by.sha256.clone(),
        engine: by.provider.clone(),
        precision: by.precision.as_str().to_owned(),
        threads: u32::try_from(reader.threads()).unwrap_or(u32::MAX),
    })
}

/// Takes the newest frame, says what is seen on it, and hands both to the pages, until the source ends.
fn read(slot: &LatestSlot<Captured>, hub: &Hub, reader: &mut Reader) {
    let mut sweep = None;
    let mut dropped_before = 0;
    while let Some(captured) = slot.take() {
        if sweep != Some(captured.sweep) {
            reader.begin(true);
            // The first sweep is the hub's own.
            if sweep.is_some() {
                hub.begin_sweep();
            }
            sweep = Some(captured.sweep);
            dropped_before = slot.dropped();
        }
        let output = reader.step(&captured.frame);
        let dropped = slot.dropped() - dropped_before + captured.damaged;
        hub.publish(
            &captured.frame,
            &output,
            Capture { captured: captured.at, dropped, truth: &captured.truth },
        );
    }
}
