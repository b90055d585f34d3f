use proptest::{collection::vec, prelude::*};

use super::*;
use crate::{money::Currency, rfm::Day};

fn month(text: &str) -> Month {
    text.parse().expect("a month")
}

fn euro() -> Currency {
    Currency::parse("EUR").expect("a currency")
}

fn badge(rule: BadgeRule, repeats: Repeats) -> BadgeDefinition {
    BadgeDefinition {
        id: BadgeId::parse("first").expect("an id"),
        name: "First".to_owned(),
        rule,
        repeats,
        counts_from: None,
        points: 50,
    }
}

/// Orders as `(month, net amount)`.
fn bought(orders: &[(&str, i64)]) -> Achievements {
    let mut achievements = Achievements::default();
    orders.iter().for_each(|(at, net_minor)| achievements.note_order(month(at), Some(euro()), *net_minor));
    achievements
}

fn periods(badge: &BadgeDefinition, achievements: &Achievements) -> Vec<String> {
    let settings = BadgeSettings { badges: vec![badge.clone()] };
    earned(&settings, achievements).iter().map(|earned| earned.period.to_string()).collect()
}

#[test]
fn the_first_order_that_is_kept_earns_the_badge_for_it() {
    let first = badge(BadgeRule::Orders { count: 1 }, Repeats::Once);
    assert_eq!(periods(&first, &bought(&[])), [""; 0]);
    assert_eq!(periods(&first, &bought(&[("2026-11", 0)])), [""; 0]);
    assert_eq!(periods(&first, &bought(&[("2026-11", 1)])), ["ever"]);
    assert_eq!(periods(&first, &bought(&[("2026-11", 1), ("2026-12", 1)])), ["ever"]);
}

#[test]
fn spending_counts_in_its_own_currency() {
    let big = badge(BadgeRule::Spend { amount_minor: 10_000, currency: euro() }, Repeats::Once);
    assert_eq!(periods(&big, &bought(&[("2026-01", 9_999)])), [""; 0]);
    assert_eq!(periods(&big, &bought(&[("2026-01", 9_999), ("2026-05", 1)])), ["ever"]);
    let mut in_dollars = Achievements::default();
    in_dollars.note_order(month("2026-01"), Currency::parse("USD").ok(), 99_999);
    assert_eq!(periods(&big, &in_dollars), [""; 0]);
}

#[test]
fn friends_add_up_in_the_stretch_of_time_that_the_badge_repeats_in() {
    let mut brought = Achievements::default();
    for at in ["2025-12", "2026-01", "2026-01"] {
        brought.note_referral(month(at));
    }
    let friends = |count, repeats| badge(BadgeRule::Referrals { count }, repeats);
    assert_eq!(periods(&friends(3, Repeats::Once), &brought), ["ever"]);
    assert_eq!(periods(&friends(4, Repeats::Once), &brought), [""; 0]);
    assert_eq!(periods(&friends(2, Repeats::Yearly), &brought), ["2026"]);
    assert_eq!(
        periods(&badge(BadgeRule::Orders { count: 1 }, Repeats::Once), &brought),
        [""; 0],
        "these are no orders"
    );
}

#[test]
fn a_birthday_is_one_in_each_year() {
    let mut born = Achievements::default();
    born.note_birthday(month("2025-05"));
    born.note_birthday(month("2026-05"));
    assert_eq!(periods(&badge(BadgeRule::Birthday, Repeats::Yearly), &born), ["2025", "2026"]);
    assert_eq!(periods(&badge(BadgeRule::Birthday, Repeats::Once), &born), ["ever"]);
    assert_eq!(periods(&badge(BadgeRule::Birthday, Repeats::Once), &bought(&[("2026-05", 1)])), [""; 0]);
    assert_eq!(periods(&badge(BadgeRule::Streak { months: 2 }, Repeats::Once), &born), [""; 0]);
}

#[test]
fn a_streak_is_of_months_that_follow_each_other_across_the_year() {
    let streak = badge(BadgeRule::Streak { months: 3 }, Repeats::Once);
    assert_eq!(periods(&streak, &bought(&[("2025-11", 1), ("2025-12", 1), ("2026-01", 1)])), ["ever"]);
    assert_eq!(periods(&streak, &bought(&[("2025-11", 1), ("2026-01", 1), ("2026-02", 1)])), [""; 0]);
    let yearly = badge(BadgeRule::Streak { months: 3 }, Repeats::Yearly);
    assert_eq!(periods(&yearly, &bought(&[("2025-11", 1), ("2025-12", 1), ("2026-01", 1)])), [""; 0]);
}

#[test]
fn a_badge_that_repeats_is_earned_in_each_period_by_what_was_done_in_it() {
    let orders = bought(&[("2026-01", 1), ("2026-01", 1), ("2026-02", 1), ("2026-03", 1), ("2026-03", 1)]);
    let monthly = badge(BadgeRule::Orders { count: 2 }, Repeats::Monthly);
    assert_eq!(periods(&monthly, &orders), ["2026-01", "2026-03"]);
    let yearly = badge(BadgeRule::Orders { count: 5 }, Repeats::Yearly);
    assert_eq!(periods(&yearly, &orders), ["2026"]);
    let later = BadgeDefinition { counts_from: Some(month("2026-02")), ..monthly };
    assert_eq!(periods(&later, &orders), ["2026-03"]);
}

#[test]
fn nobody_earns_what_only_staff_awards() {
    let by_hand = badge(BadgeRule::ByHand, Repeats::Once);
    assert_eq!(periods(&by_hand, &bought(&[("2026-01", 100_000)])), [""; 0]);
}

#[test]
fn what_cannot_stand_is_named() {
    let wrong = [
        (BadgeDefinition { name: " ".to_owned(), ..badge(BadgeRule::ByHand, Repeats::Once) }, "/0/name"),
        (BadgeDefinition { points: -1, ..badge(BadgeRule::ByHand, Repeats::Once) }, "/0/points"),
        (badge(BadgeRule::Orders { count: 0 }, Repeats::Once), "/0/rule/count"),
        (badge(BadgeRule::Spend { amount_minor: 0, currency: euro() }, Repeats::Once), "/0/rule/amount_minor"),
        (badge(BadgeRule::Streak { months: 1 }, Repeats::Once), "/0/rule/months"),
        (badge(BadgeRule::Streak { months: 13 }, Repeats::Yearly), "/0/rule/months"),
        (badge(BadgeRule::Streak { months: 3 }, Repeats::Monthly), "/0/repeats"),
        (badge(BadgeRule::Referrals { count: 0 }, Repeats::Once), "/0/rule/count"),
        (badge(BadgeRule::Birthday, Repeats::Monthly), "/0/repeats"),
    ];
    for (badge, pointer) in wrong {
        let refused = BadgeSettings { badges: vec![badge] }.validate().expect_err(pointer);
        assert_eq!(refused.0, pointer);
    }
    let twice = badge(BadgeRule::ByHand, Repeats::Once);
    let refused = BadgeSettings { badges: vec![twice.clone(), twice] }.validate();
    assert_eq!(refused.expect_err("two of one id").0, "/1/id");
}

#[test]
fn the_points_of_a_badge_are_the_same_whenever_it_is_awarded_and_others_for_anybody_else() {
    let held = |period| HeldBadge { badge: BadgeId::parse("ten_orders").expect("an id"), period };
    let person = |number| crate::id::CustomerId(uuid::Uuid::from_u128(number));
    let (ever, this_year) = (held(Period::Ever), held(Period::Year(2026)));
    // Fixed for ever: accounts know bonuses by these.
    assert_eq!(ever.bonus_of(person(1)).to_string(), "bns_d1fbd53f-0d0c-80bf-9fd2-bbb517f57d87");
    assert_eq!(ever.source(), this_year.source());
    let bonuses = [ever.bonus_of(person(1)), ever.bonus_of(person(2)), this_year.bonus_of(person(1))];
    assert!(bonuses[0] != bonuses[1] && bonuses[0] != bonuses[2] && bonuses[1] != bonuses[2]);
}

#[test]
fn months_and_weeks_are_read_and_printed_in_one_way() {
    for text in ["2026-11", "1999-01", "2026-12"] {
        assert_eq!(month(text).to_string(), text);
    }
    for text in ["", "2026", "2026-13", "2026-00", "2026-1", "26-11", "2026-W01"] {
        assert!(text.parse::<Month>().is_err(), "{text}");
    }
    for text in ["2026-W47", "2026-W53", "2027-W01"] {
        assert_eq!(text.parse::<Week>().map(|week| week.to_string()).as_deref(), Ok(text));
    }
    for text in ["", "2026-47", "2025-W53", "2026-W7", "2026-W00"] {
        assert!(text.parse::<Week>().is_err(), "{text}");
    }
    // The first days of January can belong to the last week of the year before.
    let day: Day = "2027-01-03".parse().expect("a day");
    assert_eq!(Week::of(day).to_string(), "2026-W53");
    assert_eq!(Month::of(day).to_string(), "2027-01");
    let day = |text: &str| text.parse::<Day>().expect("a day");
    assert_eq!(month("2028-02").days(), (day("2028-02-01"), day("2028-02-29")));
    assert_eq!(Week::of(day("2026-11-25")).days(), (day("2026-11-23"), day("2026-11-29")));
}

proptest! {
    /// More orders never take a badge away.
    #[test]
    fn another_order_only_ever_adds(
        orders in vec((24_300_i32..24_330, 1_i64..1_000), 0..20),
        another in (24_300_i32..24_330, 1_i64..1_000),
        rule in prop_oneof![
            (1_u32..6).prop_map(|count| BadgeRule::Orders { count }),
            (1_i64..4_000).prop_map(|amount_minor| BadgeRule::Spend { amount_minor, currency: euro() }),
            (2_u32..5).prop_map(|months| BadgeRule::Streak { months }),
        ],
        yearly in any::<bool>(),
    ) {
        let repeats = if yearly { Repeats::Yearly } else { Repeats::Once };
        let settings = BadgeSettings { badges: vec![badge(rule, repeats)] };
        let mut achievements = Achievements::default();
        let at = |months: i32| format!("{:04}-{:02}", months / 12, months % 12 + 1).parse::<Month>().expect("a month");
        orders.iter().for_each(|(months, net)| achievements.note_order(at(*months), Some(euro()), *net));
        let before = earned(&settings, &achievements);
        let mut more = achievements.clone();
        more.note_order(at(another.0), Some(euro()), another.1);
        let after = earned(&settings, &more);
        prop_assert!(before.iter().all(|earned| after.contains(earned)));
    }
}
