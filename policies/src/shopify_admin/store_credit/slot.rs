//! What stands on a customer about their store credit: the movement that is begun, if one is, and what has become of each
//! redemption's credit.

use std::{fmt, time::Duration};

use aggregates::{money::Currency, time::Timestamp};
use serde::{Deserialize, Serialize};

use super::history::Newest;

/// A call that moves credit has come to an end in the shop after this, whoever waits for its answer: only then does the
/// account say whether it was done.
pub(super) const OVER_AFTER: Duration = Duration::from_secs(60);

const CREDITED: &str = "credited";
const TAKEN_BACK: &str = "taken_back";

/// Which way credit goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Movement {
    Credit,
    Debit,
}

impl Movement {
    /// What is marked when it is done; the transaction is the shop's id of it.
    pub fn became(self, transaction: String) -> Mark {
        match self {
            Movement::Credit => Mark::Credited(transaction),
            Movement::Debit => Mark::TakenBack(Some(transaction)),
        }
    }
}

/// What has become of the credit of one redemption. Without a mark it was not given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mark {
    /// The shop's id of the transaction.
    Credited(String),
    /// By this transaction; without one it was never given, and will not be.
    TakenBack(Option<String>),
}

impl Mark {
    pub fn parse(value: &str) -> Option<Self> {
        match value.split_once(' ') {
            Some((CREDITED, transaction)) => Some(Mark::Credited(transaction.to_owned())),
            Some((TAKEN_BACK, transaction)) => Some(Mark::TakenBack(Some(transaction.to_owned()))),
            None if value == TAKEN_BACK => Some(Mark::TakenBack(None)),
            _ => None,
        }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mark::Credited(transaction) => write!(out, "{CREDITED} {transaction}"),
            Mark::TakenBack(Some(transaction)) => write!(out, "{TAKEN_BACK} {transaction}"),
            Mark::TakenBack(None) => out.write_str(TAKEN_BACK),
        }
    }
}

/// The movement of a customer's credit that is begun, or the last one that was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Slot {
    Begun(Begun),
    /// Names whose it was and what has become of it, so that no end looks like the one before: what is compared and set is its
    /// digest.
    Ended {
        mark: String,
        became: Option<String>,
    },
}

/// Enough for anybody to find out whether it was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Begun {
    /// Whose credit it is.
    pub mark: String,
    pub movement: Movement,
    pub minor: i64,
    pub currency: Currency,
    /// How the account stood.
    pub before: Newest,
    /// By the merchant's clock.
    pub begun_at: Timestamp,
}

impl Begun {
    /// How long until it is over; nothing if it is.
    pub fn rest_at(&self, now: Timestamp) -> Duration {
        let whole = i64::try_from(OVER_AFTER.as_micros()).unwrap_or(i64::MAX);
        let rest = self.begun_at.0.saturating_add(whole).saturating_sub(now.0).clamp(0, whole);
        Duration::from_micros(rest.unsigned_abs())
    }
}

impl Slot {
    pub fn parse(value: &str) -> Option<Self> {
        serde_json::from_str(value).ok()
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_slots_are_read_as_they_were_written() {
        let id = "gid://shopify/StoreCreditAccountCreditTransaction/7".to_owned();
        for mark in [Mark::Credited(id.clone()), Mark::TakenBack(Some(id.clone())), Mark::TakenBack(None)] {
            assert_eq!(Mark::parse(&mark.to_string()), Some(mark));
        }
        assert_eq!(["", "credited", "somebody else's"].map(Mark::parse), [None, None, None]);
        let before = Newest { at: Some(Timestamp(1_000_000)), known: vec![id] };
        let (mark, currency) = ("rrd-1".to_owned(), Currency::parse("EUR").unwrap());
        let begun = Begun { mark, movement: Movement::Debit, minor: 500, currency, before, begun_at: Timestamp(5) };
        for slot in [Slot::Begun(begun), Slot::Ended { mark: "rrd-1".to_owned(), became: None }] {
            assert_eq!(Slot::parse(&slot.to_string()), Some(slot));
        }
        assert_eq!(Slot::parse("{}"), None);
    }

    #[test]
    fn a_movement_is_over_after_a_minute_and_never_further_away_than_that() {
        let currency = Currency::parse("EUR").unwrap();
        let before = Newest { at: None, known: Vec::new() };
        let begun_at = Timestamp(1_000_000_000);
        let begun = Begun { mark: String::new(), movement: Movement::Credit, minor: 1, currency, before, begun_at };
        let rest = |seconds| begun.rest_at(begun_at.plus_seconds(seconds));
        assert_eq!([0, 59, 60, 3_600].map(rest), [60, 1, 0, 0].map(Duration::from_secs));
        assert_eq!(rest(-3_600), OVER_AFTER, "begun by somebody whose clock is ahead");
    }
}
