//! `POST /v1/customers/{id}/points_adjustments`: points by hand.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    AsOf,
    balance::BalanceDocument,
    body::{JsonBody, Path, idempotency_key},
    customer_id, history,
};
use crate::{
    auth::Caller,
    commands::{account::Reached, adjust::Idempotency},
    gateway::Gateway,
    problem::Problem,
};

/// Characters of a reason.
const REASON_MAX: usize = 500;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAdjustment {
    /// Signed, not zero.
    pub points: i64,
    /// Why; sealed like all free text.
    pub reason: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Adjustment {
    pub points: i64,
    pub balance: BalanceDocument,
    /// Of the commit that recorded it.
    pub position: u64,
}

/// Adds or takes points.
#[utoipa::path(
    post, path = "/v1/customers/{id}/points_adjustments", tag = "points", security(("api_key" = [])),
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)), request_body = NewAdjustment,
    responses((status = 201, body = Adjustment), (status = 400, body = crate::problem::ProblemDocument),
              (status = 404, body = crate::problem::ProblemDocument), (status = 422, body = crate::problem::ProblemDocument))
)]
pub async fn create(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    JsonBody { value: new, .. }: JsonBody<NewAdjustment>,
) -> Result<(StatusCode, HeaderMap, Json<Adjustment>), Problem> {
    let key = idempotency_key(&headers)?;
    let customer = customer_id(&id)?;
    gateway.known_customer(&caller, customer).await?;
    let reason = new.reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON_MAX {
        return Err(Problem::at("/reason", "must have from 1 to 500 characters"));
    }
    let content = postcard::to_stdvec(&(new.points, reason)).unwrap_or_default();
    let idempotency = Idempotency { route: "points_adjustments", key, content };
    let done = gateway.adjust_points(&caller.request, customer, &idempotency, new.points, reason).await?;
    let balance = match done.repeated {
        true => history::balance_right_after(&gateway, &caller, done.position).await?,
        false => balance_of(&caller, &done.reached),
    };
    let document = Adjustment { points: new.points, balance, position: done.position };
    Ok((StatusCode::CREATED, replayed(done.repeated), Json(document)))
}

/// The account's balance right after a command.
pub(super) fn balance_of(caller: &Caller, reached: &Reached) -> BalanceDocument {
    let account = &reached.executed.state;
    let as_of = AsOf { position: account.position, time: caller.request.now.to_rfc3339() };
    BalanceDocument::new(reached.account.id, account.state.balance_at(caller.request.now), as_of)
}

/// Says that this is the answer to an earlier request under the same key.
pub(super) fn replayed(repeated: bool) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if repeated {
        headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    headers
}
