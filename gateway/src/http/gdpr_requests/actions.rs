//! What the merchant does about a request: each answers the request as it is then.

use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{GdprRequest, document, request_id};
use crate::{
    auth::Caller,
    gateway::Gateway,
    http::body::{JsonBody, Path},
    problem::Problem,
};

/// Characters of a reason.
pub(in crate::http) const REASON_MAX: usize = 500;

/// Why; sealed like all free text.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = GivenReason)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    pub reason: String,
}

impl Reason {
    pub(in crate::http) fn text(&self) -> Result<&str, Problem> {
        let reason = self.reason.trim();
        if reason.is_empty() || reason.chars().count() > REASON_MAX {
            return Err(Problem::at("/reason", "must have from 1 to 500 characters"));
        }
        Ok(reason)
    }
}

/// Puts a legal hold on it: nothing is destroyed until it is released.
#[utoipa::path(
    post, path = "/v1/gdpr_requests/{id}/hold", tag = "privacy", security(("api_key" = [])), params(("id" = String, Path)),
    request_body = Reason,
    responses((status = 201, body = GdprRequest), (status = 404, body = crate::problem::ProblemDocument),
              (status = 409, body = crate::problem::ProblemDocument))
)]
pub async fn hold(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
    JsonBody { value: reason, .. }: JsonBody<Reason>,
) -> Result<(StatusCode, Json<GdprRequest>), Problem> {
    let id = request_id(&id)?;
    let held = gateway.hold_request(&caller.request, id, reason.text()?).await?;
    document(&caller, id, &held.state).map(created)
}

/// Lifts the hold; a request whose rest is over goes on.
#[utoipa::path(
    post, path = "/v1/gdpr_requests/{id}/release", tag = "privacy", security(("api_key" = [])),
    params(("id" = String, Path)),
    responses((status = 201, body = GdprRequest), (status = 404, body = crate::problem::ProblemDocument),
              (status = 409, body = crate::problem::ProblemDocument))
)]
pub async fn release(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<GdprRequest>), Problem> {
    let id = request_id(&id)?;
    let released = gateway.release_request(&caller.request, id).await?;
    document(&caller, id, &released.state).map(created)
}

/// Executes a request of the shop without waiting for the end of its rest.
#[utoipa::path(
    post, path = "/v1/gdpr_requests/{id}/execute", tag = "privacy", security(("api_key" = [])),
    params(("id" = String, Path)), request_body = Reason,
    responses((status = 201, body = GdprRequest), (status = 404, body = crate::problem::ProblemDocument),
              (status = 409, body = crate::problem::ProblemDocument))
)]
pub async fn execute(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
    JsonBody { value: reason, .. }: JsonBody<Reason>,
) -> Result<(StatusCode, Json<GdprRequest>), Problem> {
    let id = request_id(&id)?;
    let expedited = gateway.expedite_request(&caller.request, id, reason.text()?).await?;
    document(&caller, id, &expedited.state).map(created)
}

/// Says that whoever asked has what a data request asked for.
#[utoipa::path(
    post, path = "/v1/gdpr_requests/{id}/complete", tag = "privacy", security(("api_key" = [])),
    params(("id" = String, Path)),
    responses((status = 201, body = GdprRequest), (status = 404, body = crate::problem::ProblemDocument),
              (status = 409, body = crate::problem::ProblemDocument))
)]
pub async fn complete(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<GdprRequest>), Problem> {
    let id = request_id(&id)?;
    let answered = gateway.answer_data_request(&caller.request, id).await?;
    document(&caller, id, &answered.state).map(created)
}

/// Does not follow it: a duty to keep, or nobody can say whom it is about.
#[utoipa::path(
    post, path = "/v1/gdpr_requests/{id}/refuse", tag = "privacy", security(("api_key" = [])),
    params(("id" = String, Path)), request_body = Reason,
    responses((status = 201, body = GdprRequest), (status = 404, body = crate::problem::ProblemDocument),
              (status = 409, body = crate::problem::ProblemDocument))
)]
pub async fn refuse(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
    JsonBody { value: reason, .. }: JsonBody<Reason>,
) -> Result<(StatusCode, Json<GdprRequest>), Problem> {
    let id = request_id(&id)?;
    let refused = gateway.refuse_request(&caller.request, id, reason.text()?).await?;
    document(&caller, id, &refused.state).map(created)
}

fn created(document: GdprRequest) -> (StatusCode, Json<GdprRequest>) {
    (StatusCode::CREATED, Json(document))
}
