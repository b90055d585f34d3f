//! VIP tiers of a shop's customers: who is in which, since when, and until when that is safe.
//!
//! | file | its idea |
//! |---|---|
//! | [`fact`] | what counts towards a tier, and for how long |
//! | [`given`] | tiers that staff or an import gave: a floor for a time |
//! | [`ladder`] | the tier at an instant: a walk through everything that counts, in the order in which it happened |
//! | [`keep`] | the decision: what is recorded of customers whose tier is another than what is on record |
//! | [`event`] | what is recorded |
//!
//! Invariant: a tier is a function of the settings, of the sets of facts and gifts, and of the instant. In which order facts arrived,
//! and how often anybody looked, cannot be seen in it; and no change of settings loses anything, because nothing is kept
//! that would not follow from the history.
//!
//! There is no aggregate in the usual sense: as with segments, a decision names the position of the shop's last commit here
//! that its view had seen, and the log takes it only on top of that.

pub mod event;
pub mod fact;
pub mod given;
pub mod keep;
pub mod ladder;
#[cfg(test)]
mod tests;

pub use event::{Cause, DefinitionApplied, TierChange, TierEvent, TiersAssigned};
pub use fact::Fact;
pub use given::{Gift, Given, Giver, TierGiven, TierTakenBack};
pub use keep::{Assessed, CHANGES_MAX, Held, Keeper, Reference};
pub use ladder::{Ladder, Standing, Way};
