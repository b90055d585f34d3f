//! Who did what, newest first.

use projections::audit_logs::{self, Filter, Page};
use serde_json::json;

use super::{Export, ExportRow, PAGE_ROWS};
use crate::{cursor, gateway::Gateway, problem::Problem};

pub(super) const COLUMNS: &[&str] = &[
    "position",
    "line",
    "recorded_at",
    "actor_kind",
    "actor_id",
    "action",
    "description",
    "target_kind",
    "target_id",
    "customer_id",
    "outcome",
    "request_id",
];

pub(super) async fn page(gateway: &Gateway, export: Export, after: Option<&str>) -> Result<Vec<ExportRow>, Problem> {
    let page = Page { limit: PAGE_ROWS, before: cursor::decode(after)? };
    let rows = audit_logs::list(&gateway.db, export.merchant, &Filter::default(), page).await?;
    let row = |row: audit_logs::AuditRow| ExportRow {
        cursor: cursor::encode(&(row.position, row.line)),
        values: vec![
            json!(row.position),
            json!(row.line),
            json!(row.recorded_at.to_rfc3339()),
            json!(row.actor_kind),
            json!(row.actor),
            json!(row.action),
            json!(audit_logs::in_words(&row.action)),
            json!(row.target_kind),
            json!(row.target_id),
            json!(row.customer.map(|customer| customer.to_string())),
            json!(row.outcome),
            json!(row.request.to_string()),
        ],
    };
    Ok(rows.into_iter().map(row).collect())
}
