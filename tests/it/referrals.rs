//! Referrals, through the doors and by the merchant's own clock.

#![expect(clippy::inconsistent_digit_grouping, reason = "money reads as units and cents: 100_00")]

mod deciding;
mod forgetting;
mod kit;
mod links;
mod many;
mod merging;
mod paying;
mod replay;
mod together;
