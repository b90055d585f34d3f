//! One consistent view of a shop: how far the commits about its tiers and what counts for them are known, and its customers.
//! A decision made on it names the position, and is written only if that is still the last.

use std::collections::HashSet;

use aggregates::{
    id::{CustomerId, MerchantId},
    tier::Assessed,
    time::Timestamp,
};
use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool, Postgres, Row, Transaction};
use uuid::Uuid;

use super::facts;
use crate::{
    projection::ProjectionError,
    rfm::buyers,
    rfm_orders::RfmOrders,
    sql::{position, timestamp},
    tier_facts::TierFacts,
};

/// For sorting what counts for everybody: what the database takes by default is for small answers.
const WORKING_MEMORY: &str = "set local work_mem = '256MB'";

/// Everything read through it is as of one moment.
pub struct Sheet {
    transaction: Transaction<'static, Postgres>,
    merchant: MerchantId,
    /// Of the last commit about tiers that the tables know; 0 if there is none.
    pub position: u64,
    /// Recorded time of that commit, or of one before it: the highest.
    pub recorded_at: Timestamp,
    /// Version of the programme by which everybody stands; 0 before the first.
    pub definition_version: u32,
    /// What counts is known through this position.
    pub facts_through: u64,
}

impl Sheet {
    /// # Errors
    /// [`ProjectionError::Database`]
    pub async fn open(db: &PgPool, merchant: MerchantId) -> Result<Sheet, ProjectionError> {
        let mut transaction = db.begin().await?;
        sqlx::query("set transaction isolation level repeatable read, read only").execute(&mut *transaction).await?;
        let facts_through = known_through(&mut transaction).await?;
        let state =
            sqlx::query("select position, definition_version, recorded_at from read.tier_state where merchant = $1")
                .bind(merchant.0)
                .fetch_optional(&mut *transaction)
                .await?;
        let mut sheet = Sheet {
            transaction,
            merchant,
            position: 0,
            recorded_at: Timestamp(0),
            definition_version: 0,
            facts_through,
        };
        if let Some(row) = state {
            sheet.position = position(row.try_get("position")?);
            sheet.recorded_at = timestamp(row.try_get::<DateTime<Utc>, _>("recorded_at")?);
            sheet.definition_version = u32::try_from(row.try_get::<i64, _>("definition_version")?).unwrap_or(0);
        }
        Ok(sheet)
    }

    /// Shows everybody who has something that counts, or is on record, one after the other: however many they are, only one
    /// is in memory.
    ///
    /// # Errors
    /// [`ProjectionError::Database`], [`ProjectionError::BadRow`]
    pub async fn everybody(mut self, visit: impl FnMut(Assessed)) -> Result<(), ProjectionError> {
        sqlx::query(WORKING_MEMORY).execute(&mut *self.transaction).await?;
        let apart = apart(&mut self.transaction, self.merchant).await?;
        let currency = buyers::currency(&mut self.transaction, self.merchant).await?;
        facts::everybody(&mut self.transaction, self.merchant, currency, &apart, visit).await
    }

    /// These customers.
    ///
    /// # Errors
    /// [`ProjectionError::Database`], [`ProjectionError::BadRow`]
    pub async fn some(mut self, customers: &[CustomerId]) -> Result<Vec<Assessed>, ProjectionError> {
        let apart = apart(&mut self.transaction, self.merchant).await?;
        let currency = buyers::currency(&mut self.transaction, self.merchant).await?;
        facts::some(&mut self.transaction, self.merchant, customers, currency, &apart).await
    }
}

/// Whoever is being forgotten, or was: nothing counts for them any more. A tier is what a member was promised and not a
/// profile, so that an objection to profiling takes nobody's away.
async fn apart(connection: &mut PgConnection, merchant: MerchantId) -> Result<HashSet<CustomerId>, sqlx::Error> {
    let apart: Vec<Uuid> = sqlx::query_scalar(
        "select customer from read.customers where merchant = $1 and state not in ('member', 'merged')",
    )
    .bind(merchant.0)
    .fetch_all(connection)
    .await?;
    Ok(apart.into_iter().map(CustomerId).collect())
}

async fn known_through(connection: &mut PgConnection) -> Result<u64, sqlx::Error> {
    let stands: Option<i64> =
        sqlx::query_scalar("select min(position) from read.checkpoint where projection = any($1) and live")
            .bind([RfmOrders::NAME, TierFacts::NAME].map(str::to_owned).to_vec())
            .fetch_one(connection)
            .await?;
    Ok(stands.map_or(0, position))
}
