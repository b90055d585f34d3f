//! What the outside sees of a batch: the position in metrics, and a span for each commit in the trace that caused it,
//! so that one trace leads from a webhook through its commit into the tables.

use std::{collections::HashMap, sync::Arc};

use journal::Positioned;
use opentelemetry::{global, trace::TraceContextExt};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::batch::Batch;

/// Commits of one batch that are shown in their own traces. Whoever catches up takes in thousands at once, and nobody
/// waits for one of those.
const TRACED_COMMITS_MAX: usize = 32;

/// The batch in a trace of its own.
pub(crate) fn batch_span(projection: &'static str, batch: &[Arc<Positioned>]) -> Span {
    tracing::info_span!(parent: None, "projection.batch", projection, commits = batch.len())
}

/// A span for each of the first commits that were caused within a trace. They last until they are dropped.
pub(crate) fn commit_spans(projection: &'static str, batch: &[Arc<Positioned>], within: &Span) -> Vec<Span> {
    let within = within.context().span().span_context().clone();
    if !within.is_valid() {
        // Nobody collects traces.
        return Vec::new();
    }
    let traced = batch.iter().filter_map(|commit| Some((commit, commit.traceparent.as_deref()?)));
    traced
        .take(TRACED_COMMITS_MAX)
        .map(|(commit, traceparent)| {
            let position = commit.position;
            let span =
                tracing::info_span!(parent: None, "projection.apply", otel.kind = "consumer", projection, position);
            join(&span, traceparent);
            span.add_link(within.clone());
            span
        })
        .collect()
}

/// Makes `span` part of the trace that travelled beside a commit.
fn join(span: &Span, traceparent: &str) {
    let carrier = HashMap::from([("traceparent".to_owned(), traceparent.to_owned())]);
    let parent = global::get_text_map_propagator(|propagator| propagator.extract(&carrier));
    // Without a subscriber that traces there is nothing to join.
    let _ = span.set_parent(parent);
}

/// A batch is in the tables.
pub(crate) fn applied(projection: &'static str, batch: &Batch) {
    metrics::gauge!("loyalty_projection_position", "projection" => projection).set(float(batch.reached()));
    metrics::counter!("loyalty_projection_commits_total", "projection" => projection).increment(batch.passed() as u64);
}

/// Gauges are floats by the interface of the metrics library; positions stay below 2^53.
fn float(position: u64) -> f64 {
    position as f64
}
