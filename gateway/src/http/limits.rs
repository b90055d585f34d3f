//! Restriction of processing, and objection to profiling: imposed with a reason, lifted without one.

use aggregates::customer::{Customer, Limit};
use axum::{Json, extract::State, http::StatusCode};
use journal::Executed;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    body::{JsonBody, Path},
    customer_id,
    gdpr_requests::actions::Reason,
};
use crate::{auth::Caller, gateway::Gateway, problem::Problem};

/// What a customer has ruled out, as of now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Limits)]
pub struct LimitsDocument {
    pub customer_id: String,
    /// Their data may be kept and not used: no segments, no mail.
    pub restricted: bool,
    /// They object to being profiled: no segments.
    pub objects_to_profiling: bool,
    /// Of the last commit about this customer.
    pub position: u64,
}

async fn impose(
    gateway: &Gateway,
    caller: &Caller,
    id: &str,
    limit: Limit,
    reason: &Reason,
) -> Result<Json<LimitsDocument>, Problem> {
    let customer = customer_id(id)?;
    gateway.known_customer(caller, customer).await?;
    let done = gateway.impose_limit(&caller.request, customer, limit, reason.text()?).await?;
    Ok(document(id, &done))
}

async fn lift(gateway: &Gateway, caller: &Caller, id: &str, limit: Limit) -> Result<Json<LimitsDocument>, Problem> {
    let customer = customer_id(id)?;
    gateway.known_customer(caller, customer).await?;
    let done = gateway.lift_limit(&caller.request, customer, limit).await?;
    Ok(document(id, &done))
}

fn document(id: &str, done: &Executed<Customer>) -> Json<LimitsDocument> {
    let limits = done.state.state.limits;
    Json(LimitsDocument {
        customer_id: id.to_owned(),
        restricted: limits.restricted,
        objects_to_profiling: limits.objects_to_profiling,
        position: done.state.position,
    })
}

/// Restricts the processing of a customer's data: kept, and not used.
#[utoipa::path(
    post, path = "/v1/customers/{id}/restriction", tag = "privacy", security(("api_key" = [])),
    params(("id" = String, Path)), request_body = Reason,
    responses((status = 201, body = LimitsDocument), (status = 404, body = crate::problem::ProblemDocument),
              (status = 409, body = crate::problem::ProblemDocument))
)]
pub async fn restrict(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
    JsonBody { value: reason, .. }: JsonBody<Reason>,
) -> Result<(StatusCode, Json<LimitsDocument>), Problem> {
    let document = impose(&gateway, &caller, &id, Limit::Restriction, &reason).await?;
    Ok((StatusCode::CREATED, document))
}

/// Lifts the restriction.
#[utoipa::path(
    delete, path = "/v1/customers/{id}/restriction", tag = "privacy", security(("api_key" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = LimitsDocument), (status = 404, body = crate::problem::ProblemDocument),
              (status = 409, body = crate::problem::ProblemDocument))
)]
pub async fn lift_restriction(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<LimitsDocument>, Problem> {
    lift(&gateway, &caller, &id, Limit::Restriction).await
}

/// Notes that a customer objects to being profiled.
#[utoipa::path(
    post, path = "/v1/customers/{id}/objection", tag = "privacy", security(("api_key" = [])),
    params(("id" = String, Path)), request_body = Reason,
    responses((status = 201, body = LimitsDocument), (status = 404, body = crate::problem::ProblemDocument),
              (status = 409, body = crate::problem::ProblemDocument))
)]
pub async fn object(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
    JsonBody { value: reason, .. }: JsonBody<Reason>,
) -> Result<(StatusCode, Json<LimitsDocument>), Problem> {
    let document = impose(&gateway, &caller, &id, Limit::Objection, &reason).await?;
    Ok((StatusCode::CREATED, document))
}

/// Notes that the objection is withdrawn.
#[utoipa::path(
    delete, path = "/v1/customers/{id}/objection", tag = "privacy", security(("api_key" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = LimitsDocument), (status = 404, body = crate::problem::ProblemDocument),
              (status = 409, body = crate::problem::ProblemDocument))
)]
pub async fn withdraw_objection(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<LimitsDocument>, Problem> {
    lift(&gateway, &caller, &id, Limit::Objection).await
}
