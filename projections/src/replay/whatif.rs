//! What another programme would have made of a merchant's real history: one pass over its part of the log, and nothing is
//! written. In memory is what [`Past`] keeps of everybody: about 150 bytes for an order.

use std::collections::HashMap;

use aggregates::{
    Context,
    campaign::{ActionTaken, CampaignEvent},
    customer::CustomerEvent,
    id::{BonusId, CustomerId, MerchantId, RedemptionId, RewardId},
    money::Currency,
    points::{BonusGranted, BonusKind, PointsEvent},
    program::Program,
    referral::Side,
    rfm::RfmEvent,
    tier::Ladder,
    time::Timestamp,
    whatif::{Move, Past, Proposal, Segment, What, WhatIf, totals::Trial},
};
use futures::StreamExt;
use journal::{Follow, Journal, Positioned, SubjectId};

use super::{Past as PastState, ReplayError};
use crate::projection::events_of;

/// Everything of a merchant's history that another programme could have made otherwise.
#[derive(Debug, Default)]
pub struct History {
    pub people: HashMap<CustomerId, Past>,
    pub program: PastState<Program>,
    /// The last commit that was seen.
    pub position: u64,
    /// Where the points of a bonus stand among its owner's moves.
    bonuses: HashMap<BonusId, (CustomerId, usize)>,
    /// What redemptions were for, and of how many points.
    redemptions: HashMap<RedemptionId, (Option<RewardId>, i64)>,
    /// The shop's segments were worked out at least once by now.
    has_segments: bool,
}

/// Which part of a programme gave a bonus.
fn what_for(event: &BonusGranted) -> What {
    match event.source.kind {
        BonusKind::Campaign => What::Campaign,
        BonusKind::Referral => Side::of_rule(&event.rule).map_or(What::Other, What::Referral),
        BonusKind::Badge => What::Badge(event.rule.clone()),
        BonusKind::VipTier => What::Other,
    }
}

/// Reads a merchant's history up to where it ended when this was called. `seen` is told of each commit.
///
/// # Errors
/// [`ReplayError`]
pub async fn read(
    journal: &Journal,
    merchant: MerchantId,
    mut seen: impl FnMut(&Positioned),
) -> Result<History, ReplayError> {
    let filter = Follow::Merchant(merchant);
    let end = journal.last_position_of(filter).await?;
    let mut following = journal.follow(0, filter).await?;
    let mut history = History::default();
    while following.reached() < end {
        let commit = following.next().await.ok_or(ReplayError::Cut)??;
        seen(&commit);
        history.take_in(&commit)?;
    }
    Ok(history)
}

impl History {
    fn take_in(&mut self, commit: &Positioned) -> Result<(), ReplayError> {
        self.position = commit.position;
        match (commit.subject.context, commit.subject.id) {
            (Context::Program, _) => self.program.take_in(commit).map(drop),
            (Context::Customer, SubjectId::Uuid(customer)) => {
                let events = events_of::<CustomerEvent>(commit)?;
                events.iter().for_each(|event| self.take_in_customer(CustomerId(customer), event));
                Ok(())
            }
            (Context::Rfm, _) => {
                events_of::<RfmEvent>(commit)?.iter().for_each(|event| self.take_in_segments(event));
                Ok(())
            }
            (Context::Campaign, _) => {
                for event in events_of::<CampaignEvent>(commit)? {
                    if let CampaignEvent::ActionTaken(ActionTaken { customer, action, at, .. }) = event {
                        self.person(customer).act(action, at);
                    }
                }
                Ok(())
            }
            (Context::Points, SubjectId::Uuid(customer)) => {
                for event in events_of::<PointsEvent>(commit)? {
                    self.take_in_points(CustomerId(customer), &event, commit.commit.recorded_at);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn take_in_customer(&mut self, customer: CustomerId, event: &CustomerEvent) {
        match event {
            CustomerEvent::Enrolled(event) => self.person(customer).enrolled_at = Some(event.at),
            CustomerEvent::TierGiven(given) => self.person(customer).give(&given.gift),
            CustomerEvent::TierTakenBack(taken) => self.person(customer).take_back(taken.at),
            _ => {}
        }
    }

    fn take_in_points(&mut self, customer: CustomerId, event: &PointsEvent, recorded_at: Timestamp) {
        match event {
            PointsEvent::OrderAssessed(event) => self.person(customer).take_in(event),
            PointsEvent::PointsAdjusted(event) => {
                self.moved(customer, Move { at: event.at, points: event.points, counts: true, what: What::Other });
            }
            PointsEvent::BonusGranted(event) => {
                let counts = event.source.kind != BonusKind::VipTier;
                let what = what_for(event);
                let moved = Move { at: event.lot.earned_at, points: event.points, counts, what };
                let place = self.moved(customer, moved);
                self.bonuses.insert(event.bonus, (customer, place));
            }
            // As with an order that went back: it was never granted.
            PointsEvent::BonusRevoked(event) => {
                let granted = self.bonuses.remove(&event.bonus);
                let moves = granted.and_then(|(of, place)| self.people.get_mut(&of)?.moves.get_mut(place));
                if let Some(moved) = moves {
                    moved.points = 0;
                }
            }
            PointsEvent::RewardRedeemed(event) => {
                let reward = event.delivery.as_ref().and_then(|due| due.reward).map(|(reward, _)| reward);
                self.redemptions.insert(event.redemption, (reward, event.points));
                let what = What::Redeemed(reward);
                self.moved(customer, Move { at: event.at, points: -event.points, counts: false, what });
            }
            PointsEvent::RedemptionReturned(event) => {
                let (reward, of) = self.redemptions.get(&event.redemption).copied().unwrap_or_default();
                let what = What::Returned { reward, of };
                self.moved(customer, Move { at: recorded_at, points: event.points, counts: false, what });
            }
            // Earned elsewhere: no programme here would have given it, and none would have withheld it.
            PointsEvent::PointsImported(event) => {
                for lot in &event.lots {
                    let granted = event.movements.iter().filter(|movement| movement.lot == lot.lot);
                    let points = granted.map(|movement| movement.points).sum();
                    let moved = Move { at: lot.earned_at, points, counts: false, what: What::Other };
                    self.moved(customer, moved);
                }
                self.moved(customer, Move { at: event.at, points: -event.owed, counts: false, what: What::Other });
            }
            PointsEvent::AccountClosed(event) => self.merge(customer, event.into),
            // Whoever is forgotten takes part in nothing.
            PointsEvent::PointsForfeited(_) => drop(self.people.remove(&customer)),
            PointsEvent::PointsActivated(_)
            | PointsEvent::PointsExpired(_)
            | PointsEvent::DebtCovered(_)
            | PointsEvent::RedemptionUsed(_)
            | PointsEvent::RedemptionDelivered(_)
            | PointsEvent::AccountAbsorbed(_)
            | PointsEvent::ContentsAbsorbed(_)
            | PointsEvent::AccountFenced(_) => {}
        }
    }

    fn take_in_segments(&mut self, event: &RfmEvent) {
        if !std::mem::replace(&mut self.has_segments, true) {
            self.people.values_mut().for_each(|past| past.segment = Segment::Known(None));
        }
        let RfmEvent::Updated(updated) = event else { return };
        for change in &updated.changes {
            let segment = updated.segments.get(usize::from(change.to)).cloned();
            self.person(change.customer).segment = Segment::Known(segment);
        }
    }

    fn person(&mut self, customer: CustomerId) -> &mut Past {
        let has_segments = self.has_segments;
        self.people.entry(customer).or_insert_with(|| Past {
            segment: if has_segments { Segment::Known(None) } else { Segment::NotKnown },
            ..Past::default()
        })
    }

    fn moved(&mut self, customer: CustomerId, moved: Move) -> usize {
        let moves = &mut self.person(customer).moves;
        moves.push(moved);
        moves.len() - 1
    }

    fn merge(&mut self, loser: CustomerId, winner: CustomerId) {
        let Some(past) = self.people.remove(&loser) else { return };
        let kept = self.person(winner);
        let moved_by = kept.moves.len();
        kept.absorb(past);
        for (of, place) in self.bonuses.values_mut().filter(|(of, _)| *of == loser) {
            (*of, *place) = (winner, *place + moved_by);
        }
    }

    /// The currency of most orders: the shop's.
    pub fn currency(&self) -> Option<Currency> {
        let mut counts: HashMap<Currency, u64> = HashMap::new();
        let orders = self.people.values().flat_map(|past| past.orders.values());
        for currency in orders.filter(|order| order.base_minor > 0).filter_map(|order| order.currency) {
            *counts.entry(currency).or_default() += 1;
        }
        let most = counts.into_iter().max_by_key(|(currency, count)| (*count, std::cmp::Reverse(*currency)));
        most.map(|(currency, _)| currency)
    }

    /// What the proposal would have made of it, beside what happened. `present` are the tiers in effect at `now`.
    pub fn compare(&self, proposal: &Proposal, present: &Ladder, now: Timestamp) -> WhatIf {
        let trial = Trial { proposal, program: &self.program.state, present, now };
        let mut whatif = WhatIf::default();
        for (customer, past) in &self.people {
            whatif.add(trial, *customer, past);
        }
        whatif
    }
}
