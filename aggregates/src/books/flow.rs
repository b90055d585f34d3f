//! What events do to a merchant's points, in the words of the books.

use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};

use crate::points::{Movement, MovementKind, PointsEvent};

/// Points that came and went. `issued` and `restored` add to what customers hold, the others take from it. A figure may
/// be negative where a later fact corrects an earlier entry: points that had expired and whose order then went back
/// count as reversed and no longer as expired.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// New points.
    pub issued: i64,
    /// Given back: spending that was undone, reversals that turned out too large.
    pub restored: i64,
    pub redeemed: i64,
    pub expired: i64,
    /// Taken back: refunds, cancellations, corrected awards, adjustments downwards, and what is owed for them.
    pub reversed: i64,
    /// Given up when their owner was forgotten, less what they owed.
    pub forfeited: i64,
}

impl Flow {
    /// Of one event. What a merge moves from one account to another is neither issued nor lost.
    pub fn of(event: &PointsEvent) -> Flow {
        match event {
            PointsEvent::OrderAssessed(event) => Flow::moved(&event.movements, event.owed),
            PointsEvent::PointsAdjusted(event) => Flow::moved(&event.movements, event.owed),
            PointsEvent::BonusGranted(event) => Flow::moved(&event.movements, 0),
            PointsEvent::BonusRevoked(event) => Flow::moved(&event.movements, event.owed),
            PointsEvent::DebtCovered(event) => Flow::moved(&event.movements, event.owed),
            PointsEvent::PointsExpired(event) => Flow::moved(&event.movements, 0),
            PointsEvent::RewardRedeemed(event) => Flow::moved(&event.movements, 0),
            PointsEvent::RedemptionReturned(event) => Flow::moved(&event.movements, 0),
            // Debt that is let go is less that was given up.
            PointsEvent::PointsForfeited(event) => {
                Flow { forfeited: event.owed, ..Flow::default() } + Flow::moved(&event.movements, 0)
            }
            PointsEvent::PointsActivated(_)
            | PointsEvent::AccountFenced(_)
            | PointsEvent::RedemptionUsed(_)
            | PointsEvent::RedemptionDelivered(_)
            | PointsEvent::AccountClosed(_)
            | PointsEvent::AccountAbsorbed(_)
            | PointsEvent::ContentsAbsorbed(_) => Flow::default(),
        }
    }

    fn moved(movements: &[Movement], owed: i64) -> Flow {
        let mut flow = Flow::default();
        // What others bear for an order that went back. To pay debt from a lot changes nothing: the two cancel out.
        let mut borne = owed;
        for movement in movements {
            let points = movement.points;
            match movement.kind {
                MovementKind::Granted => flow.issued += points,
                MovementKind::Withdrawn | MovementKind::Reversed | MovementKind::Deducted => flow.reversed += points,
                MovementKind::ReversedExpired => {
                    flow.reversed += points;
                    flow.expired -= points;
                }
                MovementKind::Restored | MovementKind::Returned => flow.restored += points,
                MovementKind::Redeemed => flow.redeemed += points,
                MovementKind::Expired => flow.expired += points,
                MovementKind::Forfeited => flow.forfeited += points,
                MovementKind::Covered => borne += points,
                MovementKind::Uncovered => borne -= points,
            }
        }
        if borne >= 0 {
            flow.reversed += borne;
        } else {
            flow.restored -= borne;
        }
        flow
    }

    /// What it adds to the points that customers hold; negative where it takes from them.
    pub const fn net(&self) -> i64 {
        self.issued + self.restored - self.redeemed - self.expired - self.reversed - self.forfeited
    }
}

impl Add for Flow {
    type Output = Flow;

    fn add(self, other: Flow) -> Flow {
        Flow {
            issued: self.issued + other.issued,
            restored: self.restored + other.restored,
            redeemed: self.redeemed + other.redeemed,
            expired: self.expired + other.expired,
            reversed: self.reversed + other.reversed,
            forfeited: self.forfeited + other.forfeited,
        }
    }
}

impl AddAssign for Flow {
    fn add_assign(&mut self, other: Flow) {
        *self = *self + other;
    }
}

impl std::iter::Sum for Flow {
    fn sum<I: Iterator<Item = Flow>>(flows: I) -> Flow {
        flows.fold(Flow::default(), Add::add)
    }
}
