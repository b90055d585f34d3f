//! Privacy requests: listed by urgency, made about a customer, held and released; and the certificate at the end.
//!
//! | file | its idea |
//! |---|---|
//! | this one | the document, reading and making |
//! | [`actions`] | holding, releasing, expediting, answering, refusing |
//! | [`certificate`] | what was done, for whoever asks for proof |

pub mod actions;
pub mod certificate;

use aggregates::{
    gdpr::{GdprRequest as State, RequestKind, RequestSource, Stage, Urgency},
    id::GdprRequestId,
    time::Timestamp,
};
use axum::{
    Json,
    extract::State as Shared,
    http::{HeaderMap, StatusCode},
};
use projections::gdpr_requests::{self, RequestRow};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Page,
    adjustments::replayed,
    body::{JsonBody, Params, Path, idempotency_key},
    customer_id,
    customers::rows_wanted,
};
use crate::{
    auth::Caller,
    cursor,
    gateway::Gateway,
    problem::{Code, Problem},
};

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct GdprRequest {
    pub id: String,
    /// `customers/data_request`, `customers/redact` or `shop/redact`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Who asked: `shop`, `merchant`, `operator`, `policy` or `deletion_journal`.
    pub source: String,
    /// `received` (it is not certain whom it is about), `verified`, `held`, `executing`, `completed` or `refused`.
    pub state: String,
    /// How it was completed: `erased`, `answered`, `stranger` (nobody here was meant), `stale` (the person came back since) or
    /// `already_erased`.
    pub outcome: Option<String>,
    /// Whom it is about, where that is known.
    pub customer_id: Option<String>,
    pub received_at: String,
    /// Not executed before.
    pub rests_until: Option<String>,
    pub due_at: String,
    /// Of an open request: `in_time`, `due_soon` (within a week) or `overdue`.
    pub urgency: Option<&'static str>,
    pub closed_at: Option<String>,
}

impl GdprRequest {
    /// As the read model has it.
    pub fn of_row(row: RequestRow, now: Timestamp) -> Self {
        GdprRequest {
            id: row.id.to_string(),
            kind: row.kind,
            source: row.source,
            state: row.state,
            outcome: row.outcome,
            customer_id: row.customer.map(|customer| customer.to_string()),
            received_at: row.received_at.to_rfc3339(),
            rests_until: row.rests_until.map(Timestamp::to_rfc3339),
            due_at: row.due_at.to_rfc3339(),
            urgency: row.closed_at.is_none().then(|| Urgency::of(row.due_at, now).as_str()),
            closed_at: row.closed_at.map(Timestamp::to_rfc3339),
        }
    }

    /// From the log itself; `None` of a request that was never received.
    pub fn of_state(id: GdprRequestId, state: &State, now: Timestamp) -> Option<Self> {
        let (received, _) = state.received.as_ref()?;
        Some(GdprRequest {
            id: id.to_string(),
            kind: received.kind.as_str().to_owned(),
            source: received.source.as_str().to_owned(),
            state: state.stage.as_str().to_owned(),
            outcome: match state.stage {
                Stage::Completed(outcome) => Some(outcome.as_str().to_owned()),
                _ => None,
            },
            customer_id: received.customer.map(|customer| customer.to_string()),
            received_at: received.received_at.to_rfc3339(),
            rests_until: state.is_verified().then(|| state.rests_until.to_rfc3339()),
            due_at: received.due_at.to_rfc3339(),
            urgency: state.stage.is_open().then(|| Urgency::of(received.due_at, now).as_str()),
            closed_at: state.closed_at.map(Timestamp::to_rfc3339),
        })
    }
}

/// An id from the path; one of another kind does not exist here.
fn request_id(text: &str) -> Result<GdprRequestId, Problem> {
    text.parse().map_err(|_| Problem::of(Code::NotFound))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// Only those that are not closed.
    #[serde(default)]
    pub open: bool,
    pub limit: Option<u32>,
    pub cursor: Option<String>,
    /// Answer only once the read model has seen this position.
    pub min_position: Option<u64>,
}

/// Privacy requests of the shop, the most urgent first.
#[utoipa::path(
    get, path = "/v1/gdpr_requests", tag = "privacy", security(("api_key" = [])), params(ListParams),
    responses((status = 200, body = Page<GdprRequest>))
)]
pub async fn list(
    Shared(gateway): Shared<Gateway>,
    caller: Caller,
    Params(params): Params<ListParams>,
) -> Result<Json<Page<GdprRequest>>, Problem> {
    gateway.fresh_enough(&caller, gdpr_requests::GdprRequests::NAME, params.min_position).await?;
    let limit = cursor::limit(params.limit);
    let after = cursor::decode::<(Timestamp, GdprRequestId)>(params.cursor.as_deref())?;
    let rows = gdpr_requests::list(&gateway.db, caller.merchant(), params.open, after, rows_wanted(limit)).await?;
    let page = Page::cut(rows, limit, |row| cursor::encode(&(row.due_at, row.id)));
    let now = caller.request.now;
    let data = page.data.into_iter().map(|row| GdprRequest::of_row(row, now)).collect();
    Ok(Json(Page { data, has_more: page.has_more, next_cursor: page.next_cursor }))
}

/// A privacy request, as the log has it at this moment.
#[utoipa::path(
    get, path = "/v1/gdpr_requests/{id}", tag = "privacy", security(("api_key" = [])), params(("id" = String, Path)),
    responses((status = 200, body = GdprRequest), (status = 404, body = crate::problem::ProblemDocument))
)]
pub async fn get(
    Shared(gateway): Shared<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<GdprRequest>, Problem> {
    let id = request_id(&id)?;
    let state = gateway.privacy_request(&caller.request, id).await?;
    document(&caller, id, &state.state).map(Json)
}

fn document(caller: &Caller, id: GdprRequestId, state: &State) -> Result<GdprRequest, Problem> {
    GdprRequest::of_state(id, state, caller.request.now).ok_or_else(|| Problem::of(Code::NotFound))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGdprRequest {
    /// `customers/redact` to have the customer forgotten, `customers/data_request` for everything held on them. The part
    /// before the slash may be left out.
    #[serde(rename = "type")]
    pub kind: String,
    pub customer_id: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MadeGdprRequest {
    #[serde(flatten)]
    pub request: GdprRequest,
    /// Of the commit that recorded it.
    pub position: u64,
}

/// Asks about a customer. Whoever asks this way knows whom they mean: a redact does not rest, it begins at once.
#[utoipa::path(
    post, path = "/v1/gdpr_requests", tag = "privacy", security(("api_key" = [])),
    params(("Idempotency-Key" = String, Header)), request_body = NewGdprRequest,
    responses((status = 201, body = MadeGdprRequest), (status = 400, body = crate::problem::ProblemDocument),
              (status = 404, body = crate::problem::ProblemDocument), (status = 409, body = crate::problem::ProblemDocument),
              (status = 422, body = crate::problem::ProblemDocument))
)]
pub async fn create(
    Shared(gateway): Shared<Gateway>,
    caller: Caller,
    headers: HeaderMap,
    JsonBody { value: new, .. }: JsonBody<NewGdprRequest>,
) -> Result<(StatusCode, HeaderMap, Json<MadeGdprRequest>), Problem> {
    let key = idempotency_key(&headers)?;
    let kind = match new.kind.as_str() {
        "customers/redact" | "redact" => RequestKind::CustomerRedact,
        "customers/data_request" | "data_request" => RequestKind::DataRequest,
        _ => return Err(Problem::at("/type", "is `customers/redact` or `customers/data_request`")),
    };
    let customer = customer_id(&new.customer_id)?;
    let source = RequestSource::Merchant;
    let asked = gateway.ask_for_privacy(&caller.request, kind, source, customer, &key).await?;
    let state = gateway.privacy_request(&caller.request, asked.id).await?;
    let request = document(&caller, asked.id, &state.state)?;
    let made = MadeGdprRequest { request, position: asked.position };
    Ok((StatusCode::CREATED, replayed(asked.repeated), Json(made)))
}
