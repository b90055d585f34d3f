//! `POST /v1/customers/{id}/loyalty_cards`: a card by which a till knows a customer.

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    auth::Caller,
    gateway::Gateway,
    http::{
        body::{JsonBody, Path},
        customer_id,
    },
    problem::Problem,
};

/// Characters of a card's number.
const NUMBER_MAX: usize = 64;

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLoyaltyCard {
    /// What is printed on the card; without it a number is made up, always the same for a customer.
    pub card_code: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LoyaltyCard {
    pub card_code: String,
}

/// Makes a customer known by a card.
#[utoipa::path(
    post, path = "/v1/customers/{id}/loyalty_cards", tag = "pos", security(("api_key" = [])),
    params(("id" = String, Path)), request_body = NewLoyaltyCard,
    responses((status = 201, body = LoyaltyCard), (status = 404, body = crate::problem::ProblemDocument),
              (status = 422, body = crate::problem::ProblemDocument))
)]
pub async fn create(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
    JsonBody { value: new, .. }: JsonBody<NewLoyaltyCard>,
) -> Result<(StatusCode, Json<LoyaltyCard>), Problem> {
    let customer = customer_id(&id)?;
    gateway.known_customer(&caller, customer).await?;
    let number = new.card_code.as_deref().map(str::trim);
    if number.is_some_and(|number| number.is_empty() || number.chars().count() > NUMBER_MAX) {
        return Err(Problem::at("/card_code", "must have from 1 to 64 characters"));
    }
    let issued = gateway.issue_card(&caller.request, customer, number).await?;
    let card_code = issued.map_err(|refused| Problem::at("/card_code", refused.to_string()))?;
    Ok((StatusCode::CREATED, Json(LoyaltyCard { card_code })))
}
