//! Whose order it is. One owner each, whoever claims it first; every later fact goes to the owner, whichever customer
//! it names. A fact that comes before any owner makes the order wait.

use std::collections::{BTreeMap, HashMap};

use aggregates::{
    id::{CustomerId, MerchantId},
    time::Timestamp,
};
use sqlx::{PgConnection, Row, postgres::PgRow};

use crate::{Vault, VaultError, batch::Round, kept::KeptConnection};

const LOOKUP_KIND: &str = "order";

/// To whom the facts of an order go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderOwner {
    Account {
        account: CustomerId,
        /// Facts came before the owner, and [`Vault::drop_waiting_items`] has not said yet that they were applied.
        was_waiting: bool,
    },
    /// Nobody has claimed the order; facts about it wait.
    Waiting,
    /// Its owner was erased.
    Erased { at: Timestamp },
}

impl OrderOwner {
    /// From columns `account`, `waited` and `erased_at_us`.
    pub(crate) fn from_row(row: &PgRow) -> Result<OrderOwner, sqlx::Error> {
        if let Some(at) = row.try_get("erased_at_us")? {
            return Ok(OrderOwner::Erased { at: Timestamp(at) });
        }
        Ok(match row.try_get("account")? {
            Some(account) => OrderOwner::Account { account: CustomerId(account), was_waiting: row.try_get("waited")? },
            None => OrderOwner::Waiting,
        })
    }
}

impl Vault {
    /// Claims an order for an account, and says whose it is after that: first writer wins, a waiting order becomes the
    /// claimer's. Durable before it returns.
    pub async fn claim_order(
        &self,
        merchant: MerchantId,
        order_id: &str,
        account: CustomerId,
    ) -> Result<OrderOwner, VaultError> {
        let order = self.order(merchant, order_id).await?;
        self.inner.order_owners.ask(OwnerAsk { order, claimed_by: Some(account) }).await
    }

    /// Whose order it is, for a fact that names no customer; from now on it waits if it is nobody's.
    pub async fn await_order(&self, merchant: MerchantId, order_id: &str) -> Result<OrderOwner, VaultError> {
        let order = self.order(merchant, order_id).await?;
        self.inner.order_owners.ask(OwnerAsk { order, claimed_by: None }).await
    }

    /// Whose order it is; `None` if nothing was ever heard of it. Changes nothing.
    pub async fn order_owner(&self, merchant: MerchantId, order_id: &str) -> Result<Option<OrderOwner>, VaultError> {
        let order = self.order(merchant, order_id).await?;
        let row = sqlx::query(
            "select account, waited, erased_at_us from vault.order_owner where merchant = $1 and lookup = $2",
        )
        .bind(order.merchant.0)
        .bind(order.lookup)
        .fetch_optional(&self.inner.pool)
        .await?;
        Ok(row.as_ref().map(OrderOwner::from_row).transpose()?)
    }

    pub(crate) async fn order(&self, merchant: MerchantId, order_id: &str) -> Result<Order, VaultError> {
        let lookup = self.merchant(merchant).await?.lookup_hash(LOOKUP_KIND, order_id);
        Ok(Order { merchant, lookup })
    }
}

/// An order as the tables name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Order {
    pub merchant: MerchantId,
    pub lookup: [u8; 32],
}

pub(crate) struct OwnerAsk {
    order: Order,
    /// Without a claimer the order is only marked as waiting.
    claimed_by: Option<CustomerId>,
}

/// Claims and waits of many callers in one statement, and a second one for those that come second.
pub(crate) struct OwnerRound {
    pub connection: KeptConnection,
}

impl Round for OwnerRound {
    type Ask = OwnerAsk;
    type Answer = OrderOwner;

    const NAME: &'static str = "order_owner";
    const MOST: usize = 1_024;

    async fn run(&mut self, asks: &[OwnerAsk]) -> Result<Vec<OrderOwner>, VaultError> {
        let orders = one_ask_per_order(asks);
        let owners = self.connection.with(async |connection| owners_of(connection, orders).await).await?;
        let owner_of = |ask: &OwnerAsk| owners.get(&ask.order).copied();
        asks.iter().map(owner_of).collect::<Option<_>>().ok_or_else(|| sqlx::Error::RowNotFound.into())
    }
}

/// Orders of a round, each with its first claimer; who merely waits for the same order learns of that claim. Sorted:
/// processes that meet the same orders wait for each other's rows in the same order, never in a circle.
fn one_ask_per_order(asks: &[OwnerAsk]) -> BTreeMap<Order, Option<CustomerId>> {
    let mut orders = BTreeMap::new();
    for ask in asks {
        let claimer = orders.entry(ask.order).or_insert(None);
        *claimer = claimer.or(ask.claimed_by);
    }
    orders
}

type Owners = HashMap<Order, OrderOwner>;

async fn owners_of(
    connection: &mut PgConnection,
    mut open: BTreeMap<Order, Option<CustomerId>>,
) -> Result<Owners, VaultError> {
    let mut owners = write(connection, &open).await?;
    open.retain(|order, _| !owners.contains_key(order));
    if !open.is_empty() {
        owners.extend(read(connection, &open).await?);
    }
    Ok(owners)
}

/// Writes the orders nobody owns; gives back those. An owner that another process writes while this runs is met by
/// the conflict, and left for [`read`], whose statement begins later and sees it.
async fn write(
    connection: &mut PgConnection,
    orders: &BTreeMap<Order, Option<CustomerId>>,
) -> Result<Owners, VaultError> {
    // Orders with an owner are left out first, because meeting them by the conflict would lock their rows.
    let rows = sqlx::query(
        "insert into vault.order_owner as o (merchant, lookup, account)
         select merchant, lookup, account
         from unnest($1::uuid[], $2::bytea[], $3::uuid[]) as asked (merchant, lookup, account)
         where not exists (
             select from vault.order_owner k where k.merchant = asked.merchant and k.lookup = asked.lookup
             and (asked.account is null or k.account is not null or k.erased_at_us is not null))
         order by merchant, lookup
         on conflict (merchant, lookup) do update set account = excluded.account, waited = true
             where o.account is null and o.erased_at_us is null and excluded.account is not null
         returning merchant, lookup, account, waited, erased_at_us",
    )
    .bind(orders.keys().map(|order| order.merchant.0).collect::<Vec<_>>())
    .bind(orders.keys().map(|order| order.lookup).collect::<Vec<_>>())
    .bind(orders.values().map(|claimer| claimer.map(|account| account.0)).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    owners(&rows)
}

async fn read(
    connection: &mut PgConnection,
    orders: &BTreeMap<Order, Option<CustomerId>>,
) -> Result<Owners, VaultError> {
    let rows = sqlx::query(
        "select merchant, lookup, account, waited, erased_at_us
         from unnest($1::uuid[], $2::bytea[]) as asked (merchant, lookup)
         join vault.order_owner using (merchant, lookup)",
    )
    .bind(orders.keys().map(|order| order.merchant.0).collect::<Vec<_>>())
    .bind(orders.keys().map(|order| order.lookup).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    owners(&rows)
}

fn owners(rows: &[PgRow]) -> Result<Owners, VaultError> {
    let owner = |row: &PgRow| {
        let order = Order { merchant: MerchantId(row.try_get("merchant")?), lookup: row.try_get("lookup")? };
        Ok((order, OrderOwner::from_row(row)?))
    };
    Ok(rows.iter().map(owner).collect::<Result<_, sqlx::Error>>()?)
}
