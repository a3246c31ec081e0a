//! Spans to a collector of OpenTelemetry: OTLP over HTTP, in groups, from a thread of its own. There is in them what is in the log.

use anyhow::{Context as _, Result};
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tracing::Subscriber;
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::registry::LookupSpan;

/// Spans on their way to a collector.
#[derive(Debug, Clone)]
pub struct Spans(SdkTracerProvider);

impl Spans {
    /// To the collector at that address.
    ///
    /// # Errors
    /// Where it is no address.
    pub fn to(collector: &str) -> Result<Self> {
        // The client's TLS takes the provider of the whole program; the store may have been quicker.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{}/v1/traces", collector.trim_end_matches('/')))
            .build()
            .context("log.otlp (--otlp)")?;
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let resource = Resource::builder().with_service_name("peony").with_attribute(version).build();
        Ok(Self(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build()))
    }

    /// Where they come from.
    pub fn layer<S: Subscriber + for<'s> LookupSpan<'s>>(&self) -> OpenTelemetryLayer<S, SdkTracer> {
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("peony"))
            .with_location(false)
            .with_threads(false)
    }

    /// Sends what is left.
    pub fn end(&self) {
        if let Err(error) = self.0.shutdown() {
            tracing::warn!("the last spans are not sent: {error}");
        }
    }
}
