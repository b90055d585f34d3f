//! How many buyers are in each segment at the end of each day, and how many went from one to another.

use std::collections::BTreeMap;

use aggregates::rfm::{Names, RfmUpdated, WindowClosed};
use journal::Positioned;
use sqlx::PgConnection;

use super::store::date;
use crate::{projection::ProjectionError, sql::bigint};

/// Adds the moves of one event to its day.
pub async fn moved(
    transaction: &mut PgConnection,
    commit: &Positioned,
    updated: &RfmUpdated,
) -> Result<(), ProjectionError> {
    let mut moves: BTreeMap<(u16, u16), i64> = BTreeMap::new();
    for change in updated.changes.iter().filter(|change| change.from != change.to) {
        *moves.entry((change.from, change.to)).or_default() += 1;
    }
    let name = |number: u16| updated.segments.get(usize::from(number)).map_or_else(String::new, ToString::to_string);
    sqlx::query(
        "insert into rfm_segment_deltas as known (merchant, day, from_segment, to_segment, customers)
         select $1, $2, * from unnest($3::text[], $4::text[], $5::bigint[])
         on conflict (merchant, day, from_segment, to_segment) do update
            set customers = known.customers + excluded.customers",
    )
    .bind(commit.subject.merchant.0)
    .bind(date(updated.day))
    .bind(moves.keys().map(|(from, _)| name(*from)).collect::<Vec<_>>())
    .bind(moves.keys().map(|(_, to)| name(*to)).collect::<Vec<_>>())
    .bind(moves.values().copied().collect::<Vec<_>>())
    .execute(&mut *transaction)
    .await?;
    let mut growth: BTreeMap<u16, i64> = BTreeMap::new();
    for ((from, to), customers) in moves {
        *growth.entry(from).or_default() -= customers;
        *growth.entry(to).or_default() += customers;
    }
    growth.remove(&Names::PROSPECT);
    grow(transaction, commit, updated, growth.into_iter().map(|(number, by)| (name(number), by)).collect()).await
}

/// A day begins with the counts of the day before it that has any; what is recorded for a day that is over, because its
/// window came late, is so in the days after it, too.
async fn grow(
    transaction: &mut PgConnection,
    commit: &Positioned,
    updated: &RfmUpdated,
    growth: Vec<(String, i64)>,
) -> Result<(), ProjectionError> {
    let (segments, by): (Vec<String>, Vec<i64>) = growth.into_iter().unzip();
    sqlx::query(
        "insert into rfm_segment_counts (merchant, day, segment, customers)
         select merchant, $2, segment, customers from rfm_segment_counts
          where merchant = $1
            and day = (select max(day) from rfm_segment_counts where merchant = $1 and day <= $2)
         on conflict (merchant, day, segment) do nothing",
    )
    .bind(commit.subject.merchant.0)
    .bind(date(updated.day))
    .execute(&mut *transaction)
    .await?;
    sqlx::query(
        "insert into rfm_segment_counts as known (merchant, day, segment, customers)
         select $1, days.day, grown.segment, grown.by
           from (select $2::date union select day from rfm_segment_counts where merchant = $1 and day > $2)
                    as days (day)
          cross join unnest($3::text[], $4::bigint[]) as grown (segment, by)
         on conflict (merchant, day, segment) do update set customers = known.customers + excluded.customers",
    )
    .bind(commit.subject.merchant.0)
    .bind(date(updated.day))
    .bind(segments)
    .bind(by)
    .execute(transaction)
    .await?;
    Ok(())
}

/// A window has counted everybody: segments that its mapping does not have are gone.
pub async fn counted(
    transaction: &mut PgConnection,
    commit: &Positioned,
    closed: &WindowClosed,
) -> Result<(), ProjectionError> {
    let (merchant, day) = (commit.subject.merchant.0, date(closed.day));
    sqlx::query("delete from rfm_segment_counts where merchant = $1 and day = $2")
        .bind(merchant)
        .bind(day)
        .execute(&mut *transaction)
        .await?;
    sqlx::query(
        "insert into rfm_segment_counts (merchant, day, segment, customers)
         select $1, $2, * from unnest($3::text[], $4::bigint[])",
    )
    .bind(merchant)
    .bind(day)
    .bind(closed.counts.iter().map(|(segment, _)| segment.to_string()).collect::<Vec<_>>())
    .bind(closed.counts.iter().map(|(_, customers)| bigint(*customers)).collect::<Vec<_>>())
    .execute(transaction)
    .await?;
    Ok(())
}
