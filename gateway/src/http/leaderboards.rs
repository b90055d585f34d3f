//! `GET /v1/leaderboards/{period}`: who is ahead. Customers are told apart by their ids alone: names stay sealed.

use aggregates::rfm::Calendar;
use axum::{Json, extract::State};
use projections::{
    leaderboards::{self, Board, Leaderboards, Metric, Place},
    rfm_orders::RfmOrders,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    AsOf,
    body::{Params, Path},
    customer_id,
};
use crate::{
    auth::Caller,
    cursor,
    gateway::Gateway,
    problem::{Code, Problem},
};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LeaderboardMetric)]
pub enum MetricName {
    /// Points earned, less what went back.
    #[default]
    Points,
    /// Orders that were paid for and kept, at least in part.
    Orders,
}

impl From<MetricName> for Metric {
    fn from(name: MetricName) -> Self {
        match name {
            MetricName::Points => Metric::Points,
            MetricName::Orders => Metric::Orders,
        }
    }
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LeaderboardParams {
    /// `points` unless said, or `orders`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    pub by: MetricName,
    /// How many; 50 unless said, at most 250.
    pub limit: Option<u32>,
    /// Whose own place is wanted as well.
    pub customer_id: Option<String>,
    /// Answer only once the read model has seen this position.
    pub min_position: Option<u64>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = LeaderboardPlace)]
pub struct PlaceDocument {
    /// Those with the same score have the same rank, and the next one is behind them all: 1, 2, 2, 4.
    pub rank: u64,
    pub customer_id: String,
    pub score: i64,
    /// Somebody else has the same score.
    pub tied: bool,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Leaderboard {
    /// `2026-W47`, `2026-11` or `all_time`.
    pub period: String,
    /// First and last instant by the shop's clock; `null` for all time.
    pub from: Option<String>,
    pub until: Option<String>,
    #[schema(value_type = String)]
    pub by: MetricName,
    /// The best first. Who has opted out, is restricted or was forgotten is neither shown nor counted.
    pub data: Vec<PlaceDocument>,
    /// Of the customer that was asked for; `null` for one who is not shown, or has no score.
    pub place: Option<PlaceDocument>,
    pub as_of: AsOf,
}

impl From<Place> for PlaceDocument {
    fn from(place: Place) -> Self {
        PlaceDocument {
            rank: place.rank,
            customer_id: place.customer.to_string(),
            score: place.score,
            tied: place.tied,
        }
    }
}

/// Who is ahead in a week (`week`, `2026-W47`), a month (`month`, `2026-11`) or altogether (`all_time`), by the shop's calendar.
#[utoipa::path(
    get, path = "/v1/leaderboards/{period}", tag = "badges", operation_id = "leaderboard", security(("api_key" = [])),
    params(("period" = String, Path), LeaderboardParams),
    responses((status = 200, body = Leaderboard), (status = 404, body = crate::problem::ProblemDocument))
)]
pub async fn get(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(period): Path<String>,
    Params(params): Params<LeaderboardParams>,
) -> Result<Json<Leaderboard>, Problem> {
    let version = caller.lease.program.in_effect_at(caller.request.now).ok_or_else(|| Problem::of(Code::Internal))?;
    let calendar = Calendar::of(&version.settings.rfm.time_zone).map_err(|_| Problem::of(Code::Internal))?;
    let today = calendar.day_of(caller.request.now);
    let board = Board::parse(&period, today).map_err(|error| Problem::saying(Code::NotFound, error.to_string()))?;
    let asked_for = params.customer_id.as_deref().map(customer_id).transpose()?;
    if let Some(customer) = asked_for {
        gateway.known_customer(&caller, customer).await?;
    }
    gateway.fresh_enough(&caller, Leaderboards::NAME, params.min_position).await?;
    if params.by == MetricName::Orders {
        gateway.fresh_enough(&caller, RfmOrders::NAME, params.min_position).await?;
    }
    let as_of = gateway.caught_up(Leaderboards::NAME, None).await?;
    let (db, merchant, metric) = (&gateway.db, caller.merchant(), params.by.into());
    let limit = cursor::limit(params.limit);
    let best = leaderboards::best(db, merchant, board, metric, &calendar, limit).await?;
    let place = match asked_for {
        Some(customer) => leaderboards::place_of(db, merchant, board, metric, &calendar, customer).await?,
        None => None,
    };
    let span = board.span(&calendar);
    Ok(Json(Leaderboard {
        period: board.to_string(),
        from: span.map(|span| span.0.to_rfc3339()),
        until: span.map(|span| span.1.to_rfc3339()),
        by: params.by,
        data: best.into_iter().map(PlaceDocument::from).collect(),
        place: place.map(PlaceDocument::from),
        as_of: AsOf { position: as_of.position, time: as_of.time.to_rfc3339() },
    }))
}
