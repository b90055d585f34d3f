//! Keys of single items that belong to no person yet. They end on their own: all items of one day of expiry are wrapped
//! under that day's key in the root key store, and forgetting the day forgets them in every copy of the database.
//! Their merchant's key is needed as well, so they never outlive it.

use aggregates::{id::MerchantId, time::Timestamp};
use sqlx::Row;

use crate::{
    ItemId, ItemKeys, ItemPurpose, RootKeyError, Vault, VaultError,
    envelope::{self, Binding},
    root::ItemDay,
    secret::{Secret, random_id},
};

/// Expired rows deleted by one statement.
const PURGED_AT_ONCE: i64 = 5_000;

impl Vault {
    /// Makes a key for one item. `expires_at` is at most [`ItemPurpose::expires_at`] of now.
    pub async fn new_item(
        &self,
        merchant: MerchantId,
        purpose: ItemPurpose,
        expires_at: Timestamp,
    ) -> Result<ItemKeys, VaultError> {
        let (item, secret) = (ItemId(random_id()), Secret::random());
        self.insert_item(merchant, item, purpose.as_str(), expires_at, &secret).await?;
        Ok(ItemKeys::new(merchant, item, secret))
    }

    /// Writes an item's key, wrapped. One that is there stays as it is.
    pub(crate) async fn insert_item(
        &self,
        merchant: MerchantId,
        item: ItemId,
        purpose: &str,
        expires_at: Timestamp,
        secret: &Secret,
    ) -> Result<(), VaultError> {
        let keys = self.merchant(merchant).await?;
        let day = self.item_day(day_of(expires_at)).await?;
        let (merchant_generation, half) = keys.current_items();
        let wrapping = self.item_wrapping(half, day).await?;
        let wrapped = envelope::seal(&wrapping, binding(merchant, item, purpose), secret.expose());
        sqlx::query(
            "insert into vault.item_keys
                 (item, merchant, purpose, day, generation, wrapped, expires_at_us, merchant_generation)
             values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (item) do nothing",
        )
        .bind(item.0)
        .bind(merchant.0)
        .bind(purpose)
        .bind(day.day)
        .bind(day.generation)
        .bind(wrapped)
        .bind(expires_at.0)
        .bind(merchant_generation)
        .execute(&self.inner.pool)
        .await?;
        Ok(())
    }

    /// An item's key; [`VaultError::ItemGone`] once it has been purged or dropped.
    pub async fn item(&self, merchant: MerchantId, id: ItemId) -> Result<ItemKeys, VaultError> {
        Ok(ItemKeys::new(merchant, id, self.item_secret(merchant, id).await?))
    }

    pub(crate) async fn item_secret(&self, merchant: MerchantId, id: ItemId) -> Result<Secret, VaultError> {
        let row = sqlx::query(
            "select purpose, day, generation, wrapped, merchant_generation
             from vault.item_keys where item = $1 and merchant = $2",
        )
        .bind(id.0)
        .bind(merchant.0)
        .fetch_optional(&self.inner.pool)
        .await?
        .ok_or(VaultError::ItemGone)?;
        let day = ItemDay { day: row.try_get("day")?, generation: row.try_get("generation")? };
        let keys = self.merchant(merchant).await?;
        let generation: i32 = row.try_get("merchant_generation")?;
        let no_such_key = || RootKeyError::NoSuchKey { key: format!("generation {generation} of {merchant}") };
        let wrapping = self.item_wrapping(keys.items_of(generation).ok_or_else(no_such_key)?, day).await?;
        let tampered = || VaultError::Tampered { owner: format!("item {id}") };
        let purpose: &str = row.try_get("purpose")?;
        let plain = envelope::open(&wrapping, binding(merchant, id, purpose), row.try_get("wrapped")?);
        Secret::take(&mut plain.map_err(|_| tampered())?).ok_or_else(tampered)
    }

    /// Forgets the key of an item that is needed no longer. An item that is gone already stays so.
    pub async fn drop_item(&self, merchant: MerchantId, id: ItemId) -> Result<(), VaultError> {
        sqlx::query("delete from vault.item_keys where item = $1 and merchant = $2")
            .bind(id.0)
            .bind(merchant.0)
            .execute(&self.inner.pool)
            .await?;
        Ok(())
    }

    /// Deletes the keys that have expired by `now`, with the notes of what waited under them, and then forgets the keys
    /// of all days before: from then on no backup brings those items back. Gives the number of items. For a daily run.
    pub async fn purge_items(&self, now: Timestamp) -> Result<u64, VaultError> {
        let mut purged = 0;
        loop {
            let rows = sqlx::query(
                "delete from vault.item_keys where item in (
                     select item from vault.item_keys where expires_at_us <= $1 order by expires_at_us limit $2)",
            )
            .bind(now.0)
            .bind(PURGED_AT_ONCE)
            .execute(&self.inner.pool)
            .await?
            .rows_affected();
            purged += rows;
            if rows < PURGED_AT_ONCE.unsigned_abs() {
                break;
            }
        }
        let today = day_of(now);
        if self.inner.root.contents().await?.has_item_days_before(today) {
            self.inner.root.forget(move |contents| contents.forget_item_days_before(today)).await?;
        }
        Ok(purged)
    }

    /// The key under which new items of this day are wrapped, made for the first of them.
    async fn item_day(&self, day: i32) -> Result<ItemDay, VaultError> {
        match self.inner.root.contents().await?.newest_item_day(day) {
            Some(id) => Ok(id),
            None => Ok(self.inner.root.change_in_background(move |contents| contents.ensure_item_day(day)).await?),
        }
    }

    async fn item_wrapping(&self, half: &Secret, day: ItemDay) -> Result<Secret, VaultError> {
        Ok(self.inner.root.contents().await?.item_day(day)?.derive_with(half, "item"))
    }
}

/// Binds a wrapped key to its item and purpose.
fn binding(merchant: MerchantId, item: ItemId, purpose: &str) -> Binding<'_> {
    Binding { merchant, key_id: item.0, tag: purpose }
}

/// Days since 1970-01-01 UTC.
fn day_of(time: Timestamp) -> i32 {
    let day = time.0.div_euclid(Timestamp::MICROS_PER_DAY);
    i32::try_from(day).expect("an i64 of microseconds spans 213 million days")
}
