//! Comparing rows, one for each customer, with what was derived for them and is held in memory.

use std::collections::HashMap;

use aggregates::id::MerchantId;
use uuid::Uuid;

use super::{Deviation, Difference, Moment};
use crate::{
    copied::{self, Fields},
    projection::ProjectionError,
    sql,
};

/// Merchant and customer.
pub(super) type Key = (Uuid, Uuid);

/// Where the columns of a model begin: before them stand merchant, customer and position.
pub(super) const FIRST_COLUMN: usize = 3;

/// What was derived for one customer.
pub(super) trait Held {
    /// Of the commit that made it what it is.
    fn position(&self) -> u64;

    /// The column of the row that says something else, if there is one. `position` is that of the row.
    fn difference(&self, position: u64, row: &Fields<'_>) -> Result<Option<&'static str>, ProjectionError>;
}

/// A table with one row for each customer.
pub(super) struct Rows {
    pub read_model: &'static str,
    pub table: &'static str,
    /// What [`Held::difference`] looks at, from [`FIRST_COLUMN`] on.
    pub columns: &'static [&'static str],
}

impl Rows {
    /// Every row that is not what was derived, and everything derived that has no row.
    pub async fn compare<H: Held>(
        &self,
        mut derived: HashMap<Key, H>,
        moment: &Moment,
    ) -> Result<Vec<Deviation>, ProjectionError> {
        let mut db = moment.open().await?;
        let (columns, condition) = (self.columns.join(", "), moment.condition());
        let query = format!("select merchant, customer, position, {columns} from {}{condition}", self.table);
        let mut found = Vec::new();
        copied::read(&mut db, &query, FIRST_COLUMN + self.columns.len(), |row| {
            let key = (row.uuid(0)?, row.uuid(1)?);
            let position = sql::position(row.bigint(2)?);
            let Some(held) = derived.remove(&key) else {
                found.push(self.deviation(key, position, Difference::Invented));
                return Ok(());
            };
            if let Some(column) = held.difference(position, row)? {
                found.push(self.deviation(key, held.position(), Difference::Differs(column)));
            }
            Ok(())
        })
        .await?;
        let missing = derived.iter().map(|(key, held)| self.deviation(*key, held.position(), Difference::Missing));
        found.extend(missing);
        found.sort_unstable_by_key(|deviation| (deviation.merchant, deviation.position, deviation.customer));
        Ok(found)
    }

    fn deviation(&self, (merchant, customer): Key, position: u64, difference: Difference) -> Deviation {
        Deviation { read_model: self.read_model, merchant: MerchantId(merchant), customer, position, difference }
    }
}
