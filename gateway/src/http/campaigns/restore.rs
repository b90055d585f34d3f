//! `POST /v1/campaigns/{id}/restore`: what an earlier version of a campaign said, as its next version.

use axum::{Json, extract::State, http::HeaderMap};

use super::{
    document::CampaignDocument,
    resource::{answer, campaign_id, find},
};
use crate::{
    auth::Caller,
    gateway::Gateway,
    http::{
        VersionWanted,
        body::{JsonBody, Path},
        if_match, is_current,
    },
    problem::Problem,
};

/// Publishes again what an earlier version of a campaign said. What it has given stays given.
#[utoipa::path(
    post, path = "/v1/campaigns/{id}/restore", tag = "campaigns", operation_id = "restore_campaign",
    security(("api_key" = [])), params(("id" = String, Path), ("If-Match" = String, Header)), request_body = VersionWanted,
    responses((status = 200, body = CampaignDocument), (status = 404, body = crate::problem::ProblemDocument),
              (status = 412, body = crate::problem::ProblemDocument), (status = 422, body = crate::problem::ProblemDocument),
              (status = 428, body = crate::problem::ProblemDocument))
)]
pub async fn create(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    JsonBody { value: wanted, .. }: JsonBody<VersionWanted>,
) -> Result<(HeaderMap, Json<CampaignDocument>), Problem> {
    let known = find(&gateway, caller.merchant(), campaign_id(&id)?).await?;
    is_current(if_match(&headers)?, known.version)?;
    let earlier = gateway.earlier_campaign(caller.merchant(), known.id, wanted.version).await?;
    let earlier = earlier.ok_or_else(VersionWanted::unknown)?;
    let defined = gateway.define_campaign(&caller.request, Some((known.id, known.version)), earlier).await?;
    answer(&gateway, &caller, &defined).await
}
