//! What another programme would have made of a past.

use proptest::{collection::vec, prelude::*};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{Move, Past, PastOrder, Proposal, WhatIf, totals::Trial};
use crate::{
    Aggregate,
    campaign::{Audience, Campaign, CampaignVersion, Effect},
    event::Recorded,
    id::{CampaignId, CustomerId, Token},
    money::Currency,
    points::RefundShare,
    program::{Expiry, Program, ProgramCommand, ProgramSettings, Tier, TierId, TierSettings},
    tier::Ladder,
    time::Timestamp,
};

const ADA: CustomerId = CustomerId(Uuid::from_u128(0xada));

fn day(number: i64) -> Timestamp {
    Timestamp(number * Timestamp::MICROS_PER_DAY)
}

fn euro() -> Option<Currency> {
    Currency::parse("EUR").ok()
}

fn program(settings: &ProgramSettings) -> Program {
    let mut program = Program::default();
    let publish = ProgramCommand::Publish { expected: 0, effective_from: Timestamp(0), settings: settings.clone() };
    for event in program.decide(&publish).expect("a first version") {
        program.apply(&event, &Recorded { position: 1, at: Timestamp(0) });
    }
    program
}

/// As the default rule judged it: a point for a whole euro.
fn order(on: i64, base_minor: i64, refunded_minor: i64) -> PastOrder {
    let points = base_minor / 100;
    let refund = RefundShare {
        refund: Token([9; 16]),
        at: day(on),
        merchandise_minor: refunded_minor,
        by_rule_minor: vec![refunded_minor],
        quantity: 0,
    };
    PastOrder {
        at: day(on),
        program_version: 1,
        currency: euro(),
        off: false,
        test: false,
        base_minor,
        bases: [base_minor].into(),
        boosts: Box::default(),
        refunds: if refunded_minor > 0 { vec![refund] } else { Vec::new() },
        kept: crate::program::kept_of(points, base_minor, refunded_minor),
    }
}

fn past(orders: &[PastOrder], moves: &[(i64, i64)]) -> Past {
    let token = |place: usize| Token((place as u128).to_be_bytes());
    Past {
        given: Vec::new(),
        orders: orders.iter().enumerate().map(|(place, order)| (token(place), order.clone())).collect(),
        moves: moves.iter().map(|(on, points)| Move { at: day(*on), points: *points, counts: false }).collect(),
    }
}

fn tried(past: &Past, settings: ProgramSettings, campaigns: Option<Vec<CampaignVersion>>, on: i64) -> WhatIf {
    let before = ProgramSettings::default_of_a_new_merchant();
    let program = program(&before);
    let present = Ladder::of(&before.tiers, &before.rfm.time_zone).expect("a time zone");
    let proposal = Proposal::new(settings, campaigns, euro()).expect("a time zone");
    let mut whatif = WhatIf::default();
    whatif.add(Trial { proposal: &proposal, program: &program, present: &present, now: day(on) }, ADA, past);
    whatif
}

fn default() -> ProgramSettings {
    ProgramSettings::default_of_a_new_merchant()
}

fn paying(points_per_unit: i64) -> ProgramSettings {
    let mut settings = default();
    settings.earning_rules[0].points_per_unit = Decimal::from(points_per_unit);
    settings
}

#[test]
fn twice_the_points_cost_twice_as_much_and_everybody_wins() {
    let whatif = tried(&past(&[order(0, 50_00, 0), order(1, 20_00, 10_00)], &[]), paying(2), None, 9);
    assert_eq!((whatif.happened.kept, whatif.proposed.kept), (60, 120));
    assert_eq!((whatif.winners, whatif.losers, whatif.orders, whatif.approximated), (1, 0, 2, 0));
    assert_eq!(whatif.top_winners[0].customer, ADA);
}

#[test]
fn an_expiry_takes_what_was_not_spent_in_time() {
    let settings = ProgramSettings { expiry: Expiry::AfterEarning { days: 30 }, ..default() };
    let whatif = tried(&past(&[order(0, 50_00, 0)], &[(10, -20)]), settings, None, 40);
    assert_eq!((whatif.happened.outstanding, whatif.happened.expired), (30, 0));
    assert_eq!((whatif.proposed.outstanding, whatif.proposed.expired, whatif.proposed.unaffordable), (0, 30, 0));
    assert_eq!((whatif.winners, whatif.losers), (0, 0), "what was awarded is the same");
}

#[test]
fn inactivity_is_broken_by_whatever_somebody_does() {
    let settings = ProgramSettings { expiry: Expiry::Inactivity { days: 30 }, ..default() };
    let orders = [order(0, 50_00, 0), order(20, 10_00, 0)];
    assert_eq!(tried(&past(&orders, &[]), settings.clone(), None, 49).proposed.outstanding, 60);
    assert_eq!(tried(&past(&orders, &[]), settings, None, 50).proposed.outstanding, 0);
}

#[test]
fn what_was_spent_and_would_not_have_been_there_is_told() {
    let settings = ProgramSettings { earning_rules: Vec::new(), ..default() };
    let whatif = tried(&past(&[order(0, 50_00, 0)], &[(1, -20)]), settings, None, 2);
    assert_eq!((whatif.proposed.kept, whatif.proposed.unaffordable, whatif.losers), (0, 20, 1));
}

#[test]
fn tiers_multiply_the_orders_that_follow() {
    let tier = Tier {
        id: TierId::parse("gold").expect("an id"),
        name: "Gold".to_owned(),
        entry: 50,
        retention: 50,
        multiplier: Decimal::TWO,
        perks: Vec::new(),
    };
    let tiers = TierSettings { tiers: vec![tier], ..TierSettings::default_of_a_new_merchant() };
    let whatif =
        tried(&past(&[order(0, 50_00, 0), order(1, 10_00, 0)], &[]), ProgramSettings { tiers, ..default() }, None, 2);
    assert_eq!((whatif.proposed.kept, whatif.proposed.members["gold"]), (70, 1));
    assert!(whatif.happened.members.is_empty());
}

#[test]
fn a_campaign_multiplies_the_orders_of_its_days() {
    let campaign = Campaign {
        name: "Spring".to_owned(),
        from: day(1),
        until: Some(day(2)),
        audience: Audience::default(),
        effect: Effect::Multiply { factor: Decimal::from(3), priority: 0, stacks: false },
    };
    let campaigns = vec![CampaignVersion { id: CampaignId(Uuid::nil()), version: 0, campaign }];
    let orders = [order(0, 10_00, 0), order(1, 10_00, 0), order(2, 10_00, 0)];
    assert_eq!(tried(&past(&orders, &[]), default(), Some(campaigns), 9).proposed.kept, 50);
}

#[test]
fn a_rule_that_counts_what_no_rule_did_is_said_to_be_approximated() {
    let mut settings = default();
    settings.earning_rules[0].include.shipping = true;
    let whatif = tried(&past(&[order(0, 10_00, 0)], &[]), settings, None, 1);
    assert_eq!((whatif.approximated, whatif.proposed.kept), (1, 10));
}

proptest! {
    #[test]
    fn the_programme_in_force_makes_of_the_past_what_it_was(
        orders in vec((0..400_i64, 0..100_000_i64, 0..120_000_i64), 0..12),
        moves in vec((0..400_i64, -500..500_i64), 0..6),
        on in 0..500_i64,
    ) {
        let orders: Vec<PastOrder> = orders.iter().map(|(on, base, back)| order(*on, *base, *back)).collect();
        let whatif = tried(&past(&orders, &moves), default(), None, on);
        prop_assert_eq!(&whatif.happened, &whatif.proposed);
        prop_assert_eq!((whatif.winners, whatif.losers, whatif.approximated), (0, 0, 0));
    }

    #[test]
    fn nothing_is_lost_between_what_came_and_what_is_left(
        orders in vec((0..400_i64, 0..100_000_i64), 0..12),
        moves in vec((0..400_i64, -500..500_i64), 0..6),
        days in 1..300_u32,
    ) {
        let orders: Vec<PastOrder> = orders.iter().map(|(on, base)| order(*on, *base, 0)).collect();
        let past = past(&orders, &moves);
        let settings = ProgramSettings { expiry: Expiry::AfterEarning { days }, ..default() };
        let proposed = tried(&past, settings, None, 1_000).proposed;
        let moved: i64 = past.moves.iter().map(|moved| moved.points).sum();
        prop_assert_eq!(proposed.kept + moved, proposed.outstanding + proposed.expired - proposed.unaffordable);
    }
}
