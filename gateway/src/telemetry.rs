//! The thread that joins a webhook, its commit and the read models: W3C trace context, in and out.

use std::collections::HashMap;

use axum::http::{HeaderMap, StatusCode};
use opentelemetry::{
    global,
    propagation::Extractor,
    trace::{TraceContextExt, TraceId},
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// W3C trace context.
const TRACEPARENT: &str = "traceparent";

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(axum::http::HeaderName::as_str).collect()
    }
}

/// Makes `span` part of the trace that the caller names, if it names one. The trace's id is recorded in the span's field
/// `trace_id`, from where every line of the log that is written inside carries it.
pub fn join_caller(span: &Span, headers: &HeaderMap) {
    let mut of_caller = TraceId::INVALID;
    if headers.contains_key(TRACEPARENT) {
        let parent = global::get_text_map_propagator(|propagator| propagator.extract(&Headers(headers)));
        of_caller = parent.span().span_context().trace_id();
        // Without a subscriber that traces there is nothing to join, and the caller's own id is the only one.
        let _ = span.set_parent(parent);
    }
    let own = span.context().span().span_context().trace_id();
    if let Some(id) = [own, of_caller].into_iter().find(|id| *id != TraceId::INVALID) {
        span.record("trace_id", tracing::field::display(id));
    }
}

/// How a request was answered, for whoever traces. Not a field: to change one, the log writes all of a span's anew.
pub fn note_status(span: &Span, status: StatusCode) {
    span.set_attribute("status", i64::from(status.as_u16()));
}

/// The current place in the trace, as it travels beside a commit; none where nobody traces.
pub fn traceparent() -> Option<String> {
    let here = Span::current().context();
    if !here.span().span_context().is_valid() {
        return None;
    }
    let mut carrier = HashMap::new();
    global::get_text_map_propagator(|propagator| propagator.inject_context(&here, &mut carrier));
    carrier.remove(TRACEPARENT)
}
