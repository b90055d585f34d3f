//! All campaigns of a merchant.

use std::collections::BTreeMap;

use super::{
    definition::Campaign,
    event::{CampaignDefined, CampaignEvent, CampaignWithdrawn},
};
use crate::{Aggregate, Context, event::Recorded, id::CampaignId, time::Timestamp};

/// Campaigns that are not withdrawn, of one merchant.
pub const CAMPAIGNS_MAX: usize = 500;

#[derive(Debug, Clone)]
pub enum CampaignCommand {
    /// Defines a campaign anew, or otherwise. `expected` is the version its author has seen; 0 for a new one.
    Define {
        id: CampaignId,
        expected: u32,
        campaign: Box<Campaign>,
        now: Timestamp,
    },
    Withdraw {
        id: CampaignId,
        now: Timestamp,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CampaignRefusal {
    #[error("no such campaign")]
    Unknown,
    #[error("the campaign is at version {current} by now")]
    Stale { current: u32 },
    #[error("there are {CAMPAIGNS_MAX} campaigns")]
    TooMany,
}

/// One version of a campaign: its newest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignVersion {
    pub id: CampaignId,
    pub version: u32,
    pub campaign: Campaign,
}

/// Those that were not withdrawn.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CampaignBoard {
    campaigns: BTreeMap<CampaignId, CampaignVersion>,
}

impl CampaignBoard {
    pub fn find(&self, id: CampaignId) -> Option<&CampaignVersion> {
        self.campaigns.get(&id)
    }

    /// In the order of their ids.
    pub fn all(&self) -> impl Iterator<Item = &CampaignVersion> {
        self.campaigns.values()
    }
}

impl Aggregate for CampaignBoard {
    const CONTEXT: Context = Context::Campaign;
    type Event = CampaignEvent;
    type Command = CampaignCommand;
    type Refusal = CampaignRefusal;

    fn decide(&self, command: &CampaignCommand) -> Result<Vec<CampaignEvent>, CampaignRefusal> {
        match command {
            CampaignCommand::Define { id, expected, campaign, now } => {
                let known = self.campaigns.get(id);
                let current = known.map_or(0, |known| known.version);
                if known.is_none() && *expected > 0 {
                    return Err(CampaignRefusal::Unknown);
                }
                if *expected != current {
                    return Err(CampaignRefusal::Stale { current });
                }
                if known.is_none() && self.campaigns.len() >= CAMPAIGNS_MAX {
                    return Err(CampaignRefusal::TooMany);
                }
                let campaign = Campaign::clone(campaign);
                let defined = CampaignDefined { id: *id, version: current + 1, campaign, at: *now };
                Ok(vec![CampaignEvent::Defined(defined)])
            }
            CampaignCommand::Withdraw { id, now } => match self.campaigns.get(id) {
                None => Err(CampaignRefusal::Unknown),
                Some(_) => Ok(vec![CampaignEvent::Withdrawn(CampaignWithdrawn { id: *id, at: *now })]),
            },
        }
    }

    fn apply(&mut self, event: &CampaignEvent, _: &Recorded) {
        match event {
            CampaignEvent::Defined(CampaignDefined { id, version, campaign, .. }) => {
                let defined = CampaignVersion { id: *id, version: *version, campaign: campaign.clone() };
                self.campaigns.insert(*id, defined);
            }
            CampaignEvent::Withdrawn(withdrawn) => {
                self.campaigns.remove(&withdrawn.id);
            }
            // On subjects of their own.
            CampaignEvent::ActionTaken(_) => {}
        }
    }
}
