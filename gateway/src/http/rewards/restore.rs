//! `POST /v1/rewards/{id}/restore`: what an earlier version of a reward said, as its next version.

use axum::{Json, extract::State, http::HeaderMap};

use super::{RewardDocument, answer, reward_id, seen};
use crate::{
    auth::Caller,
    gateway::Gateway,
    http::{
        VersionWanted,
        body::{JsonBody, Path},
    },
    problem::Problem,
};

/// Publishes again what an earlier version of a reward said. What was taken stays what it was.
#[utoipa::path(
    post, path = "/v1/rewards/{id}/restore", tag = "rewards", operation_id = "restore_reward",
    security(("api_key" = [])), params(("id" = String, Path), ("If-Match" = String, Header)), request_body = VersionWanted,
    responses((status = 200, body = RewardDocument), (status = 404, body = crate::problem::ProblemDocument),
              (status = 412, body = crate::problem::ProblemDocument), (status = 422, body = crate::problem::ProblemDocument),
              (status = 428, body = crate::problem::ProblemDocument))
)]
pub async fn create(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    JsonBody { value: wanted, .. }: JsonBody<VersionWanted>,
) -> Result<(HeaderMap, Json<RewardDocument>), Problem> {
    let id = reward_id(&id)?;
    let expected = seen(&gateway, &caller, id, &headers).await?;
    let earlier = gateway.earlier_reward(caller.merchant(), id, wanted.version).await?;
    let earlier = earlier.ok_or_else(VersionWanted::unknown)?;
    let (reward, _) = gateway.define_reward(&caller.request, id, expected, earlier).await?;
    answer(id, &reward)
}
