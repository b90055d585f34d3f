//! `/v1/integrations/shopify`: whether, and with what, the shop's own API is used. No token is ever shown again.

use aggregates::{
    merchant::{AdminToken, ConnectedShop, Renewal, TokenLife},
    time::Timestamp,
};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::JsonBody;
use crate::{auth::Caller, gateway::Gateway, problem::Problem};

/// Characters of a token.
const TOKEN_MAX: usize = 512;

/// Seconds that a token or what renews it may be said to live: ten years.
const LIFE_SECONDS_MAX: u32 = 315_360_000;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShopifyAccess {
    /// Of the shop's Admin API, with the rights to write discounts, gift cards and store credit.
    pub admin_token: String,
    /// Of a token that expires: seconds that it lives from now on, as the shop said with it. Needs `renewal`.
    #[serde(default)]
    pub expires_in: Option<u32>,
    /// Of a token that expires: what it is renewed with.
    #[serde(default)]
    pub renewal: Option<ShopifyRenewal>,
}

/// With what the shop gives out another token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShopifyRenewal {
    /// Of the app.
    pub client_id: String,
    pub client_secret: String,
    pub refresh_token: String,
    /// Seconds that the refresh token lives from now on, where that is known.
    #[serde(default)]
    pub refresh_token_expires_in: Option<u32>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ShopifyIntegration {
    /// Rewards can be made in the shop.
    pub connected: bool,
    pub connected_at: Option<String>,
    /// `connected`, `needs_reconnection` (the shop gives out no other token: what is to be made there waits) or
    /// `not_connected`.
    pub status: &'static str,
    /// When the token ends; it is renewed before. `null` for one that does not.
    pub token_expires_at: Option<String>,
    /// Up to when it can be renewed; moves on with each renewal.
    pub renewable_until: Option<String>,
}

impl ShopifyAccess {
    fn read(self, now: Timestamp) -> Result<(AdminToken, Option<TokenLife>), Problem> {
        let token = word("/admin_token", &self.admin_token)?;
        let (renewal, expires_in) = match (self.renewal, self.expires_in) {
            (None, None) => return Ok((AdminToken { token, renewal: None }, None)),
            (None, Some(_)) => return Err(Problem::at("/renewal", "is needed for a token that expires")),
            (Some(_), None) => return Err(Problem::at("/expires_in", "is needed for a token that is renewed")),
            (Some(renewal), Some(expires_in)) => (renewal, expires_in),
        };
        let life = TokenLife {
            expires_at: after("/expires_in", now, expires_in)?,
            renewable_until: renewal
                .refresh_token_expires_in
                .map(|seconds| after("/renewal/refresh_token_expires_in", now, seconds))
                .transpose()?,
        };
        let renewal = Renewal {
            client_id: word("/renewal/client_id", &renewal.client_id)?,
            client_secret: word("/renewal/client_secret", &renewal.client_secret)?,
            refresh_token: word("/renewal/refresh_token", &renewal.refresh_token)?,
        };
        Ok((AdminToken { token, renewal: Some(renewal) }, Some(life)))
    }
}

/// What travels in a header, or beside one that does.
fn word(place: &'static str, text: &str) -> Result<String, Problem> {
    let word = text.trim();
    if word.is_empty() || word.len() > TOKEN_MAX || !word.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Problem::at(place, "must be a token: from 1 to 512 printable characters"));
    }
    Ok(word.to_owned())
}

fn after(place: &'static str, now: Timestamp, seconds: u32) -> Result<Timestamp, Problem> {
    if seconds > LIFE_SECONDS_MAX {
        return Err(Problem::at(place, "must be at most ten years, in seconds"));
    }
    Ok(now.plus_seconds(i64::from(seconds)))
}

fn document(shop: Option<&ConnectedShop>) -> Json<ShopifyIntegration> {
    let life = shop.and_then(|shop| shop.life);
    Json(ShopifyIntegration {
        connected: shop.is_some_and(|shop| shop.needs_reconnection.is_none()),
        connected_at: shop.map(|shop| shop.connected_at.to_rfc3339()),
        status: match shop.map(|shop| shop.needs_reconnection) {
            None => "not_connected",
            Some(None) => "connected",
            Some(Some(_)) => "needs_reconnection",
        },
        token_expires_at: life.map(|life| life.expires_at.to_rfc3339()),
        renewable_until: life.and_then(|life| life.renewable_until).map(Timestamp::to_rfc3339),
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
    let (token, life) = access.read(caller.request.now)?;
    gateway.connect_shop(&caller.request, &token, life).await?;
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
