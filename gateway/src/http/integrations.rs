//! `/v1/integrations/shopify`: whether, and with what, the shop's own API is used. The token is never shown again.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::JsonBody;
use crate::{auth::Caller, gateway::Gateway, problem::Problem};

/// Characters of a token.
const TOKEN_MAX: usize = 512;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShopifyAccess {
    /// Of the shop's Admin API, with the rights to write discounts, gift cards and store credit.
    pub admin_token: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ShopifyIntegration {
    /// Rewards can be made in the shop.
    pub connected: bool,
    pub connected_at: Option<String>,
}

fn document(caller_shop: Option<&aggregates::merchant::ShopConnected>) -> Json<ShopifyIntegration> {
    Json(ShopifyIntegration {
        connected: caller_shop.is_some(),
        connected_at: caller_shop.map(|shop| shop.at.to_rfc3339()),
    })
}

/// Whether the shop's own API is connected.
#[utoipa::path(
    get, path = "/v1/integrations/shopify", tag = "integrations", operation_id = "get_shopify",
    security(("api_key" = [])), responses((status = 200, body = ShopifyIntegration))
)]
pub async fn get(State(gateway): State<Gateway>, caller: Caller) -> Result<Json<ShopifyIntegration>, Problem> {
    let lease = gateway.renew_merchant(caller.merchant()).await?;
    Ok(document(lease.merchant.shop.as_ref()))
}

/// Connects it, or gives it another token.
#[utoipa::path(
    put, path = "/v1/integrations/shopify", tag = "integrations", operation_id = "connect_shopify",
    security(("api_key" = [])), request_body = ShopifyAccess,
    responses((status = 200, body = ShopifyIntegration), (status = 422, body = crate::problem::ProblemDocument))
)]
pub async fn put(
    State(gateway): State<Gateway>,
    caller: Caller,
    JsonBody { value: access, .. }: JsonBody<ShopifyAccess>,
) -> Result<Json<ShopifyIntegration>, Problem> {
    let token = access.admin_token.trim();
    // It travels in a header.
    if token.is_empty() || token.len() > TOKEN_MAX || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Problem::at("/admin_token", "must be a token: from 1 to 512 printable characters"));
    }
    gateway.connect_shop(&caller.request, token).await?;
    get(State(gateway), caller).await
}

/// Disconnects it. What is still to be made there is given back in the end.
#[utoipa::path(
    delete, path = "/v1/integrations/shopify", tag = "integrations", operation_id = "disconnect_shopify",
    security(("api_key" = [])), responses((status = 200, body = ShopifyIntegration))
)]
pub async fn delete(State(gateway): State<Gateway>, caller: Caller) -> Result<Json<ShopifyIntegration>, Problem> {
    gateway.disconnect_shop(&caller.request).await?;
    get(State(gateway), caller).await
}
