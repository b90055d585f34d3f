//! Campaigns: for a time, orders earn more, or something that is not an order earns points.
//!
//! | file | its idea |
//! |---|---|
//! | [`definition`] | what a campaign is: when, for whom, and what it does |
//! | [`board`] | the aggregate: all campaigns of a merchant, each in versions |
//! | [`boosting`] | which campaigns multiply an order |
//! | [`action`] | something that was done, and what it earns: once, for ever, within limits |
//! | [`event`] | what is recorded |
//!
//! Definitions are on one subject per merchant. Actions are spread over a fixed number of subjects; who has done what is in a
//! read model, and a decision names the position that it had seen, as with segments and tiers.

pub mod action;
pub mod board;
pub mod boosting;
pub mod definition;
pub mod event;
#[cfg(test)]
mod tests;

pub use action::{Act, Deed, Done, reward};
pub use board::{CAMPAIGNS_MAX, CampaignBoard, CampaignCommand, CampaignRefusal, CampaignVersion};
pub use boosting::boosts_at;
pub use definition::{Action, ActionName, Audience, Campaign, Effect, Limit, NotAnActionName, Per, Who};
pub use event::{ActionTaken, CampaignDefined, CampaignEvent, CampaignWithdrawn, Reward};

/// Actions are spread over this many subjects per merchant, for ever.
pub const SHARDS: u8 = 16;

/// Where a customer's actions are.
pub fn shard_of(customer: crate::id::CustomerId) -> u8 {
    customer.0.as_bytes()[15] % SHARDS
}
