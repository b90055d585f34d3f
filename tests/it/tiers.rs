//! VIP tiers, through the doors and by the merchant's own clock.

#![expect(clippy::inconsistent_digit_grouping, reason = "money reads as units and cents: 100_00")]

mod by_hand;
mod changing;
mod climbing;
mod falling;
pub mod kit;
