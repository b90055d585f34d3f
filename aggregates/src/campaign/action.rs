//! Something that was done, and what it earns. Pure: what had been done before comes in as a value.

use super::{
    board::CampaignVersion,
    definition::{Action, Effect, Per, Who},
    event::{ActionTaken, Reward},
};
use crate::{
    id::{BonusId, CampaignId, CustomerId, Token},
    rfm::Calendar,
    time::Timestamp,
};

/// Something that somebody did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    pub customer: CustomerId,
    pub action: Action,
    pub token: Token,
    pub at: Timestamp,
    pub who: Who,
}

/// What is on record of somebody's earlier actions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Done {
    /// Every reward: by which campaign, and when it was done.
    pub rewards: Vec<(CampaignId, Timestamp)>,
    /// This very action is on record.
    pub same: bool,
}

/// What becomes of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// It is rewarded.
    Taken(ActionTaken),
    /// It was done before: there is nothing to do.
    Known,
    /// Every campaign for it has given as often as it may.
    LimitReached,
    /// No campaign is for it, now and for this customer.
    NoCampaign,
}

/// What an action earns by the campaigns that run.
pub fn reward<'a>(
    campaigns: impl IntoIterator<Item = &'a CampaignVersion>,
    act: &Act,
    done: &Done,
    calendar: &Calendar,
) -> Deed {
    if done.same {
        return Deed::Known;
    }
    let (mut rewards, mut is_limited) = (Vec::new(), false);
    for defined in campaigns {
        let Effect::Reward { action, points, limit } = &defined.campaign.effect else { continue };
        let is_for_it =
            *action == act.action && defined.campaign.runs_at(act.at) && defined.campaign.audience.includes(&act.who);
        if !is_for_it {
            continue;
        }
        let is_used_up = limit.is_some_and(|limit| {
            let from = limit.per.start(act.at, calendar);
            let given = done.rewards.iter().filter(|(campaign, at)| *campaign == defined.id && *at >= from);
            given.count() >= usize::try_from(limit.times).unwrap_or(usize::MAX)
        });
        if is_used_up {
            is_limited = true;
        } else {
            rewards.push(Reward { campaign: defined.id, version: defined.version, points: *points });
        }
    }
    match (rewards.is_empty(), is_limited) {
        (false, _) => {
            let Act { customer, action, token, at, .. } = act.clone();
            Deed::Taken(ActionTaken { customer, action, token, at, rewards })
        }
        (true, true) => Deed::LimitReached,
        (true, false) => Deed::NoCampaign,
    }
}

impl Per {
    /// The first instant of the period that an instant falls into.
    pub fn start(self, instant: Timestamp, calendar: &Calendar) -> Timestamp {
        match self {
            Per::Day => calendar.start_of_day(instant),
            Per::Month => calendar.start_of_month(instant),
            Per::Year => calendar.start_of_year(instant),
            Per::Lifetime => Timestamp(i64::MIN),
        }
    }
}

impl Reward {
    /// The bonus of this reward: the same campaign for the same action is the same bonus. Both halves are random, or keyed
    /// hashes, so that no two pairs meet.
    pub fn bonus(&self, token: Token) -> BonusId {
        let mixed = u128::from_be_bytes(token.0) ^ self.campaign.0.as_u128();
        BonusId(uuid::Builder::from_custom_bytes(mixed.to_be_bytes()).into_uuid())
    }
}
