//! What is to be done about a request, across aggregates and the vault. Doors call these; they know nothing of HTTP.
//!
//! Each step is durable before the next begins, and each can be repeated: a caller that was not answered asks again, and
//! the second time finds done what the first time did.

pub mod account;
pub mod adjust;
pub mod adoption;
pub mod api_keys;
pub mod badges;
pub mod birthday;
pub mod books;
mod boosts;
pub mod campaign;
pub mod choices;
pub mod code_use;
pub mod customer;
pub mod error;
pub mod forgotten;
mod history;
pub mod history_import;
pub mod import;
pub mod integrations;
pub mod key_export;
pub mod limits;
pub mod mail;
pub mod mail_by_hand;
pub mod merchant;
pub mod merge;
pub mod new_customer;
pub mod order;
pub mod overdue;
pub mod park;
pub mod parked_aggregates;
pub mod pos;
pub mod privacy;
pub mod product;
pub mod program;
pub mod recommend;
pub mod redeem;
pub mod redeem_in_shop;
pub mod referrals;
pub mod request;
pub mod rewards;
pub mod tasks;
pub mod test_clock;
pub mod tiers;
pub mod waiting;

pub use error::CommandError;
pub use request::{Done, Request};
