//! Two accounts become one. Everything moves: lots with their dates, orders with their history, live redemptions, debt.

use super::{
    account::Account,
    command::Absorb,
    draft::Draft,
    event::{AccountAbsorbed, AccountClosed, AccountContents, ContentsAbsorbed, PointsEvent},
    purse::Purse,
};
use crate::{id::CustomerId, time::Timestamp};

/// No settling here: what moves must be what the other side was shown, to the point.
pub(super) fn close(account: &Account, into: CustomerId, _: Timestamp) -> Vec<PointsEvent> {
    vec![PointsEvent::AccountClosed(AccountClosed { into, points: account.purse.total() })]
}

pub(super) fn absorb(account: &Account, command: &Absorb) -> Vec<PointsEvent> {
    if account.absorbed.contains(&command.from) {
        return Vec::new();
    }
    let mut draft = Draft::at(account, command.now);
    let mut incoming = Purse::default();
    take_over(&mut incoming, &command.contents);
    let from = command.from;
    let mut parts = command.contents.clone().into_parts(command.part_bytes);
    let contents = parts.pop().unwrap_or_default();
    for contents in parts {
        draft.record(PointsEvent::ContentsAbsorbed(ContentsAbsorbed { from, contents }));
    }
    let links = command.links.clone();
    draft.record(PointsEvent::AccountAbsorbed(AccountAbsorbed { from, points: incoming.total(), contents, links }));
    // What came in has lived by its own dates until now: points that had expired there pay no debt here.
    for event in incoming.settle(command.now) {
        draft.record(event);
    }
    draft.settle();
    draft.events
}

pub(super) fn take_over(purse: &mut Purse, contents: &AccountContents) {
    purse.lots.extend(contents.lots.iter().cloned());
    purse.debt += contents.debt;
    purse.shortfalls.extend(contents.shortfalls.iter().cloned());
    purse.last_activity = purse.last_activity.max(contents.last_activity);
    purse.lifetime_earned += contents.lifetime_earned;
    purse.lifetime_redeemed += contents.lifetime_redeemed;
    purse.lifetime_expired += contents.lifetime_expired;
    purse.reserved += contents.redemptions.iter().map(|(_, redemption)| redemption.reserved()).sum::<i64>();
}
