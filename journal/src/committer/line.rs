//! Who waits for whom: a subject is on its way at most once.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use crate::subject::Subject;

use super::unit::Unit;

/// Units that may go, and units that wait for a subject. What may go shares no subject with anything on its way.
#[derive(Debug, Default)]
pub struct Line {
    /// One commit each, in the order they came.
    pub singles: VecDeque<Unit>,
    /// Several commits each: a batch is the only way for them.
    pub groups: VecDeque<Unit>,
    /// Failed in company, or with unknown outcome.
    pub alone: VecDeque<Unit>,
    held: HashSet<Subject>,
    waiting: HashMap<Subject, VecDeque<Unit>>,
    outstanding: usize,
}

impl Line {
    /// Commits that came and were not answered.
    pub fn outstanding(&self) -> usize {
        self.outstanding
    }

    /// A unit comes in. It holds all its subjects, or waits for the first that is held already.
    pub fn enter(&mut self, unit: Unit) {
        self.outstanding += unit.messages();
        self.admit(unit);
    }

    /// A unit that was on its way goes again, before the others. It still holds its subjects.
    pub fn again(&mut self, unit: Unit) {
        if unit.travels_alone() {
            self.alone.push_back(unit);
        } else if unit.messages() > 1 {
            self.groups.push_front(unit);
        } else {
            self.singles.push_front(unit);
        }
    }

    /// A unit has its answer: its subjects are free. Gives back those who waited for nothing, because the subject
    /// has passed the position they expect. `positions` are those of the unit's commits if it was written.
    pub fn leave(&mut self, unit: &Unit, positions: Option<&[u64]>) -> Vec<Unit> {
        self.outstanding -= unit.messages();
        let mut overtaken = Vec::new();
        for (place, parcel) in unit.parcels.iter().enumerate() {
            // A subject is free when its last commit is: called in earlier, the next would lose its hold again.
            if unit.parcels.get(place + 1).is_some_and(|next| next.continues) {
                continue;
            }
            self.held.remove(&parcel.subject);
            self.call_next(parcel.subject, positions.map_or(0, |positions| positions[place]), &mut overtaken);
        }
        overtaken
    }

    /// Takes out those that could go, were never sent, and have waited longer than this.
    pub fn tired(&mut self, now: Instant, patience: Duration) -> Vec<Unit> {
        let mut tired = take_older(&mut self.singles, now, patience);
        tired.extend(take_older(&mut self.groups, now, patience));
        tired
    }

    /// The same of those that travel alone, which may have been sent before.
    pub fn tired_alone(&mut self, now: Instant, patience: Duration) -> Vec<Unit> {
        take_older(&mut self.alone, now, patience)
    }

    /// Since when the oldest of those that could go is here.
    pub fn first_accepted_at(&self) -> Option<Instant> {
        let firsts = [self.singles.front(), self.groups.front(), self.alone.front()];
        firsts.into_iter().flatten().map(|unit| unit.accepted_at).min()
    }

    fn admit(&mut self, unit: Unit) {
        if let Some(blocked) = unit.parcels.iter().find(|parcel| self.held.contains(&parcel.subject)) {
            self.waiting.entry(blocked.subject).or_default().push_back(unit);
            return;
        }
        self.held.extend(unit.parcels.iter().map(|parcel| parcel.subject));
        if unit.messages() > 1 {
            self.groups.push_back(unit);
        } else {
            self.singles.push_back(unit);
        }
    }

    /// Lets those who wait for a subject try again, until one of them holds it.
    fn call_next(&mut self, subject: Subject, reached: u64, overtaken: &mut Vec<Unit>) {
        while !self.held.contains(&subject) {
            let Some(queue) = self.waiting.get_mut(&subject) else { return };
            let next = queue.pop_front();
            if queue.is_empty() {
                self.waiting.remove(&subject);
            }
            let Some(unit) = next else { return };
            let stale = unit.parcels.iter().any(|parcel| parcel.subject == subject && parcel.expected < reached);
            if stale {
                self.outstanding -= unit.messages();
                overtaken.push(unit);
            } else {
                self.admit(unit);
            }
        }
    }
}

fn take_older(queue: &mut VecDeque<Unit>, now: Instant, patience: Duration) -> Vec<Unit> {
    std::iter::from_fn(|| queue.pop_front_if(|unit| unit.accepted_at + patience <= now)).collect()
}

#[cfg(test)]
mod tests;
