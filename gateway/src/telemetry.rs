//! The thread that joins a webhook, its commit and the read models: W3C trace context, in and out.

use std::collections::HashMap;

use axum::http::HeaderMap;
use opentelemetry::{global, propagation::Extractor};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(axum::http::HeaderName::as_str).collect()
    }
}

/// Makes `span` part of the trace that the caller names, if it names one.
pub fn join_caller(span: &Span, headers: &HeaderMap) {
    let parent = global::get_text_map_propagator(|propagator| propagator.extract(&Headers(headers)));
    // Without a subscriber that traces there is nothing to join.
    let _ = span.set_parent(parent);
}

/// The current place in the trace, as it travels beside a commit; none where nobody traces.
pub fn traceparent() -> Option<String> {
    let mut carrier = HashMap::new();
    let here = Span::current().context();
    global::get_text_map_propagator(|propagator| propagator.inject_context(&here, &mut carrier));
    carrier.remove("traceparent")
}
