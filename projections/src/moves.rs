//! How somebody stood: tables with a row for each time that this changed, read from the newest back. A time alone is no place to
//! go on from: one commit may change many, and two may have the same time.

use aggregates::{
    id::{CustomerId, MerchantId},
    time::Timestamp,
};
use sqlx::{AssertSqlSafe, PgPool, postgres::PgRow};

use crate::sql::{bigint, timestamptz};

/// Rows of one customer, newest first, at most `limit`, before the one given by its time and position.
///
/// # Errors
/// Those of the database.
pub(crate) async fn newest_first(
    db: &PgPool,
    table: &'static str,
    (merchant, customer): (MerchantId, CustomerId),
    before: Option<(Timestamp, u64)>,
    limit: i64,
) -> sqlx::Result<Vec<PgRow>> {
    let (recorded_at, before) = before.unwrap_or((Timestamp(i64::MAX), u64::MAX));
    let statement = format!(
        "select * from {table}
          where merchant = $1 and customer = $2 and (recorded_at, position) < ($3, $4)
          order by recorded_at desc, position desc limit $5"
    );
    // The name of a table is one of ours.
    sqlx::query(AssertSqlSafe(statement))
        .bind(merchant.0)
        .bind(customer.0)
        .bind(timestamptz(recorded_at))
        .bind(bigint(before))
        .bind(limit)
        .fetch_all(db)
        .await
}
