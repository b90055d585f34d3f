//! `balances` once more.

use std::collections::HashMap;

use aggregates::points::PointsEvent;
use journal::Positioned;
use uuid::Uuid;

use super::{
    Deviation, Moment,
    held::{FIRST_COLUMN, Held, Key, Rows},
};
use crate::{
    balances::{self, BalanceRow},
    copied::Fields,
    projection::ProjectionError,
};

const ROWS: Rows =
    Rows { read_model: balances::Balances::NAME, table: "read.balances", columns: &["purse", "recorded_at"] };

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

    pub async fn compare(self, moment: Moment) -> Result<Vec<Deviation>, ProjectionError> {
        ROWS.compare(self.accounts, &moment).await
    }
}

impl Held for BalanceRow {
    fn position(&self) -> u64 {
        self.position
    }

    fn difference(&self, position: u64, row: &Fields<'_>) -> Result<Option<&'static str>, ProjectionError> {
        let purse = balances::purse(row.bytes(FIRST_COLUMN)?);
        Ok(if !purse.is_ok_and(|purse| purse == self.purse) {
            Some("purse")
        } else if position != self.position {
            Some("position")
        } else {
            (row.timestamp(FIRST_COLUMN + 1)? != self.recorded_at).then_some("recorded_at")
        })
    }
}
