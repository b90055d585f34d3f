//! `PUT` and `DELETE /v1/customers/{id}/birthday`: the day of the year on which a customer was born. Shops do not tell it with
//! their customers, so the merchant does. It is sealed under the customer's key.

use aggregates::customer::Birthday;
use axum::{Json, extract::State};
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

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BirthdayInput {
    pub month: u8,
    pub day: u8,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct BirthdayDocument {
    pub customer_id: String,
    /// `null` where it is not known any more.
    pub month: Option<u8>,
    pub day: Option<u8>,
    /// Of the last commit that this led to.
    pub position: u64,
}

/// Tells a customer's birthday, instead of what was told before.
#[utoipa::path(
    put, path = "/v1/customers/{id}/birthday", tag = "campaigns", operation_id = "put_birthday",
    security(("api_key" = [])), params(("id" = String, Path)), request_body = BirthdayInput,
    responses((status = 200, body = BirthdayDocument), (status = 404, body = crate::problem::ProblemDocument),
              (status = 409, body = crate::problem::ProblemDocument), (status = 422, body = crate::problem::ProblemDocument))
)]
pub async fn put(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
    JsonBody { value: input, .. }: JsonBody<BirthdayInput>,
) -> Result<Json<BirthdayDocument>, Problem> {
    let customer = customer_id(&id)?;
    gateway.known_customer(&caller, customer).await?;
    let birthday = Birthday::of(input.month, input.day).map_err(|error| Problem::at("/day", error.to_string()))?;
    let position = Box::pin(gateway.tell_birthday(&caller.request, customer, Some(birthday))).await?;
    Ok(Json(BirthdayDocument {
        customer_id: customer.to_string(),
        month: Some(birthday.month()),
        day: Some(birthday.day()),
        position,
    }))
}

/// The birthday is not known any more.
#[utoipa::path(
    delete, path = "/v1/customers/{id}/birthday", tag = "campaigns", operation_id = "delete_birthday",
    security(("api_key" = [])), params(("id" = String, Path)),
    responses((status = 200, body = BirthdayDocument), (status = 404, body = crate::problem::ProblemDocument),
              (status = 409, body = crate::problem::ProblemDocument))
)]
pub async fn delete(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<BirthdayDocument>, Problem> {
    let customer = customer_id(&id)?;
    gateway.known_customer(&caller, customer).await?;
    let position = Box::pin(gateway.tell_birthday(&caller.request, customer, None)).await?;
    Ok(Json(BirthdayDocument { customer_id: customer.to_string(), month: None, day: None, position }))
}
