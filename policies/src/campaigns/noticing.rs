//! What nobody has to tell us of: that somebody became a member.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aggregates::{
    campaign::{Act, Action, ActionTaken, Deed, Effect, reward, shard_of},
    id::{CustomerId, MerchantId, Token},
    rfm::Day,
    time::Timestamp,
};
use projections::campaigns::desk::{self, Desk, SignedUp};

use super::{CampaignError, Rewarder};
use crate::on_top::Written;

/// Members of one pass.
const PASS_MAX: i64 = 500;
/// How often a shard is decided on again because somebody else was faster.
const ATTEMPTS_MAX: usize = 20;

/// How far it was looked, by which campaigns: so that a look costs what is new. Forgotten at the end of the process, which
/// costs one full look. One entry for each shop that rewards what nobody tells of.
#[derive(Debug, Clone, Default)]
pub struct Noticed(Arc<Mutex<HashMap<MerchantId, Through>>>);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Through {
    /// Position of the campaigns.
    board: u64,
    /// Position up to which members are done.
    members: u64,
    /// The last day whose birthdays are done.
    birthdays: Option<Day>,
}

impl Noticed {
    fn known(&self) -> MutexGuard<'_, HashMap<MerchantId, Through>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known by these campaigns; nothing by others.
    fn through(&self, merchant: MerchantId, board: u64) -> Through {
        let known = self.known().get(&merchant).copied().filter(|known| known.board == board);
        known.unwrap_or(Through { board, ..Through::default() })
    }

    fn note_members(&self, merchant: MerchantId, board: u64, members: u64) {
        let through = Through { members, ..self.through(merchant, board) };
        self.known().insert(merchant, through);
    }

    pub(super) fn birthdays_through(&self, merchant: MerchantId, board: u64) -> Option<Day> {
        self.through(merchant, board).birthdays
    }

    pub(super) fn note_birthdays(&self, merchant: MerchantId, board: u64, day: Day) {
        let through = Through { birthdays: Some(day), ..self.through(merchant, board) };
        self.known().insert(merchant, through);
    }
}

impl Rewarder {
    /// Everybody who became a member while a campaign for it runs, and has no reward for it. Gives the position of the last
    /// commit, once it is visible.
    pub(super) async fn notice_sign_ups(
        &self,
        merchant: MerchantId,
        now: Timestamp,
    ) -> Result<Option<u64>, CampaignError> {
        let board = self.board(merchant).await?;
        let is_for_it = |effect: &Effect| matches!(effect, Effect::Reward { action: Action::SignUp, .. });
        let for_it = board.state.all().filter(|defined| is_for_it(&defined.campaign.effect));
        let Some(from) = for_it.map(|defined| defined.campaign.from).min() else { return Ok(None) };
        let (mut after, mut last) = (self.noticed.through(merchant, board.position).members, None);
        loop {
            let members = desk::signed_up(&self.db, merchant, from, after, PASS_MAX).await?;
            let Some(newest) = members.last() else { return Ok(last) };
            after = newest.position;
            let mut acts = Vec::with_capacity(members.len());
            for member in members {
                acts.push(self.sign_up(merchant, member).await?);
            }
            last = last.max(self.reward_acts(merchant, &acts, now).await?);
            self.noticed.note_members(merchant, board.position, after);
        }
    }

    async fn sign_up(&self, merchant: MerchantId, member: SignedUp) -> Result<Act, CampaignError> {
        Ok(Act {
            customer: member.customer,
            action: Action::SignUp,
            token: token_of(member.customer),
            at: member.at,
            who: self.who(merchant, member.customer).await?,
        })
    }

    /// Puts on record what these acts earn, those of one shard in one commit.
    pub(super) async fn reward_acts(
        &self,
        merchant: MerchantId,
        acts: &[Act],
        now: Timestamp,
    ) -> Result<Option<u64>, CampaignError> {
        let mut by_shard: BTreeMap<u8, Vec<&Act>> = BTreeMap::new();
        for act in acts {
            by_shard.entry(shard_of(act.customer)).or_default().push(act);
        }
        let mut last = None;
        for (shard, acts) in by_shard {
            last = last.max(self.reward_shard(merchant, shard, &acts, now).await?);
        }
        Ok(last)
    }

    async fn reward_shard(
        &self,
        merchant: MerchantId,
        shard: u8,
        acts: &[&Act],
        now: Timestamp,
    ) -> Result<Option<u64>, CampaignError> {
        let calendar = self.calendar(merchant, now).await?;
        for _ in 0..ATTEMPTS_MAX {
            let board = self.board(merchant).await?;
            let (mut known, mut taken): (Option<u64>, Vec<ActionTaken>) = (None, Vec::new());
            for act in acts {
                let opened = desk::open(&self.db, merchant, shard, act.customer, &[act.token]).await?;
                let Desk { position, done, .. } = opened;
                // What was decided on an older view is written only on top of that one.
                known = Some(known.map_or(position, |known| known.min(position)));
                if let Deed::Taken(event) = reward(board.state.all(), act, &done, &calendar) {
                    taken.push(event);
                }
            }
            let Some(known) = known else { return Ok(None) };
            if let Written::At(position) = self.record(merchant, shard, known, now, taken).await? {
                return Ok(position);
            }
        }
        Err(CampaignError::Contended)
    }
}

/// Becoming a member happens once, and nothing of the outside is in it: the member's own random id names it.
fn token_of(customer: CustomerId) -> Token {
    Token(*customer.0.as_bytes())
}
