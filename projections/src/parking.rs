//! What a read model goes on without, because it cannot read one of its commits.
//!
//! A commit that a newer version wrote, or that does not fit its type, does not stop everybody: its aggregate is parked, for
//! this read model, from that commit on; so is every aggregate that was written together with a parked commit, because what
//! happened to one happened to the other. Nothing else is held up, and nothing is skipped in silence: that it is parked is
//! on record in the journal, and every making of the read model obeys it. A rebuild parks nothing by itself.
//!
//! An operator has it tried again after an upgrade, or gives up the one commit, with a reason. Then everything since is
//! taken in from the journal, in its order, in one transaction.
//!
//! | file | its idea |
//! |---|---|
//! | [`decided`] | what is on record, and putting it there |
//! | [`sieve`] | which commits of a batch are taken in |
//! | [`release`] | taking in what was held back |
//! | [`store`] | how far each parked aggregate was taken in, in a table |

pub mod decided;
pub(crate) mod release;
pub(crate) mod sieve;
pub mod store;

pub use decided::{Decided, NewContext, Register, RegisterError};
pub use store::ParkedAggregate;
