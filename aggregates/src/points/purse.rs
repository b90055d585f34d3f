//! The lots of an account and what it owes, and what time and movements do to them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    event::{DebtCovered, Movement, MovementKind, NewLot, PointsActivated, PointsEvent, PointsExpired},
    lot::{Lot, LotExpiry},
    order_record::OrderRecord,
    shortfall::Shortfall,
};
use crate::{
    id::{LotId, Token},
    time::Timestamp,
};

/// Lots that one event about the passing of time names at most: some 100 KiB, so that it fits into a commit.
const LOTS_PER_EVENT: usize = 4_096;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purse {
    pub lots: Vec<Lot>,
    /// Points owed to the shop; only where the merchant allows a negative balance.
    pub debt: i64,
    /// By order: what of its reversal others bear. Those of no order are not here.
    pub shortfalls: BTreeMap<Token, Shortfall>,
    pub last_activity: Timestamp,
    /// Net of reversals and adjustments.
    pub lifetime_earned: i64,
    pub lifetime_redeemed: i64,
    pub lifetime_expired: i64,
    /// Gone because the owner was forgotten.
    pub lifetime_forfeited: i64,
    /// Of what was redeemed, what is set aside until the shop has made what it is for.
    pub reserved: i64,
}

/// What an account holds at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    pub available: i64,
    pub pending: i64,
    /// Of what was redeemed, what is set aside until the shop has made what it is for.
    pub reserved: i64,
    pub lifetime_earned: i64,
    pub lifetime_redeemed: i64,
    pub lifetime_expired: i64,
    pub lifetime_forfeited: i64,
    pub next_expiry: Option<NextExpiry>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextExpiry {
    pub points: i64,
    pub at: Timestamp,
}

impl Purse {
    pub fn lot(&self, id: LotId) -> Option<&Lot> {
        self.lots.iter().find(|lot| lot.id == id)
    }

    pub(super) fn open(&mut self, new: &NewLot, now: Timestamp) {
        let mut lot = Lot::new(new.lot, new.source, new.earned_at, new.available_at, new.expiry);
        lot.activated = !lot.is_pending_at(now);
        self.lots.push(lot);
    }

    pub(super) fn set_expiry(&mut self, id: LotId, at: Timestamp) {
        if let Some(lot) = self.lots.iter_mut().find(|lot| lot.id == id) {
            lot.expiry = LotExpiry::At(at);
        }
    }

    /// Moves points inside lots and changes the debt; lifetime totals follow from the kinds.
    pub(super) fn apply(&mut self, movements: &[Movement], owed: i64) {
        // Covering debt changes nothing a lifetime counts: `Covered` and a negative `owed` cancel out.
        let mut earned = -owed;
        for movement in movements {
            let points = movement.points;
            match movement.kind {
                MovementKind::Granted | MovementKind::Restored | MovementKind::Uncovered => earned += points,
                MovementKind::Withdrawn | MovementKind::Reversed | MovementKind::Deducted | MovementKind::Covered => {
                    earned -= points;
                }
                MovementKind::ReversedExpired => {
                    earned -= points;
                    self.lifetime_expired -= points;
                }
                MovementKind::Redeemed => self.lifetime_redeemed += points,
                MovementKind::Returned => self.lifetime_redeemed -= points,
                MovementKind::Expired => self.lifetime_expired += points,
                MovementKind::Forfeited => self.lifetime_forfeited += points,
            }
            if let Some(lot) = self.lots.iter_mut().find(|lot| lot.id == movement.lot) {
                lot.apply(movement);
            }
        }
        self.lifetime_earned += earned;
        self.debt += owed;
        debug_assert!(self.is_sound(), "movements {movements:?} with debt {owed} broke the purse {self:?}");
    }

    /// What an assessment of `order` has handed to others, or given back to them.
    pub(super) fn note_shortfall(&mut self, order: Token, movements: &[Movement], owed: i64) {
        let mut shortfall = self.shortfalls.remove(&order).unwrap_or_default();
        shortfall.apply(movements, owed);
        if shortfall.borne() > 0 {
            self.shortfalls.insert(order, shortfall);
        }
    }

    /// The owner is forgotten. With the debt goes what orders had handed to others: nobody settles that any more.
    pub(super) fn forfeit(&mut self, movements: &[Movement], owed: i64) {
        if owed != 0 {
            self.shortfalls.clear();
        }
        // Codes that nobody has used end with their owner.
        self.reserved = 0;
        self.apply(movements, owed);
    }

    /// Debt that was paid: orders come before what else is owed, as only theirs may have to be given back to the lots
    /// that paid.
    fn note_payment(&mut self, movements: &[Movement]) {
        for movement in movements {
            let mut left = movement.points;
            for shortfall in self.shortfalls.values_mut() {
                left -= shortfall.pay(movement.lot, left);
            }
        }
    }

    /// Of what is due of an order, what neither its own lot nor anybody else bears.
    pub fn waived(&self, order: Token, record: &OrderRecord) -> i64 {
        let reversed = record.lot.and_then(|lot| self.lot(lot)).map_or(0, |lot| lot.reversed);
        record.due - reversed - self.shortfalls.get(&order).map_or(0, Shortfall::borne)
    }

    /// Applies what `settle` says.
    pub(super) fn apply_passing_of_time(&mut self, event: &PointsEvent) {
        match event {
            PointsEvent::PointsActivated(PointsActivated { lots, .. }) => {
                self.lots.iter_mut().filter(|lot| lots.contains(&lot.id)).for_each(|lot| lot.activated = true);
            }
            PointsEvent::PointsExpired(PointsExpired { movements, .. }) => self.apply(movements, 0),
            PointsEvent::DebtCovered(DebtCovered { movements, owed }) => {
                self.note_payment(movements);
                self.apply(movements, *owed);
            }
            _ => {}
        }
    }

    /// The account's books balance; see the invariants of the module.
    pub fn is_sound(&self) -> bool {
        self.lots.iter().all(Lot::is_sound)
            && self.debt >= self.shortfalls.values().map(|shortfall| shortfall.owed).sum::<i64>()
            && self.shortfalls.values().all(|shortfall| shortfall.owed >= 0)
            && self.debt >= 0
            && self.reserved >= 0
            && self.total()
                == self.lifetime_earned - self.lifetime_redeemed - self.lifetime_expired - self.lifetime_forfeited
    }

    /// Pending and available together.
    pub fn total(&self) -> i64 {
        self.lots.iter().map(|lot| lot.remaining).sum::<i64>() - self.debt
    }

    /// What can be spent at `now`, once `settle` is done; negative when points are owed.
    pub(super) fn available(&self, now: Timestamp) -> i64 {
        self.lots.iter().filter(|lot| !lot.is_pending_at(now)).map(|lot| lot.remaining).sum::<i64>() - self.debt
    }

    /// Takes up to `points` from available lots, the one that expires first before the others.
    pub(super) fn allocate(&self, points: i64, now: Timestamp, kind: MovementKind) -> Vec<Movement> {
        let mut lots: Vec<&Lot> = self.lots.iter().filter(|lot| !lot.is_pending_at(now) && lot.remaining > 0).collect();
        lots.sort_by_key(|lot| {
            let expires_at = lot.expires_at(self.last_activity).unwrap_or(Timestamp(i64::MAX));
            (expires_at, lot.earned_at, lot.id)
        });
        let mut wanted = points;
        let mut movements = Vec::new();
        for lot in lots {
            let taken = wanted.min(lot.remaining);
            if taken > 0 {
                movements.push(Movement { lot: lot.id, kind, points: taken });
                wanted -= taken;
            }
        }
        movements
    }

    /// The next instant at which time changes something that is not on record yet.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.lots
            .iter()
            .filter(|lot| lot.remaining > 0)
            .flat_map(|lot| {
                let activation = (!lot.activated).then_some(lot.available_at);
                [activation, lot.expires_at(self.last_activity)].into_iter().flatten()
            })
            .min()
    }

    /// What time has done up to `now`, in the order it did it: holds end, points expire, what is owed is paid from what
    /// becomes available.
    pub fn settle(&self, now: Timestamp) -> Vec<PointsEvent> {
        // Most decisions meet an account to which time has done nothing.
        if self.debt == 0 && self.next_due().is_none_or(|due| due > now) {
            return Vec::new();
        }
        let mut purse = self.clone();
        let mut events = Vec::new();
        while let Some(instant) = purse.next_due().filter(|due| *due <= now) {
            purse.pass(instant, &mut events);
        }
        purse.cover_debt(now, &mut events);
        events
    }

    fn pass(&mut self, instant: Timestamp, events: &mut Vec<PointsEvent>) {
        let holding = |lot: &&Lot| lot.remaining > 0;
        let freed: Vec<LotId> = self
            .lots
            .iter()
            .filter(holding)
            .filter(|lot| !lot.activated && !lot.is_pending_at(instant))
            .map(|lot| lot.id)
            .collect();
        for lots in freed.chunks(LOTS_PER_EVENT).map(<[_]>::to_vec) {
            self.record(PointsEvent::PointsActivated(PointsActivated { lots, at: instant }), events);
        }
        self.cover_debt(instant, events);
        let movements: Vec<Movement> = self
            .lots
            .iter()
            .filter(holding)
            .filter(|lot| lot.expires_at(self.last_activity).is_some_and(|at| at <= instant))
            .map(|lot| Movement { lot: lot.id, kind: MovementKind::Expired, points: lot.remaining })
            .collect();
        for movements in movements.chunks(LOTS_PER_EVENT).map(<[_]>::to_vec) {
            self.record(PointsEvent::PointsExpired(PointsExpired { movements, at: instant }), events);
        }
    }

    fn cover_debt(&mut self, instant: Timestamp, events: &mut Vec<PointsEvent>) {
        if self.debt == 0 {
            return;
        }
        let movements = self.allocate(self.debt, instant, MovementKind::Covered);
        for movements in movements.chunks(LOTS_PER_EVENT).map(<[_]>::to_vec) {
            let owed = -movements.iter().map(|movement| movement.points).sum::<i64>();
            self.record(PointsEvent::DebtCovered(DebtCovered { movements, owed }), events);
        }
    }

    fn record(&mut self, event: PointsEvent, events: &mut Vec<PointsEvent>) {
        self.apply_passing_of_time(&event);
        events.push(event);
    }

    /// What the account holds at `instant`, whether or not sweeps have put the passing of time on record.
    pub fn balance_at(&self, instant: Timestamp) -> Balance {
        let passed = self.settle(instant);
        if passed.is_empty() {
            return self.settled_balance_at(instant);
        }
        let mut purse = self.clone();
        passed.iter().for_each(|event| purse.apply_passing_of_time(event));
        purse.settled_balance_at(instant)
    }

    /// The same, where time has done nothing that is not on record.
    fn settled_balance_at(&self, instant: Timestamp) -> Balance {
        let available = self.available(instant);
        let expiring = |lot: &Lot| lot.expires_at(self.last_activity).filter(|_| lot.remaining > 0);
        let next = self.lots.iter().filter_map(expiring).min();
        Balance {
            available,
            pending: self.total() - available,
            reserved: self.reserved,
            lifetime_earned: self.lifetime_earned,
            lifetime_redeemed: self.lifetime_redeemed,
            lifetime_expired: self.lifetime_expired,
            lifetime_forfeited: self.lifetime_forfeited,
            next_expiry: next.map(|at| NextExpiry {
                points: self.lots.iter().filter(|lot| expiring(lot) == Some(at)).map(|lot| lot.remaining).sum(),
                at,
            }),
        }
    }
}
