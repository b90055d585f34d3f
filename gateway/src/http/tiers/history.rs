//! `GET /v1/customers/{id}/vip_tier/history`: one customer's moves, newest first.

use aggregates::time::Timestamp;
use axum::{Json, extract::State};
use projections::{
    tiers::{HistoryRow, answers},
    vip_tiers::VipTiers,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    auth::Caller,
    cursor,
    gateway::Gateway,
    http::{
        Page, Paging,
        body::{Params, Path},
        customer_id,
        customers::rows_wanted,
    },
    problem::Problem,
};

/// One move.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VipTierHistory)]
pub struct HistoryDocument {
    /// `null` is no tier.
    pub from: Option<String>,
    pub to: Option<String>,
    /// When it came about, by what had happened.
    pub since: String,
    /// `facts` (orders, refunds, points, merges), `time`, `definition` (other tiers), `by_hand` or `import`.
    pub cause: String,
    pub measured: i64,
    pub definition_version: u32,
    pub recorded_at: String,
    pub position: u64,
}

impl From<HistoryRow> for HistoryDocument {
    fn from(row: HistoryRow) -> Self {
        HistoryDocument {
            from: row.from,
            to: row.to.tier,
            since: row.to.since.to_rfc3339(),
            cause: row.cause,
            measured: row.to.measured,
            definition_version: row.definition_version,
            recorded_at: row.to.recorded_at.to_rfc3339(),
            position: row.to.position,
        }
    }
}

/// A customer's moves from tier to tier, newest first.
#[utoipa::path(
    get, path = "/v1/customers/{id}/vip_tier/history", tag = "vip_tiers", operation_id = "customer_vip_tier_history",
    security(("api_key" = [])), params(("id" = String, Path), Paging),
    responses((status = 200, body = Page<HistoryDocument>), (status = 404, body = crate::problem::ProblemDocument))
)]
pub async fn list(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
    Params(params): Params<Paging>,
) -> Result<Json<Page<HistoryDocument>>, Problem> {
    let customer = customer_id(&id)?;
    gateway.known_customer(&caller, customer).await?;
    gateway.fresh_enough(&caller, VipTiers::NAME, params.min_position).await?;
    let limit = cursor::limit(params.limit);
    let before = cursor::decode::<(Timestamp, u64)>(params.cursor.as_deref())?;
    let rows = answers::history(&gateway.db, caller.merchant(), customer, before, rows_wanted(limit)).await?;
    let page = Page::cut(rows, limit, |row| cursor::encode(&(row.to.recorded_at, row.to.position)));
    let data = page.data.into_iter().map(HistoryDocument::from).collect();
    Ok(Json(Page { data, has_more: page.has_more, next_cursor: page.next_cursor }))
}
