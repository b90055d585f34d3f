//! Events in, redemptions out. Pure.

use std::collections::{BTreeMap, BTreeSet};

use aggregates::{
    id::{CustomerId, MerchantId, RedemptionId, RewardId},
    points::{PointsEvent, RewardRedeemed},
    time::Timestamp,
};
use journal::Positioned;
use uuid::Uuid;

use super::Key;

/// How far a redemption has come, and with it its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedemptionState {
    /// The shop has to make it; its points are reserved.
    Pending,
    /// Its code may be used.
    Active,
    /// An order carried its code, whatever of that order went back since.
    Used,
    /// Undone: all of its points came back.
    Cancelled,
    /// Nobody used it, and its owner was forgotten: its points are gone with it.
    Disabled,
}

impl RedemptionState {
    pub const ALL: [RedemptionState; 5] = [
        RedemptionState::Pending,
        RedemptionState::Active,
        RedemptionState::Used,
        RedemptionState::Cancelled,
        RedemptionState::Disabled,
    ];

    /// The word of table and API.
    pub const fn as_str(self) -> &'static str {
        match self {
            RedemptionState::Pending => "pending",
            RedemptionState::Active => "active",
            RedemptionState::Used => "used",
            RedemptionState::Cancelled => "cancelled",
            RedemptionState::Disabled => "disabled",
        }
    }

    pub fn of(word: &str) -> Option<RedemptionState> {
        RedemptionState::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// A redemption as the read model has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedemptionRow {
    pub merchant: MerchantId,
    pub id: RedemptionId,
    /// Whose account it is in: a merge takes it along.
    pub customer: CustomerId,
    /// The reward and its version; `None` at the programme's rate.
    pub reward: Option<(RewardId, u32)>,
    pub points: i64,
    /// Of these, how many came back.
    pub returned: i64,
    /// Minor units of the shop's currency.
    pub value_minor: i64,
    pub state: RedemptionState,
    pub created_at: Timestamp,
    /// When the shop had made it.
    pub delivered_at: Option<Timestamp>,
    pub used_at: Option<Timestamp>,
    /// When points came back last.
    pub returned_at: Option<Timestamp>,
    /// When it was cancelled or disabled.
    pub ended_at: Option<Timestamp>,
    pub created_position: u64,
    /// Of the last commit about it.
    pub position: u64,
}

impl RedemptionRow {
    fn begun(happening: &Happening, id: RedemptionId, event: &RewardRedeemed) -> Self {
        let reward = event.delivery.and_then(|delivery| delivery.reward);
        RedemptionRow {
            merchant: happening.merchant,
            id,
            customer: happening.account,
            reward,
            points: event.points,
            returned: 0,
            value_minor: event.value_minor,
            state: event.delivery.map_or(RedemptionState::Active, |_| RedemptionState::Pending),
            created_at: event.at,
            delivered_at: None,
            used_at: None,
            returned_at: None,
            ended_at: None,
            created_position: happening.position,
            position: happening.position,
        }
    }

    fn change(&mut self, happening: &Happening) {
        let at = happening.at;
        match &happening.what {
            What::Taken(_) => {}
            What::Delivered { .. } => {
                self.state = RedemptionState::Active;
                self.delivered_at = Some(at);
            }
            What::Used(_) => {
                self.state = RedemptionState::Used;
                self.used_at = Some(at);
            }
            What::Returned { points, cancelled, .. } => {
                self.returned += points;
                self.returned_at = Some(at);
                if *cancelled {
                    self.state = RedemptionState::Cancelled;
                    self.ended_at = Some(at);
                }
            }
            What::Disabled(_) => {
                self.state = RedemptionState::Disabled;
                self.ended_at = Some(at);
            }
            What::Moved { into } => self.customer = *into,
        }
        self.position = happening.position;
    }
}

/// One thing that happened to redemptions.
#[derive(Debug, Clone)]
pub(super) struct Happening {
    pub merchant: MerchantId,
    pub account: CustomerId,
    at: Timestamp,
    position: u64,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    Taken(Box<RewardRedeemed>),
    Delivered {
        redemption: RedemptionId,
    },
    Used(RedemptionId),
    Returned {
        redemption: RedemptionId,
        points: i64,
        cancelled: bool,
    },
    Disabled(Vec<RedemptionId>),
    /// All that the account has.
    Moved {
        into: CustomerId,
    },
}

impl Happening {
    /// What an event of this account says about redemptions; none for most.
    pub fn of(commit: &Positioned, account: Uuid, event: &PointsEvent) -> Option<Happening> {
        let recorded_at = commit.commit.recorded_at;
        let (what, at) = match event {
            PointsEvent::RewardRedeemed(event) => (What::Taken(Box::new(event.clone())), event.at),
            PointsEvent::RedemptionDelivered(event) => (What::Delivered { redemption: event.redemption }, event.at),
            PointsEvent::RedemptionUsed(event) => (What::Used(event.redemption), recorded_at),
            PointsEvent::RedemptionReturned(event) => {
                let (redemption, points, cancelled) = (event.redemption, event.points, event.cancelled);
                (What::Returned { redemption, points, cancelled }, recorded_at)
            }
            PointsEvent::PointsForfeited(event) if !event.codes.is_empty() => {
                (What::Disabled(event.codes.clone()), event.at)
            }
            // What the other side absorbs is the same, told at length.
            PointsEvent::AccountClosed(event) => (What::Moved { into: event.into }, recorded_at),
            _ => return None,
        };
        let account = CustomerId(account);
        Some(Happening { merchant: commit.subject.merchant, account, at, position: commit.position, what })
    }

    /// Redemptions that it names, unless it is how they begin.
    pub fn named(&self) -> &[RedemptionId] {
        match &self.what {
            What::Taken(_) | What::Moved { .. } => &[],
            What::Delivered { redemption } | What::Used(redemption) | What::Returned { redemption, .. } => {
                std::slice::from_ref(redemption)
            }
            What::Disabled(redemptions) => redemptions,
        }
    }

    /// The account that gives everything away.
    pub fn closed(&self) -> Option<CustomerId> {
        matches!(self.what, What::Moved { .. }).then_some(self.account)
    }
}

/// Those that a batch is about.
#[derive(Debug, Default)]
pub(super) struct Rows {
    rows: BTreeMap<Key, RedemptionRow>,
    changed: BTreeSet<Key>,
}

impl Rows {
    pub fn of(known: Vec<RedemptionRow>) -> Self {
        let rows = known.into_iter().map(|row| ((row.merchant.0, row.id.0), row)).collect();
        Rows { rows, changed: BTreeSet::new() }
    }

    /// What is not known is left alone: its beginning is in a commit that this read model goes on without.
    pub fn take_in(&mut self, happening: &Happening) {
        let merchant = happening.merchant.0;
        match &happening.what {
            What::Taken(event) => {
                let key = (merchant, event.redemption.0);
                self.rows.insert(key, RedemptionRow::begun(happening, event.redemption, event));
                self.changed.insert(key);
            }
            What::Moved { .. } => {
                let of_account =
                    |row: &&mut RedemptionRow| row.merchant == happening.merchant && row.customer == happening.account;
                for row in self.rows.values_mut().filter(of_account) {
                    row.change(happening);
                    self.changed.insert((merchant, row.id.0));
                }
            }
            _ => {
                for redemption in happening.named() {
                    let key = (merchant, redemption.0);
                    if let Some(row) = self.rows.get_mut(&key) {
                        row.change(happening);
                        self.changed.insert(key);
                    }
                }
            }
        }
    }

    /// Rows with something new, in the order of their keys.
    pub fn changed(&self) -> Vec<&RedemptionRow> {
        self.changed.iter().filter_map(|key| self.rows.get(key)).collect()
    }
}

#[cfg(test)]
mod tests;
