//! Who bears what an order's own lot cannot: an order goes back whose points were spent already.

use serde::{Deserialize, Serialize};

use super::event::{Movement, MovementKind};
use crate::id::LotId;

/// What one order's reversal has taken elsewhere. It is kept so that it can be undone where it was done, when a later
/// fact says that less of the order went back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shortfall {
    /// Points of lots that stepped in, in the order they were taken; also of those that paid its debt later.
    pub covered: Vec<(LotId, i64)>,
    /// Of the account's debt, what is this order's.
    pub owed: i64,
}

impl Shortfall {
    /// What somebody bears. The rest of what an order's lot could not give back is waived.
    pub fn borne(&self) -> i64 {
        self.owed + self.covered.iter().map(|(_, points)| points).sum::<i64>()
    }

    /// The movements that give `points` back to the lots that stepped in: the last one first, so that what stays
    /// covered is what would have been taken for the lesser sum at once.
    pub(super) fn uncover(&self, points: i64) -> Vec<Movement> {
        let mut wanted = points;
        let mut movements = Vec::new();
        for &(lot, covered) in self.covered.iter().rev() {
            let back = wanted.min(covered);
            if back > 0 {
                movements.push(Movement { lot, kind: MovementKind::Uncovered, points: back });
                wanted -= back;
            }
        }
        movements
    }

    pub(super) fn apply(&mut self, movements: &[Movement], owed: i64) {
        for movement in movements {
            match movement.kind {
                MovementKind::Covered => self.cover(movement.lot, movement.points),
                MovementKind::Uncovered => self.give_back(movement.lot, movement.points),
                _ => {}
            }
        }
        self.owed += owed;
    }

    /// Some of what is owed is paid from this lot; gives how much of `points` that took.
    pub(super) fn pay(&mut self, lot: LotId, points: i64) -> i64 {
        let paid = points.min(self.owed);
        if paid > 0 {
            self.owed -= paid;
            self.cover(lot, paid);
        }
        paid
    }

    fn cover(&mut self, lot: LotId, points: i64) {
        match self.covered.last_mut() {
            Some((last, covered)) if *last == lot => *covered += points,
            _ => self.covered.push((lot, points)),
        }
    }

    fn give_back(&mut self, lot: LotId, points: i64) {
        let mut left = points;
        for (_, covered) in self.covered.iter_mut().rev().filter(|(of, _)| *of == lot) {
            let back = left.min(*covered);
            *covered -= back;
            left -= back;
        }
        self.covered.retain(|(_, covered)| *covered > 0);
    }
}
