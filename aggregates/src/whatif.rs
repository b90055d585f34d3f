//! What another programme would have made of what really happened. Pure: a person's past comes in, and two outcomes come
//! out, that of the past and that of the proposal; both are counted by the same code, so that a proposal which says what was
//! in force changes nothing.
//!
//! | file | its idea |
//! |---|---|
//! | [`past`] | what is kept of a person's past: orders without their lines, and everything else that moved points |
//! | [`proposal`] | a programme to be tried, and what it pays for an order |
//! | [`outcome`] | what a person has by a programme: points kept, expired, left; and the tier |
//! | [`totals`] | outcomes of many, added up, with who wins and who loses |

pub mod outcome;
pub mod past;
pub mod proposal;
#[cfg(test)]
mod tests;
pub mod totals;

pub use outcome::Outcome;
pub use past::{Move, Past, PastOrder};
pub use proposal::Proposal;
pub use totals::{Compared, Side, WhatIf};
