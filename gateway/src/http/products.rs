//! `/v1/products`: what the shop sells, found by what people call it.

pub mod collections;
pub mod recommendations;

use axum::{Json, extract::State};
use projections::products::{self, ProductRow, Products};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Page, body::Params, customers::rows_wanted};
use crate::{auth::Caller, cursor, gateway::Gateway, problem::Problem};

/// Characters of a search.
const QUERY_MAX: usize = 200;

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Product {
    /// The shop's own id.
    pub id: String,
    pub title: String,
    pub vendor: Option<String>,
    pub product_type: Option<String>,
    pub tags: Vec<String>,
    /// Ids of collections.
    pub collections: Vec<String>,
    pub skus: Vec<String>,
    pub status: Option<String>,
    pub updated_at: Option<String>,
    pub position: u64,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ProductParams {
    /// Words of the title, the vendor, the type, a tag or a SKU; mistyped ones too. The best come first.
    pub query: Option<String>,
    pub limit: Option<u32>,
    pub cursor: Option<String>,
    /// Answer only once the read model has seen this position.
    pub min_position: Option<u64>,
}

/// Products that some words mean; all of them without words.
#[utoipa::path(
    get, path = "/v1/products", tag = "products", security(("api_key" = [])), params(ProductParams),
    responses((status = 200, body = Page<Product>), (status = 422, body = crate::problem::ProblemDocument))
)]
pub async fn list(
    State(gateway): State<Gateway>,
    caller: Caller,
    Params(params): Params<ProductParams>,
) -> Result<Json<Page<Product>>, Problem> {
    gateway.fresh_enough(&caller, Products::NAME, params.min_position).await?;
    let limit = cursor::limit(params.limit);
    let query = params.query.as_deref().map(str::trim).unwrap_or_default();
    if query.chars().count() > QUERY_MAX {
        return Err(Problem::at("/query", "more than 200 characters"));
    }
    let page = if query.is_empty() {
        let after = cursor::decode::<String>(params.cursor.as_deref())?;
        let rows = products::list_after(&gateway.db, caller.merchant(), after.as_deref(), rows_wanted(limit)).await?;
        Page::cut(rows, limit, |row| cursor::encode(&row.id))
    } else {
        let behind = cursor::decode::<u32>(params.cursor.as_deref())?.unwrap_or(0);
        let wanted = rows_wanted(limit);
        let rows = products::search(&gateway.db, caller.merchant(), query, i64::from(behind), wanted).await?;
        let next = behind.saturating_add(u32::try_from(limit).unwrap_or(u32::MAX));
        Page::cut(rows, limit, |_| cursor::encode(&next))
    };
    let data = page.data.into_iter().filter(|row| !row.deleted).map(Product::from).collect();
    Ok(Json(Page { data, has_more: page.has_more, next_cursor: page.next_cursor }))
}

impl From<ProductRow> for Product {
    fn from(row: ProductRow) -> Self {
        Product {
            id: row.id,
            title: row.title,
            vendor: row.vendor,
            product_type: row.product_type,
            tags: row.tags,
            collections: row.collections,
            skus: row.skus,
            status: row.status,
            updated_at: row.updated_at.map(|at| at.to_rfc3339()),
            position: row.position,
        }
    }
}
