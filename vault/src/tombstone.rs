//! Tombstones of outside identities and orders: a keyed hash and a date, so that what arrives late about somebody who was
//! erased is known for that. They go when nothing can arrive that late any more. Those of people's keys stay for ever: they
//! are a random id and a date.

use aggregates::time::Timestamp;

use crate::{Vault, VaultError};

/// Days for which tombstones stay: a shop may refund an order for about a year.
pub const TOMBSTONE_DAYS: u32 = 400;

/// Rows that one statement changes.
const ROWS_AT_ONCE: i64 = 5_000;

/// Identities that somebody new has by now lose only the date.
const EXPIRED: [&str; 3] = [
    "delete from vault.order_owner where (merchant, lookup) in (
         select merchant, lookup from vault.order_owner where erased_at_us <= $1 order by erased_at_us limit $2)",
    "delete from vault.directory where (merchant, kind, lookup) in (
         select merchant, kind, lookup from vault.directory
          where erased_at_us <= $1 and subject is null order by erased_at_us limit $2)",
    "update vault.directory set erased_at_us = null where (merchant, kind, lookup) in (
         select merchant, kind, lookup from vault.directory
          where erased_at_us <= $1 and subject is not null order by erased_at_us limit $2)",
];

impl Vault {
    /// Ends the tombstones that are [`TOMBSTONE_DAYS`] old by `now`. Gives their number. For a daily run.
    pub async fn purge_tombstones(&self, now: Timestamp) -> Result<u64, VaultError> {
        let days = i64::from(TOMBSTONE_DAYS) * Timestamp::MICROS_PER_DAY;
        let before = now.0.saturating_sub(days);
        let mut purged = 0;
        for statement in EXPIRED {
            loop {
                let some = sqlx::query(statement).bind(before).bind(ROWS_AT_ONCE).execute(&self.inner.pool).await?;
                purged += some.rows_affected();
                if some.rows_affected() < ROWS_AT_ONCE.unsigned_abs() {
                    break;
                }
            }
        }
        Ok(purged)
    }
}
