//! One consistent view of a shop: how far its RFM commits and its orders are known, its newest window, its buyers. A
//! decision made on it names the position, and is written only if that is still the last.

use aggregates::{
    id::{CustomerId, MerchantId},
    money::Currency,
    rfm::{Buyer, Calendar, Names, Purchases},
    time::Timestamp,
};
use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Postgres, Row, Transaction};

use super::{buyers, eligibility, windows, windows::WindowRow};
use crate::{
    projection::ProjectionError,
    rfm_orders::RfmOrders,
    sql::{position, timestamp},
};

/// For counting everybody's orders in memory: what the database takes by default is for small answers.
const WORKING_MEMORY: &str = "set local work_mem = '256MB'";

/// Everything read through it is as of one moment.
pub struct Sheet {
    db: PgPool,
    transaction: Transaction<'static, Postgres>,
    merchant: MerchantId,
    /// Of the last RFM commit that the tables know; 0 if there is none.
    pub position: u64,
    /// Recorded time of that commit, or of one before it: the highest.
    pub recorded_at: Timestamp,
    /// Orders are known through this position.
    pub orders_through: u64,
    pub newest: Option<WindowRow>,
}

/// Buyers of a shop, in the order of their ids.
pub struct Buyers {
    pub currency: Option<Currency>,
    pub buyers: Vec<Buyer>,
    /// What the numbers of their segments mean.
    pub names: Names,
}

impl Sheet {
    /// # Errors
    /// [`ProjectionError::Database`], [`ProjectionError::BadRow`].
    pub async fn open(db: &PgPool, merchant: MerchantId) -> Result<Sheet, ProjectionError> {
        let mut transaction = begin(db).await?;
        let (position, recorded_at) = state(&mut transaction, merchant).await?;
        let orders_through = counted_through(&mut transaction).await?;
        let newest = windows::newest(&mut *transaction, merchant, None).await?;
        Ok(Sheet { db: db.clone(), transaction, merchant, position, recorded_at, orders_through, newest })
    }

    /// Everybody who has bought something or has a standing.
    pub async fn everybody(mut self, calendar: &Calendar) -> Result<Buyers, ProjectionError> {
        // Standings come over a second connection, with the same view, while the first one counts orders.
        let mut beside = self.same_view().await?;
        let mut names = Names::default();
        let (bought, stood) = futures::join!(
            bought(&mut self.transaction, self.merchant, calendar),
            buyers::standings(&mut beside, self.merchant, &mut names)
        );
        let (currency, bought) = bought?;
        Ok(Buyers { currency, buyers: buyers::joined(bought, stood?), names })
    }

    async fn same_view(&mut self) -> Result<Transaction<'static, Postgres>, ProjectionError> {
        let view: String = sqlx::query_scalar("select pg_export_snapshot()").fetch_one(&mut *self.transaction).await?;
        let mut beside = begin(&self.db).await?;
        // The statement takes no parameters; the database itself has made the name.
        let join = AssertSqlSafe(format!("set transaction snapshot '{view}'"));
        sqlx::query(join).execute(&mut *beside).await?;
        Ok(beside)
    }

    /// These buyers, in this currency; in the shop's, if there was none when the newest window was held.
    pub async fn some(
        mut self,
        customers: &[CustomerId],
        currency: Option<Currency>,
        calendar: &Calendar,
    ) -> Result<Buyers, ProjectionError> {
        let apart = eligibility::apart(&mut self.transaction, self.merchant).await?;
        let currency = match currency {
            Some(currency) => Some(currency),
            None => buyers::currency(&mut self.transaction, self.merchant).await?,
        };
        let mut names = Names::default();
        let asked = buyers::Asked { merchant: self.merchant, customers, currency };
        let buyers = buyers::some(&mut self.transaction, asked, calendar, &apart, &mut names).await?;
        Ok(Buyers { currency, buyers, names })
    }
}

/// A transaction that sees one moment.
async fn begin(db: &PgPool) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let mut transaction = db.begin().await?;
    sqlx::query("set transaction isolation level repeatable read, read only").execute(&mut *transaction).await?;
    Ok(transaction)
}

/// What everybody who may be profiled has bought, in the shop's currency.
async fn bought(
    connection: &mut PgConnection,
    merchant: MerchantId,
    calendar: &Calendar,
) -> Result<(Option<Currency>, Vec<(CustomerId, Purchases)>), ProjectionError> {
    sqlx::query(WORKING_MEMORY).execute(&mut *connection).await?;
    let apart = eligibility::apart(connection, merchant).await?;
    let Some(currency) = buyers::currency(connection, merchant).await? else { return Ok((None, Vec::new())) };
    let mut bought = buyers::purchases(connection, merchant, currency, calendar).await?;
    bought.retain(|(customer, _)| !apart.contains(customer));
    Ok((Some(currency), bought))
}

async fn state(connection: &mut PgConnection, merchant: MerchantId) -> Result<(u64, Timestamp), sqlx::Error> {
    let row = sqlx::query("select position, recorded_at from read.rfm_state where merchant = $1")
        .bind(merchant.0)
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else { return Ok((0, Timestamp(0))) };
    Ok((position(row.try_get("position")?), timestamp(row.try_get::<DateTime<Utc>, _>("recorded_at")?)))
}

async fn counted_through(connection: &mut PgConnection) -> Result<u64, sqlx::Error> {
    let stands: Option<i64> = sqlx::query_scalar("select position from read.checkpoint where projection = $1 and live")
        .bind(RfmOrders::NAME)
        .fetch_optional(connection)
        .await?;
    Ok(stands.map_or(0, position))
}
