//! Given a referral, when something becomes known, then it is where it should be.

#![expect(clippy::inconsistent_digit_grouping, reason = "money reads as units and cents: 100_00")]

mod deciding;
mod kit;
mod laws;
mod paying;
