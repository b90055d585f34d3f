//! What nobody has to tell us of: that somebody became a member.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use aggregates::{
    campaign::{Act, Action, ActionTaken, Deed, Effect, reward, shard_of},
    id::{CustomerId, MerchantId, Token},
    time::Timestamp,
};
use projections::campaigns::desk::{self, Desk, SignedUp};

use super::{CampaignError, Rewarder};
use crate::on_top::Written;

/// Members of one pass.
const PASS_MAX: i64 = 500;
/// How often a shard is decided on again because somebody else was faster.
const ATTEMPTS_MAX: usize = 20;

/// Up to where members were looked at, by which campaigns: so that a look costs what is new. Forgotten at the end of the
/// process, which costs one full look. One entry for each shop that rewards signing up.
#[derive(Debug, Clone, Default)]
pub struct Noticed(Arc<Mutex<HashMap<MerchantId, Through>>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Through {
    /// Position of the campaigns.
    board: u64,
    /// Position up to which members are done.
    members: u64,
}

impl Noticed {
    /// Behind which members are new. Other campaigns make all of them new.
    fn behind(&self, merchant: MerchantId, board: u64) -> u64 {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&merchant).copied();
        known.filter(|known| known.board == board).map_or(0, |known| known.members)
    }

    fn note(&self, merchant: MerchantId, through: Through) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(merchant, through);
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
        let for_it = board.state.all().filter(
            |defined| matches!(&defined.campaign.effect, Effect::Reward { action, .. } if *action == Action::SignUp),
        );
        let Some(from) = for_it.map(|defined| defined.campaign.from).min() else { return Ok(None) };
        let (mut after, mut last) = (self.noticed.behind(merchant, board.position), None);
        loop {
            let members = desk::signed_up(&self.db, merchant, from, after, PASS_MAX).await?;
            let Some(newest) = members.last() else { return Ok(last) };
            after = newest.position;
            let mut by_shard: BTreeMap<u8, Vec<SignedUp>> = BTreeMap::new();
            for member in members {
                by_shard.entry(shard_of(member.customer)).or_default().push(member);
            }
            for (shard, members) in by_shard {
                last = last.max(self.reward_sign_ups(merchant, shard, &members, now).await?);
            }
            self.noticed.note(merchant, Through { board: board.position, members: after });
        }
    }

    async fn reward_sign_ups(
        &self,
        merchant: MerchantId,
        shard: u8,
        members: &[SignedUp],
        now: Timestamp,
    ) -> Result<Option<u64>, CampaignError> {
        let calendar = self.calendar(merchant, now).await?;
        for _ in 0..ATTEMPTS_MAX {
            let board = self.board(merchant).await?;
            let (mut known, mut taken): (Option<u64>, Vec<ActionTaken>) = (None, Vec::new());
            for member in members {
                let act = self.sign_up(merchant, *member).await?;
                let Desk { position, done, .. } =
                    desk::open(&self.db, merchant, shard, member.customer, &[act.token]).await?;
                // What was decided on an older view is written only on top of that one.
                known = Some(known.map_or(position, |known| known.min(position)));
                if let Deed::Taken(event) = reward(board.state.all(), &act, &done, &calendar) {
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

    async fn sign_up(&self, merchant: MerchantId, member: SignedUp) -> Result<Act, CampaignError> {
        Ok(Act {
            customer: member.customer,
            action: Action::SignUp,
            token: token_of(member.customer),
            at: member.at,
            who: self.who(merchant, member.customer).await?,
        })
    }
}

/// Becoming a member happens once, and nothing of the outside is in it: the member's own random id names it.
fn token_of(customer: CustomerId) -> Token {
    Token(*customer.0.as_bytes())
}
