//! `GET /v1/monthly_totals`: the same by month, for as long as there is a shop.

use axum::{Json, extract::State};
use projections::{
    books::Day,
    daily_totals::{self, DailyTotals, Month, MonthTotals},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{FIRST_DAY, bound};
use crate::{
    auth::Caller,
    cursor,
    gateway::Gateway,
    http::{Money, Page, body::Params, customers::rows_wanted},
    problem::Problem,
};

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = MonthlyTotals)]
pub struct MonthDocument {
    /// Such as `2026-11`, UTC.
    pub month: String,
    pub issued: i64,
    pub restored: i64,
    pub redeemed: i64,
    pub expired: i64,
    pub reversed: i64,
    pub forfeited: i64,
    /// Points that customers held at the end of the month, less what they owed.
    pub outstanding: i64,
    /// What those were worth by the settings of its last day.
    pub liability: Money,
}

impl From<MonthTotals> for MonthDocument {
    fn from(totals: MonthTotals) -> Self {
        let (standing, flow) = (totals.standing, totals.standing.flow);
        MonthDocument {
            month: totals.month.to_string(),
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
#[schema(as = MonthlyTotalsPage)]
pub struct MonthsPage {
    /// Months in which something came or went or the settings changed; another is as the one before it.
    pub data: Vec<MonthDocument>,
    pub has_more: bool,
    /// Continues the list; `null` at its end.
    pub next_cursor: Option<String>,
    /// Something of this merchant cannot be read, and is not in these figures.
    pub incomplete: bool,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MonthsParams {
    /// The first month, such as `2026-11`; the beginning, if not said.
    pub from: Option<String>,
    /// The month after the last; the end, if not said.
    pub to: Option<String>,
    /// Rows of the page; 50 unless said, at most 250.
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// Answer only once the read model has seen this position.
    pub min_position: Option<u64>,
}

/// Totals by month, newest first.
#[utoipa::path(
    get, path = "/v1/monthly_totals", tag = "audit", operation_id = "monthly_totals", security(("api_key" = [])),
    params(MonthsParams),
    responses((status = 200, body = MonthsPage), (status = 400, body = crate::problem::ProblemDocument))
)]
pub async fn list(
    State(gateway): State<Gateway>,
    caller: Caller,
    Params(params): Params<MonthsParams>,
) -> Result<Json<MonthsPage>, Problem> {
    let from = bound("from", params.from.as_deref())?.unwrap_or(Month::of(FIRST_DAY));
    let to = bound("to", params.to.as_deref())?.unwrap_or(Month::of(Day::of(caller.request.now)).next());
    // A place is the first day of the month that the page before ended with.
    let reached = cursor::decode::<i64>(params.cursor.as_deref())?.map(|day| Month::of(Day(day)));
    let to = reached.map_or(to, |reached| to.min(reached));
    gateway.fresh_enough(&caller, DailyTotals::NAME, params.min_position).await?;
    let limit = cursor::limit(params.limit);
    let rows = daily_totals::list_months(&gateway.db, caller.merchant(), (from, to), rows_wanted(limit)).await?;
    let page = Page::cut(rows, limit, |totals| cursor::encode(&totals.month.first_day().0));
    Ok(Json(MonthsPage {
        data: page.data.into_iter().map(MonthDocument::from).collect(),
        has_more: page.has_more,
        next_cursor: page.next_cursor,
        incomplete: gateway.progress.is_incomplete(DailyTotals::NAME, caller.merchant()),
    }))
}
