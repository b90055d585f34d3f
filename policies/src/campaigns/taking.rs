//! An action is put on record with what it earns. Whether it was done before, and how often others were, is in a read model;
//! the decision is written only on top of what that had seen.

use aggregates::{
    campaign::{Act, ActionTaken, CampaignEvent, Deed, Who, reward, shard_of},
    id::{CampaignId, CustomerId, MerchantId, Token},
    program::TierId,
    rfm::{Calendar, SegmentName},
    time::Timestamp,
};
use journal::Subject;
use projections::{
    campaigns::{
        Campaigns,
        desk::{self, Desk},
    },
    rfm, tiers,
};

use super::{CampaignError, Rewarder};
use crate::on_top::{Writer, Written};

/// How often a decision is made again because somebody else was faster.
const ATTEMPTS_MAX: usize = 20;

/// What became of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rewarded {
    /// Now.
    Now,
    /// When it was told before.
    Before,
    LimitReached,
    NoCampaign,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub outcome: Rewarded,
    /// Points by each campaign, now or before.
    pub rewards: Vec<(CampaignId, i64)>,
    /// Where it was recorded, if that was now.
    pub position: Option<u64>,
}

impl Rewarder {
    /// Takes in an action. `tokens` are the action's under every link key that the customer's account has, its own first.
    ///
    /// # Errors
    /// [`CampaignError`]
    pub async fn take(
        &self,
        merchant: MerchantId,
        act: &Act,
        tokens: &[Token],
        now: Timestamp,
    ) -> Result<Taken, CampaignError> {
        let calendar = self.calendar(merchant, now).await?;
        let shard = shard_of(act.customer);
        for _ in 0..ATTEMPTS_MAX {
            let board = self.board(merchant).await?;
            let Desk { position, done, same } = desk::open(&self.db, merchant, shard, act.customer, tokens).await?;
            let nothing = |outcome, rewards| Ok(Taken { outcome, rewards, position: None });
            let taken = match reward(board.state.all(), act, &done, &calendar) {
                Deed::Known => return nothing(Rewarded::Before, same),
                Deed::LimitReached => return nothing(Rewarded::LimitReached, Vec::new()),
                Deed::NoCampaign => return nothing(Rewarded::NoCampaign, Vec::new()),
                Deed::Taken(taken) => taken,
            };
            let rewards = taken.rewards.iter().map(|reward| (reward.campaign, reward.points)).collect();
            if let Written::At(position) = self.record(merchant, shard, position, now, vec![taken]).await? {
                return Ok(Taken { outcome: Rewarded::Now, rewards, position });
            }
        }
        Err(CampaignError::Contended)
    }

    pub(super) async fn record(
        &self,
        merchant: MerchantId,
        shard: u8,
        known: u64,
        now: Timestamp,
        taken: Vec<ActionTaken>,
    ) -> Result<Written, CampaignError> {
        let writer = Writer {
            journal: &self.journal,
            progress: &self.progress,
            new_id: self.new_id,
            policy: "campaigns",
            read_model: Campaigns::NAME,
            subject: Subject::campaign_actions(merchant, shard),
        };
        let events: Vec<CampaignEvent> = taken.into_iter().map(CampaignEvent::ActionTaken).collect();
        let commits = if events.is_empty() { Vec::new() } else { vec![events] };
        Ok(writer.write(known, now, commits).await?)
    }

    pub(super) async fn calendar(&self, merchant: MerchantId, now: Timestamp) -> Result<Calendar, CampaignError> {
        let program = self.program(merchant).await?;
        let version = program.in_effect_at(now).ok_or(CampaignError::NoProgram)?;
        Ok(Calendar::of(&version.settings.rfm.time_zone)?)
    }

    /// What is known of somebody, for the audiences of campaigns.
    ///
    /// # Errors
    /// [`CampaignError`]
    pub async fn who(&self, merchant: MerchantId, customer: CustomerId) -> Result<Who, CampaignError> {
        let member = tiers::answers::member(&self.db, merchant, customer).await?;
        let segment = rfm::answers::standing(&self.db, merchant, customer).await?;
        Ok(Who {
            tier: member.and_then(|member| TierId::parse(&member.tier?).ok()),
            segment: segment.and_then(|held| SegmentName::parse(&held.segment).ok()),
        })
    }
}
