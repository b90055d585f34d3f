//! `PUT /v1/products/{product_id}/collections`: which collections a product is in. The shop's product webhooks do not tell.

use aggregates::{product::CollectionsStated, time::Timestamp};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

use crate::{
    auth::Caller,
    commands::Done,
    gateway::Gateway,
    http::body::{JsonBody, Path},
    problem::Problem,
};

/// Collections of one product.
const COLLECTIONS_MAX: usize = 250;
/// Characters of an id.
const ID_MAX: usize = 64;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductCollections {
    /// Ids of all collections that the product is in.
    pub collection_ids: BTreeSet<String>,
    /// Since when; now, if not said.
    pub from: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ProductCollectionsAnswer {
    pub product_id: String,
    pub collection_ids: BTreeSet<String>,
    pub from: String,
    /// Of the commit that recorded it; none if it was so already.
    pub position: Option<u64>,
}

/// States which collections a product is in.
#[utoipa::path(
    put, path = "/v1/products/{product_id}/collections", tag = "products", security(("api_key" = [])),
    params(("product_id" = String, Path)), request_body = ProductCollections,
    responses((status = 200, body = ProductCollectionsAnswer), (status = 422, body = crate::problem::ProblemDocument))
)]
pub async fn put(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(product_id): Path<String>,
    JsonBody { value: document, .. }: JsonBody<ProductCollections>,
) -> Result<Json<ProductCollectionsAnswer>, Problem> {
    let is_id = |id: &str| !id.is_empty() && id.chars().count() <= ID_MAX;
    if !is_id(&product_id) || document.collection_ids.len() > COLLECTIONS_MAX {
        return Err(Problem::at("/collection_ids", "at most 250"));
    }
    if !document.collection_ids.iter().all(|id| is_id(id)) {
        return Err(Problem::at("/collection_ids", "an id has from 1 to 64 characters"));
    }
    let from = document.from.as_deref().map(Timestamp::parse).transpose();
    let from = from.map_err(|_| Problem::at("/from", "is not an RFC 3339 time"))?.unwrap_or(caller.request.now);
    let collections = document.collection_ids;
    let stated = CollectionsStated { product_id: product_id.clone(), collections: collections.clone(), from };
    let position = match gateway.state_collections(&caller.request, stated).await? {
        Done::Accepted(position) => position,
        Done::Duplicate(_) | Done::Ignored => None,
    };
    let from = from.to_rfc3339();
    Ok(Json(ProductCollectionsAnswer { product_id, collection_ids: collections, from, position }))
}
