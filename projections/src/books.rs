//! `books`: what came and went by merchant and day, kept up event by event. A line drawn in the journal ends a period;
//! whatever follows it in the log counts for a later day ([`aggregates::books`] says how book time makes that so).

mod keeper;
mod query;

use std::{collections::BTreeMap, sync::Arc};

use aggregates::{Context, books::Flow};
use journal::Positioned;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use crate::{
    erasure,
    projection::{Projection, ProjectionError, Tables},
    sql::{bigint, timestamptz},
};

pub use keeper::{BookKeeper, Day, NotADay};
pub use query::{DayEntry, Standing, days, standing, until};

pub struct BooksOfMerchants;

const TABLES: [&str; 2] = ["read.books_days", "read.books_time"];

impl BooksOfMerchants {
    pub const NAME: &'static str = "books";
}

impl Projection for BooksOfMerchants {
    const NAME: &'static str = BooksOfMerchants::NAME;
    const CONTEXTS: &'static [Context] = &[Context::Points, Context::Books, Context::Merchant];
    const TABLES: Tables = Tables::Own(&TABLES);

    async fn apply(&self, transaction: &mut PgConnection, batch: &[Arc<Positioned>]) -> Result<(), ProjectionError> {
        let mut merchants: Vec<Uuid> = batch.iter().map(|commit| commit.subject.merchant.0).collect();
        merchants.sort_unstable();
        merchants.dedup();
        let mut keepers = load(transaction, &merchants).await?;
        for commit in batch.iter().filter(|commit| commit.subject.context != Context::Merchant) {
            keepers.entry(commit.subject.merchant.0).or_default().take_in(commit)?;
        }
        store_time(transaction, &keepers).await?;
        store_days(transaction, &keepers).await?;
        erasure::forget_merchants_of(transaction, &TABLES, batch).await
    }
}

/// Where each merchant's book time stands. Days are not loaded: what a batch brings is added to them.
async fn load(
    transaction: &mut PgConnection,
    merchants: &[Uuid],
) -> Result<BTreeMap<Uuid, BookKeeper>, ProjectionError> {
    let rows = sqlx::query("select merchant, latest, currency, position from books_time where merchant = any($1)")
        .bind(merchants)
        .fetch_all(transaction)
        .await?;
    rows.iter()
        .map(|row| {
            let standing = query::standing_from(row)?;
            Ok((row.try_get("merchant")?, BookKeeper::going_on_at(standing)))
        })
        .collect()
}

async fn store_time(
    transaction: &mut PgConnection,
    keepers: &BTreeMap<Uuid, BookKeeper>,
) -> Result<(), ProjectionError> {
    let standings: Vec<Standing> = keepers.values().map(BookKeeper::standing).collect();
    sqlx::query(
        "insert into books_time (merchant, latest, currency, position)
         select * from unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::bigint[])
         on conflict (merchant) do update
            set latest = excluded.latest, currency = excluded.currency, position = excluded.position",
    )
    .bind(keepers.keys().copied().collect::<Vec<_>>())
    .bind(standings.iter().map(|standing| timestamptz(standing.latest)).collect::<Vec<_>>())
    .bind(standings.iter().map(|standing| standing.currency.map(|c| c.as_str().to_owned())).collect::<Vec<_>>())
    .bind(standings.iter().map(|standing| bigint(standing.position)).collect::<Vec<_>>())
    .execute(transaction)
    .await?;
    Ok(())
}

async fn store_days(
    transaction: &mut PgConnection,
    keepers: &BTreeMap<Uuid, BookKeeper>,
) -> Result<(), ProjectionError> {
    let rows: Vec<(Uuid, Day, Flow)> = keepers
        .iter()
        .flat_map(|(merchant, keeper)| keeper.days().iter().map(|(day, flow)| (*merchant, *day, *flow)))
        .collect();
    let column = |of: fn(&Flow) -> i64| rows.iter().map(|(_, _, flow)| of(flow)).collect::<Vec<_>>();
    sqlx::query(
        "insert into books_days as entry
            (merchant, day, issued, restored, redeemed, expired, reversed, forfeited)
         select * from unnest($1::uuid[], $2::date[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
            $7::bigint[], $8::bigint[])
         on conflict (merchant, day) do update
            set issued = entry.issued + excluded.issued, restored = entry.restored + excluded.restored,
                redeemed = entry.redeemed + excluded.redeemed, expired = entry.expired + excluded.expired,
                reversed = entry.reversed + excluded.reversed, forfeited = entry.forfeited + excluded.forfeited",
    )
    .bind(rows.iter().map(|(merchant, _, _)| *merchant).collect::<Vec<_>>())
    .bind(rows.iter().map(|(_, day, _)| day.date()).collect::<Vec<_>>())
    .bind(column(|flow| flow.issued))
    .bind(column(|flow| flow.restored))
    .bind(column(|flow| flow.redeemed))
    .bind(column(|flow| flow.expired))
    .bind(column(|flow| flow.reversed))
    .bind(column(|flow| flow.forfeited))
    .execute(transaction)
    .await?;
    Ok(())
}
