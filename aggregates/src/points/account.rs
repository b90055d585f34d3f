//! The state of an account: a fold over its events.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{
    adjust, assess,
    bonus::{self, BonusRecord},
    command::{PointsCommand, PointsRefusal},
    draft::Draft,
    event::{AccountContents, LinkSecret, PointsEvent},
    forfeit, merge,
    order_record::OrderRecord,
    purse::{Balance, Purse},
    redemption::{self, Delivery, Redemption},
};
use crate::{
    Aggregate, Context,
    event::Recorded,
    id::{BonusId, ByToken, CommandId, CustomerId, Fingerprint, RedemptionId, Token},
    sealed::Sealed,
    time::Timestamp,
};

/// How it is written down, `packed` tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    pub purse: Purse,
    pub orders: ByToken<OrderRecord>,
    pub redemptions: HashMap<RedemptionId, Redemption>,
    /// Requests by clients that were done, so that a repetition is answered and not done again.
    pub commands: HashMap<CommandId, CommandRecord>,
    /// Points that were not for an order, so that none is granted or taken back twice.
    pub bonuses: HashMap<BonusId, BonusRecord>,
    /// Link keys of accounts merged into this one.
    pub links: Vec<Sealed<LinkSecret>>,
    /// Accounts merged into this one, so that a repeated merge is recognised.
    pub absorbed: Vec<CustomerId>,
    pub merged_into: Option<CustomerId>,
    /// The owner is being forgotten, or is.
    pub fenced: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandRecord {
    pub request: Fingerprint,
    pub position: u64,
}

impl Account {
    pub fn balance_at(&self, instant: Timestamp) -> Balance {
        self.purse.balance_at(instant)
    }

    /// The order under whichever of these tokens it is known.
    pub fn order<'a>(&self, tokens: impl IntoIterator<Item = &'a Token>) -> Option<&OrderRecord> {
        tokens.into_iter().find_map(|token| self.orders.get(token))
    }

    /// Codes that ended with their owner: nobody used them, and their points did not come back.
    pub fn disabled_codes(&self) -> usize {
        let disabled = |redemption: &&Redemption| {
            redemption.cancelled && redemption.used_by.is_none() && redemption.returned() == 0
        };
        self.redemptions.values().filter(disabled).count()
    }

    /// Of these, the ones that the shop has, or may have. The oldest id first.
    pub fn disabled_in_shop(&self) -> Vec<RedemptionId> {
        let in_shop = |(_, redemption): &(&RedemptionId, &Redemption)| {
            let unspent = redemption.cancelled && redemption.used_by.is_none() && redemption.returned() == 0;
            unspent && redemption.delivery != Delivery::NotNeeded
        };
        let mut disabled: Vec<RedemptionId> = self.redemptions.iter().filter(in_shop).map(|(id, _)| *id).collect();
        disabled.sort_unstable();
        disabled
    }

    /// Whether this client request was done before. The same key with another content is a mistake of the client.
    pub(super) fn already_done(&self, command: CommandId, request: Fingerprint) -> Result<bool, PointsRefusal> {
        match self.commands.get(&command) {
            None => Ok(false),
            Some(record) if record.request == request => Ok(true),
            Some(_) => Err(PointsRefusal::KeyReused),
        }
    }

    /// What a merge brings besides the purse.
    fn take_over(&mut self, contents: &AccountContents) {
        self.orders.extend(contents.orders.iter().cloned());
        self.redemptions.extend(contents.redemptions.iter().cloned());
        self.commands.extend(contents.commands.iter().copied());
        self.bonuses.extend(contents.bonuses.iter().cloned());
    }

    pub fn apply_to_purse(purse: &mut Purse, event: &PointsEvent, now: Timestamp) {
        match event {
            PointsEvent::OrderAssessed(event) => {
                if let Some(lot) = &event.lot {
                    purse.open(lot, now);
                }
                // Also where it earned nothing: which of an order's bodies came first must not decide who was idle.
                if let Some(body) = event.body.as_ref().filter(|body| !body.test) {
                    purse.last_activity = purse.last_activity.max(body.processed_at);
                }
                purse.note_shortfall(event.order, &event.movements, event.owed);
                purse.apply(&event.movements, event.owed);
            }
            PointsEvent::PointsAdjusted(event) => {
                if let Some(lot) = &event.lot {
                    purse.open(lot, now);
                }
                purse.last_activity = purse.last_activity.max(event.at);
                purse.apply(&event.movements, event.owed);
            }
            PointsEvent::BonusGranted(event) => {
                purse.open(&event.lot, now);
                purse.last_activity = purse.last_activity.max(event.lot.earned_at);
                purse.apply(&event.movements, 0);
            }
            PointsEvent::BonusRevoked(event) => purse.apply(&event.movements, event.owed),
            PointsEvent::RewardRedeemed(event) => {
                purse.last_activity = purse.last_activity.max(event.at);
                purse.apply(&event.movements, 0);
                purse.reserved += event.delivery.map_or(0, |_| event.points);
            }
            PointsEvent::RedemptionDelivered(event) => purse.reserved -= event.points,
            PointsEvent::RedemptionReturned(event) => {
                purse.reserved -= event.released;
                event.graces.iter().for_each(|(lot, until)| purse.set_expiry(*lot, *until));
                purse.apply(&event.movements, 0);
            }
            PointsEvent::AccountClosed(_) => *purse = Purse::default(),
            PointsEvent::AccountAbsorbed(event) => merge::take_over(purse, &event.contents),
            PointsEvent::ContentsAbsorbed(event) => merge::take_over(purse, &event.contents),
            PointsEvent::PointsActivated(_) | PointsEvent::PointsExpired(_) | PointsEvent::DebtCovered(_) => {
                purse.apply_passing_of_time(event);
            }
            PointsEvent::PointsForfeited(event) => purse.forfeit(&event.movements, event.owed),
            PointsEvent::RedemptionUsed(_) | PointsEvent::AccountFenced(_) => {}
        }
    }

    /// All that a merge moves.
    pub fn contents(&self) -> AccountContents {
        let mut contents = AccountContents {
            lots: self.purse.lots.clone(),
            debt: self.purse.debt,
            last_activity: self.purse.last_activity,
            lifetime_earned: self.purse.lifetime_earned,
            lifetime_redeemed: self.purse.lifetime_redeemed,
            lifetime_expired: self.purse.lifetime_expired,
            orders: self.orders.iter().map(|(token, record)| (*token, record.clone())).collect(),
            redemptions: self.redemptions.iter().map(|(id, redemption)| (*id, redemption.clone())).collect(),
            commands: self.commands.iter().map(|(id, record)| (*id, *record)).collect(),
            shortfalls: self.purse.shortfalls.iter().map(|(order, shortfall)| (*order, shortfall.clone())).collect(),
            bonuses: self.bonuses.iter().map(|(id, record)| (*id, record.clone())).collect(),
        };
        // The same account must give the same bytes, whatever order its maps have in memory.
        contents.orders.sort_by_key(|(token, _)| *token);
        contents.redemptions.sort_by_key(|(id, _)| *id);
        contents.commands.sort_by_key(|(id, _)| *id);
        contents.bonuses.sort_by_key(|(id, _)| *id);
        contents
    }
}

impl Aggregate for Account {
    const CONTEXT: Context = Context::Points;
    type Event = PointsEvent;
    type Command = PointsCommand;
    type Refusal = PointsRefusal;

    fn decide(&self, command: &PointsCommand) -> Result<Vec<PointsEvent>, PointsRefusal> {
        match command {
            PointsCommand::Fence(_) if self.fenced => return Ok(Vec::new()),
            PointsCommand::Fence(_) | PointsCommand::Forfeit(_) => {}
            PointsCommand::Settle { .. } if self.fenced || self.merged_into.is_some() => return Ok(Vec::new()),
            _ if self.fenced => return Err(PointsRefusal::Erased),
            PointsCommand::Close { into, .. } if self.merged_into == Some(*into) => return Ok(Vec::new()),
            _ => {
                if let Some(into) = self.merged_into {
                    return Err(PointsRefusal::Merged { into });
                }
            }
        }
        match command {
            PointsCommand::RecordOrder(command) => assess::record_order(self, command),
            PointsCommand::RecordCodeUse(command) => redemption::record_code_use(self, command),
            PointsCommand::Adjust(command) => adjust::adjust(self, command),
            PointsCommand::Grant(command) => bonus::grant(self, command),
            PointsCommand::Revoke(command) => bonus::revoke(self, command),
            PointsCommand::Redeem(command) => redemption::redeem(self, command),
            PointsCommand::CancelRedemption { redemption, program, now } => {
                redemption::cancel(self, *redemption, program, *now)
            }
            PointsCommand::Deliver { redemption, now } => redemption::deliver(self, *redemption, *now),
            PointsCommand::Settle { now } => Ok(Draft::at(self, *now).events),
            PointsCommand::Close { into, now } => Ok(merge::close(self, *into, *now)),
            PointsCommand::Absorb(command) => Ok(merge::absorb(self, command)),
            PointsCommand::Fence(fenced) => Ok(vec![PointsEvent::AccountFenced(fenced.clone())]),
            PointsCommand::Forfeit(command) => forfeit::forfeit(self, command),
        }
    }

    fn apply(&mut self, event: &PointsEvent, recorded: &Recorded) {
        Self::apply_to_purse(&mut self.purse, event, recorded.at);
        let position = recorded.position;
        match event {
            PointsEvent::OrderAssessed(event) => {
                self.orders
                    .entry(event.order)
                    .or_insert_with(|| OrderRecord::unknown(event.program_version))
                    .apply(event, position);
            }
            PointsEvent::PointsAdjusted(event) => {
                self.commands.insert(event.command, CommandRecord { request: event.request, position });
            }
            PointsEvent::RewardRedeemed(event) => {
                self.commands.insert(event.command, CommandRecord { request: event.request, position });
                let redemption = Redemption {
                    points: event.points,
                    value_minor: event.value_minor,
                    at: event.at,
                    position,
                    outstanding: event.movements.iter().map(|movement| (movement.lot, movement.points)).collect(),
                    used_by: None,
                    cancelled: false,
                    reward: event.delivery.and_then(|delivery| delivery.reward).map(|(reward, _)| reward),
                    delivery: event.delivery.map_or(Delivery::NotNeeded, |_| Delivery::Underway),
                };
                self.redemptions.insert(event.redemption, redemption);
            }
            PointsEvent::BonusGranted(event) => {
                self.bonuses.insert(event.bonus, BonusRecord::of(event, position));
            }
            PointsEvent::BonusRevoked(event) => {
                if let Some(record) = self.bonuses.get_mut(&event.bonus) {
                    record.revoked = true;
                }
            }
            PointsEvent::RedemptionUsed(event) => {
                if let Some(redemption) = self.redemptions.get_mut(&event.redemption) {
                    redemption.used_by = Some(event.order);
                }
            }
            PointsEvent::RedemptionDelivered(event) => {
                if let Some(redemption) = self.redemptions.get_mut(&event.redemption) {
                    redemption.delivery = Delivery::Done;
                }
            }
            PointsEvent::RedemptionReturned(event) => {
                if let Some(redemption) = self.redemptions.get_mut(&event.redemption) {
                    redemption.apply_return(event);
                }
            }
            PointsEvent::AccountClosed(event) => {
                *self = Account { merged_into: Some(event.into), ..Account::default() };
            }
            PointsEvent::ContentsAbsorbed(event) => self.take_over(&event.contents),
            PointsEvent::AccountAbsorbed(event) => {
                self.take_over(&event.contents);
                self.links.extend(event.links.iter().cloned());
                self.absorbed.push(event.from);
            }
            PointsEvent::AccountFenced(_) => self.fenced = true,
            PointsEvent::PointsForfeited(event) => {
                for code in &event.codes {
                    if let Some(redemption) = self.redemptions.get_mut(code) {
                        redemption.cancelled = true;
                    }
                }
            }
            PointsEvent::PointsActivated(_) | PointsEvent::PointsExpired(_) | PointsEvent::DebtCovered(_) => {}
        }
    }
}
