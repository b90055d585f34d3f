//! What holds for every history and all settings.

use proptest::{collection::vec, option, prelude::*, sample::select};
use uuid::Uuid;

use super::kit::{day, ladder, tier};
use crate::{
    id::CustomerId,
    program::tiers::{Downgrade, Measure, TierId, TierSettings, TierWindow},
    tier::{Assessed, Cause, Fact, Gift, Given, Giver, Held, Keeper, Ladder, Reference},
    time::Timestamp,
};

const DAYS: i64 = 1_500;

fn settings() -> impl Strategy<Value = TierSettings> {
    let window = prop_oneof![
        Just(TierWindow::Lifetime),
        Just(TierWindow::CalendarYear),
        (1..400_u32).prop_map(TierWindow::RollingDays),
        (1..24_u32).prop_map(TierWindow::RollingMonths),
    ];
    let measures = select(vec![Measure::PointsEarned, Measure::Spend, Measure::Orders]);
    let downgrades = select(vec![Downgrade::AtOnce, Downgrade::AtPeriodEnd]);
    (measures, window, downgrades, 0..60_u32, 0..=100_i64).prop_map(
        |(measure, window, downgrade, grace_days, percent)| {
            let unit = if measure == Measure::Orders { 1 } else { 100 };
            let rung = |id, entry: i64| tier(id, entry * unit, entry * unit * percent / 100);
            let tiers = vec![rung("bronze", 2), rung("silver", 5), rung("gold", 9)];
            TierSettings { measure, window, downgrade, grace_days, tiers }
        },
    )
}

fn facts() -> impl Strategy<Value = Vec<Fact>> {
    let fact = (0..DAYS * 24, -200..400_i64, 0..400_i64, 0..=1_i64).prop_map(|(hour, points, spend_minor, orders)| {
        Fact { at: Timestamp(day(0).0 + hour * Timestamp::MICROS_PER_DAY / 24), points, spend_minor, orders }
    });
    vec(fact, 0..25)
}

/// At whole days, as [`whoever_looks_only_when_told_to_knows_the_tier_at_every_instant`] looks once a day.
fn given() -> impl Strategy<Value = Vec<Given>> {
    let tier = select(vec!["bronze", "silver", "gold", "gone"]);
    let gift =
        (tier, 0..DAYS, option::of(1..500_i64), option::of(1..500_i64)).prop_map(|(tier, on, lasts, ends)| Given {
            gift: Gift {
                tier: TierId::parse(tier).expect("an id"),
                giver: Giver::Hand,
                at: day(on),
                until: lasts.map(|days| day(on + days)),
            },
            ended_at: ends.map(|days| day(on + days)),
        });
    vec(gift, 0..4)
}

/// What was known of gifts at an instant: not that they would be taken back.
fn known(given: &[Given], now: Timestamp) -> Vec<Given> {
    let begun = given.iter().filter(|given| given.gift.at <= now).cloned();
    begun.map(|given| Given { ended_at: given.ended_at.filter(|end| *end <= now), ..given }).collect()
}

fn look(ladder: &Ladder, facts: &[Fact], given: &[Given], held: Option<Held>, now: Timestamp) -> Option<Held> {
    let reference = Reference { cause: Cause::Time, definition_version: 1, facts_through: 0, at: now };
    let mut keeper = Keeper::new(ladder, reference);
    let (facts, given) = (facts.to_vec(), given.to_vec());
    keeper.look_at(&Assessed { customer: CustomerId(Uuid::nil()), facts, given, held: held.clone() });
    let Some(event) = keeper.events().pop() else { return held };
    let change = event.changes[0];
    let tier = change.to.map(|place| event.tiers[usize::from(place)].clone());
    Some(Held { tier, since: change.since, look_again_at: change.look_again_at })
}

proptest! {
    #[test]
    fn the_order_in_which_facts_arrived_does_not_matter(
        settings in settings(),
        (facts, shuffled) in facts().prop_flat_map(|facts| (Just(facts.clone()), Just(facts).prop_shuffle())),
        (given, given_shuffled) in given().prop_flat_map(|given| (Just(given.clone()), Just(given).prop_shuffle())),
        on in 0..2 * DAYS,
    ) {
        let ladder = ladder(&settings);
        prop_assert_eq!(ladder.way(&facts, &given, day(on)), ladder.way(&shuffled, &given_shuffled, day(on)));
    }

    #[test]
    fn a_gift_is_a_floor_and_takes_nothing_away(settings in settings(), facts in facts(), given in given(), on in 0..2 * DAYS) {
        let ladder = ladder(&settings);
        let (rules, with) = (ladder.stand(&facts, &[], day(on)), ladder.stand(&facts, &given, day(on)));
        let holds = |given: &&Given| {
            let end = ladder.end_of_gift(&given.gift).into_iter().chain(given.ended_at).min();
            given.gift.at <= day(on) && end.is_none_or(|end| day(on) < end)
        };
        let place = |given: &Given| ladder.settings.tiers.iter().position(|tier| tier.id == given.gift.tier);
        let floor = given.iter().filter(holds).filter_map(place).max();
        prop_assert_eq!(with.tier, rules.tier.max(floor));
        prop_assert_eq!(with.measured, rules.measured);
        let before = ladder.stand(&facts, &given, Timestamp(with.since.0 - 1));
        prop_assert!(with.since == Timestamp(0) || before.tier != with.tier, "since {:?}", with.since);
    }

    #[test]
    fn what_was_taken_back_at_once_was_never_given(settings in settings(), facts in facts(), given in given(), on in 0..2 * DAYS) {
        let ladder = ladder(&settings);
        let undone: Vec<Given> = given.iter().map(|given| Given { ended_at: Some(given.gift.at), ..given.clone() }).collect();
        prop_assert_eq!(ladder.way(&facts, &undone, day(on)), ladder.way(&facts, &[], day(on)));
    }

    #[test]
    fn whoever_looks_only_when_told_to_knows_the_tier_at_every_instant(
        settings in settings(),
        facts in facts(),
        given in given(),
        asked in vec(0..2 * DAYS, 1..8),
    ) {
        let ladder = ladder(&settings);
        let (mut held, mut asked): (Option<Held>, Vec<i64>) = (None, asked);
        asked.sort_unstable();
        // Facts become known when they happen.
        for on in 0..2 * DAYS {
            let now = day(on);
            let facts: Vec<Fact> = facts.iter().copied().filter(|fact| fact.at <= now).collect();
            let gifts = known(&given, now);
            let is_new = facts.iter().any(|fact| fact.at > day(on - 1)) || gifts != known(&given, day(on - 1));
            let is_due = held.as_ref().and_then(|held| held.look_again_at).is_some_and(|at| at <= now);
            if is_new || is_due {
                held = look(&ladder, &facts, &gifts, held, now);
            }
            if asked.contains(&on) {
                let standing = ladder.stand(&facts, &given, now);
                let (tier, since) = held.as_ref().map_or((None, Timestamp(0)), |held| (held.tier.clone(), held.since));
                prop_assert_eq!(tier.as_ref(), ladder.tier(&standing).map(|tier| &tier.id), "day {}", on);
                prop_assert_eq!(since, standing.since);
            }
        }
    }

    #[test]
    fn a_tier_that_is_safe_is_held_until_then_and_lost_at_that_instant(
        settings in settings(),
        facts in facts(),
        given in given(),
        on in 0..DAYS,
    ) {
        let ladder = ladder(&settings);
        let way = ladder.way(&facts, &given, day(on));
        let Some(until) = way.safe_until else { return Ok(()) };
        let held = way.standing.tier;
        prop_assert!(ladder.stand(&facts, &given, Timestamp(until.0 - 1)).tier >= held);
        prop_assert!(ladder.stand(&facts, &given, until).tier < held);
    }

    #[test]
    fn nothing_differs_before_the_next_look(
        settings in settings(),
        facts in facts(),
        given in given(),
        on in 0..DAYS,
        later in 0..DAYS,
    ) {
        let ladder = ladder(&settings);
        let way = ladder.way(&facts, &given, day(on));
        let last = way.look_again_at.map_or(Timestamp(i64::MAX), |at| Timestamp(at.0 - 1));
        let standing = ladder.stand(&facts, &given, day(on + later).min(last));
        prop_assert_eq!((standing.tier, standing.since), (way.standing.tier, way.standing.since));
    }

    #[test]
    fn who_has_looked_has_nothing_more_to_write(settings in settings(), facts in facts(), given in given(), on in 0..DAYS) {
        let ladder = ladder(&settings);
        let held = look(&ladder, &facts, &given, None, day(on));
        prop_assert_eq!(&look(&ladder, &facts, &given, held.clone(), day(on)), &held);
    }
}
