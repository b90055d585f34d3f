//! What leads to a person and is not to end with them: orders and codes of a profile that lost a merge are its survivor's.
//! And what was only ever about a request of theirs, which ends with it.

use aggregates::{
    id::{CustomerId, MerchantId},
    time::Timestamp,
};
use uuid::Uuid;

use crate::{DirectoryKind, Vault, VaultError, database};

/// What changed hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HandedOver {
    pub orders: u64,
    pub codes: u64,
}

impl Vault {
    /// Orders, redemption codes, referral codes and invitations of `from` lead to `to` from now on. For a profile that is about to be erased and lost a
    /// merge: whoever survived it answers for both. Doing it again finds nothing left.
    pub async fn hand_over(
        &self,
        merchant: MerchantId,
        from: CustomerId,
        to: CustomerId,
    ) -> Result<HandedOver, VaultError> {
        let mut transaction = database::begin(&self.inner.pool).await?;
        let orders = sqlx::query("update vault.order_owner set account = $3 where merchant = $1 and account = $2")
            .bind(merchant.0)
            .bind(from.0)
            .bind(to.0)
            .execute(&mut *transaction)
            .await?;
        let codes = sqlx::query(
            "update vault.directory set subject = $4 where merchant = $1 and kind = any($2) and subject = $3",
        )
        .bind(merchant.0)
        .bind([DirectoryKind::RedemptionCode, DirectoryKind::ReferralCode].map(DirectoryKind::as_str))
        .bind(from.0)
        .bind(to.0)
        .execute(&mut *transaction)
        .await?;
        // Those that the survivor has made, too, end with the profile that made them.
        sqlx::query(
            "update vault.invitations i set advocate = $3 where merchant = $1 and advocate = $2
                and not exists (select from vault.invitations o
                                 where o.merchant = $1 and o.advocate = $3 and o.lookup = i.lookup)",
        )
        .bind(merchant.0)
        .bind(from.0)
        .bind(to.0)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        self.inner.lookups.retain(|_, subject| *subject != from.0);
        Ok(HandedOver { orders: orders.rows_affected(), codes: codes.rows_affected() })
    }

    /// Whether anybody of this merchant is under a legal hold: then the merchant cannot be destroyed.
    pub async fn anybody_is_held(&self, merchant: MerchantId) -> Result<bool, VaultError> {
        let held = "select exists (select from vault.person_keys where merchant = $1 and state = 'held')";
        Ok(sqlx::query_scalar(held).bind(merchant.0).fetch_one(&self.inner.pool).await?)
    }

    /// An order that nobody owns is somebody's who is forgotten: its later facts are known for that, and what waited for an
    /// owner waits no more. One that has an owner stays theirs.
    pub async fn bury_order(&self, merchant: MerchantId, order_id: &str, at: Timestamp) -> Result<(), VaultError> {
        let order = self.order(merchant, order_id).await?;
        let mut transaction = database::begin(&self.inner.pool).await?;
        let buried = sqlx::query(
            "insert into vault.order_owner as o (merchant, lookup, erased_at_us) values ($1, $2, $3)
             on conflict (merchant, lookup) do update set erased_at_us = excluded.erased_at_us, waited = false
             where o.account is null and o.erased_at_us is null",
        )
        .bind(merchant.0)
        .bind(order.lookup)
        .bind(at.0)
        .execute(&mut *transaction)
        .await?;
        if buried.rows_affected() == 1 {
            sqlx::query(
                "delete from vault.item_keys where item in (
                     select item from vault.waiting_items where merchant = $1 and lookup = $2)",
            )
            .bind(merchant.0)
            .bind(order.lookup)
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Drops what this process keeps at hand of these people; another one has destroyed their keys.
    pub fn drop_leases(&self, people: &[CustomerId]) {
        people.iter().for_each(|person| self.inner.people.remove(person));
        self.inner.lookups.retain(|_, subject| !people.contains(&CustomerId(*subject)));
    }

    /// The outside identities of these subjects, which are no people, become tombstones: requests that were about somebody
    /// who is forgotten are known by hashes of whom they named.
    pub async fn forget_subjects(
        &self,
        merchant: MerchantId,
        kind: DirectoryKind,
        subjects: &[Uuid],
        at: Timestamp,
    ) -> Result<u64, VaultError> {
        let forgotten = sqlx::query(
            "update vault.directory set subject = null, erased_at_us = $4
              where merchant = $1 and kind = $2 and subject = any($3)",
        )
        .bind(merchant.0)
        .bind(kind.as_str())
        .bind(subjects)
        .bind(at.0)
        .execute(&self.inner.pool)
        .await?;
        self.inner.lookups.retain(|_, subject| !subjects.contains(subject));
        Ok(forgotten.rows_affected())
    }
}
