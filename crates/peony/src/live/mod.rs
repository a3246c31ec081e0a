//! `peony demo` and `peony serve`: sources, pipelines and the pages in one process.
//!
//! Each examination has a source on a thread of its own, which keeps to its frame rate (or a page that captures), and a
//! pipeline on another, which takes the newest frame; the server has one more. Between them stand queues of one and the
//! hub, so none waits for another (invariant 7).

mod access;
mod device;
mod kept;
mod neighbours;
mod node;
mod opener;
mod recording;
mod source;

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread;

use anyhow::Result;
use axum::Router;
use peony_examination::Archive;
use peony_sources::SourceUrl;
use peony_web::{Opener, Rooms, ServeConfig};

use self::kept::Kept;
use self::node::Node;
use self::opener::{Between, Settings, Studio};
use crate::calibration::Calibrations;
use crate::cli::{DemoArgs, ServeArgs};
use crate::exit::Outcome;

/// Where `peony serve` looks for calibrations, in its folder.
const CALIBRATIONS: &str = "calibrations";

/// Opens the page and scans until Ctrl+C.
///
/// # Errors
/// Where the source cannot be opened or the page's port cannot be had.
pub fn demo(args: &DemoArgs) -> Result<Outcome> {
    // Nobody is examined: what a demonstration writes goes with it.
    let folder = tempfile::tempdir()?;
    let settings = Settings {
        model: args.model.clone(),
        source: match args.source.clone() {
            None | Some(SourceUrl::Phantom { seed: None }) => SourceUrl::Phantom { seed: Some(args.seed) },
            Some(source) => source,
        },
        fps: args.fps,
        scale: args.mm_per_px,
        calibrations: Calibrations::load(&args.calibration, None)?,
        between: Between::Examinations,
    };
    let config = ServeConfig {
        addr: SocketAddr::from((Ipv4Addr::LOCALHOST, args.port)),
        // A port that a person chose is taken as it is; the usual one may give way to a neighbour.
        further_ports: if args.port == crate::cli::DEFAULT_PORT { 9 } else { 0 },
    };
    let studio = Studio::new(Archive::open(folder.path())?, settings);
    let rooms = Rooms::new(Arc::clone(studio.archive()), Some(Arc::clone(&studio) as Arc<dyn Opener>));
    rooms.begin(None, "", "")?;
    let server = peony_web::start(config, Arc::clone(&rooms), Router::new())?;
    say(&format!("Peony is scanning: {}", server.url()), None);
    if !args.no_open
        && let Err(error) = open::that_detached(server.url())
    {
        tracing::info!("no browser could be opened: {error}");
    }
    until_interrupted()?;
    server.stop()?;
    drop(rooms);
    Ok(studio.close())
}

/// Serves examinations, and other DICOM nodes where it is one, until Ctrl+C.
///
/// # Errors
/// Where the folder or an address cannot be had, or may not be served.
pub fn serve(args: &ServeArgs) -> Result<Outcome> {
    let settings = Settings {
        model: args.model.clone(),
        source: args.source.clone(),
        fps: args.fps,
        scale: args.mm_per_px,
        calibrations: Calibrations::load(&args.calibration, Some(&args.store.data.join(CALIBRATIONS)))?,
        between: Between::Rests,
    };
    let kept = Kept::open(&args.store)?;
    let beside = access::beside(args, &kept)?;
    let node = args.dicom.map(|addr| node::start(args, addr, &kept)).transpose()?;
    let studio = Studio::new(Archive::open(&args.store.data)?, settings);
    let rooms = Rooms::new(Arc::clone(studio.archive()), Some(Arc::clone(&studio) as Arc<dyn Opener>));
    let config = ServeConfig { addr: args.http, further_ports: 0 };
    let server = peony_web::start(config, Arc::clone(&rooms), beside)?;
    say(&format!("Peony serves: {}?page=exams", server.url()), node.as_ref());
    until_interrupted()?;
    server.stop()?;
    drop(rooms);
    if let Some(node) = node {
        node.stop(&kept);
    }
    kept.close();
    Ok(studio.close())
}

/// Says where the pages are, and the node. Whoever started the program may have stopped listening; it serves on.
fn say(where_at: &str, node: Option<&Node>) {
    let dicom = node.map(|node| format!("{}\n", node.said())).unwrap_or_default();
    let reach = match node {
        Some(node) if node.is_reachable() => "Only this machine can reach the pages.",
        _ => "Only this machine can reach it.",
    };
    let said = writeln!(std::io::stdout(), "{where_at}\n{dicom}{reach} Research use only. Ctrl+C ends it.");
    if let Err(error) = said {
        tracing::debug!("nobody listens to the standard output: {error}");
    }
}

/// Ctrl+C ends the examinations and not the process, so that the call still says how it went.
fn until_interrupted() -> Result<()> {
    let (tell, told) = sync_channel(1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let wait = move || {
        if let Err(error) = runtime.block_on(interrupted()) {
            // The system's own way of ending the process stays then.
            tracing::info!("Ctrl+C cannot be waited for: {error}");
            return;
        }
        // The other end waits for nothing else.
        let _ = tell.send(());
    };
    thread::Builder::new().name("peony-interrupt".into()).spawn(wait)?;
    if told.recv().is_err() {
        loop {
            thread::park();
        }
    }
    Ok(())
}

/// Ctrl+C, or what a service's keeper sends.
async fn interrupted() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut asked = signal(SignalKind::terminate())?;
        tokio::select! {
            pressed = tokio::signal::ctrl_c() => pressed,
            _ = asked.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
