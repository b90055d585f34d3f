//! Every line of every ledger, customer by customer, in the order in which each ledger was written.

use aggregates::{id::CustomerId, points::OrderReference};
use projections::points_transactions::{self, LedgerPlace};
use serde_json::json;

use super::{Export, ExportRow, PAGE_ROWS, keys};
use crate::{
    commands::{adjust::REASON_TAG, order::REFERENCE_TAG},
    cursor,
    gateway::Gateway,
    problem::Problem,
};

pub(super) const COLUMNS: &[&str] = &[
    "id",
    "customer_id",
    "type",
    "points",
    "occurred_at",
    "recorded_at",
    "available_at",
    "reference_kind",
    "reference_id",
    "reference_name",
    "reason",
    "position",
];

pub(super) async fn page(gateway: &Gateway, export: Export, after: Option<&str>) -> Result<Vec<ExportRow>, Problem> {
    let after = cursor::decode::<LedgerPlace>(after)?;
    let lines = points_transactions::all_after(&gateway.db, export.merchant, after, PAGE_ROWS).await?;
    let people = lines.iter().map(|(place, _)| CustomerId(place.customer));
    let keys = keys::of_people(gateway, export.merchant, people).await?;
    let mut page = Vec::with_capacity(lines.len());
    for (place, line) in lines {
        let customer = CustomerId(place.customer);
        let keys = keys.get(&customer);
        let order: Option<OrderReference> =
            line.reference.as_ref().and_then(|reference| keys?.open(REFERENCE_TAG, reference).ok());
        let reason = line.reason.as_ref().and_then(|reason| keys?.open(REASON_TAG, reason).ok());
        let reference_id = order.as_ref().map(|order| order.order_id.clone());
        page.push(ExportRow {
            cursor: cursor::encode(&place),
            values: vec![
                json!(format!("ptx_{}", line.id.as_hyphenated())),
                json!(customer.to_string()),
                json!(line.kind),
                json!(line.points),
                json!(line.occurred_at.to_rfc3339()),
                json!(line.recorded_at.to_rfc3339()),
                json!(line.available_at.map(|at| at.to_rfc3339())),
                json!(line.reference_kind),
                json!(reference_id.or(line.reference_id.map(|id| id.to_string()))),
                json!(order.map(|order| order.name)),
                json!(reason.map(|note| note.reason)),
                json!(line.position),
            ],
        });
    }
    Ok(page)
}
