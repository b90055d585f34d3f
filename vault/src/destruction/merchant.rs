//! The end of a whole merchant: its keys in the root key store first, which closes everything at once, then its rows, a
//! bounded number at a time. Cut short, doing it again goes on.

use aggregates::{
    id::{CustomerId, MerchantId},
    time::Timestamp,
};
use uuid::Uuid;

use super::Authority;
use crate::{BucketGeneration, Vault, VaultError, database, root::Contents};

/// Rows that one statement deletes.
const ROWS_AT_ONCE: i64 = 5_000;

/// What stands in the vault under a merchant's look-up key, and says nothing any more without it.
const ROWS_OF_MERCHANT: [&str; 7] = [
    "delete from vault.directory where merchant = $1 and (kind, lookup) in (
         select kind, lookup from vault.directory where merchant = $1 limit $2)",
    "delete from vault.item_keys where item in (select item from vault.item_keys where merchant = $1 limit $2)",
    "delete from vault.order_owner where merchant = $1 and lookup in (
         select lookup from vault.order_owner where merchant = $1 limit $2)",
    "delete from vault.blind_index where merchant = $1 and (kind, lookup, subject) in (
         select kind, lookup, subject from vault.blind_index where merchant = $1 limit $2)",
    "delete from vault.named_friends where merchant = $1 and lookup in (
         select lookup from vault.named_friends where merchant = $1 limit $2)",
    "delete from vault.invitations where merchant = $1 and (advocate, lookup) in (
         select advocate, lookup from vault.invitations where merchant = $1 limit $2)",
    "delete from vault.unwanted_mail where merchant = $1 and lookup in (
         select lookup from vault.unwanted_mail where merchant = $1 limit $2)",
];

/// What the end of a merchant has ended, this time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DestroyedMerchant {
    /// The bucket keys that the root key store had, and has no more.
    pub buckets: Vec<BucketGeneration>,
    /// People whose rows became tombstones.
    pub people: u64,
    /// Other rows that were deleted.
    pub rows: u64,
    /// Until when copies of the root key store may still have the keys.
    pub old_copies_gone_by: Timestamp,
}

impl Vault {
    /// Destroys a merchant's key and with it everything of that shop: people, waiting facts, parked bodies, secrets, look-ups.
    /// The domain of its shop becomes a tombstone; a shop that comes back is a new merchant. Doing it again goes on where it
    /// was cut short, and keeps the first date.
    ///
    /// # Errors
    /// [`VaultError::Held`] if anybody is under a legal hold; then nothing is destroyed.
    pub async fn destroy_merchant(&self, merchant: MerchantId, at: Timestamp) -> Result<DestroyedMerchant, VaultError> {
        self.end_merchant(merchant, at, Authority::Request).await
    }

    pub(crate) async fn end_merchant(
        &self,
        merchant: MerchantId,
        at: Timestamp,
        authority: Authority,
    ) -> Result<DestroyedMerchant, VaultError> {
        if authority == Authority::Request {
            self.nobody_is_held(merchant).await?;
        }
        let buckets = self.forget_merchant(merchant, at).await?;
        let people = self.end_people_of(merchant, at).await?;
        let rows = self.delete_rows_of(merchant).await?;
        self.end_shop(merchant, at).await?;
        self.inner.merchants.remove(&merchant);
        self.inner.people.retain(|_, keys| keys.merchant() != merchant);
        self.inner.lookups.retain(|entry, subject| entry.merchant != merchant && *subject != merchant.0);
        Ok(DestroyedMerchant { buckets, people, rows, old_copies_gone_by: self.old_copies_gone_by(at) })
    }

    /// Gives the bucket keys that are gone with it; none if it was destroyed before.
    async fn forget_merchant(&self, merchant: MerchantId, at: Timestamp) -> Result<Vec<BucketGeneration>, VaultError> {
        if let Err(VaultError::Destroyed { .. }) = self.inner.root.contents().await?.merchant(merchant) {
            self.inner.root.finish_forgetting().await?;
            return Ok(Vec::new());
        }
        let forget = move |contents: &mut Contents| {
            let buckets = contents.buckets_of(merchant);
            contents.destroy_merchant(merchant, at);
            buckets
        };
        Ok(self.inner.root.forget(forget).await?)
    }

    async fn nobody_is_held(&self, merchant: MerchantId) -> Result<(), VaultError> {
        let held: Option<Uuid> =
            sqlx::query_scalar("select person from vault.person_keys where merchant = $1 and state = 'held' limit 1")
                .bind(merchant.0)
                .fetch_optional(&self.inner.pool)
                .await?;
        held.map_or(Ok(()), |person| Err(VaultError::Held { person: CustomerId(person) }))
    }

    /// Bucket by bucket: a bucket is bounded, and its row goes last, so that what is left to do is known.
    async fn end_people_of(&self, merchant: MerchantId, at: Timestamp) -> Result<u64, VaultError> {
        let buckets: Vec<Uuid> =
            sqlx::query_scalar("select bucket from vault.bucket where merchant = $1 order by bucket")
                .bind(merchant.0)
                .fetch_all(&self.inner.pool)
                .await?;
        let mut people = 0;
        for bucket in buckets {
            let mut transaction = database::begin(&self.inner.pool).await?;
            // Enrolments into this bucket end first; nobody takes a place in it any more.
            sqlx::query("delete from vault.bucket where bucket = $1").bind(bucket).execute(&mut *transaction).await?;
            let ended = sqlx::query(
                "update vault.person_keys set state = 'destroyed', destroyed_at_us = $2, wrapped = null,
                        hung_bucket = bucket, hung_generation = generation, bucket = null, generation = null
                  where person in (select person from vault.person_keys where bucket = $1 order by person for update)",
            )
            .bind(bucket)
            .bind(at.0)
            .execute(&mut *transaction)
            .await?;
            sqlx::query("delete from vault.rotation where bucket = $1").bind(bucket).execute(&mut *transaction).await?;
            transaction.commit().await?;
            people += ended.rows_affected();
        }
        Ok(people)
    }

    async fn delete_rows_of(&self, merchant: MerchantId) -> Result<u64, VaultError> {
        let mut deleted = 0;
        for statement in ROWS_OF_MERCHANT {
            loop {
                let some = sqlx::query(statement).bind(merchant.0).bind(ROWS_AT_ONCE).execute(&self.inner.pool).await?;
                deleted += some.rows_affected();
                if some.rows_affected() < ROWS_AT_ONCE.unsigned_abs() {
                    break;
                }
            }
        }
        Ok(deleted)
    }

    /// The platform's entry of the shop's domain.
    async fn end_shop(&self, merchant: MerchantId, at: Timestamp) -> Result<(), VaultError> {
        sqlx::query("update vault.directory set subject = null, erased_at_us = $2 where subject = $1")
            .bind(merchant.0)
            .bind(at.0)
            .execute(&self.inner.pool)
            .await?;
        Ok(())
    }
}
