//! A receiver of traces: OTLP over HTTP on loopback, as a collector offers it.

use std::sync::{Arc, Mutex};

use axum::{Router, body::Bytes, extract::State, routing::post};
use opentelemetry_proto::tonic::{collector::trace::v1::ExportTraceServiceRequest, trace::v1::Span};
use prost::Message;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

pub struct Receiver {
    port: u16,
    seen: watch::Receiver<Vec<Span>>,
    raw: Arc<Mutex<Vec<Bytes>>>,
    server: JoinHandle<()>,
}

#[derive(Clone)]
struct Sink {
    spans: watch::Sender<Vec<Span>>,
    raw: Arc<Mutex<Vec<Bytes>>>,
}

impl Receiver {
    pub async fn start() -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (spans, seen) = watch::channel(Vec::new());
        let raw = Arc::default();
        let sink = Sink { spans, raw: Arc::clone(&raw) };
        let router = Router::new().route("/v1/traces", post(receive)).with_state(sink);
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Receiver { port, seen, raw, server }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The spans of a trace, once they are enough.
    pub async fn until(&self, trace: &str, enough: impl Fn(&[Span]) -> bool) -> Vec<Span> {
        let mut seen = self.seen.clone();
        let seen = seen.wait_for(|spans| enough(&of_trace(spans, trace))).await.unwrap();
        of_trace(&seen, trace)
    }

    pub fn names(&self, trace: &str) -> Vec<String> {
        of_trace(&self.seen.borrow(), trace).into_iter().map(|span| span.name).collect()
    }

    /// Whether these words were in anything that arrived.
    pub fn said(&self, words: &str) -> bool {
        let raw = self.raw.lock().unwrap();
        raw.iter().any(|body| body.windows(words.len()).any(|window| window == words.as_bytes()))
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn of_trace(spans: &[Span], trace: &str) -> Vec<Span> {
    spans.iter().filter(|span| hex::encode(&span.trace_id) == trace).cloned().collect()
}

async fn receive(State(sink): State<Sink>, body: Bytes) {
    let request = ExportTraceServiceRequest::decode(body.clone()).expect("an export of spans");
    sink.raw.lock().unwrap().push(body);
    let arrived = request.resource_spans.into_iter().flat_map(|of_resource| of_resource.scope_spans);
    let arrived = arrived.flat_map(|of_scope| of_scope.spans);
    sink.spans.send_modify(|spans| spans.extend(arrived));
}
