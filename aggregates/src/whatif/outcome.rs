//! What a person has by a programme. Lots are followed in a simpler way than accounts do: there is no hold, no grace and no
//! debt here. Both sides are followed in the same way, so that their difference means something.

use super::past::{Move, Past, PastOrder};
use crate::{program::Expiry, time::Timestamp};

/// What a person has in the end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Points of orders, less what went back with them.
    pub kept: i64,
    /// Points of campaigns, referrals and badges.
    pub bonuses: i64,
    /// Spent, less what came back.
    pub redeemed: i64,
    pub expired: i64,
    /// Left to be spent.
    pub outstanding: i64,
    /// Spent in the past, and not there by this programme.
    pub unaffordable: i64,
}

/// Something that happens to a purse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Step {
    at: Timestamp,
    points: i64,
    /// For points that come.
    expiry: Expiry,
    is_activity: bool,
}

#[derive(Debug, Clone, Copy)]
struct Lot {
    left: i64,
    earned_at: Timestamp,
    expiry: Expiry,
}

impl Outcome {
    /// By what each order keeps, in the order of [`Past::in_order`], and everything else that moves points. `expiry_of` is how points live that were earned for an
    /// order, or at an instant for anything else.
    pub fn of(
        past: &Past,
        kept: &[i64],
        moves: &[Move],
        expiry_of: impl Fn(Option<&PastOrder>, Timestamp) -> Expiry,
        now: Timestamp,
    ) -> Outcome {
        let mut steps: Vec<Step> = Vec::with_capacity(kept.len() + moves.len());
        for (order, &points) in past.in_order().into_iter().zip(kept) {
            let expiry = expiry_of(Some(order), order.at);
            steps.push(Step { at: order.at, points, expiry, is_activity: !order.test });
        }
        for moved in moves {
            let expiry = expiry_of(None, moved.at);
            steps.push(Step { at: moved.at, points: moved.points, expiry, is_activity: true });
        }
        // What comes at an instant is there before what goes.
        steps.sort_by_key(|step| (step.at, step.points < 0));
        let mut purse = Purse::default();
        for step in steps.iter().filter(|step| step.at <= now) {
            purse.pass(step.at);
            purse.take(step);
        }
        purse.pass(now);
        let of = |wanted: fn(&Move) -> bool| {
            moves.iter().filter(|moved| wanted(moved)).map(|moved| moved.points).sum::<i64>()
        };
        Outcome {
            kept: kept.iter().sum(),
            bonuses: of(|moved| moved.what.is_bonus()),
            redeemed: -of(|moved| moved.what.is_spending()),
            outstanding: purse.lots.iter().map(|lot| lot.left).sum(),
            expired: purse.expired,
            unaffordable: purse.unaffordable,
        }
    }
}

#[derive(Debug, Default)]
struct Purse {
    lots: Vec<Lot>,
    last_activity: Timestamp,
    expired: i64,
    unaffordable: i64,
}

impl Purse {
    fn expires_at(&self, lot: &Lot) -> Timestamp {
        match lot.expiry {
            Expiry::None => Timestamp(i64::MAX),
            Expiry::AfterEarning { days } => lot.earned_at.plus_days(days),
            Expiry::Inactivity { days } => self.last_activity.max(lot.earned_at).plus_days(days),
        }
    }

    /// What has expired by `now` goes.
    fn pass(&mut self, now: Timestamp) {
        let lots = std::mem::take(&mut self.lots);
        let (gone, left): (Vec<Lot>, Vec<Lot>) = lots.into_iter().partition(|lot| self.expires_at(lot) <= now);
        self.expired += gone.iter().map(|lot| lot.left).sum::<i64>();
        self.lots = left;
    }

    fn take(&mut self, step: &Step) {
        if step.is_activity {
            self.last_activity = self.last_activity.max(step.at);
        }
        if step.points > 0 {
            self.lots.push(Lot { left: step.points, earned_at: step.at, expiry: step.expiry });
        } else {
            self.spend(-step.points);
        }
    }

    /// The earliest to expire goes first.
    fn spend(&mut self, mut points: i64) {
        let mut lots = std::mem::take(&mut self.lots);
        lots.sort_by_key(|lot| (self.expires_at(lot), lot.earned_at));
        for lot in &mut lots {
            let taken = lot.left.min(points);
            lot.left -= taken;
            points -= taken;
        }
        lots.retain(|lot| lot.left > 0);
        self.lots = lots;
        self.unaffordable += points;
    }
}
