//! The decision. What the facts ask for is worked out anew each time; the events are the way there from what is on record.
//! So whatever comes first, and however often, the same is paid in the end, and once.

use std::collections::BTreeSet;

use super::{
    Origin, Referral, Status, Verdict,
    command::Consider,
    event::{
        Cancelled, Cause, ClawedBack, Completed, Considered, Expired, Half, HeldForReview, Qualified, ReferralEvent,
        Rejected,
    },
    signal::Signal,
    standing::{Qualifying, Shortfall, qualifying, still_deserves},
};
use crate::{Aggregate, event::Recorded, id::CustomerId, program::FraudAction};

/// Whatever is due is taken off the list: if nothing else happens, that it was looked at is on record.
pub(super) fn consider(referral: &Referral, origin: &Origin, command: &Consider) -> Vec<ReferralEvent> {
    let mut events = Vec::new();
    match &referral.paid {
        Some(paid) => {
            if let Some(clawed_back) = after_payment(origin, paid, command) {
                events.push(clawed_back);
                go_on_without(referral, origin, command, &mut events);
            }
        }
        None if referral.closed.is_some() => {}
        None => before_payment(referral, origin, command, &mut events),
    }
    if events.is_empty() && command.through > referral.through {
        events.push(ReferralEvent::Considered(Considered { through: command.through, at: command.now }));
    }
    events
}

/// Another order may qualify by now. Its payment is a commit of its own, on top of this one.
fn go_on_without(referral: &Referral, origin: &Origin, command: &Consider, events: &mut Vec<ReferralEvent>) {
    let mut after = referral.clone();
    let recorded = Recorded { position: referral.last_position, at: command.now };
    events.iter().for_each(|event| after.apply(event, &recorded));
    if after.closed.is_none() {
        let mut following = Vec::new();
        before_payment(&after, origin, command, &mut following);
        events.extend(following.into_iter().filter(|event| !matches!(event, ReferralEvent::Completed(_))));
    }
}

/// Both sides are paid. What of the order goes back takes both halves back; that one of the two was forgotten since does
/// not: the other keeps what is theirs.
fn after_payment(origin: &Origin, paid: &Completed, command: &Consider) -> Option<ReferralEvent> {
    let cause = match command.parties.pair() {
        Some((advocate, friend)) if advocate == friend => Some(Cause::SamePerson),
        _ if command.brought_before => Some(Cause::BroughtBefore),
        _ => {
            let new = qualifying(&command.orders, (origin.at, origin.order_by), &command.rules);
            let not_new = new.err().filter(|shortfall| *shortfall == Shortfall::NotNew);
            let back = still_deserves(&command.orders, paid.order, &command.rules).err();
            not_new.or(first_is_too_small(new, command)).or(back).map(Shortfall::cause)
        }
    };
    cause.map(|cause| {
        let (order, through, at) = (paid.order, command.through, command.now);
        ReferralEvent::ClawedBack(ClawedBack { order, cause, reason: None, through, at })
    })
}

/// An earlier order has come to light, and would not have qualified.
fn first_is_too_small(standing: Result<Qualifying, Shortfall>, command: &Consider) -> Option<Shortfall> {
    let only_the_first = command.rules.new_customers_only;
    standing.err().filter(|shortfall| only_the_first && *shortfall == Shortfall::BelowMinimum)
}

fn before_payment(referral: &Referral, origin: &Origin, command: &Consider, events: &mut Vec<ReferralEvent>) {
    let (through, at) = (command.through, command.now);
    let rejected = |cause, signals| ReferralEvent::Rejected(Rejected { cause, signals, reason: None, through, at });
    let Some((advocate, friend)) = command.parties.pair() else {
        return events.push(rejected(Cause::Forgotten, Vec::new()));
    };
    if advocate == friend {
        return events.push(rejected(Cause::SamePerson, Vec::new()));
    }
    if command.brought_before {
        return events.push(rejected(Cause::BroughtBefore, Vec::new()));
    }
    let standing = qualifying(&command.orders, (origin.at, origin.order_by), &command.rules);
    let order = match standing {
        Err(Shortfall::NotNew) => return events.push(rejected(Cause::NotNew, Vec::new())),
        Err(shortfall) => return events.extend(without_order(referral, origin, shortfall, command)),
        Ok(order) => order,
    };
    if referral.qualifying != Some((order.order, order.hold_until)) {
        let Qualifying { order, processed_at, kept_minor, hold_until } = order;
        events.push(ReferralEvent::Qualified(Qualified { order, processed_at, kept_minor, hold_until, through, at }));
    }
    match judge(referral, command) {
        (FraudAction::Refuse, signals) => events.push(rejected(Cause::Fraud, signals)),
        (FraudAction::Review, _) if referral.status == Status::InReview && events.is_empty() => {}
        (FraudAction::Review, signals) => events.push(ReferralEvent::HeldForReview(HeldForReview {
            signals,
            program_version: origin.program_version,
            through,
            at,
        })),
        (FraudAction::Allow, _) if order.hold_until <= command.now => {
            let round = referral.clawed_back.get(&order.order).copied().unwrap_or_default();
            events.push(ReferralEvent::Completed(completed(origin, (order, round), (advocate, friend), command)));
        }
        (FraudAction::Allow, _) => {}
    }
}

fn completed(
    origin: &Origin,
    (order, round): (Qualifying, u16),
    (advocate, friend): (CustomerId, CustomerId),
    command: &Consider,
) -> Completed {
    Completed {
        order: order.order,
        round,
        advocate: Half { customer: advocate, points: command.rules.advocate_points },
        friend: Half { customer: friend, points: command.rules.friend_points },
        program_version: origin.program_version,
        through: command.through,
        at: command.now,
    }
}

/// An order that was there is gone, or none has come in time.
fn without_order(
    referral: &Referral,
    origin: &Origin,
    shortfall: Shortfall,
    command: &Consider,
) -> Option<ReferralEvent> {
    let (through, at) = (command.through, command.now);
    if referral.qualifying.is_some() {
        return Some(ReferralEvent::Cancelled(Cancelled { cause: shortfall.cause(), through, at }));
    }
    let too_late = command.now > origin.order_by;
    let waits = matches!(referral.status, Status::Waiting | Status::Cancelled);
    (too_late && waits).then_some(ReferralEvent::Expired(Expired { through, at }))
}

/// What the merchant's policy makes of the signals, and those that lead to it.
fn judge(referral: &Referral, command: &Consider) -> (FraudAction, Vec<Signal>) {
    if referral.verdict == Verdict::Approved {
        return (FraudAction::Allow, Vec::new());
    }
    let mut signals: BTreeSet<Signal> = referral.signals.clone();
    if command.recent >= command.rules.velocity.referrals {
        signals.insert(Signal::Velocity);
    }
    let action = command.rules.fraud.judge(signals.iter().copied());
    // What was held once waits for the person that was asked.
    let action = if referral.verdict == Verdict::InReview { action.max(FraudAction::Review) } else { action };
    let leading = signals.into_iter().filter(|signal| command.rules.fraud.action(*signal) == action);
    (action, leading.collect())
}

impl super::Parties {
    /// Both, if both are there.
    fn pair(&self) -> Option<(CustomerId, CustomerId)> {
        Some((self.advocate?, self.friend?))
    }
}
