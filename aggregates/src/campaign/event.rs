//! What is recorded of campaigns.

use serde::{Deserialize, Serialize};

use super::definition::{Action, Campaign};
use crate::{
    event::events,
    id::{CampaignId, CustomerId, Token},
    time::Timestamp,
};

events! {
    /// What happened to campaigns, and by them.
    CampaignEvent {
        Defined(CampaignDefined) = "campaign.defined" v 1;
        Withdrawn(CampaignWithdrawn) = "campaign.withdrawn" v 1;
        /// A customer did something that earns points. The points themselves are the account's business.
        ActionTaken(ActionTaken) = "campaign.action_taken" v 1;
    }
}

/// A campaign as it is from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignDefined {
    pub id: CampaignId,
    /// 1 for a new one.
    pub version: u32,
    pub campaign: Campaign,
    pub at: Timestamp,
}

/// It does nothing any more. What it has given stays given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignWithdrawn {
    pub id: CampaignId,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionTaken {
    pub customer: CustomerId,
    pub action: Action,
    /// What makes it the same action when it is told again: under the person's link key where an outside identity is in it.
    pub token: Token,
    /// When it was done.
    pub at: Timestamp,
    pub rewards: Vec<Reward>,
}

/// Points by one campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reward {
    pub campaign: CampaignId,
    pub version: u32,
    pub points: i64,
}
