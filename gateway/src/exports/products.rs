//! What the shop sells, as it stated it last; also what it sells no more.

use projections::products::{self, ProductRow};
use serde_json::json;

use super::{Export, ExportRow, PAGE_ROWS};
use crate::{cursor, gateway::Gateway, problem::Problem};

pub(super) const COLUMNS: &[&str] = &[
    "product_id",
    "title",
    "vendor",
    "product_type",
    "tags",
    "collections",
    "skus",
    "status",
    "deleted",
    "updated_at",
];

pub(super) async fn page(gateway: &Gateway, export: Export, after: Option<&str>) -> Result<Vec<ExportRow>, Problem> {
    let after = cursor::decode::<String>(after)?;
    let rows = products::list_after(&gateway.db, export.merchant, after.as_deref(), PAGE_ROWS).await?;
    let row = |row: ProductRow| ExportRow {
        cursor: cursor::encode(&row.id),
        values: vec![
            json!(row.id),
            json!(row.title),
            json!(row.vendor),
            json!(row.product_type),
            json!(row.tags.join(", ")),
            json!(row.collections.join(", ")),
            json!(row.skus.join(", ")),
            json!(row.status),
            json!(row.deleted),
            json!(row.updated_at.map(|at| at.to_rfc3339())),
        ],
    };
    Ok(rows.into_iter().map(row).collect())
}
