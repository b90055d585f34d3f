//! Segments of buyers, through the doors and by the merchant's own clock.

#![expect(clippy::inconsistent_digit_grouping, reason = "money reads as units and cents: 100_00")]

mod definitions;
mod history;
pub mod kit;
mod net_orders;
mod passing_days;
mod replay;
mod workers;
