//! `peony demo` and `peony serve`: sources, pipelines and the pages in one process.
//!
//! Each examination has a source on a thread of its own, which keeps to its frame rate (or a page that captures), and a
//! pipeline on another, which takes the newest frame; the server has one more. Between them stand queues of one and the
//! hub, so none waits for another (invariant 7).

mod access;
mod audit;
mod checked;
mod description;
mod device;
mod figures;
mod kept;
pub mod neighbours;
mod node;
mod opener;
mod ops;
mod recording;
mod reload;
mod source;

use std::ffi::OsString;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow};
use axum::Router;
use peony_dicomweb::Neighbours as Titles;
use peony_examination::Archive;
use peony_sources::SourceUrl;
use peony_web::{Beside, Opener, Rooms, ServeConfig};
use tokio::sync::watch;

use self::audit::Audit;
pub use self::checked::Checked;
pub use self::description::api;
use self::description::description;
use self::kept::Kept;
pub use self::neighbours::Neighbours;
use self::node::Node;
use self::opener::{Between, Settings, Studio, try_source};
use self::ops::{Jobs, ModelState, Ops};
use self::reload::Reload;
use crate::calibration::Calibrations;
use crate::calibration::probes::Probes;
use crate::cli::{DemoArgs, ServeArgs};
use crate::configuration::{self, Configured};
use crate::engine::Reader;
use crate::exit::Outcome;
use crate::log::Log;
use crate::storage;

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
        probes: Probes::new(Calibrations::load(&args.calibration, None)?, None),
        audit: None,
        between: Between::Examinations,
    };
    let config = ServeConfig {
        addr: SocketAddr::from((Ipv4Addr::LOCALHOST, args.port)),
        // A port that a person chose is taken as it is; the usual one may give way to a neighbour.
        further_ports: if args.port == crate::cli::DEFAULT_PORT { 9 } else { 0 },
        ..ServeConfig::default()
    };
    let studio = Studio::new(Archive::open(folder.path())?, settings);
    let rooms = Rooms::new(Arc::clone(studio.archive()), Some(Arc::clone(&studio) as Arc<dyn Opener>));
    rooms.begin(None, "", "")?;
    let server = peony_web::start(config, Arc::clone(&rooms), Router::new())?;
    let interrupt = Interrupt::heeded()?;
    say(&format!("Peony is scanning: {}", server.url()), false, None);
    if !args.no_open
        && let Err(error) = open::that_detached(server.url())
    {
        tracing::info!("no browser could be opened: {error}");
    }
    interrupt.wait();
    server.stop()?;
    drop(rooms);
    Ok(studio.close())
}

/// Serves examinations, and other DICOM nodes where it is one, until Ctrl+C.
///
/// # Errors
/// Where the folder or an address cannot be had, or may not be served.
pub fn serve(args: &ServeArgs, configured: Configured, line: Vec<OsString>, log: Log) -> Result<Outcome> {
    let checked = Checked::of(args, &configured.neighbours).map_err(|faults| anyhow!(faults.join("\n")))?;
    let unknown = configuration::unknown_variables(std::env::vars_os().map(|(name, _)| name));
    let unknown =
        unknown.iter().map(|name| format!("{name}: there is no such variable; `peony config` lists them"));
    if args.check {
        writeln!(std::io::stdout(), "The configuration is in order.")?;
        // It may be away now and there when somebody examines: that is no fault of the configuration.
        if let Some(away) = source_away(args) {
            writeln!(std::io::stdout(), "{away}")?;
        }
        for line in unknown {
            writeln!(std::io::stdout(), "{line}")?;
        }
        return Ok(Outcome::Done);
    }
    unknown.for_each(|line| tracing::warn!("{line}"));
    let Checked { web, oidc, dicom, node, calibrations } = checked;
    let figures = figures::collect()?;
    let kept = Kept::open(&args.store, Duration::from_secs(args.quiet_seconds))?;
    if let Some(line) = storage::open_to_others(&args.store.data) {
        tracing::warn!("{line}");
    }
    let settings = Settings {
        model: args.model.clone(),
        source: args.source.clone(),
        fps: args.fps,
        scale: args.mm_per_px,
        probes: Probes::new(calibrations, Some(args.store.data.join(CALIBRATIONS))),
        audit: Some(Audit::new(kept.store.clone(), kept.handle().clone())),
        between: Between::Rests,
    };
    let gate = access::gate(args, oidc, &kept, web.tls.is_some())?;
    let (node, current) = watch::channel(Arc::new(node));
    let running = dicom.map(|(addr, transport)| node::start(addr, transport, current, &kept)).transpose()?;
    let studio = Studio::new(Archive::open(&args.store.data)?, settings);
    let rooms = Rooms::new(Arc::clone(studio.archive()), Some(Arc::clone(&studio) as Arc<dyn Opener>));
    let ops = Ops {
        store: kept.store.clone(),
        handle: kept.handle().clone(),
        rooms: Arc::clone(&rooms),
        model: try_model(args),
        figures,
        jobs: Jobs::default(),
    };
    let (tls, pages) = (web.tls.clone(), web.addr.ip().to_canonical());
    let neighbours =
        running.as_ref().map_or_else(|| Arc::new(Vec::<String>::new) as Titles, Node::neighbours);
    let nodes = running.as_ref().map_or_else(node::nobody, Node::nodes);
    let routes = kept.routes(neighbours, nodes).merge(ops.routes());
    let noted = access::noted(&kept);
    let beside = Beside { routes, gate, noted: Some(noted), description: Some(description()) };
    let server = peony_web::start(web, Arc::clone(&rooms), beside)?;
    let reload = Reload { line, started: configured, tls, node, quiet: kept.quiet.clone(), log };
    let reloading = reload.keep_up(kept.handle())?;
    let interrupt = Interrupt::heeded()?;
    say(&format!("Peony serves: {}?page=exams", server.url()), !pages.is_loopback(), running.as_ref());
    try_source_aside(args)?;
    interrupt.wait();
    tracing::info!("asked to stop: what is being answered may end");
    reloading.abort();
    server.stop()?;
    drop(rooms);
    if let Some(node) = running {
        node.stop(&kept);
    }
    kept.close();
    Ok(studio.close())
}

/// One line where the source gives no pictures now.
fn source_away(args: &ServeArgs) -> Option<String> {
    let why = try_source(&args.source, args.fps, args.mm_per_px).err()?;
    Some(format!(
        "source.address (--source): it gives no pictures now, and is tried again when an examination begins: {why}"
    ))
}

/// Tries the source once, beside everything else: who serves learns at once, and not from the first patient.
fn try_source_aside(args: &ServeArgs) -> Result<()> {
    let args = args.clone();
    let work = move || {
        if let Some(away) = source_away(&args) {
            crate::log::tell(format_args!("{away}"));
        }
    };
    thread::Builder::new().name("peony-try".into()).spawn(work)?;
    Ok(())
}

/// Loads the model once, so that whoever looks at the program knows of one that cannot be.
fn try_model(args: &ServeArgs) -> ModelState {
    if args.model.no_model {
        return ModelState::NotWanted;
    }
    let reader = Reader::load(&args.model);
    let Some(by) = reader.provenance() else { return ModelState::Missing };
    let labels = [
        ("model", by.model.clone()),
        ("version", by.version.clone()),
        ("engine", by.provider.clone()),
        ("precision", by.precision.as_str().to_owned()),
    ];
    metrics::gauge!("peony_engine_info", &labels).set(1.0);
    ModelState::Loaded
}

/// Says where the pages are, whether others reach them, and the node. Whoever started the program may have stopped listening; it serves on.
fn say(where_at: &str, others_reach: bool, node: Option<&Node>) {
    let dicom = node.map(|node| format!("{}\n", node.said())).unwrap_or_default();
    let reach = match node {
        _ if others_reach => "Other machines can reach it; whoever comes needs an account.",
        Some(node) if node.is_reachable() => "Only this machine can reach the pages.",
        _ => "Only this machine can reach it.",
    };
    let said = writeln!(std::io::stdout(), "{where_at}\n{dicom}{reach} Research use only. Ctrl+C ends it.");
    if let Err(error) = said {
        tracing::debug!("nobody listens to the standard output: {error}");
    }
}

/// Ctrl+C, or what a service's keeper sends, ends the examinations and not the process, so that the call still says how it went.
struct Interrupt {
    runtime: tokio::runtime::Runtime,
    #[cfg(unix)]
    asked: [tokio::signal::unix::Signal; 2],
}

impl Interrupt {
    /// From here on a signal waits to be waited for: whoever reads where the program is may stop it at once.
    fn heeded() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        #[cfg(unix)]
        let asked = {
            use tokio::signal::unix::{SignalKind, signal};
            let _here = runtime.enter();
            [signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?]
        };
        Ok(Self {
            runtime,
            #[cfg(unix)]
            asked,
        })
    }

    fn wait(self) {
        #[cfg(unix)]
        {
            let [mut terminate, mut interrupt] = self.asked;
            self.runtime.block_on(async {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
            });
        }
        #[cfg(not(unix))]
        if let Err(error) = self.runtime.block_on(tokio::signal::ctrl_c()) {
            // The system's own way of ending the process stays then.
            tracing::info!("Ctrl+C cannot be waited for: {error}");
            loop {
                thread::park();
            }
        }
    }
}
