//! `GET /v1/gdpr_requests`: privacy requests, the most urgent first.

use aggregates::{id::GdprRequestId, time::Timestamp};
use axum::{Json, extract::State};
use projections::gdpr_requests;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Page, Paging, body::Params, customers::rows_wanted};
use crate::{auth::Caller, cursor, gateway::Gateway, problem::Problem};

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct GdprRequest {
    pub id: String,
    /// `customers/data_request`, `customers/redact` or `shop/redact`.
    #[serde(rename = "type")]
    pub kind: String,
    pub state: String,
    /// Whom it is about, where that is known.
    pub customer_id: Option<String>,
    pub received_at: String,
    pub due_at: String,
}

/// Privacy requests of the shop.
#[utoipa::path(
    get, path = "/v1/gdpr_requests", tag = "privacy", security(("api_key" = [])), params(Paging),
    responses((status = 200, body = Page<GdprRequest>))
)]
pub async fn list(
    State(gateway): State<Gateway>,
    caller: Caller,
    Params(paging): Params<Paging>,
) -> Result<Json<Page<GdprRequest>>, Problem> {
    gateway.fresh_enough(&caller, gdpr_requests::GdprRequests::NAME, paging.min_position).await?;
    let limit = cursor::limit(paging.limit);
    let after = cursor::decode::<(Timestamp, GdprRequestId)>(paging.cursor.as_deref())?;
    let rows = gdpr_requests::list(&gateway.db, caller.merchant(), after, rows_wanted(limit)).await?;
    let page = Page::cut(rows, limit, |row| cursor::encode(&(row.due_at, row.id)));
    let document = |row: gdpr_requests::RequestRow| GdprRequest {
        id: row.id.to_string(),
        kind: row.kind,
        state: row.state,
        customer_id: row.customer.map(|customer| customer.to_string()),
        received_at: row.received_at.to_rfc3339(),
        due_at: row.due_at.to_rfc3339(),
    };
    let data = page.data.into_iter().map(document).collect();
    Ok(Json(Page { data, has_more: page.has_more, next_cursor: page.next_cursor }))
}
