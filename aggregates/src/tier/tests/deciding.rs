//! What is recorded.

use uuid::Uuid;

use super::kit::{bought, day, ladder, silver_and_gold};
use crate::{
    id::CustomerId,
    program::tiers::TierId,
    tier::{Assessed, CHANGES_MAX, Cause, Fact, Held, Keeper, Ladder, Reference, TierChange, TiersAssigned},
    time::Timestamp,
};

const ADA: CustomerId = CustomerId(Uuid::from_u128(0xada));

fn reference(on: i64) -> Reference {
    Reference { cause: Cause::Facts, definition_version: 3, facts_through: 70, at: day(on) }
}

fn decided(ladder: &Ladder, on: i64, facts: &[Fact], held: Option<Held>) -> Vec<TiersAssigned> {
    let mut keeper = Keeper::new(ladder, reference(on));
    keeper.look_at(&Assessed { customer: ADA, facts: facts.to_vec(), given: Vec::new(), held });
    keeper.events()
}

fn held(tier: &str, since: i64, look_again_at: Option<Timestamp>) -> Option<Held> {
    Some(Held { tier: TierId::parse(tier).ok(), since: day(since), look_again_at })
}

#[test]
fn somebody_who_comes_into_a_tier_is_recorded_with_what_was_measured() {
    let ladder = ladder(&silver_and_gold());
    let events = decided(&ladder, 3, &[bought(day(2), 120_00)], None);
    let change = TierChange {
        customer: ADA,
        cause: Cause::Facts,
        from: None,
        to: Some(0),
        since: day(2),
        measured: 120_00,
        look_again_at: Some(day(367)),
    };
    assert_eq!(events.len(), 1);
    assert_eq!((&events[0].changes, events[0].definition_version), (&vec![change], 3));
    assert_eq!(events[0].tiers.iter().map(TierId::as_str).collect::<Vec<_>>(), ["silver", "gold"]);
}

#[test]
fn what_is_on_record_is_not_written_again() {
    let ladder = ladder(&silver_and_gold());
    let facts = [bought(day(2), 120_00)];
    assert_eq!(decided(&ladder, 3, &facts, held("silver", 2, Some(day(367)))), []);
    assert_eq!(decided(&ladder, 3, &[bought(day(2), 20_00)], None), [], "nobody without a tier is recorded");
}

#[test]
fn what_time_was_known_to_do_is_its_doing_whoever_looks() {
    let ladder = ladder(&silver_and_gold());
    let facts = [bought(day(2), 120_00)];
    let events = decided(&ladder, 368, &facts, held("silver", 2, Some(day(367))));
    assert_eq!((events[0].changes[0].to, events[0].changes[0].cause), (None, Cause::Time));
    let refunded = decided(&ladder, 368, &[], held("silver", 2, Some(day(367))));
    assert_eq!(refunded[0].changes[0].cause, Cause::Facts);
}

#[test]
fn an_early_look_does_nothing_until_its_time_has_come() {
    let ladder = ladder(&silver_and_gold());
    let facts = [bought(day(2), 120_00), bought(day(300), 80_00)];
    assert_eq!(decided(&ladder, 301, &facts, held("silver", 2, Some(day(367)))), []);
    let put_off = decided(&ladder, 367, &facts, held("silver", 2, Some(day(367))));
    assert_eq!((put_off[0].changes[0].to, put_off[0].changes[0].look_again_at), (Some(0), Some(day(665))));
    assert_eq!(put_off[0].changes[0].from, Some(0));
}

#[test]
fn a_look_that_would_come_too_late_is_brought_forward() {
    let ladder = ladder(&silver_and_gold());
    let events = decided(&ladder, 3, &[bought(day(2), 120_00)], held("silver", 2, Some(day(400))));
    assert_eq!(events[0].changes[0].look_again_at, Some(day(367)));
}

#[test]
fn a_tier_that_no_longer_exists_is_left_under_its_old_name() {
    let ladder = ladder(&silver_and_gold());
    let events = decided(&ladder, 3, &[], held("platinum", 1, None));
    assert_eq!(events[0].tiers.iter().map(TierId::as_str).collect::<Vec<_>>(), ["silver", "gold", "platinum"]);
    assert_eq!((events[0].changes[0].from, events[0].changes[0].to), (Some(2), None));
}

#[test]
fn many_changes_come_in_several_events() {
    let ladder = ladder(&silver_and_gold());
    let mut keeper = Keeper::new(&ladder, reference(3));
    for number in 0..=CHANGES_MAX {
        let customer = CustomerId(Uuid::from_u128(number as u128));
        keeper.look_at(&Assessed { customer, facts: vec![bought(day(1), 100_00)], given: Vec::new(), held: None });
    }
    assert_eq!(keeper.moved(), CHANGES_MAX as u64 + 1);
    assert_eq!(keeper.events().iter().map(|event| event.changes.len()).collect::<Vec<_>>(), [CHANGES_MAX, 1]);
}
