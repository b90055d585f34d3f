//! The decision: what is recorded of customers. Only what differs from what is on record is written, so that a decision that
//! was cut short is completed by making it again, and whoever decides on what somebody else has just written finds nothing
//! to do.

use super::{
    event::{Cause, TierChange, TiersAssigned},
    fact::Fact,
    given::{Given, Giver},
    ladder::{Ladder, Standing, Way},
};
use crate::{id::CustomerId, program::tiers::TierId, time::Timestamp};

/// Changes in one event: about 200 KiB, well inside of what a commit may hold.
pub const CHANGES_MAX: usize = 4_000;

/// What is on record of somebody's tier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub tier: Option<TierId>,
    pub since: Timestamp,
    pub look_again_at: Option<Timestamp>,
}

/// A customer: what counts, what they were given, and what is on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessed {
    pub customer: CustomerId,
    pub facts: Vec<Fact>,
    pub given: Vec<Given>,
    pub held: Option<Held>,
}

impl Assessed {
    /// Somebody of whom nothing is known.
    pub const fn nothing_of(customer: CustomerId) -> Self {
        Assessed { customer, facts: Vec::new(), given: Vec::new(), held: None }
    }
}

/// What a decision says besides who has moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference {
    /// Why it is looked.
    pub cause: Cause,
    pub definition_version: u32,
    pub facts_through: u64,
    pub at: Timestamp,
}

/// Looks at customers one by one, and gathers what is to be recorded.
pub struct Keeper<'a> {
    ladder: &'a Ladder,
    reference: Reference,
    /// Tiers of the settings first, in their order; then others that somebody is still in.
    names: Vec<TierId>,
    changes: Vec<TierChange>,
    moved: u64,
}

impl<'a> Keeper<'a> {
    pub fn new(ladder: &'a Ladder, reference: Reference) -> Self {
        let names = ladder.settings.tiers.iter().map(|tier| tier.id.clone()).collect();
        Keeper { ladder, reference, names, changes: Vec::new(), moved: 0 }
    }

    /// Looks at one customer.
    pub fn look_at(&mut self, assessed: &Assessed) {
        let way = self.ladder.way(&assessed.facts, &assessed.given, self.reference.at);
        if let Some(change) = self.change(assessed, &way) {
            self.moved += u64::from(change.from != change.to);
            self.changes.push(change);
        }
    }

    /// Customers whose tier is another than before.
    pub const fn moved(&self) -> u64 {
        self.moved
    }

    /// What is to be recorded, in parts of which each fits into a commit.
    pub fn events(self) -> Vec<TiersAssigned> {
        let Reference { definition_version, facts_through, at, .. } = self.reference;
        let event = |changes: &[TierChange]| TiersAssigned {
            definition_version,
            facts_through,
            at,
            tiers: self.names.clone(),
            changes: changes.to_vec(),
        };
        self.changes.chunks(CHANGES_MAX).map(event).collect()
    }

    fn change(&mut self, assessed: &Assessed, way: &Way) -> Option<TierChange> {
        let Standing { tier, since, measured, .. } = way.standing;
        let to = tier.and_then(|place| u16::try_from(place).ok());
        let held = assessed.held.as_ref();
        let from = held.and_then(|held| held.tier.as_ref()).map(|tier| self.number_of(tier));
        let is_as_held = match held {
            None => tier.is_none() && way.look_again_at.is_none(),
            Some(held) => from == to && held.since == since && !self.looks_too_late(held, way.look_again_at),
        };
        (!is_as_held).then_some(TierChange {
            customer: assessed.customer,
            cause: self.cause(assessed, since),
            from,
            to,
            since,
            measured,
            look_again_at: way.look_again_at,
        })
    }

    /// What time was known to do is its doing, also where somebody looked for another reason before it was put on record; and so
    /// it is with what was given, or taken back.
    fn cause(&self, assessed: &Assessed, since: Timestamp) -> Cause {
        if self.reference.cause == Cause::Definition {
            return Cause::Definition;
        }
        let giver = assessed.given.iter().find_map(|given| given.changed_at(since));
        let foreseen = assessed.held.as_ref().and_then(|held| held.look_again_at) == Some(since);
        match giver {
            Some(Giver::Hand) => Cause::ByHand,
            Some(Giver::Import) => Cause::Import,
            None if foreseen => Cause::Time,
            None => self.reference.cause,
        }
    }

    /// A look that comes too early finds nothing to do and puts off the next; one that comes too late misses something.
    fn looks_too_late(&self, held: &Held, look_again_at: Option<Timestamp>) -> bool {
        let never = Timestamp(i64::MAX);
        let (recorded, wanted) = (held.look_again_at.unwrap_or(never), look_again_at.unwrap_or(never));
        wanted < recorded || (recorded <= self.reference.at && recorded != wanted)
    }

    fn number_of(&mut self, tier: &TierId) -> u16 {
        let place = self.names.iter().position(|known| known == tier).unwrap_or_else(|| {
            self.names.push(tier.clone());
            self.names.len() - 1
        });
        // Names come from settings, which are bounded, so there are never as many as numbers.
        u16::try_from(place).unwrap_or(u16::MAX)
    }
}
