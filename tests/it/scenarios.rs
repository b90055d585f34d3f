//! What shops and shoppers live through, each told through the doors with signed full-size bodies.

mod adjustments;
mod arrival;
mod gateways;
mod guests;
mod merges;
mod negative_balance;
mod passing_of_time;
mod redemptions;
mod refunds;
mod repetition;
mod taxes_and_gift_cards;
