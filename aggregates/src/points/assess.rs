//! Facts about an order, and what the account makes of them. The outcome for one order is a function of the set of its
//! facts: bodies count by their `updated_at`, refunds by their identity, a cancellation for good.

use std::collections::BTreeSet;

use super::{
    account::Account,
    command::{KeyedView, OrderFact, PointsRefusal, RecordOrder},
    draft::Draft,
    event::{AssessedBody, CodeUse, FactRef, OrderAssessed, Outcome, PointsEvent, RefundShare},
    order_record::{OrderRecord, unseen},
    reversal::{Change, follow},
};
use crate::{
    id::Token,
    order::{OrderBody, OrderLine},
    program::{Boost, LineExclusion, ProgramVersion, award, exclusion_of, merchandise_base, refunded_share},
};

pub(super) fn record_order(account: &Account, command: &RecordOrder) -> Result<Vec<PointsEvent>, PointsRefusal> {
    if command.views.len() != account.links.len() + 1 {
        return Err(PointsRefusal::LinksChanged);
    }
    let known = command.views.iter().find_map(|view| account.orders.get(&view.order).map(|record| (view, record)));
    let (view, version, before) = match known {
        Some((view, record)) => (view, pinned_version(command, record)?, record.clone()),
        None => {
            let version = version_for_first_sight(command)?;
            (&command.views[0], version, OrderRecord::unknown(version.version))
        }
    };
    let facts = unseen(&before, &fact_refs(command, view));
    if facts.is_empty() {
        return Ok(Vec::new());
    }

    let mut record = before.clone();
    let mut event = OrderAssessed {
        order: view.order,
        facts,
        program_version: version.version,
        body: None,
        cancelled_at: record.cancelled_at,
        refunds: Vec::new(),
        redeems: new_uses(&before, &command.redeems),
        awarded: 0,
        kept: 0,
        lot: None,
        movements: Vec::new(),
        owed: 0,
        due: record.due,
        reference: command.reference.clone(),
        lines: None,
    };
    take_in_bodies(command, view, version, &mut record, &mut event)?;
    take_in_refunds(command, view, version, &mut record);
    event.refunds = record.refunds.iter().filter(|refund| !before.refunds.contains(refund)).cloned().collect();
    event.lines = command.lines.clone().filter(|_| event.body.is_some());
    event.awarded = record.awarded_now();
    event.kept = record.kept_now(None);

    let mut draft = Draft::at(account, command.now);
    follow(&draft, command, &version.settings, Change { before: &before, after: &record }, &mut event)?;
    draft.record(PointsEvent::OrderAssessed(event));
    draft.settle();
    Ok(draft.events)
}

fn pinned_version<'a>(command: &'a RecordOrder, record: &OrderRecord) -> Result<&'a ProgramVersion, PointsRefusal> {
    command.program.version(record.program_version).ok_or(PointsRefusal::NoProgram)
}

/// The version in effect when the order was made. Only a body tells when that was.
fn version_for_first_sight(command: &RecordOrder) -> Result<&ProgramVersion, PointsRefusal> {
    let processed_at = bodies(command).map(|body| body.processed_at).min().ok_or(PointsRefusal::OrderUnknown)?;
    command.program.in_effect_at(processed_at).ok_or(PointsRefusal::NoProgram)
}

fn new_uses(record: &OrderRecord, told: &[CodeUse]) -> Vec<CodeUse> {
    let told: BTreeSet<CodeUse> = told.iter().copied().collect();
    told.into_iter().filter(|code_use| !record.redeems.contains(code_use)).collect()
}

fn bodies(command: &RecordOrder) -> impl Iterator<Item = &OrderBody> {
    command.facts.iter().filter_map(|fact| match fact {
        OrderFact::Body { body, .. } => Some(body),
        OrderFact::Refund { .. } => None,
    })
}

fn fact_refs(command: &RecordOrder, view: &KeyedView) -> Vec<FactRef> {
    let positions = command.facts.iter().map(OrderFact::position);
    view.fingerprints.iter().zip(positions).map(|(&fingerprint, position)| FactRef { fingerprint, position }).collect()
}

fn take_in_bodies(
    command: &RecordOrder,
    view: &KeyedView,
    version: &ProgramVersion,
    record: &mut OrderRecord,
    event: &mut OrderAssessed,
) -> Result<(), PointsRefusal> {
    for body in bodies(command) {
        let boosts = if record.is_known() { record.boosts.to_vec() } else { command.boosts.to_vec() };
        let assessed = assess_body(view, version, boosts, body)?;
        if record.is_superseded_by(&assessed) {
            record.believe(&assessed);
            event.body = Some(assessed);
        }
        record.cancelled_at = [record.cancelled_at, body.cancelled_at].into_iter().flatten().min();
    }
    event.cancelled_at = record.cancelled_at;
    Ok(())
}

fn assess_body(
    view: &KeyedView,
    version: &ProgramVersion,
    boosts: Vec<Boost>,
    body: &OrderBody,
) -> Result<AssessedBody, PointsRefusal> {
    let awards = award(&version.settings, &boosts, body).map_err(|_| PointsRefusal::AwardTooLarge)?;
    let points: i64 = awards.iter().map(|award| award.points).sum();
    let outcome = match () {
        () if body.test => Outcome::TestOrder,
        () if body.voided => Outcome::Voided,
        () if body.cancelled_at.is_some() => Outcome::Cancelled,
        () if points > 0 => Outcome::Awarded,
        () if awards.is_empty() => Outcome::NoRule,
        () if awards.iter().all(|award| award.base_minor == 0) => Outcome::NothingToEarnOn,
        () => Outcome::BelowMinimumOrRounding,
    };
    Ok(AssessedBody {
        currency: body.currency,
        processed_at: body.processed_at,
        updated_at: body.updated_at,
        voided: body.voided,
        test: body.test,
        taxes_included: body.taxes_included,
        base_minor: merchandise_base(body),
        quantity: body.lines.iter().map(|line| line.quantity).fold(0, u32::saturating_add),
        awards,
        boosts,
        exclusions: exclusions(view, version, body),
        outcome,
    })
}

fn exclusions(view: &KeyedView, version: &ProgramVersion, body: &OrderBody) -> Vec<(Token, LineExclusion)> {
    let of_line = |line: &OrderLine| {
        let exclusion = exclusion_of(&version.settings, &line.item)?;
        Some((*view.lines.get(&line.line_id)?, exclusion))
    };
    body.lines.iter().filter_map(of_line).collect()
}

fn take_in_refunds(command: &RecordOrder, view: &KeyedView, version: &ProgramVersion, record: &mut OrderRecord) {
    for (fact, tokens) in command.facts.iter().zip(&view.refunds) {
        for (refund, &token) in fact.refunds().iter().zip(tokens) {
            let remembered = |line_id: &str| {
                let token = view.lines.get(line_id)?;
                record.exclusions.iter().find(|(line, _)| line == token).map(|(_, exclusion)| exclusion.clone())
            };
            let refund = record.currency.map_or_else(|| refund.clone(), |currency| refund.in_currency(currency));
            let (merchandise_minor, by_rule_minor) =
                refunded_share(&version.settings, record.taxes_included, &refund, &remembered);
            record.take_in_refund(RefundShare {
                refund: token,
                at: refund.at,
                merchandise_minor,
                by_rule_minor,
                quantity: refund.lines.iter().map(|line| line.quantity).fold(0, u32::saturating_add),
            });
        }
    }
}
