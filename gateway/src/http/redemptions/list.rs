//! `GET /v1/redemptions`: redemptions of all customers of a merchant, or of one.

use axum::{Json, extract::State};
use projections::reward_redemptions::{self, Filter, Place, RedemptionRow, RedemptionState, RewardRedemptions};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    auth::Caller,
    cursor,
    gateway::Gateway,
    http::{AsOf, Money, Page, body::Params, customer_id, customers::rows_wanted},
    problem::{Code, Problem},
};

/// A redemption, and when each thing happened to it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Redemption)]
pub struct RedemptionDocument {
    pub id: String,
    /// In whose account it is; a merge takes it along.
    pub customer_id: String,
    /// The discount code. It belongs to the redeemer, whoever types it in.
    pub code: String,
    pub points: i64,
    /// Of these, how many came back.
    pub returned_points: i64,
    /// The discount it buys, in the shop's currency.
    pub value: Money,
    /// The reward it was taken for; `null` at the programme's rate.
    pub reward_id: Option<String>,
    /// The version of that reward.
    pub reward_version: Option<u32>,
    /// `pending` until the shop has made it, `active`, `used` by an order, `cancelled`, or `disabled` with its owner's account.
    pub state: &'static str,
    pub created_at: String,
    /// When the shop had made it; `null` where our own code is all there is to it.
    pub delivered_at: Option<String>,
    /// When an order carried its code.
    pub used_at: Option<String>,
    /// When points came back last.
    pub returned_at: Option<String>,
    /// When it was cancelled or disabled.
    pub ended_at: Option<String>,
    /// Of the last commit about it.
    pub position: u64,
}

impl RedemptionDocument {
    fn new(row: RedemptionRow, code: String) -> Self {
        let told = |at: Option<aggregates::time::Timestamp>| at.map(aggregates::time::Timestamp::to_rfc3339);
        RedemptionDocument {
            id: row.id.to_string(),
            customer_id: row.customer.to_string(),
            code,
            points: row.points,
            returned_points: row.returned,
            value: Money { amount_minor: row.value_minor, currency: None },
            reward_id: row.reward.map(|(reward, _)| reward.to_string()),
            reward_version: row.reward.map(|(_, version)| version),
            state: row.state.as_str(),
            created_at: row.created_at.to_rfc3339(),
            delivered_at: told(row.delivered_at),
            used_at: told(row.used_at),
            returned_at: told(row.returned_at),
            ended_at: told(row.ended_at),
            position: row.position,
        }
    }
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = RedemptionPage)]
pub struct RedemptionPage {
    pub data: Vec<RedemptionDocument>,
    pub has_more: bool,
    /// Continues the list; `null` at its end.
    pub next_cursor: Option<String>,
    pub as_of: AsOf,
    /// Something of this merchant cannot be read, and is not among these.
    pub incomplete: bool,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RedemptionParams {
    /// `pending`, `active`, `used`, `cancelled` or `disabled`.
    pub state: Option<String>,
    /// Whose; somebody merged away is found as who they are now.
    pub customer_id: Option<String>,
    /// Of this reward of the catalogue.
    pub reward_id: Option<String>,
    /// Rows of the page; 50 unless said, at most 250.
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// Answer only once the read model has seen this position.
    pub min_position: Option<u64>,
}

/// Redemptions of all customers or of one, the newest first.
#[utoipa::path(
    get, path = "/v1/redemptions", tag = "points", operation_id = "list_redemptions", security(("api_key" = [])),
    params(RedemptionParams),
    responses((status = 200, body = RedemptionPage), (status = 400, body = crate::problem::ProblemDocument),
              (status = 404, body = crate::problem::ProblemDocument), (status = 422, body = crate::problem::ProblemDocument))
)]
pub async fn list(
    State(gateway): State<Gateway>,
    caller: Caller,
    Params(params): Params<RedemptionParams>,
) -> Result<Json<RedemptionPage>, Problem> {
    let filter = filter(&gateway, &caller, &params).await?;
    let after = cursor::decode::<Place>(params.cursor.as_deref())?;
    gateway.fresh_enough(&caller, RewardRedemptions::NAME, params.min_position).await?;
    let seen = gateway.progress.of(RewardRedemptions::NAME);
    let limit = cursor::limit(params.limit);
    let rows = reward_redemptions::list(&gateway.db, caller.merchant(), filter, after, rows_wanted(limit)).await?;
    let Page { data, has_more, next_cursor } = Page::cut(rows, limit, |row| cursor::encode(&Place::of(row)));
    let codes = gateway.codes_of(caller.merchant(), data.iter().map(|row| row.id)).await?;
    Ok(Json(RedemptionPage {
        data: data.into_iter().zip(codes).map(|(row, code)| RedemptionDocument::new(row, code)).collect(),
        has_more,
        next_cursor,
        as_of: AsOf { position: seen.position, time: seen.time.to_rfc3339() },
        incomplete: gateway.progress.is_incomplete(RewardRedemptions::NAME, caller.merchant()),
    }))
}

/// What is asked for. A customer who is not the caller's does not exist.
async fn filter(gateway: &Gateway, caller: &Caller, params: &RedemptionParams) -> Result<Filter, Problem> {
    let state = |word: &String| {
        let states = "is `pending`, `active`, `used`, `cancelled` or `disabled`";
        RedemptionState::of(word).ok_or_else(|| Problem::at("/state", states))
    };
    let customer = match params.customer_id.as_deref().map(customer_id).transpose()? {
        Some(customer) => {
            gateway.known_customer(caller, customer).await?;
            Some(gateway.survivor(caller.merchant(), customer).await?)
        }
        None => None,
    };
    let reward = params.reward_id.as_ref().map(|reward| reward.parse());
    Ok(Filter {
        state: params.state.as_ref().map(state).transpose()?,
        customer,
        reward: reward.transpose().map_err(|_| Problem::of(Code::RewardNotFound))?,
    })
}
