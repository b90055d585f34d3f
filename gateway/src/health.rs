//! Whether the process lives, whether it can serve, and what it counts.

use axum::{
    Extension,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use metrics_exporter_prometheus::PrometheusHandle;
use projections::{NAMES, lag::waiting_seconds};

use crate::gateway::Gateway;

/// The process answers. Nothing else is asked: a slow database is no reason to restart this.
pub async fn livez() -> &'static str {
    "ok"
}

/// Whether log and vault answer.
pub async fn is_ready(gateway: &Gateway) -> bool {
    faults(gateway).await.iter().all(|(_, fault)| fault.is_none())
}

/// What no request can do without, and what is wrong with it.
async fn faults(gateway: &Gateway) -> [(&'static str, Option<String>); 2] {
    let (log, vault) = futures::join!(gateway.journal.ping(), gateway.vault.ping());
    [("log", log.err().map(|error| error.to_string())), ("vault", vault.err().map(|error| error.to_string()))]
}

/// Log, vault and database answer: requests can be served.
pub async fn readyz(State(gateway): State<Gateway>) -> Response {
    let mut report = String::new();
    for (part, fault) in faults(&gateway).await {
        let line = fault.map_or_else(|| "ok".to_owned(), |fault| format!("failed: {fault}"));
        report.push_str(&format!("{part} {line}\n"));
    }
    for name in NAMES {
        report.push_str(&format!("{name} at {}\n", gateway.progress.of(name).position));
    }
    let ready = !report.contains("failed: ");
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, report).into_response()
}

/// Metrics in Prometheus' text form. Lag is computed when asked, so that a standing projection shows it.
pub async fn metrics(State(gateway): State<Gateway>, Extension(handle): Extension<PrometheusHandle>) -> Response {
    if let Ok(head) = gateway.journal.last_position().await {
        for name in NAMES {
            let position = gateway.progress.of(name).position;
            let behind = head.saturating_sub(position);
            metrics::gauge!("loyalty_projection_lag_events", "projection" => name).set(behind as f64);
            let waited = if behind == 0 {
                0
            } else {
                waiting_seconds(&gateway.journal, position, gateway.clock.now()).await.unwrap_or(0)
            };
            metrics::gauge!("loyalty_projection_lag_seconds", "projection" => name).set(waited as f64);
            let parked = gateway.progress.parked_count(name);
            metrics::gauge!("loyalty_projection_parked", "projection" => name).set(parked as f64);
        }
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], handle.render()).into_response()
}
