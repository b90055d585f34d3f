//! What actions would have brought by the proposal's campaigns. Those that a campaign rewarded are on record, and everybody
//! became a member once; what nobody rewarded, nobody wrote down.

use std::{iter::Peekable, vec::IntoIter};

use uuid::Uuid;

use super::{
    past::{Move, Past, PastAct, Segment, What},
    proposal::{Paid, Proposal},
};
use crate::{
    campaign::{Act, Action, Deed, Done, reward},
    id::{CustomerId, Token},
    tier::{Fact, Given},
    time::Timestamp,
};

/// Whose action it is makes no difference to what it brings.
const SOMEBODY: CustomerId = CustomerId(Uuid::nil());
/// Nor does what tells it from the same one told again: each is here once.
const ONCE: Token = Token([0; 16]);

/// One person's actions, judged one after the other.
pub(super) struct Acting<'a> {
    proposal: &'a Proposal,
    /// Tiers that they were given.
    given: &'a [Given],
    /// The earliest first.
    ahead: Peekable<IntoIter<PastAct>>,
    done: Done,
}

impl<'a> Acting<'a> {
    /// Of a proposal without campaigns of its own, nothing is judged: actions keep what they brought.
    pub(super) fn new(proposal: &'a Proposal, past: &'a Past) -> Self {
        let mut acts = Vec::new();
        if proposal.campaigns.is_some() {
            acts.extend(past.acts.iter().filter(|act| act.action != Action::SignUp).cloned());
            // Nobody who becomes a member has a segment.
            let segment = Segment::Known(None);
            acts.extend(past.enrolled_at.map(|at| PastAct { at, action: Action::SignUp, segment }));
            acts.sort_by_key(|act| act.at);
        }
        Acting { proposal, given: &past.given, ahead: acts.into_iter().peekable(), done: Done::default() }
    }

    /// Judges what was done up to and with this moment.
    pub(super) fn until(&mut self, moment: Timestamp, facts: &mut Vec<Fact>, paid: &mut Paid) {
        while let Some(act) = self.ahead.next_if(|act| act.at <= moment) {
            paid.without_segment += u64::from(self.proposal.misses_segment(&act.segment, act.at));
            let who = self.proposal.who(facts, self.given, &act.segment, act.at);
            let campaigns = self.proposal.campaigns.iter().flatten();
            let act = Act { customer: SOMEBODY, action: act.action, token: ONCE, at: act.at, who };
            let Deed::Taken(taken) = reward(campaigns, &act, &self.done, self.proposal.calendar()) else { continue };
            for reward in taken.rewards {
                self.done.rewards.push((reward.campaign, act.at));
                let moved = Move { at: act.at, points: reward.points, counts: true, what: What::Campaign };
                facts.extend(moved.fact());
                paid.moves.push(moved);
            }
        }
    }
}
