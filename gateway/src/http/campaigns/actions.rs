//! `POST /v1/customers/{id}/actions`: somebody did something that a campaign rewards. Under its `distinct_id` it is rewarded
//! once, for ever, however often it is told.

use aggregates::campaign::Action;
use axum::{Json, extract::State, http::StatusCode};
use policies::campaigns::{Rewarded, Taken};
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

/// Longest `distinct_id`, in bytes.
const DISTINCT_BYTES_MAX: usize = 255;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionInput {
    /// `review`, `social`, or a name of one's own.
    pub action: String,
    /// What makes it the same action when it is told again: the id of the review, say.
    pub distinct_id: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ActionDocument {
    pub customer_id: String,
    pub action: String,
    /// `rewarded` now, `known` since before, `limit_reached` or `no_campaign`.
    pub outcome: &'static str,
    /// Of all campaigns together, now or before.
    pub points: i64,
    pub rewards: Vec<ActionReward>,
    /// Where the points are recorded; `null` if nothing was written.
    pub position: Option<u64>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ActionReward {
    pub campaign_id: String,
    pub points: i64,
}

/// Tells of an action. 201 if it is rewarded now, 200 otherwise.
#[utoipa::path(
    post, path = "/v1/customers/{id}/actions", tag = "campaigns", operation_id = "take_action",
    security(("api_key" = [])), params(("id" = String, Path)), request_body = ActionInput,
    responses((status = 200, body = ActionDocument), (status = 201, body = ActionDocument),
              (status = 404, body = crate::problem::ProblemDocument), (status = 409, body = crate::problem::ProblemDocument),
              (status = 422, body = crate::problem::ProblemDocument))
)]
pub async fn create(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
    JsonBody { value: input, .. }: JsonBody<ActionInput>,
) -> Result<(StatusCode, Json<ActionDocument>), Problem> {
    let customer = customer_id(&id)?;
    gateway.known_customer(&caller, customer).await?;
    let action = Action::parse(&input.action).map_err(|error| Problem::at("/action", error.to_string()))?;
    if !action.is_told() {
        return Err(Problem::at("/action", "is noticed without being told"));
    }
    if !(1..=DISTINCT_BYTES_MAX).contains(&input.distinct_id.len()) {
        return Err(Problem::at("/distinct_id", "must have from 1 to 255 bytes"));
    }
    let done = Box::pin(gateway.take_action(&caller.request, customer, action, &input.distinct_id)).await?;
    let Taken { outcome, rewards, position } = done;
    let (status, outcome) = match outcome {
        Rewarded::Now => (StatusCode::CREATED, "rewarded"),
        Rewarded::Before => (StatusCode::OK, "known"),
        Rewarded::LimitReached => (StatusCode::OK, "limit_reached"),
        Rewarded::NoCampaign => (StatusCode::OK, "no_campaign"),
    };
    let reward = |(campaign, points): &(aggregates::id::CampaignId, i64)| ActionReward {
        campaign_id: campaign.to_string(),
        points: *points,
    };
    Ok((
        status,
        Json(ActionDocument {
            customer_id: customer.to_string(),
            action: input.action,
            outcome,
            points: rewards.iter().map(|(_, points)| points).sum(),
            rewards: rewards.iter().map(reward).collect(),
            position,
        }),
    ))
}
