//! What shops and shoppers live through, each told through the doors with signed full-size bodies.

#![expect(clippy::inconsistent_digit_grouping, reason = "money reads as units and cents: 100_00")]

mod adjustments;
pub mod arrival;
mod elsewhere;
mod gateways;
mod guests;
mod large_accounts;
mod merges;
mod negative_balance;
mod passing_of_time;
mod profiles;
mod redemptions;
mod refunds;
mod repetition;
mod taxes_and_gift_cards;
mod unknown_orders;
