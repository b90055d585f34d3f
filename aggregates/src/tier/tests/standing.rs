//! The tier at an instant.

use super::kit::{at, bought, day, ladder, silver_and_gold, told};
use crate::{
    program::tiers::{Downgrade, Measure, TierSettings, TierWindow},
    tier::Fact,
};

#[test]
fn whoever_has_bought_enough_climbs_with_the_order_that_made_it_enough() {
    let ladder = ladder(&silver_and_gold());
    let facts = [bought(day(0), 60_00), bought(day(9), 40_00), bought(day(20), 399_99), bought(day(30), 1)];
    for (on, name, since) in
        [(8, "none", None), (9, "silver", Some(9)), (29, "silver", Some(9)), (30, "gold", Some(30))]
    {
        let standing = ladder.stand(&facts, &[], day(on));
        assert_eq!(told(&ladder, &standing), (name.to_owned(), since.map_or(Default::default(), day)), "day {on}");
    }
}

#[test]
fn what_is_enough_to_stay_is_less_than_what_it_takes_to_enter() {
    let ladder = ladder(&silver_and_gold());
    let facts = [bought(day(0), 60_00), bought(day(9), 50_00)];
    // The first order no longer counts, the second is enough to stay.
    assert_eq!(told(&ladder, &ladder.stand(&facts, &[], day(370))), ("silver".to_owned(), day(9)));
    assert_eq!(ladder.stand(&facts, &[], day(370)).measured, 50_00);
    assert_eq!(told(&ladder, &ladder.stand(&facts, &[], day(374))), ("none".to_owned(), day(374)));
    let way = ladder.way(&facts, &[], day(10));
    assert_eq!((way.safe_until, way.look_again_at), (Some(day(374)), Some(day(374))));
}

#[test]
fn a_grace_gives_time_and_an_order_inside_it_keeps_the_tier() {
    let settings = TierSettings { grace_days: 30, ..silver_and_gold() };
    let ladder = ladder(&settings);
    let mut facts = vec![bought(day(0), 100_00)];
    let standing = ladder.stand(&facts, &[], day(380));
    assert_eq!((told(&ladder, &standing).0, standing.falls_at), ("silver".to_owned(), Some(day(395))));
    assert_eq!(ladder.way(&facts, &[], day(1)).safe_until, Some(day(395)));
    assert_eq!(told(&ladder, &ladder.stand(&facts, &[], day(394))).0, "silver");
    assert_eq!(told(&ladder, &ladder.stand(&facts, &[], day(395))), ("none".to_owned(), day(395)));
    facts.push(bought(day(390), 50_00));
    let standing = ladder.stand(&facts, &[], day(400));
    assert_eq!((told(&ladder, &standing), standing.falls_at), (("silver".to_owned(), day(0)), None));
}

#[test]
fn a_fall_leads_to_the_highest_tier_that_is_still_held() {
    let ladder = ladder(&silver_and_gold());
    let facts = [bought(day(0), 450_00), bought(day(100), 60_00)];
    assert_eq!(told(&ladder, &ladder.stand(&facts, &[], day(100))), ("gold".to_owned(), day(100)));
    assert_eq!(told(&ladder, &ladder.stand(&facts, &[], day(365))), ("silver".to_owned(), day(365)));
    assert_eq!(told(&ladder, &ladder.stand(&facts, &[], day(465))), ("none".to_owned(), day(465)));
}

#[test]
fn a_calendar_year_gives_the_tier_for_the_rest_of_it_and_with_period_end_for_the_next() {
    let year = TierSettings { window: TierWindow::CalendarYear, ..silver_and_gold() };
    let facts = [bought(at("2026-11-05T12:00:00Z"), 120_00)];
    let at_once = ladder(&year);
    assert_eq!(at_once.way(&facts, &[], at("2026-12-31T23:59:59Z")).safe_until, Some(at("2027-01-01T00:00:00Z")));
    assert_eq!(told(&at_once, &at_once.stand(&facts, &[], at("2027-01-01T00:00:00Z"))).0, "none");
    let at_period_end = ladder(&TierSettings { downgrade: Downgrade::AtPeriodEnd, ..year });
    assert_eq!(told(&at_period_end, &at_period_end.stand(&facts, &[], at("2027-12-31T23:00:00Z"))).0, "silver");
    assert_eq!(at_period_end.way(&facts, &[], at("2027-03-01T00:00:00Z")).safe_until, Some(at("2028-01-01T00:00:00Z")));
    assert_eq!(told(&at_period_end, &at_period_end.stand(&facts, &[], at("2028-01-01T00:00:00Z"))).0, "none");
}

#[test]
fn rolling_months_end_on_the_same_day_of_the_month_or_its_last() {
    let ladder = ladder(&TierSettings { window: TierWindow::RollingMonths(1), ..silver_and_gold() });
    let facts = [bought(at("2026-01-31T10:00:00Z"), 100_00)];
    assert_eq!(ladder.way(&facts, &[], at("2026-02-01T00:00:00Z")).safe_until, Some(at("2026-02-28T10:00:00Z")));
}

#[test]
fn for_a_lifetime_nothing_is_ever_lost() {
    let ladder = ladder(&TierSettings { window: TierWindow::Lifetime, ..silver_and_gold() });
    let facts = [bought(day(0), 100_00)];
    let way = ladder.way(&facts, &[], day(30_000));
    assert_eq!((told(&ladder, &way.standing).0.as_str(), way.safe_until, way.look_again_at), ("silver", None, None));
}

#[test]
fn an_order_that_went_back_was_never_enough() {
    let ladder = ladder(&TierSettings { grace_days: 30, ..silver_and_gold() });
    let kept = [bought(day(0), 60_00), bought(day(9), 40_00)];
    let partly_back = [bought(day(0), 60_00), bought(day(9), 39_99)];
    assert_eq!(told(&ladder, &ladder.stand(&kept, &[], day(10))).0, "silver");
    assert_eq!(told(&ladder, &ladder.stand(&partly_back, &[], day(10))), ("none".to_owned(), Default::default()));
}

#[test]
fn points_by_hand_count_as_points_and_orders_as_orders() {
    let by_hand = Fact { at: day(1), points: 60_00, spend_minor: 0, orders: 0 };
    let facts = [bought(day(0), 4_000_00), by_hand];
    let points = ladder(&TierSettings { measure: Measure::PointsEarned, ..silver_and_gold() });
    assert_eq!(told(&points, &points.stand(&facts, &[], day(1))), ("silver".to_owned(), day(1)));
    let orders = ladder(&TierSettings { measure: Measure::Orders, ..silver_and_gold() });
    assert_eq!(orders.stand(&facts, &[], day(1)).measured, 1);
}

#[test]
fn points_taken_back_count_against_a_tier_only_inside_the_window() {
    let taken = |on| Fact { at: day(on), points: -60_00, spend_minor: 0, orders: 0 };
    let ladder = ladder(&TierSettings { measure: Measure::PointsEarned, ..silver_and_gold() });
    let facts = [taken(0), bought(day(100), 11_000_00)];
    let way = ladder.way(&facts, &[], day(200));
    assert_eq!(told(&ladder, &way.standing).0, "none");
    // What was taken stops counting before what was earned does.
    assert_eq!((way.look_again_at, way.safe_until), (Some(day(365)), None));
    let way = ladder.way(&facts, &[], day(365));
    assert_eq!((told(&ladder, &way.standing), way.safe_until), (("silver".to_owned(), day(365)), Some(day(465))));
}

#[test]
fn what_lies_ahead_does_not_count_yet_and_is_looked_for() {
    let ladder = ladder(&silver_and_gold());
    let way = ladder.way(&[bought(day(5), 100_00)], &[], day(1));
    assert_eq!((told(&ladder, &way.standing).0.as_str(), way.look_again_at), ("none", Some(day(5))));
}
