//! Logs as JSON lines on stderr, metrics, and traces by OTLP where `OTEL_EXPORTER_OTLP_ENDPOINT` says where to.

use std::time::Duration;

use anyhow::Context;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use opentelemetry::{global, trace::TracerProvider};
use opentelemetry_sdk::{Resource, propagation::TraceContextPropagator, trace::SdkTracerProvider};
use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// Seconds; from a tenth of a millisecond to ten seconds.
const LATENCY_BUCKETS: [f64; 14] =
    [0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];

/// What was measured is kept one by one until it is put into its buckets: by whoever reads the metrics, and this often
/// where nobody does. Otherwise a process that is not watched would grow for ever.
const UPKEEP: Duration = Duration::from_secs(5);

/// Keeps telemetry alive; flushes what is left when dropped.
pub struct Telemetry {
    pub metrics: PrometheusHandle,
    traces: Option<SdkTracerProvider>,
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.traces.as_ref().map(SdkTracerProvider::shutdown) {
            eprintln!("loyalnest: the last traces were not delivered: {error}");
        }
    }
}

/// Must be called once, within a tokio runtime, before anything is logged.
pub fn start() -> anyhow::Result<Telemetry> {
    global::set_text_map_propagator(TraceContextPropagator::new());
    let traces = std::env::var_os(ENDPOINT).map(|_| exporter()).transpose()?;
    let layer =
        traces.as_ref().map(|provider| tracing_opentelemetry::layer().with_tracer(provider.tracer("loyalnest")));
    let filter = EnvFilter::try_from_env("LOYALNEST_LOG").unwrap_or_else(|_| EnvFilter::new("info,async_nats=warn"));
    tracing_subscriber::registry()
        .with(filter)
        .with(tracing_subscriber::fmt::layer().json().with_writer(std::io::stderr))
        .with(layer)
        .init();
    let metrics = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &LATENCY_BUCKETS)?
        .install_recorder()?;
    tokio::spawn(upkeep(metrics.clone()));
    metrics::gauge!("loyalty_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(Telemetry { metrics, traces })
}

async fn upkeep(metrics: PrometheusHandle) {
    let mut ticks = tokio::time::interval(UPKEEP);
    loop {
        ticks.tick().await;
        metrics.run_upkeep();
    }
}

fn exporter() -> anyhow::Result<SdkTracerProvider> {
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .build()
        .with_context(|| format!("{ENDPOINT} cannot be used"))?;
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(Resource::builder().with_service_name("loyalnest").build())
        .build())
}
