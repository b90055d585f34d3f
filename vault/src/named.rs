//! Friends who were named by an address that is nobody's yet. Of the address there is a keyed hash, for a bounded time: until
//! somebody of that address orders, or is forgotten.

use aggregates::{
    id::{MerchantId, ReferralLinkId},
    time::Timestamp,
};
use sqlx::Row;

use crate::{IndexKind, Vault, VaultError};

/// Days for which an address that is nobody's is remembered.
pub const NAMED_DAYS: u32 = 30;
/// Addresses that one link waits for.
pub const NAMED_OF_LINK_MAX: i64 = 1_000;
/// Rows deleted by one statement.
const PURGED_AT_ONCE: i64 = 5_000;

/// Through whose link the owner of an address came, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamedFriend {
    pub link: ReferralLinkId,
    pub named_at: Timestamp,
    pub expires_at: Timestamp,
}

/// What became of naming somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    Named(NamedFriend),
    /// They were named before, by this link or by another one: whoever did so first is the one.
    Known(NamedFriend),
    /// The link waits for as many addresses as it may.
    TooMany,
    /// No address: nothing but blanks.
    Nobody,
}

impl Vault {
    /// Remembers that whoever has this address came through a link at `named_at`.
    ///
    /// # Errors
    /// [`VaultError`]
    pub async fn name_friend(
        &self,
        merchant: MerchantId,
        email: &str,
        (link, named_at): (ReferralLinkId, Timestamp),
        now: Timestamp,
    ) -> Result<Naming, VaultError> {
        let Some(lookup) = self.index_lookup(merchant, IndexKind::Email, email).await? else {
            return Ok(Naming::Nobody);
        };
        let expires_at = now.plus_days(NAMED_DAYS);
        let named = sqlx::query(
            "insert into vault.named_friends as known (merchant, lookup, link, named_at_us, expires_at_us)
             select $1, $2, $3, $4, $5
              where (select count(*) from vault.named_friends
                      where merchant = $1 and link = $3 and expires_at_us > $6) < $7
             on conflict (merchant, lookup) do update
                set link = excluded.link, named_at_us = excluded.named_at_us, expires_at_us = excluded.expires_at_us
              where known.expires_at_us <= $6",
        )
        .bind(merchant.0)
        .bind(lookup)
        .bind(link.0)
        .bind(named_at.0)
        .bind(expires_at.0)
        .bind(now.0)
        .bind(NAMED_OF_LINK_MAX)
        .execute(&self.inner.pool)
        .await?;
        if named.rows_affected() == 1 {
            return Ok(Naming::Named(NamedFriend { link, named_at, expires_at }));
        }
        Ok(self.named_friend(merchant, email, now).await?.map_or(Naming::TooMany, Naming::Known))
    }

    /// Through whose link the owner of this address came, if that was said and its time is not over.
    ///
    /// # Errors
    /// [`VaultError`]
    pub async fn named_friend(
        &self,
        merchant: MerchantId,
        email: &str,
        now: Timestamp,
    ) -> Result<Option<NamedFriend>, VaultError> {
        let Some(lookup) = self.index_lookup(merchant, IndexKind::Email, email).await? else { return Ok(None) };
        let row = sqlx::query(
            "select link, named_at_us, expires_at_us from vault.named_friends
              where merchant = $1 and lookup = $2 and expires_at_us > $3",
        )
        .bind(merchant.0)
        .bind(lookup)
        .bind(now.0)
        .fetch_optional(&self.inner.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(NamedFriend {
            link: ReferralLinkId(row.try_get("link")?),
            named_at: Timestamp(row.try_get("named_at_us")?),
            expires_at: Timestamp(row.try_get("expires_at_us")?),
        }))
    }

    /// Somebody of that address is there, and what was said of them is on record elsewhere.
    ///
    /// # Errors
    /// [`VaultError`]
    pub async fn forget_named_friend(&self, merchant: MerchantId, email: &str) -> Result<(), VaultError> {
        let Some(lookup) = self.index_lookup(merchant, IndexKind::Email, email).await? else { return Ok(()) };
        sqlx::query("delete from vault.named_friends where merchant = $1 and lookup = $2")
            .bind(merchant.0)
            .bind(lookup)
            .execute(&self.inner.pool)
            .await?;
        Ok(())
    }

    /// Deletes those whose time is over by `now`; gives how many. For a daily run.
    ///
    /// # Errors
    /// [`VaultError`]
    pub async fn purge_named_friends(&self, now: Timestamp) -> Result<u64, VaultError> {
        let mut purged = 0;
        loop {
            let some = sqlx::query(
                "delete from vault.named_friends where (merchant, lookup) in (
                     select merchant, lookup from vault.named_friends where expires_at_us <= $1 limit $2)",
            )
            .bind(now.0)
            .bind(PURGED_AT_ONCE)
            .execute(&self.inner.pool)
            .await?
            .rows_affected();
            purged += some;
            if some < PURGED_AT_ONCE.unsigned_abs() {
                return Ok(purged);
            }
        }
    }
}
