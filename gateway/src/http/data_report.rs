//! `GET /v1/customers/{id}/data_report`: everything held on a person, for the answer to their request. JSON for programs
//! and HTML for people. What is sealed is opened while the answer is being sent, and nothing of it is written anywhere.
//! Available while a data request of the person is not older than [`REPORT_DAYS`].

mod documents;
mod programme;
mod sections;
mod standing;
mod writer;

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use projections::{
    audit_logs::AuditLogs, badges::Badges, campaigns::Campaigns, customers::Customers, data_requests,
    email_events::EmailEvents, gdpr_requests::GdprRequests, leaderboards::Leaderboards,
    points_transactions::PointsTransactions, queue_tasks::QueueTasks, referrals::Referrals, rfm_segments::RfmSegments,
    tier_facts::TierFacts, vip_tiers::VipTiers,
};
use tokio::sync::mpsc;

pub use documents::DataReport;

use self::{
    sections::Report,
    writer::{Form, Writer},
};
use super::{
    Freshness,
    body::{Params, Path},
    customer_id,
};
use crate::{
    auth::Caller,
    gateway::Gateway,
    problem::{Code, Problem},
};

/// Days after a data request was received in which its report is to be had: what the law gives for the answer.
pub const REPORT_DAYS: u32 = 30;
/// Pieces of a report that wait for a slow reader before the next is made; a few kilobytes each.
const PIECES_WAITING: usize = 16;
/// Read models that a report is made from.
const READ_MODELS: [&str; 13] = [
    GdprRequests::NAME,
    Customers::NAME,
    PointsTransactions::NAME,
    Referrals::NAME,
    TierFacts::NAME,
    VipTiers::NAME,
    Badges::NAME,
    Campaigns::NAME,
    Leaderboards::NAME,
    RfmSegments::NAME,
    EmailEvents::NAME,
    QueueTasks::NAME,
    AuditLogs::NAME,
];

/// Everything held on a person, while a data request of theirs is open.
#[utoipa::path(
    get, path = "/v1/customers/{id}/data_report", tag = "privacy", security(("api_key" = [])),
    params(("id" = String, Path), Freshness),
    responses((status = 200, body = DataReport),
              (status = 404, body = crate::problem::ProblemDocument),
              (status = 409, body = crate::problem::ProblemDocument))
)]
pub async fn get(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
    Params(freshness): Params<Freshness>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let customer = customer_id(&id)?;
    gateway.known_customer(&caller, customer).await?;
    for read_model in READ_MODELS {
        gateway.fresh_enough(&caller, read_model, freshness.min_position).await?;
    }
    let received = data_requests::newest(&gateway.db, caller.merchant(), customer).await?;
    let expires_at = received.map(|received_at| received_at.plus_days(REPORT_DAYS));
    let expires_at = expires_at.filter(|expires_at| *expires_at > caller.request.now);
    let expires_at = expires_at.ok_or_else(|| Problem::of(Code::NoDataRequest))?;
    let form = if wants_html(&headers) { Form::Html } else { Form::Json };
    let (pieces, sent) = mpsc::channel(PIECES_WAITING);
    let report = Report { gateway, caller, customer, expires_at };
    tokio::spawn(report.write(Writer::new(form, pieces)));
    Ok(streamed(form, sent))
}

/// Whoever names HTML and not JSON wants to read it.
fn wants_html(headers: &HeaderMap) -> bool {
    let accepts = |wanted: &str| {
        let accept = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        accept.flat_map(|value| value.split(',')).any(|range| range.trim().starts_with(wanted))
    };
    accepts("text/html") && !accepts("application/json")
}

fn streamed(form: Form, mut sent: mpsc::Receiver<writer::Piece>) -> Response {
    let body = Body::from_stream(futures::stream::poll_fn(move |context| sent.poll_recv(context)));
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(form.content_type()));
    // Whatever stands between us and the reader must not keep it either.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
