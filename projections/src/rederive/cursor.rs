//! Reading a table from end to end without holding it.

use aggregates::id::MerchantId;
use sqlx::{AssertSqlSafe, PgConnection, postgres::PgRow};

/// Rows fetched at once.
const ROWS: usize = 4_096;

/// A cursor of the server's; it lives as long as the transaction.
pub(super) struct Cursor(&'static str);

impl Cursor {
    /// Opens a cursor of this name over `columns` of a table, of all merchants or of one, in this order.
    pub async fn open(
        db: &mut PgConnection,
        name: &'static str,
        columns_and_table: &str,
        only: Option<MerchantId>,
        order: &str,
    ) -> Result<Cursor, sqlx::Error> {
        // A cursor takes no parameters. An id's digits and dashes need none.
        let only =
            only.map_or_else(String::new, |merchant| format!("where merchant = '{}'", merchant.0.as_hyphenated()));
        let statement =
            format!("declare {name} no scroll cursor for select {columns_and_table} {only} order by {order}");
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(db).await?;
        Ok(Cursor(name))
    }

    /// The next rows; none at the end.
    pub async fn next(&self, db: &mut PgConnection) -> Result<Vec<PgRow>, sqlx::Error> {
        sqlx::query(AssertSqlSafe(format!("fetch forward {ROWS} from {}", self.0))).fetch_all(db).await
    }
}
