//! `/v1/rewards`: the catalogue. A reward is read with an ETag and written with If-Match; each write is a new version.

mod documents;
pub mod restore;

use aggregates::{id::RewardId, reward::Reward};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use projections::rewards::{self, Rewards};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    Page,
    body::{JsonBody, Params, Path},
    customers::rows_wanted,
    etag, if_match,
};
pub use documents::{BenefitKind, DefinitionDocument, LimitDocument, RewardDocument};

use crate::{
    auth::Caller,
    cursor,
    gateway::Gateway,
    problem::{Code, Problem},
};

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RewardParams {
    /// Also those that cannot be taken any more.
    #[serde(default)]
    pub retired: bool,
    pub limit: Option<u32>,
    pub cursor: Option<String>,
    /// Answer only once the read model has seen this position.
    pub min_position: Option<u64>,
}

/// The catalogue, the oldest first.
#[utoipa::path(
    get, path = "/v1/rewards", tag = "rewards", operation_id = "list_rewards", security(("api_key" = [])),
    params(RewardParams), responses((status = 200, body = Page<RewardDocument>))
)]
pub async fn list(
    State(gateway): State<Gateway>,
    caller: Caller,
    Params(params): Params<RewardParams>,
) -> Result<Json<Page<RewardDocument>>, Problem> {
    gateway.fresh_enough(&caller, Rewards::NAME, params.min_position).await?;
    let limit = cursor::limit(params.limit);
    let after = cursor::decode::<u64>(params.cursor.as_deref())?;
    let rows = rewards::list(&gateway.db, caller.merchant(), params.retired, after, rows_wanted(limit)).await?;
    let page = Page::cut(rows, limit, |row| cursor::encode(&row.position));
    let document = |row: rewards::RewardRow| RewardDocument {
        id: row.id.to_string(),
        version: row.version,
        left: row.definition.stock.map(|stock| stock.saturating_sub(row.taken)),
        definition: DefinitionDocument::of(&row.definition),
        retired: row.retired,
    };
    let data = page.data.into_iter().map(document).collect();
    Ok(Json(Page { data, has_more: page.has_more, next_cursor: page.next_cursor }))
}

/// A reward of the catalogue, also a retired one.
#[utoipa::path(
    get, path = "/v1/rewards/{id}", tag = "rewards", operation_id = "get_reward", security(("api_key" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = RewardDocument), (status = 404, body = crate::problem::ProblemDocument))
)]
pub async fn get(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<(HeaderMap, Json<RewardDocument>), Problem> {
    let id = reward_id(&id)?;
    let (reward, _) = gateway.reward(caller.merchant(), id).await?;
    answer(id, &reward)
}

/// Puts a reward into the catalogue.
#[utoipa::path(
    post, path = "/v1/rewards", tag = "rewards", operation_id = "create_reward", security(("api_key" = [])),
    request_body = DefinitionDocument,
    responses((status = 201, body = RewardDocument), (status = 422, body = crate::problem::ProblemDocument))
)]
pub async fn create(
    State(gateway): State<Gateway>,
    caller: Caller,
    JsonBody { value: document, .. }: JsonBody<DefinitionDocument>,
) -> Result<(StatusCode, HeaderMap, Json<RewardDocument>), Problem> {
    let (id, reward, _) = gateway.create_reward(&caller.request, document.read()?).await?;
    let (headers, document) = answer(id, &reward)?;
    Ok((StatusCode::CREATED, headers, document))
}

/// Publishes the next version of a reward. What was taken before stays what it was.
#[utoipa::path(
    put, path = "/v1/rewards/{id}", tag = "rewards", operation_id = "put_reward", security(("api_key" = [])),
    params(("id" = String, Path), ("If-Match" = String, Header)), request_body = DefinitionDocument,
    responses((status = 200, body = RewardDocument), (status = 404, body = crate::problem::ProblemDocument),
              (status = 412, body = crate::problem::ProblemDocument), (status = 422, body = crate::problem::ProblemDocument),
              (status = 428, body = crate::problem::ProblemDocument))
)]
pub async fn put(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    JsonBody { value: document, .. }: JsonBody<DefinitionDocument>,
) -> Result<(HeaderMap, Json<RewardDocument>), Problem> {
    let id = reward_id(&id)?;
    let expected = seen(&gateway, &caller, id, &headers).await?;
    let (reward, _) = gateway.define_reward(&caller.request, id, expected, document.read()?).await?;
    answer(id, &reward)
}

/// Takes a reward out of the catalogue.
#[utoipa::path(
    delete, path = "/v1/rewards/{id}", tag = "rewards", operation_id = "retire_reward", security(("api_key" = [])),
    params(("id" = String, Path), ("If-Match" = String, Header)),
    responses((status = 200, body = RewardDocument), (status = 404, body = crate::problem::ProblemDocument),
              (status = 412, body = crate::problem::ProblemDocument), (status = 428, body = crate::problem::ProblemDocument))
)]
pub async fn retire(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<(HeaderMap, Json<RewardDocument>), Problem> {
    let id = reward_id(&id)?;
    let expected = seen(&gateway, &caller, id, &headers).await?;
    let (reward, _) = gateway.retire_reward(&caller.request, id, expected).await?;
    answer(id, &reward)
}

/// The version the caller has seen; of another merchant's reward nobody has seen any.
async fn seen(gateway: &Gateway, caller: &Caller, id: RewardId, headers: &HeaderMap) -> Result<u32, Problem> {
    let expected = if_match(headers)?;
    let (reward, _) = gateway.reward(caller.merchant(), id).await?;
    let current = reward.current.as_ref().map_or(0, |current| current.version);
    expected.ok_or_else(|| Problem::saying(Code::StaleSettings, format!("the current version is {current}")))
}

fn answer(id: RewardId, reward: &Reward) -> Result<(HeaderMap, Json<RewardDocument>), Problem> {
    let current = reward.current.as_ref().ok_or_else(|| Problem::of(Code::NotFound))?;
    let document = RewardDocument {
        id: id.to_string(),
        version: current.version,
        definition: DefinitionDocument::of(&current.definition),
        left: reward.left(),
        retired: reward.retired,
    };
    Ok((etag(current.version), Json(document)))
}

fn reward_id(text: &str) -> Result<RewardId, Problem> {
    text.parse().map_err(|_| Problem::of(Code::NotFound))
}
