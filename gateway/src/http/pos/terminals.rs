//! `GET /v1/pos/terminals`: tills, and how far behind they are.

use axum::{Json, extract::State};
use projections::pos_offline_queue::{self, PosOfflineQueue, TerminalRow};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    auth::Caller,
    cursor,
    gateway::Gateway,
    http::{Page, Paging, body::Params, customers::rows_wanted},
    problem::Problem,
};

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PosTerminal {
    pub terminal_id: String,
    pub batches: u64,
    pub accepted: u64,
    pub duplicate: u64,
    pub ignored: u64,
    pub rejected: u64,
    /// How far back its last batch went.
    pub last_oldest_sold_at: Option<String>,
    pub newest_sold_at: Option<String>,
    pub last_batch_at: String,
}

/// Tills that have ever sent anything, by name.
#[utoipa::path(
    get, path = "/v1/pos/terminals", tag = "pos", security(("api_key" = [])), params(Paging),
    responses((status = 200, body = Page<PosTerminal>))
)]
pub async fn list(
    State(gateway): State<Gateway>,
    caller: Caller,
    Params(paging): Params<Paging>,
) -> Result<Json<Page<PosTerminal>>, Problem> {
    gateway.fresh_enough(&caller, PosOfflineQueue::NAME, paging.min_position).await?;
    let limit = cursor::limit(paging.limit);
    let after = cursor::decode::<String>(paging.cursor.as_deref())?;
    let wanted = rows_wanted(limit);
    let rows = pos_offline_queue::list_after(&gateway.db, caller.merchant(), after.as_deref(), wanted).await?;
    let page = Page::cut(rows, limit, |row| cursor::encode(&row.terminal));
    let data = page.data.into_iter().map(PosTerminal::from).collect();
    Ok(Json(Page { data, has_more: page.has_more, next_cursor: page.next_cursor }))
}

impl From<TerminalRow> for PosTerminal {
    fn from(row: TerminalRow) -> Self {
        PosTerminal {
            terminal_id: row.terminal,
            batches: row.batches,
            accepted: row.accepted,
            duplicate: row.duplicate,
            ignored: row.ignored,
            rejected: row.rejected,
            last_oldest_sold_at: row.last_oldest_sold_at.map(|at| at.to_rfc3339()),
            newest_sold_at: row.newest_sold_at.map(|at| at.to_rfc3339()),
            last_batch_at: row.last_batch_at.to_rfc3339(),
        }
    }
}
