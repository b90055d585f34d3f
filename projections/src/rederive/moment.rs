//! One moment of the database, seen by several connections at once: what they read belongs together, and they read side by side.

use aggregates::id::MerchantId;
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Postgres, Transaction};

/// A moment that a transaction of the caller's has exported. It can be opened for as long as that transaction lasts.
#[derive(Debug, Clone)]
pub struct Moment {
    db: PgPool,
    name: String,
    /// Whose rows are looked at; everybody's, if nobody's in particular.
    pub(super) only: Option<MerchantId>,
}

impl Moment {
    /// What a repeatable-read transaction of this database sees.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn of(seen_by: &mut PgConnection, db: PgPool, only: Option<MerchantId>) -> sqlx::Result<Self> {
        let name = sqlx::query_scalar("select pg_export_snapshot()").fetch_one(seen_by).await?;
        Ok(Moment { db, name, only })
    }

    /// Another transaction that sees it. It only reads.
    pub(super) async fn open(&self) -> sqlx::Result<Transaction<'static, Postgres>> {
        let mut transaction = self.db.begin().await?;
        // A snapshot's name is the server's own: digits and dashes.
        let same = format!(
            "set transaction isolation level repeatable read, read only; set transaction snapshot '{}'",
            self.name
        );
        sqlx::raw_sql(AssertSqlSafe(same)).execute(&mut *transaction).await?;
        Ok(transaction)
    }

    /// The condition on rows of one merchant, or none. An id's digits and dashes need no parameter.
    pub(super) fn condition(&self) -> String {
        self.only.map_or_else(String::new, |merchant| format!(" where merchant = '{}'", merchant.0.as_hyphenated()))
    }
}
