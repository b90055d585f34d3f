//! Every door of the gateway, in one place.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    extract::{DefaultBodyLimit, MatchedPath, Request},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use metrics_exporter_prometheus::PrometheusHandle;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument;
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    clock::new_id,
    gateway::Gateway,
    health, http,
    openapi::{self, Api},
    problem::{self, Code, Problem},
    telemetry, webhooks,
};

/// Largest webhook body; the shop's largest orders are around one megabyte.
const WEBHOOK_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Largest body of an API call.
const API_BYTES_MAX: usize = 1024 * 1024;
/// After this long a caller is told to come back; what was begun is completed by its repetition.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// The documented doors.
fn documented() -> OpenApiRouter<Gateway> {
    let webhooks = OpenApiRouter::with_openapi(Api::openapi())
        .routes(routes!(webhooks::by_header))
        .routes(routes!(webhooks::by_path))
        .layer(DefaultBodyLimit::max(WEBHOOK_BYTES_MAX));
    let api = OpenApiRouter::new()
        .routes(routes!(http::customers::list))
        .routes(routes!(http::customers::get))
        .routes(routes!(http::customers::search))
        .routes(routes!(http::balance::get))
        .routes(routes!(http::explanation::get))
        .routes(routes!(http::transactions::list))
        .routes(routes!(http::adjustments::create))
        .routes(routes!(http::redemptions::create))
        .routes(routes!(http::redemptions::cancel))
        .routes(routes!(http::program_settings::get, http::program_settings::put))
        .routes(routes!(http::gdpr_requests::list))
        .routes(routes!(http::test_clock::advance))
        .layer(DefaultBodyLimit::max(API_BYTES_MAX))
        .layer(middleware::from_fn(traced));
    webhooks.merge(api)
}

/// The API's description, as committed in `docs/openapi.json`.
pub fn description() -> utoipa::openapi::OpenApi {
    documented().split_for_parts().1
}

pub fn router(gateway: Gateway, metrics: PrometheusHandle) -> Router {
    let (documented, description) = documented().split_for_parts();
    documented
        .route("/openapi.json", get(openapi::document))
        .route("/docs", get(openapi::docs))
        .route("/docs/errors", get(problem::page::errors))
        .route("/livez", get(health::livez))
        .route("/healthz", get(health::livez))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .fallback(|| async { Problem::of(Code::NotFound) })
        .method_not_allowed_fallback(|| async { Problem::of(Code::MethodNotAllowed) })
        .layer(Extension(Arc::new(description)))
        .layer(Extension(metrics))
        .layer(middleware::from_fn(bounded))
        .layer(CatchPanicLayer::custom(|_| Problem::of(Code::Internal).into_response()))
        .with_state(gateway)
}

/// What a worker shows: it has no doors, only health and metrics.
pub fn operations(gateway: Gateway, metrics: PrometheusHandle) -> Router {
    Router::new()
        .route("/livez", get(health::livez))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .layer(Extension(metrics))
        .with_state(gateway)
}

/// A request that takes too long is answered like any other that found a server out of reach.
async fn bounded(request: Request, next: Next) -> Response {
    let answered = tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).await;
    answered.unwrap_or_else(|_| Problem::of(Code::Unavailable).into_response())
}

/// A span for each API call, by its route, never by its path: a path holds ids.
async fn traced(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str).to_owned();
    let method = request.method().clone();
    let request_id = new_id();
    let span = tracing::info_span!(
        "http",
        %method,
        route,
        request_id = %request_id,
        trace_id = tracing::field::Empty,
        status = tracing::field::Empty,
    );
    telemetry::join_caller(&span, request.headers());
    let mut response = next.run(request).instrument(span.clone()).await;
    let status = response.status();
    span.record("status", status.as_u16());
    metrics::counter!("loyalty_http_requests_total", "method" => method.to_string(), "route" => route, "status" => status.as_u16().to_string())
        .increment(1);
    if let Ok(value) = request_id.to_string().parse() {
        response.headers_mut().insert("request-id", value);
    }
    response
}
