//! `balances` once more.

use std::collections::HashMap;

use aggregates::{id::MerchantId, points::PointsEvent};
use journal::Positioned;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use super::{Deviation, Difference, cursor::Cursor};
use crate::{
    balances::{self, BalanceRow},
    projection::ProjectionError,
};

type Key = (Uuid, Uuid);

pub(super) struct Balances {
    up_to: u64,
    accounts: HashMap<Key, BalanceRow>,
}

impl Balances {
    pub fn up_to(up_to: u64) -> Self {
        Balances { up_to, accounts: HashMap::new() }
    }

    pub fn take_in(&mut self, commit: &Positioned, customer: Uuid, events: &[PointsEvent]) {
        if commit.position <= self.up_to {
            let row = self.accounts.entry((commit.subject.merchant.0, customer)).or_insert_with(balances::empty);
            balances::fold_events(row, commit, events);
        }
    }

    pub async fn compare(
        mut self,
        db: &mut PgConnection,
        only: Option<MerchantId>,
        deviations: &mut Vec<Deviation>,
    ) -> Result<(), ProjectionError> {
        let columns = "merchant, customer, purse, position, recorded_at from read.balances";
        let rows = Cursor::open(db, "balances_there", columns, only, "merchant, customer").await?;
        let mut deviates = |key: Key, position, difference| {
            let (merchant, customer) = (MerchantId(key.0), key.1);
            deviations.push(Deviation {
                read_model: balances::Balances::NAME,
                merchant,
                customer,
                position,
                difference,
            });
        };
        loop {
            let page = rows.next(db).await?;
            if page.is_empty() {
                break;
            }
            for row in &page {
                let key = (row.try_get("merchant")?, row.try_get("customer")?);
                let Some(derived) = self.accounts.remove(&key) else {
                    deviates(key, crate::sql::position(row.try_get("position")?), Difference::Invented);
                    continue;
                };
                if let Some(column) = difference(&derived, balances::from_row(row)) {
                    deviates(key, derived.position, Difference::Differs(column));
                }
            }
        }
        let mut missing: Vec<(Key, u64)> = self.accounts.iter().map(|(key, row)| (*key, row.position)).collect();
        missing.sort_unstable();
        missing.into_iter().for_each(|(key, position)| deviates(key, position, Difference::Missing));
        Ok(())
    }
}

fn difference(derived: &BalanceRow, there: Result<BalanceRow, ProjectionError>) -> Option<&'static str> {
    let Ok(there) = there else { return Some("purse") };
    if there.purse != derived.purse {
        Some("purse")
    } else if there.position != derived.position {
        Some("position")
    } else {
        (there.recorded_at != derived.recorded_at).then_some("recorded_at")
    }
}
