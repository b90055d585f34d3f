//! What a customer has chosen, as the merchant passes it on: mail or none, leaderboards or not.

use aggregates::customer::{ChosenBy, MailChoice};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    body::{JsonBody, Path},
    customer_id,
};
use crate::{auth::Caller, gateway::Gateway, problem::Problem};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeaderboardWish {
    /// Stays out of leaderboards.
    pub opt_out: bool,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailWish {
    /// `true`: has consented to marketing. `false`: wants no mail at all.
    pub subscribed: bool,
}

/// What a customer has chosen, as of now.
#[derive(Debug, Serialize, ToSchema)]
pub struct CustomerChoices {
    pub customer_id: String,
    /// `unsaid`, `subscribed` or `unsubscribed`.
    #[schema(value_type = String)]
    pub mail: MailChoice,
    pub off_leaderboards: bool,
    /// Of the last commit about this customer.
    pub position: u64,
}

fn document(id: String, done: &journal::Executed<aggregates::customer::Customer>) -> Json<CustomerChoices> {
    let choices = done.state.state.choices;
    Json(CustomerChoices {
        customer_id: id,
        mail: choices.mail,
        off_leaderboards: choices.off_leaderboards,
        position: done.state.position,
    })
}

/// Takes a customer out of leaderboards, or lets them in again. When this is answered, no leaderboard shows them.
#[utoipa::path(
    put, path = "/v1/customers/{id}/leaderboard", tag = "badges", operation_id = "choose_leaderboard",
    security(("api_key" = [])), params(("id" = String, Path)), request_body = LeaderboardWish,
    responses((status = 200, body = CustomerChoices), (status = 404, body = crate::problem::ProblemDocument),
              (status = 409, body = crate::problem::ProblemDocument))
)]
pub async fn leaderboard(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
    JsonBody { value: wish, .. }: JsonBody<LeaderboardWish>,
) -> Result<Json<CustomerChoices>, Problem> {
    let customer = customer_id(&id)?;
    gateway.known_customer(&caller, customer).await?;
    let done = gateway.choose_leaderboard(&caller.request, customer, wish.opt_out).await?;
    Ok(document(id, &done))
}

/// Notes that a customer has consented to marketing mail, or wants no mail at all.
#[utoipa::path(
    put, path = "/v1/customers/{id}/mail", tag = "mail", operation_id = "choose_mail",
    security(("api_key" = [])), params(("id" = String, Path)), request_body = MailWish,
    responses((status = 200, body = CustomerChoices), (status = 404, body = crate::problem::ProblemDocument),
              (status = 409, body = crate::problem::ProblemDocument))
)]
pub async fn mail(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
    JsonBody { value: wish, .. }: JsonBody<MailWish>,
) -> Result<Json<CustomerChoices>, Problem> {
    let customer = customer_id(&id)?;
    gateway.known_customer(&caller, customer).await?;
    let choice = if wish.subscribed { MailChoice::Subscribed } else { MailChoice::Unsubscribed };
    let done = gateway.choose_mail(&caller.request, customer, choice, ChosenBy::Merchant).await?;
    Ok(document(id, &done))
}
