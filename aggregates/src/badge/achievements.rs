//! What somebody has done, month by month of the shop's calendar.

use std::collections::BTreeMap;

use super::period::Month;
use crate::money::Currency;

/// Built from orders and referrals as they stand now: what was given back is not in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Achievements {
    months: BTreeMap<Month, Deeds>,
}

/// What was done in one month.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deeds {
    pub orders: u32,
    /// Merchandise paid for and kept; minor units.
    pub spend_minor: BTreeMap<Currency, i64>,
    /// Friends brought, for whom both were paid and who kept their order.
    pub referrals: u32,
    pub has_birthday: bool,
}

impl Achievements {
    /// Takes in one order. One of which nothing was kept is none.
    pub fn note_order(&mut self, month: Month, currency: Option<Currency>, net_minor: i64) {
        if net_minor <= 0 {
            return;
        }
        let deeds = self.months.entry(month).or_default();
        deeds.orders = deeds.orders.saturating_add(1);
        if let Some(currency) = currency {
            let spent = deeds.spend_minor.entry(currency).or_default();
            *spent = spent.saturating_add(net_minor);
        }
    }

    /// Takes in a friend, by when both were paid.
    pub fn note_referral(&mut self, month: Month) {
        let deeds = self.months.entry(month).or_default();
        deeds.referrals = deeds.referrals.saturating_add(1);
    }

    /// Takes in that they were born in this month, on a day that has come.
    pub fn note_birthday(&mut self, month: Month) {
        self.months.entry(month).or_default().has_birthday = true;
    }

    /// In the order of the calendar, from a month on; months without a deed are left out.
    pub fn since(&self, first: Option<Month>) -> impl Iterator<Item = (Month, &Deeds)> {
        let counts = move |month: &Month| first.is_none_or(|first| *month >= first);
        self.months.iter().filter(move |(month, _)| counts(month)).map(|(month, deeds)| (*month, deeds))
    }
}
