//! `GET /v1/customers/{id}/recommendations`: what others who buy alike have bought.

use std::collections::HashMap;

use axum::{Json, extract::State};
use projections::{
    customers::Customers,
    products::{self, Products},
    rfm_segments::RfmSegments,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Product;
use crate::{
    auth::Caller,
    commands::recommend::Recommended,
    cursor,
    gateway::Gateway,
    http::{
        body::{Params, Path},
        customer_id,
    },
    problem::Problem,
};

/// Products that are looked up before those no longer for sale are left out.
const CANDIDATES_MAX: usize = 500;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RecommendationParams {
    pub limit: Option<u32>,
    /// Answer only once the read model of products has seen this position.
    pub min_position: Option<u64>,
}

/// The best first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Recommendations {
    pub data: Vec<Recommendation>,
    /// False of somebody who must not be profiled, or of whom nobody knows yet how they buy: then there is nothing.
    pub profiled: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Recommendation {
    pub product: Product,
    /// How many of those who buy alike have bought it; never fewer than two.
    pub buyers: u64,
}

/// What a customer may like.
#[utoipa::path(
    get, path = "/v1/customers/{id}/recommendations", tag = "products", security(("api_key" = [])),
    params(("id" = String, Path), RecommendationParams),
    responses((status = 200, body = Recommendations), (status = 404, body = crate::problem::ProblemDocument))
)]
pub async fn list(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
    Params(params): Params<RecommendationParams>,
) -> Result<Json<Recommendations>, Problem> {
    let customer = customer_id(&id)?;
    gateway.known_customer(&caller, customer).await?;
    for read_model in [Products::NAME, Customers::NAME, RfmSegments::NAME] {
        gateway.fresh_enough(&caller, read_model, params.min_position).await?;
    }
    let recommended = match Box::pin(gateway.recommend(caller.merchant(), customer)).await? {
        Recommended::NotProfiled => return Ok(Json(Recommendations { data: Vec::new(), profiled: false })),
        Recommended::Products(products) => products,
    };
    let ids: Vec<String> = recommended.iter().take(CANDIDATES_MAX).map(|found| found.product_id.clone()).collect();
    let for_sale = products::find_all(&gateway.db, caller.merchant(), &ids).await?;
    let mut for_sale: HashMap<String, Product> =
        for_sale.into_iter().map(|row| (row.id.clone(), Product::from(row))).collect();
    let shown = recommended.into_iter().filter_map(|found| {
        let product = for_sale.remove(&found.product_id)?;
        Some(Recommendation { product, buyers: found.buyers })
    });
    Ok(Json(Recommendations { data: shown.take(cursor::limit(params.limit)).collect(), profiled: true }))
}
