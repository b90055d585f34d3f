//! `/v1/campaigns`: a merchant's campaigns. There are at most a few hundred, so the list has no pages.

use aggregates::{
    campaign::CampaignVersion,
    id::{CampaignId, MerchantId},
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use projections::campaigns::{Campaigns, query};
use serde::Deserialize;
use utoipa::IntoParams;

use super::document::{CampaignDocument, CampaignInput};
use crate::{
    auth::Caller,
    gateway::Gateway,
    http::{
        Freshness, Page,
        body::{JsonBody, Params, Path},
        etag, if_match, is_current,
    },
    problem::{Code, Problem},
};

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CampaignParams {
    /// Also those that were ended by hand.
    #[serde(default)]
    pub ended: bool,
    /// Answer only once the read model has seen this position.
    pub min_position: Option<u64>,
}

/// The campaigns that were not ended, with what each has given.
#[utoipa::path(
    get, path = "/v1/campaigns", tag = "campaigns", operation_id = "campaigns", security(("api_key" = [])),
    params(CampaignParams), responses((status = 200, body = Page<CampaignDocument>))
)]
pub async fn list(
    State(gateway): State<Gateway>,
    caller: Caller,
    Params(params): Params<CampaignParams>,
) -> Result<Json<Page<CampaignDocument>>, Problem> {
    gateway.fresh_enough(&caller, Campaigns::NAME, params.min_position).await?;
    let lease = gateway.renew_merchant(caller.merchant()).await?;
    let given = query::given(&gateway.db, caller.merchant()).await?;
    let document = |defined: &CampaignVersion| {
        CampaignDocument::of(defined, given.get(&defined.id).copied().unwrap_or_default(), caller.request.now)
    };
    let mut data: Vec<CampaignDocument> = lease.campaigns.all().map(document).collect();
    if params.ended {
        let ended = gateway.ended_campaigns(caller.merchant()).await?;
        data.extend(ended.iter().map(|(was, at)| document(was).ended(*at)));
    }
    Ok(Json(Page { data, has_more: false, next_cursor: None }))
}

/// One campaign, also one that was ended.
#[utoipa::path(
    get, path = "/v1/campaigns/{id}", tag = "campaigns", operation_id = "campaign", security(("api_key" = [])),
    params(("id" = String, Path), Freshness),
    responses((status = 200, body = CampaignDocument), (status = 404, body = crate::problem::ProblemDocument))
)]
pub async fn get(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
    Params(params): Params<Freshness>,
) -> Result<(HeaderMap, Json<CampaignDocument>), Problem> {
    gateway.fresh_enough(&caller, Campaigns::NAME, params.min_position).await?;
    let id = campaign_id(&id)?;
    let lease = gateway.renew_merchant(caller.merchant()).await?;
    if let Some(defined) = lease.campaigns.find(id) {
        return answer(&gateway, &caller, defined).await;
    }
    let ended = gateway.ended_campaigns(caller.merchant()).await?;
    let (was, at) = ended.into_iter().find(|(was, _)| was.id == id).ok_or_else(|| Problem::of(Code::NotFound))?;
    let (headers, Json(document)) = answer(&gateway, &caller, &was).await?;
    Ok((headers, Json(document.ended(at))))
}

/// Makes a campaign.
#[utoipa::path(
    post, path = "/v1/campaigns", tag = "campaigns", operation_id = "create_campaign", security(("api_key" = [])),
    request_body = CampaignInput,
    responses((status = 201, body = CampaignDocument), (status = 422, body = crate::problem::ProblemDocument))
)]
pub async fn create(
    State(gateway): State<Gateway>,
    caller: Caller,
    JsonBody { value: input, .. }: JsonBody<CampaignInput>,
) -> Result<(StatusCode, HeaderMap, Json<CampaignDocument>), Problem> {
    let campaign = input.read(caller.request.now)?;
    let defined = gateway.define_campaign(&caller.request, None, campaign).await?;
    let (headers, document) = answer(&gateway, &caller, &defined).await?;
    Ok((StatusCode::CREATED, headers, document))
}

/// Changes a campaign. What it has given stays given.
#[utoipa::path(
    put, path = "/v1/campaigns/{id}", tag = "campaigns", operation_id = "put_campaign", security(("api_key" = [])),
    params(("id" = String, Path), ("If-Match" = String, Header)), request_body = CampaignInput,
    responses((status = 200, body = CampaignDocument), (status = 404, body = crate::problem::ProblemDocument),
              (status = 412, body = crate::problem::ProblemDocument), (status = 422, body = crate::problem::ProblemDocument),
              (status = 428, body = crate::problem::ProblemDocument))
)]
pub async fn put(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    JsonBody { value: input, .. }: JsonBody<CampaignInput>,
) -> Result<(HeaderMap, Json<CampaignDocument>), Problem> {
    let known = find(&gateway, caller.merchant(), campaign_id(&id)?).await?;
    is_current(if_match(&headers)?, known.version)?;
    let campaign = input.read(known.campaign.from)?;
    let defined = gateway.define_campaign(&caller.request, Some((known.id, known.version)), campaign).await?;
    answer(&gateway, &caller, &defined).await
}

/// Ends a campaign.
#[utoipa::path(
    delete, path = "/v1/campaigns/{id}", tag = "campaigns", operation_id = "end_campaign", security(("api_key" = [])),
    params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = crate::problem::ProblemDocument))
)]
pub async fn end(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    gateway.withdraw_campaign(&caller.request, campaign_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An id from the path; one of another kind does not exist here.
pub(super) fn campaign_id(text: &str) -> Result<CampaignId, Problem> {
    text.parse().map_err(|_| Problem::of(Code::NotFound))
}

pub(super) async fn find(gateway: &Gateway, merchant: MerchantId, id: CampaignId) -> Result<CampaignVersion, Problem> {
    let lease = gateway.renew_merchant(merchant).await?;
    lease.campaigns.find(id).cloned().ok_or_else(|| Problem::of(Code::NotFound))
}

pub(super) async fn answer(
    gateway: &Gateway,
    caller: &Caller,
    defined: &CampaignVersion,
) -> Result<(HeaderMap, Json<CampaignDocument>), Problem> {
    let given = query::given(&gateway.db, caller.merchant()).await?;
    let given = given.get(&defined.id).copied().unwrap_or_default();
    Ok((etag(defined.version), Json(CampaignDocument::of(defined, given, caller.request.now))))
}
