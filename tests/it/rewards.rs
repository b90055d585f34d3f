//! Rewards: points reserved, made in the shop once whatever happens on the way, given back if they cannot be.

mod catalogue;
mod crashes;
mod given_back;
pub mod kit;
mod listed;
mod made;
mod stock;
mod store_credit;
mod tokens;
