//! Every door of the gateway, in one place.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    extract::{DefaultBodyLimit, MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue},
    middleware::{Next, from_fn, from_fn_with_state, map_response},
    response::{IntoResponse, Response},
    routing::get,
};
use metrics_exporter_prometheus::PrometheusHandle;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument;
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    auth::{Aside, RequestId},
    clock::new_id,
    gateway::Gateway,
    grpc, health, http,
    openapi::{self, Api},
    problem::{self, Code, Problem},
    request_count::RequestCount,
    scopes, telemetry, webhooks,
};

/// Largest webhook body; the shop's largest orders are around one megabyte.
const WEBHOOK_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Largest body of an API call.
const API_BYTES_MAX: usize = 1024 * 1024;
/// After this long a caller is told to come back; what was begun is completed by its repetition.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Names an API call in our logs, and in the audit log what was done for it.
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
/// Says `withheld` where a key without the scope was not shown what is sealed.
pub(crate) const PERSONAL_DATA: HeaderName = HeaderName::from_static("personal-data");

/// Says of which moment an answer speaks that was read from read models: a dictionary of RFC 8941.
pub(crate) const AS_OF: HeaderName = HeaderName::from_static("as-of");

/// The documented doors.
fn documented() -> OpenApiRouter<Gateway> {
    let webhooks = OpenApiRouter::with_openapi(Api::openapi())
        .routes(routes!(webhooks::by_header))
        .routes(routes!(webhooks::by_path))
        .layer((from_fn(bounded), DefaultBodyLimit::max(WEBHOOK_BYTES_MAX)));
    let count = Arc::<RequestCount>::default();
    let api = OpenApiRouter::new()
        .routes(routes!(http::api_keys::list, http::api_keys::create))
        .routes(routes!(http::api_keys::revoke))
        .routes(routes!(http::customers::list, http::customers::create::create))
        .routes(routes!(http::customers::get))
        .routes(routes!(http::customers::search))
        .routes(routes!(http::balance::get))
        .routes(routes!(http::explanation::get))
        .routes(routes!(http::transactions::list))
        .routes(routes!(http::audit_logs::list))
        .routes(routes!(http::books::get))
        .routes(routes!(http::books::periods, http::books::close))
        .routes(routes!(http::data_report::get))
        .routes(routes!(http::adjustments::create))
        .routes(routes!(http::redemptions::create))
        .routes(routes!(http::redemptions::get))
        .routes(routes!(http::redemptions::cancel))
        .routes(routes!(http::redemptions::list::list))
        .routes(routes!(http::rewards::list, http::rewards::create))
        .routes(routes!(http::rewards::get, http::rewards::put, http::rewards::retire))
        .routes(routes!(http::integrations::get, http::integrations::put, http::integrations::delete))
        .routes(routes!(http::program_settings::get, http::program_settings::put))
        .routes(routes!(http::program_preview::create))
        .routes(routes!(http::program_settings::restore::create))
        .routes(routes!(http::campaigns::restore::create))
        .routes(routes!(http::rewards::restore::create))
        .routes(routes!(http::gdpr_requests::list, http::gdpr_requests::create))
        .routes(routes!(http::gdpr_requests::get))
        .routes(routes!(http::gdpr_requests::certificate::get))
        .routes(routes!(http::gdpr_requests::actions::hold))
        .routes(routes!(http::gdpr_requests::actions::release))
        .routes(routes!(http::gdpr_requests::actions::execute))
        .routes(routes!(http::gdpr_requests::actions::complete))
        .routes(routes!(http::gdpr_requests::actions::refuse))
        .routes(routes!(http::limits::restrict, http::limits::lift_restriction))
        .routes(routes!(http::limits::object, http::limits::withdraw_objection))
        .routes(routes!(http::audit_proofs::top_checkpoint))
        .routes(routes!(http::audit_proofs::checkpoint))
        .routes(routes!(http::audit_proofs::proof::of_commit))
        .routes(routes!(http::audit_proofs::proof::of_growth))
        .routes(routes!(http::audit_proofs::proof::of_top_growth))
        .routes(routes!(http::audit_proofs::proof::of_checkpoint))
        .routes(routes!(http::program_settings::versions::list))
        .routes(routes!(http::daily_totals::list))
        .routes(routes!(http::daily_totals::months::list))
        .routes(routes!(http::read_models::list))
        .routes(routes!(http::referrals::settings::get, http::referrals::settings::put))
        .routes(routes!(http::referrals::list, http::referrals::create))
        .routes(routes!(http::referrals::get))
        .routes(routes!(http::referrals::friends::create))
        .routes(routes!(http::referrals::invitations::create))
        .routes(routes!(http::referrals::decisions::approve))
        .routes(routes!(http::referrals::decisions::reject))
        .routes(routes!(http::referrals::of_customer))
        .routes(routes!(http::rfm::segments::get))
        .routes(routes!(http::rfm::movement::get))
        .routes(routes!(http::rfm::windows::list))
        .routes(routes!(http::rfm::preview::create))
        .routes(routes!(http::rfm::customer::get))
        .routes(routes!(http::campaigns::resource::list, http::campaigns::resource::create))
        .routes(routes!(http::campaigns::resource::get, http::campaigns::resource::put, http::campaigns::resource::end))
        .routes(routes!(http::campaigns::actions::create))
        .routes(routes!(http::campaigns::birthday::put, http::campaigns::birthday::delete))
        .routes(routes!(http::tiers::definition::get, http::tiers::definition::put))
        .routes(routes!(http::tiers::definition::undo))
        .routes(routes!(http::tiers::preview::create))
        .routes(routes!(http::tiers::customer::get, http::tiers::given::give))
        .routes(routes!(http::tiers::given::take_back))
        .routes(routes!(http::tiers::history::list))
        .routes(routes!(http::badges::definitions::get, http::badges::definitions::put))
        .routes(routes!(http::badges::list, http::badges::award))
        .routes(routes!(http::leaderboards::get))
        .routes(routes!(http::choices::leaderboard))
        .routes(routes!(http::choices::mail))
        .routes(routes!(http::mail::templates::list))
        .routes(routes!(http::mail::templates::get, http::mail::templates::put, http::mail::templates::delete))
        .routes(routes!(http::mail::preview::create))
        .routes(routes!(http::mail::events::list))
        .routes(routes!(http::tasks::list, http::tasks::create::create))
        .routes(routes!(http::tasks::get))
        .routes(routes!(http::tasks::retry))
        .routes(routes!(http::tasks::discard))
        .routes(routes!(http::exports::get))
        .routes(routes!(http::pos::record_sales))
        .routes(routes!(http::pos::cards::create))
        .routes(routes!(http::pos::terminals::list))
        .routes(routes!(http::products::list))
        .routes(routes!(http::products::collections::put))
        .routes(routes!(http::products::recommendations::list))
        .routes(routes!(http::imports::get))
        .routes(routes!(http::imports::rejections))
        .routes(routes!(http::imports::carry_out))
        .routes(routes!(http::test_clock::advance))
        .layer((from_fn_with_state(Arc::clone(&count), traced), DefaultBodyLimit::max(API_BYTES_MAX)));
    // A file may take its time; its size is bounded where it is read.
    let uploads = OpenApiRouter::new()
        .routes(routes!(http::imports::list, http::imports::create))
        .layer((from_fn_with_state(count, traced_without_hurry), DefaultBodyLimit::disable()));
    webhooks.merge(api).merge(uploads)
}

/// The API's description, as committed in `docs/openapi.json`.
pub fn description() -> utoipa::openapi::OpenApi {
    parts().1
}

fn parts() -> (Router<Gateway>, utoipa::openapi::OpenApi) {
    let (documented, mut description) = documented().split_for_parts();
    scopes::describe(&mut description);
    openapi::complete(&mut description);
    (documented, description)
}

pub fn router(gateway: Gateway, metrics: PrometheusHandle) -> Router {
    let (documented, description) = parts();
    let rest = documented
        .merge(undocumented(Arc::new(description), metrics))
        .fallback(nothing_here)
        .method_not_allowed_fallback(|| async { Problem::of(Code::MethodNotAllowed) })
        .layer(CatchPanicLayer::custom(|_| Problem::of(Code::Internal).into_response()))
        .layer(map_response(named))
        .with_state(gateway.clone());
    grpc::in_front_of(rest, gateway)
}

/// Every answer has a name by which it can be asked about, also where no door was found.
async fn named(mut response: Response) -> Response {
    let name = || HeaderValue::from_str(&new_id().to_string()).expect("digits and dashes");
    response.headers_mut().entry(REQUEST_ID).or_insert_with(name);
    response
}

async fn nothing_here(headers: HeaderMap) -> Response {
    if grpc::is_grpc(&headers) { grpc::unknown() } else { Problem::of(Code::NotFound).into_response() }
}

/// The doors for operators and for those who write clients.
fn undocumented(description: Arc<utoipa::openapi::OpenApi>, metrics: PrometheusHandle) -> Router<Gateway> {
    Router::new()
        .route("/openapi.json", get(openapi::document))
        .route("/docs", get(openapi::docs))
        .route("/docs/errors", get(problem::page::errors))
        // A tile's path is of no fixed length, which the description cannot say.
        .route("/audit/tile/{*path}", get(http::audit_proofs::tile::of_top))
        .route("/v1/audit/tile/{*path}", get(http::audit_proofs::tile::of_merchant))
        // A shopper's door: what is behind it is a shop's page, and no document.
        .route("/r/{code}", get(http::referrals::click::follow))
        .route("/unsubscribe/{token}", get(http::mail::unsubscribe::ask).post(http::mail::unsubscribe::end))
        .route("/livez", get(health::livez))
        .route("/healthz", get(health::livez))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .layer((from_fn(bounded), Extension(description), Extension(metrics)))
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

async fn bounded(request: Request, next: Next) -> Response {
    in_time(next.run(request)).await
}

/// A request that takes too long is answered like any other that found a server out of reach.
async fn in_time(answer: impl Future<Output = Response>) -> Response {
    let answered = tokio::time::timeout(REQUEST_TIMEOUT, answer).await;
    answered.unwrap_or_else(|_| Problem::of(Code::Unavailable).into_response())
}

/// A span for each API call, by its route, never by its path: a path holds ids.
async fn traced(State(count): State<Arc<RequestCount>>, request: Request, next: Next) -> Response {
    spanned(&count, request, |request| in_time(next.run(request))).await
}

/// The same for what arrives as slowly as its sender sends.
async fn traced_without_hurry(State(count): State<Arc<RequestCount>>, request: Request, next: Next) -> Response {
    spanned(&count, request, |request| next.run(request)).await
}

async fn spanned<A: Future<Output = Response>>(
    count: &RequestCount,
    mut request: Request,
    answer: impl FnOnce(Request) -> A,
) -> Response {
    let path = request.extensions().get::<MatchedPath>().cloned();
    let route = path.as_ref().map_or("", MatchedPath::as_str);
    let method = request.method().clone();
    let id = new_id();
    request.extensions_mut().insert(RequestId(id));
    let aside = Aside::default();
    request.extensions_mut().insert(aside.clone());
    let mut buffer = Uuid::encode_buffer();
    let request_id = &*id.as_hyphenated().encode_lower(&mut buffer);
    let span =
        tracing::info_span!("http", method = method.as_str(), route, request_id, trace_id = tracing::field::Empty);
    telemetry::join_caller(&span, request.headers());
    let mut response = answer(request).instrument(span.clone()).await;
    let status = response.status();
    telemetry::note_status(&span, status);
    count.answered(&method, route, status);
    if let Ok(value) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    if aside.was_withheld() {
        response.headers_mut().insert(PERSONAL_DATA, HeaderValue::from_static("withheld"));
    }
    let as_of = aside.as_of().map(|as_of| format!("position={}, time=\"{}\"", as_of.position, as_of.time));
    if let Some(as_of) = as_of.and_then(|as_of| HeaderValue::try_from(as_of).ok()) {
        response.headers_mut().insert(AS_OF, as_of);
    }
    response
}
