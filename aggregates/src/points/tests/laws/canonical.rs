//! What has to be equal between two deliveries of one history: no minted ids, no positions, no recorded times, no lines.

use std::collections::BTreeMap;

use super::{delivery::Shop, history::History};
use crate::{
    Aggregate,
    event::Recorded,
    id::Token,
    points::{Balance, LotExpiry, LotSource, PointsCommand, tests::kit::*},
    time::Timestamp,
};

#[derive(Debug, PartialEq, Eq)]
pub struct CanonicalAccount {
    balance: Balance,
    /// By order: what remains, what has expired, and when the rest will.
    lots: BTreeMap<String, (i64, i64, LotExpiry)>,
    orders: BTreeMap<String, CanonicalOrder>,
}

#[derive(Debug, PartialEq, Eq)]
struct CanonicalOrder {
    awarded: i64,
    reversed: i64,
    program_version: u32,
    refunded_minor: i64,
    wholly_back: bool,
}

/// Available, pending, earned and expired in a lifetime.
pub type Totals = [i64; 4];

impl CanonicalAccount {
    pub fn totals(&self) -> Totals {
        let Balance { available, pending, lifetime_earned, lifetime_expired, .. } = self.balance;
        [available, pending, lifetime_earned, lifetime_expired]
    }
}

/// Every account as it is at `instant`; those that were merged away are empty in every delivery.
pub fn canonical(shop: &Shop, history: &History, instant: Timestamp) -> BTreeMap<Person, CanonicalAccount> {
    let mut names: BTreeMap<Token, &str> = BTreeMap::new();
    for order in &history.orders {
        names.extend(shop.accounts.keys().map(|person| (person.token(&order.id), order.id.as_str())));
    }
    shop.accounts.iter().map(|(person, story)| (*person, canonical_account(story, &names, instant))).collect()
}

fn canonical_account(story: &Story, names: &BTreeMap<Token, &str>, instant: Timestamp) -> CanonicalAccount {
    let mut account = story.account.clone();
    for event in account.decide(&PointsCommand::Settle { now: instant }).expect("settling is never refused") {
        account.apply(&event, &Recorded { position: 0, at: instant });
    }
    let lots = account.purse.lots.iter().filter(|lot| lot.remaining + lot.expired > 0).map(|lot| {
        let LotSource::Order(order) = lot.source else { panic!("nobody adjusts here: {lot:?}") };
        (names[&order].to_owned(), (lot.remaining, lot.expired, lot.expiry))
    });
    let orders = account.orders.iter().map(|(token, record)| {
        let order = CanonicalOrder {
            awarded: record.awarded,
            reversed: record.awarded - record.kept,
            program_version: record.program_version,
            refunded_minor: record.refunded_minor(),
            wholly_back: record.is_wholly_back(),
        };
        (names[token].to_owned(), order)
    });
    CanonicalAccount { balance: account.balance_at(instant), lots: lots.collect(), orders: orders.collect() }
}
