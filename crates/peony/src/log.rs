//! The log: to the standard error, without a pixel, a name or an identifier of a patient (invariant 5).

#[cfg(feature = "otlp")]
mod otlp;

use std::fmt;
use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Registry;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::reload::{self, Handle};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::cli::{LogFormat, LogLevel};

/// The log of the program, whose level may be changed.
#[derive(Debug, Clone)]
pub struct Log {
    level: Handle<Targets, Registry>,
    #[cfg(feature = "otlp")]
    spans: Option<otlp::Spans>,
}

/// Whether the standard error is a log and nothing else.
static IS_LOG: AtomicBool = AtomicBool::new(false);

/// One line for whoever called the program, or for the log where that is all that is read.
pub fn tell(line: fmt::Arguments<'_>) {
    if IS_LOG.load(Ordering::Relaxed) {
        tracing::error!("{line}");
    } else {
        eprintln!("peony: {line}");
    }
}

/// Begins to log, and to send spans to a collector where there is one and the program was built for it.
///
/// # Errors
/// Where the address of the collector is none.
pub fn start(level: LogLevel, format: LogFormat, collector: Option<&str>) -> Result<Log> {
    #[cfg(feature = "otlp")]
    let spans = collector.map(otlp::Spans::to).transpose()?;
    #[cfg(feature = "otlp")]
    let sent = spans.as_ref().map(otlp::Spans::layer);
    // What asks for one is a fault of the configuration then.
    #[cfg(not(feature = "otlp"))]
    let (_, sent) = (collector, None::<tracing_subscriber::layer::Identity>);
    IS_LOG.store(format == LogFormat::Json, Ordering::Relaxed);
    let (filter, handle) = reload::Layer::new(targets(level));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match format {
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
    };
    tracing_subscriber::registry().with(filter).with(lines).with(sent).init();
    Ok(Log {
        level: handle,
        #[cfg(feature = "otlp")]
        spans,
    })
}

impl Log {
    /// Logs from now on as much as that.
    pub fn set(&self, level: LogLevel) {
        if let Err(error) = self.level.reload(targets(level)) {
            tracing::warn!("the log stays as it is: {error}");
        }
    }

    /// Sends what is left.
    pub fn end(&self) {
        #[cfg(feature = "otlp")]
        if let Some(spans) = &self.spans {
            spans.end();
        }
    }
}

/// What is logged: of others' parts only what somebody should look at, since nobody here knows what else they write down, and nothing of those that read
/// DICOM: their warnings hold what objects say.
fn targets(level: LogLevel) -> Targets {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_target("dicom_", LevelFilter::OFF)
        .with_target("peony", level)
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn nothing_is_logged_of_what_objects_say() {
        let targets = targets(LogLevel::Debug);
        assert!(targets.would_enable("peony_dicom::scan", &Level::DEBUG));
        assert!(targets.would_enable("sqlx::query", &Level::WARN));
        assert!(!targets.would_enable("dicom_parser::stateful::decode", &Level::ERROR));
    }
}
