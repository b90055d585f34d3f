//! What another programme would have made of what really happened. Pure: a person's past comes in, and two outcomes come
//! out, that of the past and that of the proposal; both are counted by the same code, so that a proposal which says what was
//! in force changes nothing.
//!
//! | file | its idea |
//! |---|---|
//! | [`past`] | what is kept of a person's past: orders without their lines, actions, and everything else that moved points |
//! | [`proposal`] | a programme to be tried, and what it pays for an order |
//! | [`outcome`] | what a person has by a programme: points kept, expired, left; and the tier |
//! | [`acting`] | what actions would have brought |
//! | [`retold`] | what everything else would have moved: referrals, badges, rewards |
//! | [`caveat`] | what an answer takes for granted, and what it leaves out |
//! | [`totals`] | outcomes of many, added up, with who wins and who loses |

mod acting;
pub mod caveat;
pub mod outcome;
pub mod past;
pub mod proposal;
mod retold;
#[cfg(test)]
mod tests;
pub mod totals;

pub use caveat::Caveat;
pub use outcome::Outcome;
pub use past::{Move, Past, PastAct, PastOrder, Segment, What};
pub use proposal::{Offer, Proposal};
pub use totals::{Compared, Side, WhatIf};
