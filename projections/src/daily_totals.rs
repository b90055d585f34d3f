//! `daily_totals`: what came and went by merchant and day, what was outstanding at its end, and what that was worth.
//!
//! A day is 86,400 seconds, UTC. What is recorded late counts for the day on which it is recorded, and a merchant's clock
//! that runs behind does not open a day that is over: so what is outstanding is the sum of all that came before.
//!
//! Days are rolled up into months as they are written. So days may be let go of after a while, and months stay.

mod days;
mod months;
mod query;

use std::{collections::BTreeMap, sync::Arc};

use aggregates::Context;
use journal::Positioned;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    erasure,
    projection::{Projection, ProjectionError, Tables, events_of},
    sql::bigint,
};

use days::Days;
pub use days::{Standing, Worth};
pub use months::{Month, NotAMonth};
pub use query::{DayTotals, MonthTotals, list, list_months};

pub struct DailyTotals;

const TABLES: [&str; 2] = ["read.daily_totals", "read.monthly_totals"];

impl DailyTotals {
    pub const NAME: &'static str = "daily_totals";
}

impl Projection for DailyTotals {
    const NAME: &'static str = DailyTotals::NAME;
    const CONTEXTS: &'static [Context] = &[Context::Points, Context::Program, Context::Merchant];
    const TABLES: Tables = Tables::Own(&TABLES);

    async fn apply(&self, transaction: &mut PgConnection, batch: &[Arc<Positioned>]) -> Result<(), ProjectionError> {
        let mut merchants: Vec<Uuid> = batch.iter().map(|commit| commit.subject.merchant.0).collect();
        merchants.sort_unstable();
        merchants.dedup();
        let mut days = query::newest(transaction, &merchants).await?;
        for commit in batch {
            let merchant = commit.subject.merchant.0;
            match commit.subject.context {
                Context::Points => days.entry(merchant).or_default().points(commit, &events_of(commit)?),
                Context::Program => days.entry(merchant).or_default().settings(commit, &events_of(commit)?),
                _ => {}
            }
        }
        store(transaction, &days).await?;
        months::roll_up(transaction, &days).await?;
        erasure::forget_merchants_of(transaction, &TABLES, batch).await
    }
}

async fn store(transaction: &mut PgConnection, days: &BTreeMap<Uuid, Days>) -> Result<(), sqlx::Error> {
    let rows: Vec<(Uuid, &Standing)> =
        days.iter().flat_map(|(merchant, days)| days.changed().map(|standing| (*merchant, standing))).collect();
    macro_rules! column {
        ($standing:ident => $value:expr) => {
            rows.iter().map(|(_, $standing)| $value).collect::<Vec<_>>()
        };
    }
    sqlx::query(
        "insert into daily_totals
            (merchant, day, issued, restored, redeemed, expired, reversed, forfeited, outstanding, rate_points,
             rate_amount_minor, currency, liability_minor, position)
         select * from unnest($1::uuid[], $2::date[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
            $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::text[], $13::bigint[],
            $14::bigint[])
         on conflict (merchant, day) do update
            set issued = excluded.issued, restored = excluded.restored, redeemed = excluded.redeemed,
                expired = excluded.expired, reversed = excluded.reversed, forfeited = excluded.forfeited,
                outstanding = excluded.outstanding, rate_points = excluded.rate_points,
                rate_amount_minor = excluded.rate_amount_minor, currency = excluded.currency,
                liability_minor = excluded.liability_minor, position = excluded.position",
    )
    .bind(rows.iter().map(|(merchant, _)| *merchant).collect::<Vec<_>>())
    .bind(column!(standing => standing.day.date()))
    .bind(column!(standing => standing.flow.issued))
    .bind(column!(standing => standing.flow.restored))
    .bind(column!(standing => standing.flow.redeemed))
    .bind(column!(standing => standing.flow.expired))
    .bind(column!(standing => standing.flow.reversed))
    .bind(column!(standing => standing.flow.forfeited))
    .bind(column!(standing => standing.outstanding))
    .bind(column!(standing => standing.worth.points))
    .bind(column!(standing => standing.worth.amount_minor))
    .bind(column!(standing => standing.worth.currency.map(|currency| currency.as_str().to_owned())))
    .bind(column!(standing => standing.liability_minor()))
    .bind(column!(standing => bigint(standing.position)))
    .execute(transaction)
    .await
    .map(drop)
}
