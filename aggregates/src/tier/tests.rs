//! Tiers: given what was bought, and when; then somebody stands here.

#![expect(clippy::inconsistent_digit_grouping, reason = "money reads as units and cents: 100_00")]

mod deciding;
mod giving;
mod kit;
mod laws;
mod standing;
