//! A decision in the making: events recorded so far, and the purse as it would be after them.

use super::{account::Account, event::PointsEvent, purse::Purse};
use crate::time::Timestamp;

pub(super) struct Draft {
    pub purse: Purse,
    pub events: Vec<PointsEvent>,
    pub now: Timestamp,
}

impl Draft {
    /// Starts with what time has done up to `now`: every decision is taken on a settled account.
    pub fn at(account: &Account, now: Timestamp) -> Self {
        let mut draft = Draft { purse: account.purse.clone(), events: Vec::new(), now };
        draft.settle();
        draft
    }

    pub fn record(&mut self, event: PointsEvent) {
        Account::apply_to_purse(&mut self.purse, &event, self.now);
        self.events.push(event);
    }

    pub fn settle(&mut self) {
        for event in self.purse.settle(self.now) {
            self.record(event);
        }
    }
}
