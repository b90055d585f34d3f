//! Points that were handed out together and share one fate in time.

use serde::{Deserialize, Serialize};

use super::event::{BonusSource, Movement, MovementKind};
use crate::{
    id::{LotId, Token},
    time::Timestamp,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LotSource {
    /// Points for an order; the token is under the link key of the account that first took the order in.
    Order(Token),
    Adjustment,
    Bonus(BonusSource),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LotExpiry {
    Never,
    At(Timestamp),
    /// This many days after the account's last activity.
    Inactivity {
        days: u32,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lot {
    pub id: LotId,
    pub source: LotSource,
    pub earned_at: Timestamp,
    /// Until then the points are pending: owned, not spendable.
    pub available_at: Timestamp,
    pub expiry: LotExpiry,
    /// The end of the hold is on record.
    pub activated: bool,
    pub granted: i64,
    pub remaining: i64,
    pub reversed: i64,
    pub redeemed: i64,
    pub deducted: i64,
    pub expired: i64,
    /// Went into what another source owed.
    pub covered: i64,
    /// Gone with its owner.
    pub forfeited: i64,
}

impl Lot {
    pub fn new(id: LotId, source: LotSource, earned_at: Timestamp, available_at: Timestamp, expiry: LotExpiry) -> Self {
        Lot {
            id,
            source,
            earned_at,
            available_at,
            expiry,
            activated: false,
            granted: 0,
            remaining: 0,
            reversed: 0,
            redeemed: 0,
            deducted: 0,
            expired: 0,
            covered: 0,
            forfeited: 0,
        }
    }

    /// When what is left will be gone, given when its owner was last active.
    pub fn expires_at(&self, last_activity: Timestamp) -> Option<Timestamp> {
        match self.expiry {
            LotExpiry::Never => None,
            LotExpiry::At(instant) => Some(instant),
            LotExpiry::Inactivity { days } => Some(last_activity.max(self.earned_at).plus_days(days)),
        }
    }

    pub fn is_pending_at(&self, instant: Timestamp) -> bool {
        self.available_at > instant
    }

    pub(super) fn apply(&mut self, movement: &Movement) {
        let points = movement.points;
        match movement.kind {
            MovementKind::Granted => {
                self.granted += points;
                self.remaining += points;
            }
            MovementKind::Withdrawn => {
                self.granted -= points;
                self.remaining -= points;
            }
            MovementKind::Reversed => {
                self.remaining -= points;
                self.reversed += points;
            }
            MovementKind::ReversedExpired => {
                self.expired -= points;
                self.reversed += points;
            }
            MovementKind::Restored => {
                self.reversed -= points;
                self.remaining += points;
            }
            MovementKind::Redeemed => {
                self.remaining -= points;
                self.redeemed += points;
            }
            MovementKind::Returned => {
                self.redeemed -= points;
                self.remaining += points;
            }
            MovementKind::Deducted => {
                self.remaining -= points;
                self.deducted += points;
            }
            MovementKind::Expired => {
                self.remaining -= points;
                self.expired += points;
            }
            MovementKind::Covered => {
                self.remaining -= points;
                self.covered += points;
            }
            MovementKind::Uncovered => {
                self.covered -= points;
                self.remaining += points;
            }
            MovementKind::Forfeited => {
                self.remaining -= points;
                self.forfeited += points;
            }
        }
        debug_assert!(self.is_sound(), "a movement broke its lot: {movement:?} in {self:?}");
    }

    /// The lot's own books balance.
    pub fn is_sound(&self) -> bool {
        let gone = [self.reversed, self.redeemed, self.deducted, self.expired, self.covered, self.forfeited];
        let parts = [[self.remaining].as_slice(), &gone].concat();
        parts.iter().all(|part| *part >= 0) && parts.iter().sum::<i64>() == self.granted
    }
}
