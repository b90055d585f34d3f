//! Badges and leaderboards, through the doors and by the merchant's own clock.

#![expect(clippy::inconsistent_digit_grouping, reason = "money reads as units and cents: 100_00")]

mod awards;
mod birthdays;
mod definitions;
mod friends;
mod kit;
mod leaderboards;
