//! `GET /v1/customers/{id}/balance`: now, or as of any past moment.

use aggregates::{
    id::CustomerId,
    points::{Balance, Purse},
};
use axum::{Json, extract::State};
use journal::Subject;
use projections::balances;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    AsOf,
    body::{Params, Path},
    customer_id, history,
};
use crate::{auth::Caller, gateway::Gateway, problem::Problem};

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Balance)]
pub struct BalanceDocument {
    pub customer_id: String,
    /// Points that can be spent; negative where the merchant allows debt and there is some.
    pub available: i64,
    /// Earned, still on hold.
    pub pending: i64,
    /// Set aside for rewards under way.
    pub reserved: i64,
    /// All points earned, less what was reversed or taken back by adjustment.
    pub lifetime_earned: i64,
    /// All points redeemed, less what was given back.
    pub lifetime_redeemed: i64,
    pub lifetime_expired: i64,
    /// Gone because the customer was forgotten.
    pub lifetime_forfeited: i64,
    pub next_expiry: Option<NextExpiryDocument>,
    pub as_of: AsOf,
    /// `parked`: something about this customer cannot be read, and this is from before. `null` otherwise.
    pub stale: Option<&'static str>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = NextExpiry)]
pub struct NextExpiryDocument {
    pub points: i64,
    pub at: String,
}

impl BalanceDocument {
    pub fn new(customer: CustomerId, balance: Balance, as_of: AsOf) -> Self {
        BalanceDocument {
            customer_id: customer.to_string(),
            available: balance.available,
            pending: balance.pending,
            reserved: balance.reserved,
            lifetime_earned: balance.lifetime_earned,
            lifetime_redeemed: balance.lifetime_redeemed,
            lifetime_expired: balance.lifetime_expired,
            lifetime_forfeited: balance.lifetime_forfeited,
            next_expiry: balance
                .next_expiry
                .map(|next| NextExpiryDocument { points: next.points, at: next.at.to_rfc3339() }),
            as_of,
            stale: None,
        }
    }
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct BalanceParams {
    /// A past moment: an RFC 3339 time, or a position of the journal.
    pub as_of: Option<String>,
    /// Answer only once the read model has seen this position.
    pub min_position: Option<u64>,
}

/// The balance of a customer.
#[utoipa::path(
    get, path = "/v1/customers/{id}/balance", tag = "points", security(("api_key" = [])),
    params(("id" = String, Path), BalanceParams),
    responses((status = 200, body = BalanceDocument), (status = 404, body = crate::problem::ProblemDocument))
)]
pub async fn get(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
    Params(params): Params<BalanceParams>,
) -> Result<Json<BalanceDocument>, Problem> {
    let customer = customer_id(&id)?;
    let read_model = gateway.caught_up(balances::Balances::NAME, params.min_position).await?;
    // A balance is computed for an instant: the present one, by the merchant's clock.
    let as_of = AsOf { position: read_model.position, time: caller.request.now.to_rfc3339() };
    if let Some(moment) = history::moment(params.as_of.as_deref())? {
        gateway.known_customer(&caller, customer).await?;
        let past = history::balance_as_of(&gateway, &caller, customer, moment);
        // Boxed: reading the log takes a lot of room, which every read of a present balance would carry.
        let (balance, as_of) = Box::pin(past).await?;
        return Ok(Json(BalanceDocument::new(customer, balance, as_of)));
    }
    let row = gateway.balances.find(caller.merchant(), customer).await?;
    // What this process has written itself is never answered staler than it knows.
    let seen = row.as_ref().map_or(0, |row| row.position);
    if let Some(hot) = gateway.accounts.newer_in_memory(Subject::points(caller.merchant(), customer), seen) {
        let as_of = AsOf { position: hot.position.max(as_of.position), ..as_of };
        let balance = hot.state.balance_at(caller.request.now);
        return Ok(Json(BalanceDocument::new(customer, balance, as_of)));
    }
    let purse = match row {
        Some(row) => row.purse,
        None => {
            gateway.known_customer(&caller, customer).await?;
            Purse::default()
        }
    };
    let stale = gateway.stale(balances::Balances::NAME, &caller, customer, as_of);
    let document = BalanceDocument::new(customer, purse.balance_at(caller.request.now), stale.as_of);
    Ok(Json(BalanceDocument { stale: stale.word, ..document }))
}
