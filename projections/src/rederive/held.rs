//! Comparing rows, one for each customer, with what was derived for them and is held in memory.

use std::collections::HashMap;

use aggregates::id::MerchantId;
use sqlx::{PgConnection, Row, postgres::PgRow};
use uuid::Uuid;

use super::{Deviation, Difference, cursor::Cursor};
use crate::{projection::ProjectionError, sql};

/// Merchant and customer.
pub(super) type Key = (Uuid, Uuid);

/// What was derived for one customer.
pub(super) trait Held {
    /// Of the commit that made it what it is.
    fn position(&self) -> u64;

    /// The column of the row that says something else, if there is one.
    fn difference(&self, row: &PgRow) -> Result<Option<&'static str>, sqlx::Error>;
}

/// A table with one row for each customer.
pub(super) struct Rows {
    pub read_model: &'static str,
    pub table: &'static str,
    /// What [`Held::difference`] looks at, besides merchant, customer and position.
    pub columns: &'static str,
}

impl Rows {
    /// Adds every row that is not what was derived, and everything derived that has no row.
    pub async fn compare<H: Held>(
        &self,
        mut derived: HashMap<Key, H>,
        db: &mut PgConnection,
        only: Option<MerchantId>,
        deviations: &mut Vec<Deviation>,
    ) -> Result<(), ProjectionError> {
        let columns = format!("merchant, customer, position, {} from {}", self.columns, self.table);
        let rows = Cursor::open(db, self.read_model, &columns, only, "merchant, customer").await?;
        loop {
            let page = rows.next(db).await?;
            if page.is_empty() {
                break;
            }
            for row in &page {
                let key = (row.try_get("merchant")?, row.try_get("customer")?);
                let Some(held) = derived.remove(&key) else {
                    let position = sql::position(row.try_get("position")?);
                    deviations.push(self.deviation(key, position, Difference::Invented));
                    continue;
                };
                if let Some(column) = held.difference(row)? {
                    deviations.push(self.deviation(key, held.position(), Difference::Differs(column)));
                }
            }
        }
        let mut missing: Vec<(Key, u64)> = derived.iter().map(|(key, held)| (*key, held.position())).collect();
        missing.sort_unstable();
        deviations.extend(missing.into_iter().map(|(key, at)| self.deviation(key, at, Difference::Missing)));
        Ok(())
    }

    fn deviation(&self, (merchant, customer): Key, position: u64, difference: Difference) -> Deviation {
        Deviation { read_model: self.read_model, merchant: MerchantId(merchant), customer, position, difference }
    }
}
