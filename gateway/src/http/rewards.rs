//! `/v1/rewards`: the catalogue. A reward is read with an ETag and written with If-Match; each write is a new version.

use aggregates::{
    id::RewardId,
    money::Currency,
    reward::{Benefit, CustomerLimit, Reward, RewardDefinition},
    time::Timestamp,
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
};
use projections::rewards::{self, Rewards};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Page,
    body::{JsonBody, Params, Path},
    customers::rows_wanted,
    if_match,
};
use crate::{
    auth::Caller,
    cursor,
    gateway::Gateway,
    problem::{Code, Problem},
};

/// What a reward is, as written.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewReward)]
pub struct DefinitionDocument {
    /// What the shopper reads.
    pub name: String,
    pub cost_points: i64,
    pub kind: BenefitKind,
    /// Minor units; of `amount_off`, `store_credit` and `gift_card`.
    #[serde(default)]
    pub amount_minor: Option<i64>,
    /// The shop's currency; of the same.
    #[serde(default)]
    pub currency: Option<String>,
    /// Of `amount_off`: smaller orders do not get it.
    #[serde(default)]
    pub minimum_minor: Option<i64>,
    /// Of `percent_off`: from 1 to 100.
    #[serde(default)]
    pub percent: Option<u8>,
    /// Of `free_product`: the shop's id.
    #[serde(default)]
    pub product_id: Option<String>,
    /// How many there are; no end to them unless said.
    #[serde(default)]
    pub stock: Option<u32>,
    #[serde(default)]
    pub per_customer: Option<LimitDocument>,
    /// Only for customers in one of these segments.
    #[serde(default)]
    pub segments: Vec<String>,
    /// Only for customers in one of these tiers.
    #[serde(default)]
    pub tiers: Vec<String>,
    /// RFC 3339.
    #[serde(default)]
    pub from: Option<String>,
    /// RFC 3339; not offered from then on.
    #[serde(default)]
    pub until: Option<String>,
    /// Days that its code lives; for ever unless said.
    #[serde(default)]
    pub code_days: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BenefitKind {
    AmountOff,
    PercentOff,
    FreeShipping,
    FreeProduct,
    StoreCredit,
    GiftCard,
}

/// So often within so many days; ever, if no days are said.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RewardLimit)]
pub struct LimitDocument {
    pub uses: u32,
    #[serde(default)]
    pub days: Option<u32>,
}

/// A reward of the catalogue.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Reward)]
pub struct RewardDocument {
    pub id: String,
    pub version: u32,
    #[serde(flatten)]
    pub definition: DefinitionDocument,
    /// How many are left; `null` where there is no end to them.
    pub left: Option<u32>,
    pub retired: bool,
}

impl DefinitionDocument {
    fn of(definition: &RewardDefinition) -> Self {
        let benefit = &definition.benefit;
        let mut document = DefinitionDocument {
            name: definition.name.clone(),
            cost_points: definition.cost_points,
            kind: BenefitKind::FreeShipping,
            amount_minor: benefit.currency().map(|_| benefit.value_minor()),
            currency: benefit.currency().map(|currency| currency.as_str().to_owned()),
            minimum_minor: None,
            percent: None,
            product_id: None,
            stock: definition.stock,
            per_customer: definition.per_customer.map(|limit| LimitDocument { uses: limit.uses, days: limit.days }),
            segments: definition.segments.clone(),
            tiers: definition.tiers.clone(),
            from: definition.from.map(Timestamp::to_rfc3339),
            until: definition.until.map(Timestamp::to_rfc3339),
            code_days: definition.code_days,
        };
        document.kind = match benefit {
            Benefit::AmountOff { minimum_minor, .. } => {
                document.minimum_minor = Some(*minimum_minor);
                BenefitKind::AmountOff
            }
            Benefit::PercentOff { percent } => {
                document.percent = Some(*percent);
                BenefitKind::PercentOff
            }
            Benefit::FreeShipping => BenefitKind::FreeShipping,
            Benefit::FreeProduct { product_id } => {
                document.product_id = Some(product_id.clone());
                BenefitKind::FreeProduct
            }
            Benefit::StoreCredit { .. } => BenefitKind::StoreCredit,
            Benefit::GiftCard { .. } => BenefitKind::GiftCard,
        };
        document
    }

    fn read(self) -> Result<RewardDefinition, Problem> {
        let time = |text: Option<&String>, pointer: &str| {
            let parsed = text.map(|text| Timestamp::parse(text)).transpose();
            parsed.map_err(|_| Problem::at(pointer, "is not an RFC 3339 time"))
        };
        let (from, until) = (time(self.from.as_ref(), "/from")?, time(self.until.as_ref(), "/until")?);
        Ok(RewardDefinition {
            benefit: self.benefit()?,
            name: self.name.trim().to_owned(),
            cost_points: self.cost_points,
            stock: self.stock,
            per_customer: self.per_customer.map(|limit| CustomerLimit { uses: limit.uses, days: limit.days }),
            segments: self.segments,
            tiers: self.tiers,
            from,
            until,
            code_days: self.code_days,
        })
    }

    fn benefit(&self) -> Result<Benefit, Problem> {
        let needed = |pointer: &str| Problem::at(pointer, "is required for this kind");
        let amount = || {
            let amount = self.amount_minor.ok_or_else(|| needed("/amount_minor"))?;
            let currency = self.currency.as_deref().ok_or_else(|| needed("/currency"))?;
            let currency = Currency::parse(currency).map_err(|error| Problem::at("/currency", error.to_string()))?;
            Ok::<_, Problem>((amount, currency))
        };
        Ok(match self.kind {
            BenefitKind::AmountOff => {
                let (amount_minor, currency) = amount()?;
                Benefit::AmountOff { amount_minor, currency, minimum_minor: self.minimum_minor.unwrap_or(0) }
            }
            BenefitKind::PercentOff => Benefit::PercentOff { percent: self.percent.ok_or_else(|| needed("/percent"))? },
            BenefitKind::FreeShipping => Benefit::FreeShipping,
            BenefitKind::FreeProduct => {
                Benefit::FreeProduct { product_id: self.product_id.clone().ok_or_else(|| needed("/product_id"))? }
            }
            BenefitKind::StoreCredit => {
                let (amount_minor, currency) = amount()?;
                Benefit::StoreCredit { amount_minor, currency }
            }
            BenefitKind::GiftCard => {
                let (amount_minor, currency) = amount()?;
                Benefit::GiftCard { amount_minor, currency }
            }
        })
    }
}

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
    let mut headers = HeaderMap::new();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", current.version)) {
        headers.insert(header::ETAG, tag);
    }
    Ok((headers, Json(document)))
}

fn reward_id(text: &str) -> Result<RewardId, Problem> {
    text.parse().map_err(|_| Problem::of(Code::NotFound))
}
