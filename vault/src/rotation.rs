//! Rotation: everybody living in a bucket moves to the bucket's next key, and the root key store forgets the key before. Who
//! was destroyed has not moved, so whatever copy of their row there is opens nothing from then on.
//!
//! Step by step, each of which can be done again, by any process, after a kill at any moment:
//!
//! 1. the store has a next generation (made once, whoever comes first);
//! 2. the bucket's row names it: new people are wrapped under it. Enrolments hold that row, so whoever was being wrapped under
//!    the old key is on record when this returns;
//! 3. living rows are wrapped again, a bounded number in each transaction;
//! 4. when no row names an older generation, the store forgets the older ones;
//! 5. the note that this was to be done goes.
//!
//! A process that is behind another one writes only over rows it has locked and found under a generation older than its own,
//! so it can never take a row back.

mod bucket;
mod merchant;

use aggregates::{id::MerchantId, time::Timestamp};
use sqlx::Row;
use uuid::Uuid;

use crate::{BucketGeneration, Vault, VaultError};

/// Rotations noted by one statement.
const NOTED_AT_ONCE: usize = 10_000;

/// A key that has to be forgotten, and is not yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PendingRotation {
    pub merchant: MerchantId,
    pub away_from: BucketGeneration,
}

/// Buckets that have moved on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
    pub buckets: Vec<RotatedBucket>,
    /// Until when copies of the root key store may still have the keys that were forgotten. Rounded up to whole days.
    pub old_copies_gone_by: Timestamp,
}

/// A bucket that has moved on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RotatedBucket {
    /// The only key it has now; all earlier ones are forgotten.
    pub to: BucketGeneration,
    /// People whose keys this call has wrapped again.
    pub rewrapped: u64,
}

impl Vault {
    /// Moves everybody living away from these keys and has the root key store forget them. What has been done already is not
    /// done again, so many erasures share one rotation. `now` only dates the end of old copies.
    ///
    /// # Errors
    /// Of the first bucket that could not be rotated; the others are done nevertheless.
    pub async fn rotate_away(
        &self,
        merchant: MerchantId,
        buckets: &[BucketGeneration],
        now: Timestamp,
    ) -> Result<Rotated, VaultError> {
        let mut newest: Vec<BucketGeneration> = buckets.to_vec();
        // Away from the newest generation of a bucket is away from all before.
        newest.sort_unstable_by_key(|id| (id.bucket, std::cmp::Reverse(id.generation)));
        newest.dedup_by_key(|id| id.bucket);
        let mut rotated = Rotated { buckets: Vec::new(), old_copies_gone_by: self.old_copies_gone_by(now) };
        let mut failed = None;
        for away_from in newest {
            match self.rotate(merchant, away_from).await {
                Ok(bucket) => rotated.buckets.push(bucket),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(rotated), Err)
    }

    /// What destroyed people, or an operator's rotation that was cut short, still wait for.
    pub async fn pending_rotations(&self) -> Result<Vec<PendingRotation>, VaultError> {
        let rows = sqlx::query(
            "select merchant, bucket, generation from vault.rotation order by merchant, bucket, generation",
        )
        .fetch_all(&self.inner.pool)
        .await?;
        let pending = rows.iter().map(|row| {
            let away_from = BucketGeneration { bucket: row.try_get(1)?, generation: row.try_get(2)? };
            Ok(PendingRotation { merchant: MerchantId(row.try_get(0)?), away_from })
        });
        Ok(pending.collect::<Result<_, sqlx::Error>>()?)
    }

    /// Does what is pending: of erasures, or of an operator's rotation, that were cut short. A bucket that cannot be moved is
    /// logged and left pending: its living are served as ever, and old copies of its destroyed still open. Gives the number
    /// of buckets that were moved.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`] only.
    pub async fn finish_rotations(&self, now: Timestamp) -> Result<usize, VaultError> {
        let pending = self.pending_rotations().await?;
        metrics::gauge!("vault_rotations_due").set(pending.len() as f64);
        let mut rotated = 0;
        for PendingRotation { merchant, away_from } in pending {
            match self.rotate_away(merchant, &[away_from], now).await {
                Ok(done) => rotated += done.buckets.len(),
                Err(error @ VaultError::Unavailable(_)) => return Err(error),
                Err(error) => {
                    tracing::error!(%error, %merchant, %away_from, "a bucket cannot be moved to its next key")
                }
            }
        }
        metrics::gauge!("vault_rotations_due").set(self.pending_rotations().await?.len() as f64);
        Ok(rotated)
    }

    /// Those of these keys that the root key store still has: as long as it has one, old copies of rows under it open.
    pub async fn not_yet_forgotten(&self, buckets: &[BucketGeneration]) -> Result<Vec<BucketGeneration>, VaultError> {
        let contents = self.inner.root.contents().await?;
        Ok(buckets.iter().copied().filter(|id| contents.has_bucket(*id)).collect())
    }

    /// Notes that these keys are to be rotated away; whoever looks for [`Vault::pending_rotations`] finds it.
    pub async fn note_rotations(&self, merchant: MerchantId, buckets: &[BucketGeneration]) -> Result<(), VaultError> {
        for some in buckets.chunks(NOTED_AT_ONCE) {
            let (ids, generations): (Vec<Uuid>, Vec<i32>) = some.iter().map(|id| (id.bucket, id.generation)).unzip();
            sqlx::query(
                "insert into vault.rotation (bucket, generation, merchant)
                 select bucket, generation, $1 from unnest($2::uuid[], $3::integer[]) as due (bucket, generation)
                 order by bucket, generation on conflict do nothing",
            )
            .bind(merchant.0)
            .bind(ids)
            .bind(generations)
            .execute(&self.inner.pool)
            .await?;
        }
        Ok(())
    }

    /// The first day on which no copy of the root key store may be left that was made up to `now`: the days that copies are
    /// kept, and the day of today, so that a rotation that takes its time is within it.
    pub(crate) fn old_copies_gone_by(&self, now: Timestamp) -> Timestamp {
        let kept_until = now.plus_days(self.inner.key_copy_days.saturating_add(1));
        let into_the_day = kept_until.0.rem_euclid(Timestamp::MICROS_PER_DAY);
        Timestamp(kept_until.0 - into_the_day).plus_days(u32::from(into_the_day > 0))
    }
}
