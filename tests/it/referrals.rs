//! Referrals, through the doors and by the merchant's own clock.

mod deciding;
mod forgetting;
pub mod kit;
mod links;
mod many;
mod merging;
mod paying;
mod replay;
mod strangers;
mod together;
