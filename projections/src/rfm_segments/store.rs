//! Standings, their history and windows in the database.

use aggregates::rfm::{Cause, Cell, Change, Day, MethodUsed, RfmUpdated, Standing, WindowClosed};
use chrono::NaiveDate;
use journal::Positioned;
use sqlx::PgConnection;

use crate::{
    projection::ProjectionError,
    sql::{bigint, timestamptz},
};

/// Days from year 1 to 1970-01-01, as chrono counts them.
const EPOCH_FROM_CE: i32 = 719_163;

/// A day in Postgres' type. Days that have no date are the last that has one.
pub(crate) fn date(day: Day) -> NaiveDate {
    NaiveDate::from_num_days_from_ce_opt(day.0.saturating_add(EPOCH_FROM_CE)).unwrap_or(NaiveDate::MAX)
}

pub(crate) fn day_of(date: NaiveDate) -> Day {
    Day(chrono::Datelike::num_days_from_ce(&date).saturating_sub(EPOCH_FROM_CE))
}

/// Three digits as a number.
fn scores(cell: Cell) -> i16 {
    i16::from(cell.recency()) * 100 + i16::from(cell.frequency()) * 10 + i16::from(cell.monetary())
}

const fn word(cause: Cause) -> &'static str {
    match cause {
        Cause::Window => "window",
        Cause::Orders => "orders",
    }
}

pub(crate) const fn method_word(method: MethodUsed) -> &'static str {
    match method {
        MethodUsed::ValueBands => "value_bands",
        MethodUsed::FixedThresholds => "fixed_thresholds",
        MethodUsed::FixedThresholdsForFewBuyers => "fixed_thresholds_for_few_buyers",
    }
}

fn name(updated: &RfmUpdated, number: u16) -> String {
    updated.segments.get(usize::from(number)).map_or_else(String::new, ToString::to_string)
}

/// Buyers as they stand from now on; prospects have no row.
pub async fn stand(
    transaction: &mut PgConnection,
    commit: &Positioned,
    updated: &RfmUpdated,
) -> Result<(), ProjectionError> {
    let standing: Vec<(&Change, Standing)> =
        updated.changes.iter().filter_map(|change| Some((change, change.standing?))).collect();
    macro_rules! column {
        ($change:ident, $standing:ident => $value:expr) => {
            standing.iter().map(|($change, $standing)| $value).collect::<Vec<_>>()
        };
    }
    sqlx::query(
        "insert into customer_segments
            (merchant, as_of, recorded_at, position, customer, segment, scores, last_order_day, orders, spend_minor)
         select $1, $2, $3, $4, * from unnest($5::uuid[], $6::text[], $7::smallint[], $8::date[], $9::bigint[],
             $10::bigint[])
         on conflict (merchant, customer) do update
            set as_of = excluded.as_of, recorded_at = excluded.recorded_at, position = excluded.position,
                segment = excluded.segment, scores = excluded.scores, last_order_day = excluded.last_order_day,
                orders = excluded.orders, spend_minor = excluded.spend_minor",
    )
    .bind(commit.subject.merchant.0)
    .bind(date(updated.as_of))
    .bind(timestamptz(commit.commit.recorded_at))
    .bind(bigint(commit.position))
    .bind(column!(change, _standing => change.customer.0))
    .bind(column!(change, _standing => name(updated, change.to)))
    .bind(column!(_change, standing => scores(standing.cell)))
    .bind(column!(_change, standing => date(standing.purchases.last_order_day)))
    .bind(column!(_change, standing => i64::from(standing.purchases.orders)))
    .bind(column!(_change, standing => standing.purchases.spend_minor))
    .execute(&mut *transaction)
    .await?;
    let gone = updated.changes.iter().filter(|change| change.standing.is_none()).map(|change| change.customer.0);
    sqlx::query("delete from customer_segments where merchant = $1 and customer = any($2::uuid[])")
        .bind(commit.subject.merchant.0)
        .bind(gone.collect::<Vec<_>>())
        .execute(transaction)
        .await?;
    Ok(())
}

pub async fn remember(
    transaction: &mut PgConnection,
    commit: &Positioned,
    updated: &RfmUpdated,
) -> Result<(), ProjectionError> {
    macro_rules! column {
        ($change:ident => $value:expr) => {
            updated.changes.iter().map(|$change| $value).collect::<Vec<_>>()
        };
    }
    macro_rules! number {
        ($standing:ident => $value:expr) => {
            column!(change => change.standing.map(|$standing| $value))
        };
    }
    sqlx::query(
        "insert into rfm_score_history
            (merchant, recorded_at, position, day, as_of, cause, definition_version, customer, from_segment, segment,
             scores, last_order_day, orders, spend_minor)
         select $1, $2, $3, $4, $5, $6, $7, * from unnest($8::uuid[], $9::text[], $10::text[], $11::smallint[],
             $12::date[], $13::bigint[], $14::bigint[])",
    )
    .bind(commit.subject.merchant.0)
    .bind(timestamptz(commit.commit.recorded_at))
    .bind(bigint(commit.position))
    .bind(date(updated.day))
    .bind(date(updated.as_of))
    .bind(word(updated.cause))
    .bind(i64::from(updated.definition_version))
    .bind(column!(change => change.customer.0))
    .bind(column!(change => name(updated, change.from)))
    .bind(column!(change => name(updated, change.to)))
    .bind(number!(standing => scores(standing.cell)))
    .bind(number!(standing => date(standing.purchases.last_order_day)))
    .bind(number!(standing => i64::from(standing.purchases.orders)))
    .bind(number!(standing => standing.purchases.spend_minor))
    .execute(transaction)
    .await?;
    Ok(())
}

pub async fn closed(
    transaction: &mut PgConnection,
    commit: &Positioned,
    closed: &WindowClosed,
) -> Result<(), ProjectionError> {
    let cuts = &closed.cut_points;
    sqlx::query(
        "insert into rfm_windows
            (merchant, day, definition_version, method, currency, recency_days, orders, spend_minor, segments, customers,
             buyers, orders_through, closed_at, position)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(commit.subject.merchant.0)
    .bind(date(closed.day))
    .bind(i64::from(closed.definition_version))
    .bind(method_word(closed.method))
    .bind(closed.currency.map(|currency| currency.as_str().to_owned()))
    .bind(cuts.recency_days.map(i64::from).to_vec())
    .bind(cuts.orders.map(i64::from).to_vec())
    .bind(cuts.spend_minor.to_vec())
    .bind(closed.counts.iter().map(|(segment, _)| segment.to_string()).collect::<Vec<_>>())
    .bind(closed.counts.iter().map(|(_, customers)| bigint(*customers)).collect::<Vec<_>>())
    .bind(bigint(closed.buyers))
    .bind(bigint(closed.orders_through))
    .bind(timestamptz(closed.at))
    .bind(bigint(commit.position))
    .execute(transaction)
    .await?;
    Ok(())
}

/// How far these tables know the merchant's RFM commits.
pub async fn reached(
    transaction: &mut PgConnection,
    commit: &Positioned,
    orders_through: u64,
) -> Result<(), ProjectionError> {
    sqlx::query(
        "insert into rfm_state as known (merchant, position, orders_through, recorded_at) values ($1, $2, $3, $4)
         on conflict (merchant) do update
            set position = excluded.position,
                orders_through = greatest(known.orders_through, excluded.orders_through),
                recorded_at = greatest(known.recorded_at, excluded.recorded_at)",
    )
    .bind(commit.subject.merchant.0)
    .bind(bigint(commit.position))
    .bind(bigint(orders_through))
    .bind(timestamptz(commit.commit.recorded_at))
    .execute(transaction)
    .await?;
    Ok(())
}
