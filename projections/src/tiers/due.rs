//! Who is to be looked at: the work list, as the read models have it. A decision's own event takes the row off the list.

use aggregates::{
    id::{CustomerId, MerchantId},
    time::Timestamp,
};
use sqlx::PgPool;
use uuid::Uuid;

use crate::{
    Changed,
    sql::{bigint, timestamptz},
};

/// Customers for whom something has changed, or who are being forgotten, after a position and since their shop was last looked at, in the journal's
/// order: of one merchant, or of all. Only of shops whose tiers were ever worked out.
///
/// # Errors
/// The database's.
pub async fn changed_after(
    db: &PgPool,
    only: Option<MerchantId>,
    after: u64,
    limit: i64,
) -> Result<Vec<Changed>, sqlx::Error> {
    let rows: Vec<(Uuid, Uuid, i64)> = sqlx::query_as(
        "select changed.merchant, changed.customer, max(changed.position)
           from (select merchant, customer, position from read.rfm_orders where position > $1
                 union all
                 select merchant, customer, position from read.rfm_closed_accounts where position > $1
                 union all
                 select merchant, customer, position from read.tier_bonuses where position > $1
                 union all
                 select merchant, customer, position from read.tier_gifts where position > $1
                 union all
                 select merchant, customer, position from read.customers
                  where position > $1 and state in ('erasing', 'erased')) as changed
           join read.tier_state as known
             on known.merchant = changed.merchant and changed.position > known.facts_through
          where $3::uuid is null or changed.merchant = $3
          group by changed.merchant, changed.customer order by max(changed.position) limit $2",
    )
    .bind(bigint(after))
    .bind(limit)
    .bind(only.map(|merchant| merchant.0))
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Changed::of).collect())
}

/// Customers of a merchant for whom time has come by `now`, the longest overdue first.
///
/// # Errors
/// The database's.
pub async fn overdue(
    db: &PgPool,
    merchant: MerchantId,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<CustomerId>, sqlx::Error> {
    let customers: Vec<Uuid> = sqlx::query_scalar(
        "select customer from read.tier_members where merchant = $1 and look_again_at <= $2
          order by look_again_at, customer limit $3",
    )
    .bind(merchant.0)
    .bind(timestamptz(now))
    .bind(limit)
    .fetch_all(db)
    .await?;
    Ok(customers.into_iter().map(CustomerId).collect())
}

/// Merchants of whom time has come for somebody by `now`, or whose newest tiers nobody stands by yet.
///
/// # Errors
/// The database's.
pub async fn merchants(db: &PgPool, now: Timestamp) -> Result<Vec<MerchantId>, sqlx::Error> {
    let merchants: Vec<Uuid> = sqlx::query_scalar(
        "select distinct merchant from read.tier_members where look_again_at <= $1
          union
         select defined.merchant from read.vip_tiers as defined
           left join read.tier_state as known on known.merchant = defined.merchant
           left join lateral (
                select definition, time_zone from read.vip_tiers as applied
                 where applied.merchant = defined.merchant and applied.version <= known.definition_version
                 order by version desc limit 1) as applied on true
          where defined.version > coalesce(known.definition_version, 0)
            and (defined.definition, defined.time_zone) is distinct from (applied.definition, applied.time_zone)
            -- A later version that counts earlier takes the place of this one.
            and not exists (select from read.vip_tiers as later
                             where later.merchant = defined.merchant and later.version > defined.version
                               and later.effective_from <= defined.effective_from)",
    )
    .bind(timestamptz(now))
    .fetch_all(db)
    .await?;
    Ok(merchants.into_iter().map(MerchantId).collect())
}
