//! `GET /v1/daily_totals`: what came and went day by day, what was outstanding, and what that was worth.

pub mod months;

use std::{fmt::Display, str::FromStr};

use axum::{Json, extract::State};
use projections::{
    books::Day,
    daily_totals::{self, DailyTotals, DayTotals},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Money, body::Params, customers::rows_wanted};
use crate::{
    auth::Caller,
    cursor,
    gateway::Gateway,
    problem::{Code, Problem},
};

/// The beginning of time, as far as totals go.
const FIRST_DAY: Day = Day(0);

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DailyTotals)]
pub struct DayDocument {
    /// UTC.
    pub day: String,
    pub issued: i64,
    pub restored: i64,
    pub redeemed: i64,
    pub expired: i64,
    pub reversed: i64,
    pub forfeited: i64,
    /// Points that customers held at the end of the day, less what they owed.
    pub outstanding: i64,
    /// What those were worth by the settings of that day.
    pub liability: Money,
}

impl From<DayTotals> for DayDocument {
    fn from(totals: DayTotals) -> Self {
        let (standing, flow) = (totals.standing, totals.standing.flow);
        DayDocument {
            day: standing.day.to_string(),
            issued: flow.issued,
            restored: flow.restored,
            redeemed: flow.redeemed,
            expired: flow.expired,
            reversed: flow.reversed,
            forfeited: flow.forfeited,
            outstanding: standing.outstanding,
            liability: Money {
                amount_minor: totals.liability_minor,
                currency: standing.worth.currency.map(|currency| currency.as_str().to_owned()),
            },
        }
    }
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DailyTotalsPage)]
pub struct DaysPage {
    /// Days on which something came or went or the settings changed; another is as the one before it.
    pub data: Vec<DayDocument>,
    pub has_more: bool,
    /// Continues the list; `null` at its end.
    pub next_cursor: Option<String>,
    /// Something of this merchant cannot be read, and is not in these figures.
    pub incomplete: bool,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DaysParams {
    /// The first day, such as `2026-11-01`; the beginning, if not said.
    pub from: Option<String>,
    /// The day after the last; the end, if not said.
    pub to: Option<String>,
    /// Rows of the page; 50 unless said, at most 250.
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// Answer only once the read model has seen this position.
    pub min_position: Option<u64>,
}

/// Totals by day, newest first.
#[utoipa::path(
    get, path = "/v1/daily_totals", tag = "audit", operation_id = "daily_totals", security(("api_key" = [])),
    params(DaysParams),
    responses((status = 200, body = DaysPage), (status = 400, body = crate::problem::ProblemDocument))
)]
pub async fn list(
    State(gateway): State<Gateway>,
    caller: Caller,
    Params(params): Params<DaysParams>,
) -> Result<Json<DaysPage>, Problem> {
    let from = bound("from", params.from.as_deref())?.unwrap_or(FIRST_DAY);
    let to = bound("to", params.to.as_deref())?.unwrap_or(Day(Day::of(caller.request.now).0 + 1));
    let to = cursor::decode::<i64>(params.cursor.as_deref())?.map_or(to, |reached| to.min(Day(reached)));
    gateway.fresh_enough(&caller, DailyTotals::NAME, params.min_position).await?;
    let limit = cursor::limit(params.limit);
    let rows = daily_totals::list(&gateway.db, caller.merchant(), (from, to), rows_wanted(limit)).await?;
    let page = super::Page::cut(rows, limit, |totals| cursor::encode(&totals.standing.day.0));
    Ok(Json(DaysPage {
        data: page.data.into_iter().map(DayDocument::from).collect(),
        has_more: page.has_more,
        next_cursor: page.next_cursor,
        incomplete: gateway.progress.is_incomplete(DailyTotals::NAME, caller.merchant()),
    }))
}

/// A bound of the list.
fn bound<T: FromStr<Err: Display>>(name: &str, text: Option<&str>) -> Result<Option<T>, Problem> {
    let is_none = |error: T::Err| Problem::saying(Code::MalformedRequest, format!("{name} is {error}"));
    text.map(|text| text.parse().map_err(is_none)).transpose()
}
