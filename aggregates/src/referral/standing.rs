//! What the friend's account says. A function of the set of the friend's orders as they stand: how often and in which order
//! anything was told makes no difference.

use super::event::Cause;
use crate::{id::Token, points::Account, program::ReferralSettings, time::Timestamp};

/// One order of the friend, as far as a referral cares. Test orders are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FriendOrder {
    pub processed_at: Timestamp,
    pub order: Token,
    /// Merchandise less refunds; minor units.
    pub kept_minor: i64,
    /// Not cancelled, not voided, and not all of it back.
    pub counts: bool,
}

impl FriendOrder {
    /// All of an account, oldest first; those of one moment by their tokens, so that everybody finds the same first.
    pub fn all_of(account: &Account) -> Vec<FriendOrder> {
        let known = account.orders.iter().filter(|(_, record)| record.currency.is_some() && !record.test);
        let mut orders: Vec<FriendOrder> = known
            .map(|(order, record)| FriendOrder {
                processed_at: record.processed_at,
                order: *order,
                kept_minor: record.base_minor - record.refunded_minor(),
                counts: !record.is_wholly_back(),
            })
            .collect();
        orders.sort_unstable();
        orders
    }

    fn qualifies(&self, rules: &ReferralSettings) -> bool {
        self.counts && self.kept_minor > 0 && self.kept_minor >= rules.minimum_minor
    }
}

/// The order that a referral can be paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Qualifying {
    pub order: Token,
    pub processed_at: Timestamp,
    pub kept_minor: i64,
    /// The end of the return window.
    pub hold_until: Timestamp,
}

/// Why there is no such order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortfall {
    /// None came, or none that counts.
    NoOrder,
    BelowMinimum,
    /// An order from before the friend came through the link.
    NotNew,
}

impl Shortfall {
    pub const fn cause(self) -> Cause {
        match self {
            Shortfall::NoOrder => Cause::OrderBack,
            Shortfall::BelowMinimum => Cause::BelowMinimum,
            Shortfall::NotNew => Cause::NotNew,
        }
    }
}

/// The qualifying order of a friend who came through the link at `since` and has to order by `until`. With `new_customers_only` that is the first order
/// of all that count, or none; otherwise the first that is worth enough. `orders` are sorted.
///
/// # Errors
/// [`Shortfall`]
pub fn qualifying(
    orders: &[FriendOrder],
    (since, until): (Timestamp, Timestamp),
    rules: &ReferralSettings,
) -> Result<Qualifying, Shortfall> {
    // Also one that was cancelled: whoever had ordered knew the shop.
    if rules.new_customers_only && orders.iter().any(|order| !since.had_happened_by(order.processed_at)) {
        return Err(Shortfall::NotNew);
    }
    let in_time =
        |order: &&FriendOrder| order.counts && since.had_happened_by(order.processed_at) && order.processed_at <= until;
    let mut counting = orders.iter().filter(in_time);
    let first = match rules.new_customers_only {
        true => counting.next().ok_or(Shortfall::NoOrder)?,
        false => {
            let first = counting.next().ok_or(Shortfall::NoOrder)?;
            std::iter::once(first)
                .chain(counting)
                .find(|order| order.qualifies(rules))
                .ok_or(Shortfall::BelowMinimum)?
        }
    };
    match first.qualifies(rules) {
        true => Ok(Qualifying {
            order: first.order,
            processed_at: first.processed_at,
            kept_minor: first.kept_minor,
            hold_until: first.processed_at.plus_days(rules.hold_days),
        }),
        false => Err(Shortfall::BelowMinimum),
    }
}

/// Whether an order that was paid for still deserves it.
pub fn still_deserves(orders: &[FriendOrder], paid: Token, rules: &ReferralSettings) -> Result<(), Shortfall> {
    match orders.iter().find(|order| order.order == paid) {
        Some(order) if !order.counts => Err(Shortfall::NoOrder),
        Some(order) if !order.qualifies(rules) => Err(Shortfall::BelowMinimum),
        // An order that is not there any more is one of somebody who was forgotten: it went without going back.
        _ => Ok(()),
    }
}
