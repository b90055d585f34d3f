//! Facts that wait for their order: which sealed items of the journal are about an order that nobody owns yet.

use aggregates::{id::MerchantId, time::Timestamp};
use sqlx::{Row, postgres::PgRow};
use uuid::Uuid;

use crate::{ItemId, OrderOwner, Vault, VaultError, WAITING_DAYS, WAITING_LIFE_DAYS, database};

/// Facts given back at once. An order with more of them gives the rest after these have been dropped.
const ITEMS_AT_ONCE: i64 = 1_000;

/// A fact that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitingItem {
    pub item: ItemId,
    /// Where the journal has it; `None` while it is being published, or if that was cut short.
    pub position: Option<u64>,
}

/// A fact that waits, and where the journal has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlacedItem {
    pub merchant: MerchantId,
    pub item: ItemId,
    pub position: u64,
}

impl PlacedItem {
    /// From columns `merchant`, `item` and `position`, which is known.
    fn from_row(row: &PgRow) -> Result<PlacedItem, sqlx::Error> {
        Ok(PlacedItem {
            merchant: MerchantId(row.try_get("merchant")?),
            item: ItemId(row.try_get("item")?),
            position: row.try_get::<i64, _>("position")?.cast_unsigned(),
        })
    }
}

impl Vault {
    /// Facts, of one merchant or of all, that have waited [`WAITING_DAYS`] by `now`, the oldest first, at most 1,000. Their
    /// keys still open them.
    pub async fn overdue_waiting(
        &self,
        merchant: Option<MerchantId>,
        now: Timestamp,
    ) -> Result<Vec<PlacedItem>, VaultError> {
        let rows = sqlx::query(
            "select merchant, item, position from vault.waiting_items join vault.item_keys using (item, merchant)
              where position is not null and expires_at_us <= $1 and (merchant = $3 or $3 is null)
              order by expires_at_us limit $2",
        )
        .bind(now.plus_days(WAITING_LIFE_DAYS - WAITING_DAYS).0)
        .bind(ITEMS_AT_ONCE)
        .bind(merchant.map(|merchant| merchant.0))
        .fetch_all(&self.inner.pool)
        .await?;
        Ok(rows.iter().map(PlacedItem::from_row).collect::<Result<_, _>>()?)
    }

    /// Every fact that waits and has a place in the journal, in the order of their items, after this one; at most 1,000.
    pub async fn placed_waiting(&self, after: Option<ItemId>) -> Result<Vec<PlacedItem>, VaultError> {
        let rows = sqlx::query(
            "select merchant, item, position from vault.waiting_items
              where position is not null and (item > $1 or $1 is null) order by item limit $2",
        )
        .bind(after.map(|item| item.0))
        .bind(ITEMS_AT_ONCE)
        .fetch_all(&self.inner.pool)
        .await?;
        Ok(rows.iter().map(PlacedItem::from_row).collect::<Result<_, _>>()?)
    }

    /// Forgets facts that the journal has lost, with their keys: nothing waits for their orders on their account any more,
    /// and the shop's next telling of them is the first.
    pub async fn forget_waiting(&self, lost: &[PlacedItem]) -> Result<(), VaultError> {
        sqlx::query("delete from vault.item_keys where item = any($1)")
            .bind(lost.iter().map(|lost| lost.item.0).collect::<Vec<Uuid>>())
            .execute(&self.inner.pool)
            .await?;
        Ok(())
    }

    /// Notes that an item of [`Vault::new_item`] is about this order, provided that nobody owns it: then
    /// [`OrderOwner::Waiting`]. Any other answer says that nothing was noted, and where the fact has to go instead.
    /// A claim comes either before this, and is answered here, or after it, and finds the item.
    pub async fn add_waiting_item(
        &self,
        merchant: MerchantId,
        order_id: &str,
        item: ItemId,
    ) -> Result<OrderOwner, VaultError> {
        let order = self.order(merchant, order_id).await?;
        let row = sqlx::query(
            "with owner as materialized (
                 insert into vault.order_owner as o (merchant, lookup) values ($1, $2)
                 on conflict (merchant, lookup) do update set waited = o.waited
                 returning account, waited, erased_at_us
             ), noted as (
                 insert into vault.waiting_items (item, merchant, lookup)
                 select $3, $1, $2 from owner where account is null and erased_at_us is null
                 on conflict (item) do nothing
             )
             select account, waited, erased_at_us from owner",
        )
        .bind(merchant.0)
        .bind(order.lookup)
        .bind(item.0)
        .fetch_one(&self.inner.pool)
        .await?;
        Ok(OrderOwner::from_row(&row)?)
    }

    /// The same for an order that has an owner who does not know it: claimed by somebody whose commit never came, or was
    /// refused. Whoever hands in its next body finds the item.
    pub async fn add_waiting_item_of_owned(
        &self,
        merchant: MerchantId,
        order_id: &str,
        item: ItemId,
    ) -> Result<(), VaultError> {
        let order = self.order(merchant, order_id).await?;
        sqlx::query(
            "with noted as (
                 insert into vault.waiting_items (item, merchant, lookup) values ($3, $1, $2) on conflict (item) do nothing
             )
             update vault.order_owner set waited = true where merchant = $1 and lookup = $2",
        )
        .bind(merchant.0)
        .bind(order.lookup)
        .bind(item.0)
        .execute(&self.inner.pool)
        .await?;
        Ok(())
    }

    /// Notes where the journal has the fact. Does nothing if it has been dropped meanwhile.
    pub async fn set_waiting_position(&self, item: ItemId, position: u64) -> Result<(), VaultError> {
        sqlx::query("update vault.waiting_items set position = $2 where item = $1")
            .bind(item.0)
            .bind(position.cast_signed())
            .execute(&self.inner.pool)
            .await?;
        Ok(())
    }

    /// What waits for this order, in the journal's order, what is not there yet last. At most 1,000 at once.
    pub async fn waiting_items(&self, merchant: MerchantId, order_id: &str) -> Result<Vec<WaitingItem>, VaultError> {
        let order = self.order(merchant, order_id).await?;
        let rows = sqlx::query(
            "select item, position from vault.waiting_items where merchant = $1 and lookup = $2
             order by position nulls last, item limit $3",
        )
        .bind(merchant.0)
        .bind(order.lookup)
        .bind(ITEMS_AT_ONCE)
        .fetch_all(&self.inner.pool)
        .await?;
        let items = rows.iter().map(|row| {
            let position = row.try_get::<Option<i64>, _>("position")?.map(i64::cast_unsigned);
            Ok(WaitingItem { item: ItemId(row.try_get("item")?), position })
        });
        Ok(items.collect::<Result<_, sqlx::Error>>()?)
    }

    /// Says that these facts have been applied to the order's owner: their keys are deleted, and once nothing waits
    /// any more, the order no longer says `was_waiting`.
    pub async fn drop_waiting_items(
        &self,
        merchant: MerchantId,
        order_id: &str,
        items: &[ItemId],
    ) -> Result<(), VaultError> {
        let order = self.order(merchant, order_id).await?;
        let items: Vec<Uuid> = items.iter().map(|item| item.0).collect();
        let mut transaction = database::begin(&self.inner.pool).await?;
        sqlx::query(
            "delete from vault.item_keys where item in (
                 select item from vault.waiting_items where merchant = $1 and lookup = $2 and item = any($3))",
        )
        .bind(merchant.0)
        .bind(order.lookup)
        .bind(items)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "update vault.order_owner set waited = false
             where merchant = $1 and lookup = $2 and waited and not exists (
                 select from vault.waiting_items w where w.merchant = $1 and w.lookup = $2)",
        )
        .bind(merchant.0)
        .bind(order.lookup)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }
}
