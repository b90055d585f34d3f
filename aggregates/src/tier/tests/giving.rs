//! Tiers that somebody was given.

use uuid::Uuid;

use super::kit::{bought, day, ladder, silver_and_gold, told};
use crate::{
    id::CustomerId,
    program::tiers::{Downgrade, TierId, TierSettings, TierWindow},
    tier::{Assessed, Cause, Fact, Gift, Given, Giver, Held, Keeper, Ladder, Reference},
    time::Timestamp,
};

fn gift(tier: &str, giver: Giver, on: i64, until: Option<i64>) -> Gift {
    Gift { tier: TierId::parse(tier).expect("an id"), giver, at: day(on), until: until.map(day) }
}

fn given(tier: &str, on: i64, until: Option<i64>) -> Given {
    Given { gift: gift(tier, Giver::Hand, on, until), ended_at: None }
}

fn stands(ladder: &Ladder, facts: &[Fact], given: &[Given], on: i64) -> (String, Timestamp) {
    told(ladder, &ladder.stand(facts, given, day(on)))
}

#[test]
fn it_holds_until_its_day_and_then_the_rules_decide_without_grace() {
    let ladder = ladder(&TierSettings { grace_days: 30, ..silver_and_gold() });
    let (facts, given) = ([bought(day(0), 100_00)], [given("gold", 10, Some(20))]);
    for (on, name, since) in [(9, "silver", 0), (10, "gold", 10), (19, "gold", 10), (20, "silver", 20)] {
        assert_eq!(stands(&ladder, &facts, &given, on), (name.to_owned(), day(since)), "day {on}");
    }
    let way = ladder.way(&facts, &given, day(12));
    assert_eq!((way.safe_until, way.look_again_at, way.standing.falls_at), (Some(day(20)), Some(day(20)), None));
}

#[test]
fn without_an_end_it_lasts_as_long_as_one_that_was_bought_then() {
    let bought_once = [bought(day(3), 100_00)];
    for (window, downgrade, grace_days) in [
        (TierWindow::RollingDays(365), Downgrade::AtOnce, 0),
        (TierWindow::RollingDays(90), Downgrade::AtOnce, 30),
        (TierWindow::RollingMonths(5), Downgrade::AtPeriodEnd, 7),
        (TierWindow::CalendarYear, Downgrade::AtOnce, 14),
        (TierWindow::CalendarYear, Downgrade::AtPeriodEnd, 0),
        (TierWindow::Lifetime, Downgrade::AtOnce, 0),
    ] {
        let ladder = ladder(&TierSettings { window, downgrade, grace_days, ..silver_and_gold() });
        let (by_rules, by_hand) =
            (ladder.way(&bought_once, &[], day(3)), ladder.way(&[], &[given("silver", 3, None)], day(3)));
        assert_eq!((by_hand.standing.tier, by_hand.safe_until), (Some(0), by_rules.safe_until), "{window:?}");
    }
}

#[test]
fn whoever_buys_more_has_more_and_keeps_it_by_the_rules() {
    let ladder = ladder(&silver_and_gold());
    let (facts, given) = ([bought(day(5), 500_00)], [given("silver", 1, Some(400))]);
    assert_eq!(stands(&ladder, &facts, &given, 4), ("silver".to_owned(), day(1)));
    assert_eq!(stands(&ladder, &facts, &given, 5), ("gold".to_owned(), day(5)));
    assert_eq!(stands(&ladder, &facts, &given, 370), ("silver".to_owned(), day(370)), "what was given is below them");
    assert_eq!(stands(&ladder, &facts, &given, 400), ("none".to_owned(), day(400)));
}

#[test]
fn it_is_never_forgotten_that_it_was_held_only_by_hand() {
    let ladder = ladder(&silver_and_gold());
    // Enough to stay in silver, and never enough to come into it.
    let facts = [bought(day(5), 60_00)];
    assert_eq!(stands(&ladder, &facts, &[given("silver", 1, Some(30))], 30), ("none".to_owned(), day(30)));
}

#[test]
fn of_a_tier_that_the_settings_no_longer_have_nothing_is_held() {
    let ladder = ladder(&silver_and_gold());
    assert_eq!(stands(&ladder, &[], &[given("platinum", 1, None)], 5).0, "none");
}

fn recorded(given: &Given, on: i64, held: Option<Held>) -> Option<(Option<u16>, Cause)> {
    let ladder = ladder(&silver_and_gold());
    let reference = Reference { cause: Cause::Facts, definition_version: 1, facts_through: 0, at: day(on) };
    let mut keeper = Keeper::new(&ladder, reference);
    let given = vec![given.clone()];
    let customer = CustomerId(Uuid::from_u128(0xada));
    keeper.look_at(&Assessed { customer, facts: Vec::new(), given, held });
    keeper.events().first().map(|event| (event.changes[0].to, event.changes[0].cause))
}

#[test]
fn the_record_says_whose_doing_it_was() {
    let held = |look_again_at| {
        let tier = TierId::parse("gold").ok();
        Some(Held { tier, since: day(1), look_again_at })
    };
    let until = given("gold", 1, Some(9));
    assert_eq!(recorded(&until, 2, None), Some((Some(1), Cause::ByHand)));
    assert_eq!(recorded(&until, 2, held(Some(day(9)))), None, "it is on record");
    assert_eq!(recorded(&until, 9, held(Some(day(9)))), Some((None, Cause::Time)));
    let taken_back = Given { ended_at: Some(day(5)), ..until.clone() };
    assert_eq!(recorded(&taken_back, 6, held(Some(day(9)))), Some((None, Cause::ByHand)));
    let imported = Given { gift: gift("gold", Giver::Import, 1, None), ended_at: None };
    assert_eq!(recorded(&imported, 2, None), Some((Some(1), Cause::Import)));
}
