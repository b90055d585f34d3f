//! How buyers stand: segment, scores and the numbers behind them.

use aggregates::id::CustomerId;
use projections::rfm_segments;
use serde_json::json;

use super::{Export, ExportRow, PAGE_ROWS};
use crate::{cursor, gateway::Gateway, problem::Problem};

pub(super) const COLUMNS: &[&str] =
    &["customer_id", "segment", "scores", "last_order_day", "orders", "spend_minor", "as_of", "recorded_at"];

pub(super) async fn page(gateway: &Gateway, export: Export, after: Option<&str>) -> Result<Vec<ExportRow>, Problem> {
    let after = cursor::decode::<CustomerId>(after)?;
    let rows = rfm_segments::standings_after(&gateway.db, export.merchant, after, PAGE_ROWS).await?;
    let row = |row: rfm_segments::StandingRow| ExportRow {
        cursor: cursor::encode(&row.customer),
        values: vec![
            json!(row.customer.to_string()),
            json!(row.segment),
            json!(row.scores),
            json!(row.last_order_day.to_string()),
            json!(row.orders),
            json!(row.spend_minor),
            json!(row.as_of.to_string()),
            json!(row.recorded_at.to_rfc3339()),
        ],
    };
    Ok(rows.into_iter().map(row).collect())
}
