//! Redemptions: points for a discount code, and back.

pub mod list;

use aggregates::{
    points::{Delivery, Redemption},
    reward::RewardRefusal,
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Money,
    adjustments::{balance_of, replayed},
    balance::BalanceDocument,
    body::{JsonBody, Path, idempotency_key},
    customer_id, history,
};
use crate::{
    auth::Caller,
    commands::{
        CommandError,
        adjust::Idempotency,
        redeem::{RedemptionDone, Spending},
    },
    gateway::Gateway,
    problem::{Code, Problem},
};

/// Bought, and not used yet.
const ACTIVE: &str = "active";
/// Bought, and still to be made by the shop.
const PENDING: &str = "pending";

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRedemption {
    /// How many points to spend, at the programme's rate.
    pub points: Option<i64>,
    /// A reward of the catalogue.
    pub reward_id: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RewardRedemption {
    pub id: String,
    /// The discount code. It belongs to the redeemer, whoever types it in.
    pub code: String,
    pub points: i64,
    /// Of these, how many came back.
    pub returned_points: i64,
    /// The discount it buys, in the shop's currency.
    pub value: Money,
    /// The reward it was taken for; `null` at the programme's rate.
    pub reward_id: Option<String>,
    /// `pending` until the shop has made it, `active`, `used` or `cancelled`.
    pub status: &'static str,
    pub created_at: String,
    pub balance: BalanceDocument,
    /// Of the last commit of this account.
    pub position: u64,
}

fn document(caller: &Caller, done: &RedemptionDone) -> RewardRedemption {
    let redemption = &done.redemption;
    RewardRedemption {
        id: done.id.to_string(),
        code: done.code.clone(),
        points: redemption.points,
        returned_points: redemption.returned(),
        value: Money { amount_minor: redemption.value_minor, currency: None },
        reward_id: redemption.reward.map(|reward| reward.to_string()),
        status: match (redemption.cancelled, redemption.used_by, redemption.delivery) {
            (true, ..) => "cancelled",
            (false, Some(_), _) => "used",
            (false, None, Delivery::Underway) => PENDING,
            (false, None, Delivery::NotNeeded | Delivery::Done) => ACTIVE,
        },
        created_at: redemption.at.to_rfc3339(),
        balance: balance_of(caller, &done.reached),
        position: done.reached.executed.state.position,
    }
}

/// Spends points for a discount code.
#[utoipa::path(
    post, path = "/v1/customers/{id}/reward_redemptions", tag = "points", security(("api_key" = [])),
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)), request_body = NewRedemption,
    responses((status = 201, body = RewardRedemption), (status = 400, body = crate::problem::ProblemDocument),
              (status = 404, body = crate::problem::ProblemDocument), (status = 422, body = crate::problem::ProblemDocument))
)]
pub async fn create(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    JsonBody { value: new, .. }: JsonBody<NewRedemption>,
) -> Result<(StatusCode, HeaderMap, Json<RewardRedemption>), Problem> {
    let key = idempotency_key(&headers)?;
    let customer = customer_id(&id)?;
    gateway.known_customer(&caller, customer).await?;
    let spending = match (new.points, &new.reward_id) {
        (Some(points), None) if points > 0 => Spending::Points(points),
        (Some(_), None) => return Err(Problem::at("/points", "must be positive")),
        (None, Some(reward)) => Spending::Reward(reward.parse().map_err(|_| Problem::of(Code::RewardNotFound))?),
        _ => return Err(Problem::at("", "give exactly one of `points` and `reward_id`")),
    };
    let content = match spending {
        Spending::Points(points) => postcard::to_stdvec(&points),
        Spending::Reward(reward) => postcard::to_stdvec(&("reward", reward)),
    };
    let content = content.unwrap_or_default();
    let idempotency = Idempotency { route: "reward_redemptions", key, content };
    let done = gateway.redeem_points(&caller.request, customer, &idempotency, spending).await;
    let done = done.map_err(|error| match error {
        CommandError::Reward(RewardRefusal::Unknown) => Problem::of(Code::RewardNotFound),
        error => error.into(),
    })?;
    let mut answer = document(&caller, &done);
    if done.repeated {
        answer = as_first_answered(&gateway, &caller, answer, &done.redemption).await?;
    }
    Ok((StatusCode::CREATED, replayed(done.repeated), Json(answer)))
}

/// The answer to the request that made the redemption at `position`, whatever has become of it since.
async fn as_first_answered(
    gateway: &Gateway,
    caller: &Caller,
    now: RewardRedemption,
    redemption: &Redemption,
) -> Result<RewardRedemption, Problem> {
    let (position, was_pending) = (redemption.position, redemption.delivery != Delivery::NotNeeded);
    let balance = history::balance_right_after(gateway, caller, position).await?;
    // What the shop has to make was pending at first.
    let status = if was_pending { PENDING } else { ACTIVE };
    Ok(RewardRedemption { returned_points: 0, status, balance, position, ..now })
}

/// A redemption as it is now: whether the shop has made it, and whether an order has used its code.
#[utoipa::path(
    get, path = "/v1/customers/{id}/reward_redemptions/{redemption_id}", tag = "points",
    operation_id = "get_redemption", security(("api_key" = [])),
    params(("id" = String, Path), ("redemption_id" = String, Path)),
    responses((status = 200, body = RewardRedemption), (status = 404, body = crate::problem::ProblemDocument))
)]
pub async fn get(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path((id, redemption)): Path<(String, String)>,
) -> Result<Json<RewardRedemption>, Problem> {
    let customer = customer_id(&id)?;
    gateway.known_customer(&caller, customer).await?;
    let redemption = redemption.parse().map_err(|_| Problem::of(Code::NotFound))?;
    let found = gateway.redemption(&caller.request, customer, redemption).await?;
    Ok(Json(document(&caller, &found)))
}

/// Undoes a redemption whose code no order has used: the points return to their lots.
#[utoipa::path(
    post, path = "/v1/customers/{id}/reward_redemptions/{redemption_id}/cancel", tag = "points",
    security(("api_key" = [])), params(("id" = String, Path), ("redemption_id" = String, Path)),
    responses((status = 201, body = RewardRedemption), (status = 404, body = crate::problem::ProblemDocument),
              (status = 409, body = crate::problem::ProblemDocument))
)]
pub async fn cancel(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path((id, redemption)): Path<(String, String)>,
) -> Result<(StatusCode, HeaderMap, Json<RewardRedemption>), Problem> {
    let customer = customer_id(&id)?;
    gateway.known_customer(&caller, customer).await?;
    let redemption = redemption.parse().map_err(|_| Problem::of(Code::NotFound))?;
    let done = gateway.cancel_redemption(&caller.request, customer, redemption).await?;
    Ok((StatusCode::CREATED, replayed(done.repeated), Json(document(&caller, &done))))
}
