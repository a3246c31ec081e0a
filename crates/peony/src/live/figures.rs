//! The figures of the program, as Prometheus reads them: those that others tell the facade `metrics`, and those that are asked for when somebody
//! reads them. A label has a few values that this program chose: never a path, an address, a name or an identifier.

use anyhow::{Context as _, Result};
use metrics::{Unit, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Bounds of the histograms in seconds: from a frame's step to a large study.
const SECONDS: [f64; 14] =
    [0.001, 0.002, 0.005, 0.01, 0.02, 0.033, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0];

/// How a figure goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goes {
    /// Up only.
    Counter,
    /// Up and down.
    Gauge,
    /// Durations in seconds.
    Seconds,
}

/// Every figure: its name, how it goes, and what it says. docs/OPERATIONS.md lists them; a test holds it to that.
#[rustfmt::skip] // Read as a table.
pub const FIGURES: &[(&str, Goes, &str)] = &[
    ("peony_info",                          Goes::Gauge,   "1; the label is the version."),
    ("peony_engine_info",                   Goes::Gauge,   "1; the labels are the model, its version, what runs it, and the precision. Not there without a model."),
    ("peony_http_requests_total",           Goes::Counter, "Requests, by method, route and status."),
    ("peony_http_request_seconds",          Goes::Seconds, "From a request to the head of its answer, by method and route."),
    ("peony_http_connections_refused_total", Goes::Counter, "Connections that were hung up on, by why (full, address, no_tls)."),
    ("peony_dicom_associations",            Goes::Gauge,   "Associations that go on."),
    ("peony_dicom_connections_total",       Goes::Counter, "Connections of DICOM, by outcome (accepted, rejected, turned_away, failed)."),
    ("peony_dicom_operation_seconds",       Goes::Seconds, "From a request to the end of its answer, by service."),
    ("peony_dicom_answers_total",           Goes::Counter, "Answers, by status."),
    ("peony_store_objects_total",           Goes::Counter, "Objects that were sent here, by outcome (kept, already_there, kept_aside, or why not)."),
    ("peony_store_bytes_total",             Goes::Counter, "Bytes of objects that were taken."),
    ("peony_store_commit_seconds",          Goes::Seconds, "The commit of a group of objects."),
    ("peony_store_index_errors_total",      Goes::Counter, "Errors of the index, by why (index, locked, full)."),
    ("peony_store_free_bytes",              Goes::Gauge,   "Bytes that are free on the disk of the data folder."),
    ("peony_store_jobs",                    Goes::Gauge,   "Jobs that wait or are being done, by kind and by state (open, or again: it failed and waits to be tried again)."),
    ("peony_live_examinations",             Goes::Gauge,   "Examinations that go on."),
    ("peony_live_frames_read_total",        Goes::Counter, "Frames that the pipeline read."),
    ("peony_live_frames_dropped_total",     Goes::Counter, "Frames that it did not read, by why (newer, damaged)."),
    ("peony_live_model_failures_total",     Goes::Counter, "Frames on which the model failed, so that no lesion was looked for."),
    ("peony_live_step_seconds",             Goes::Seconds, "The pipeline's step on one frame."),
];

/// Begins to collect.
///
/// # Errors
/// Where somebody collects already.
pub fn collect() -> Result<PrometheusHandle> {
    let builder =
        PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS);
    let collected = builder.context("the figures")?.install_recorder().context("the figures")?;
    for (name, goes, says) in FIGURES {
        match goes {
            Goes::Counter => describe_counter!(*name, *says),
            Goes::Gauge => describe_gauge!(*name, *says),
            Goes::Seconds => describe_histogram!(*name, Unit::Seconds, *says),
        }
    }
    gauge!("peony_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(collected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_is_in_the_documentation() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/OPERATIONS.md");
        let text = std::fs::read_to_string(path).unwrap();
        let listed: Vec<&str> = text.lines().filter(|line| line.starts_with("| `peony_")).collect();
        let row = |(name, goes, says): &(&str, Goes, &str)| {
            let goes = match goes {
                Goes::Counter => "counter",
                Goes::Gauge => "gauge",
                Goes::Seconds => "histogram",
            };
            format!("| `{name}` | {goes} | {says} |")
        };
        assert_eq!(listed, FIGURES.iter().map(row).collect::<Vec<_>>());
    }
}
