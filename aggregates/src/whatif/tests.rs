//! What another programme would have made of a past.

use std::collections::BTreeMap;

use proptest::{collection::vec, prelude::*};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{Caveat, Move, Offer, Past, PastAct, PastOrder, Proposal, Segment, What, WhatIf, totals::Trial};
use crate::{
    Aggregate,
    badge::{BadgeDefinition, BadgeId, BadgeRule, Repeats},
    campaign::{Action, Audience, Campaign, CampaignVersion, Effect, Limit, Per},
    event::Recorded,
    id::{CampaignId, CustomerId, RewardId, Token},
    money::Currency,
    points::RefundShare,
    program::{Expiry, Program, ProgramCommand, ProgramSettings, RuleId, Tier, TierId, TierSettings},
    referral::Side,
    rfm::SegmentName,
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
        segment: Segment::NotKnown,
    }
}

fn past(orders: &[PastOrder], moves: &[(i64, i64)]) -> Past {
    let token = |place: usize| Token((place as u128).to_be_bytes());
    Past {
        given: Vec::new(),
        orders: orders.iter().enumerate().map(|(place, order)| (token(place), order.clone())).collect(),
        moves: moves.iter().map(|(on, points)| moved(*on, *points, What::Other)).collect(),
        ..Past::default()
    }
}

fn moved(on: i64, points: i64, what: What) -> Move {
    Move { at: day(on), points, counts: false, what }
}

fn tried(past: &Past, settings: ProgramSettings, campaigns: Option<Vec<CampaignVersion>>, on: i64) -> WhatIf {
    tried_with(past, settings, campaigns, BTreeMap::new(), on).0
}

/// With rewards offered otherwise, too; and what the answer does not know.
fn tried_with(
    past: &Past,
    settings: ProgramSettings,
    campaigns: Option<Vec<CampaignVersion>>,
    rewards: BTreeMap<RewardId, Offer>,
    on: i64,
) -> (WhatIf, Vec<&'static str>) {
    let before = ProgramSettings::default_of_a_new_merchant();
    let program = program(&before);
    let present = Ladder::of(&before.tiers, &before.rfm.time_zone).expect("a time zone");
    let proposal = Proposal::new(settings, campaigns, rewards, euro()).expect("a time zone");
    let mut whatif = WhatIf::default();
    whatif.add(Trial { proposal: &proposal, program: &program, present: &present, now: day(on) }, ADA, past);
    let caveats = proposal.caveats(&before, &whatif).into_iter().map(Caveat::as_str).collect();
    (whatif, caveats)
}

fn campaign(effect: Effect, segments: &[&str]) -> CampaignVersion {
    let segment = |name: &&str| SegmentName::parse(name).expect("a name");
    let audience = Audience { segments: segments.iter().map(segment).collect(), ..Audience::default() };
    let campaign = Campaign { name: "one".to_owned(), from: day(0), until: None, audience, effect };
    CampaignVersion { id: CampaignId(Uuid::nil()), version: 0, campaign }
}

fn in_segment(name: &str) -> Segment {
    Segment::Known(SegmentName::parse(name).ok())
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
fn a_campaign_for_a_segment_reaches_whoever_was_in_it_then() {
    let double = Effect::Multiply { factor: Decimal::TWO, priority: 0, stacks: false };
    let campaigns = || Some(vec![campaign(double.clone(), &["champions"])]);
    let mut orders = [order(0, 10_00, 0), order(1, 10_00, 0), order(2, 10_00, 0)];
    (orders[1].segment, orders[2].segment) = (in_segment("champions"), in_segment("lost"));
    let (whatif, caveats) = tried_with(&past(&orders, &[]), default(), campaigns(), BTreeMap::new(), 9);
    assert_eq!((whatif.proposed.kept, whatif.without_segment), (40, 1), "of the first order nobody knows");
    assert!(caveats.contains(&"segments_as_known_then") && caveats.contains(&"segments_not_known"), "{caveats:?}");
    let (_, caveats) = tried_with(&past(&orders[1..], &[]), default(), campaigns(), BTreeMap::new(), 9);
    assert!(!caveats.contains(&"segments_not_known"), "{caveats:?}");
}

#[test]
fn actions_are_rewarded_by_the_campaigns_that_are_tried() {
    let reward = |action, points, limit| campaign(Effect::Reward { action, points, limit }, &[]);
    let once = Limit { times: 1, per: Per::Lifetime };
    let act = |on| PastAct { at: day(on), action: Action::Review, segment: Segment::Known(None) };
    let past = Past {
        moves: vec![moved(1, 50, What::Campaign), moved(2, 50, What::Campaign), moved(3, 7, What::Other)],
        acts: vec![act(1), act(2)],
        enrolled_at: Some(day(1)),
        ..Past::default()
    };
    let unchanged = tried(&past, default(), None, 9);
    assert_eq!((unchanged.happened.bonuses, unchanged.proposed.bonuses), (100, 100));
    let (sign_up, review) = (reward(Action::SignUp, 30, None), reward(Action::Review, 20, Some(once)));
    let (whatif, caveats) = tried_with(&past, default(), Some(vec![sign_up, review]), BTreeMap::new(), 9);
    assert_eq!((whatif.proposed.bonuses, whatif.proposed.outstanding), (30 + 20, 30 + 20 + 7));
    assert_eq!((whatif.losers, caveats.contains(&"unrewarded_actions")), (1, true), "{caveats:?}");
    assert_eq!(tried(&past, default(), Some(Vec::new()), 9).proposed.bonuses, 0);
}

#[test]
fn referrals_and_badges_bring_what_the_proposal_gives_for_them() {
    let badge = RuleId("ten_orders".to_owned());
    let past = Past {
        moves: vec![
            moved(1, 500, What::Referral(Side::Advocate)),
            moved(1, 0, What::Referral(Side::Friend)),
            moved(2, 40, What::Badge(badge)),
        ],
        ..Past::default()
    };
    let mut settings = default();
    (settings.referrals.advocate_points, settings.referrals.friend_points) = (200, 200);
    settings.badges.badges = vec![BadgeDefinition {
        id: BadgeId::parse("ten_orders").expect("an id"),
        name: "Ten".to_owned(),
        rule: BadgeRule::Orders { count: 10 },
        repeats: Repeats::Once,
        counts_from: None,
        points: 60,
    }];
    let (whatif, caveats) = tried_with(&past, settings, None, BTreeMap::new(), 9);
    assert_eq!((whatif.happened.bonuses, whatif.proposed.bonuses), (540, 260), "what went back was never given");
    assert!(caveats.contains(&"badge_rules") && !caveats.contains(&"referral_conditions"), "{caveats:?}");
    let none = ProgramSettings { badges: Default::default(), ..default() };
    assert_eq!(tried(&past, none, None, 9).proposed.bonuses, 500);
}

#[test]
fn a_reward_costs_what_the_proposal_asks_for_it() {
    let (dear, other) = (RewardId(Uuid::from_u128(1)), RewardId(Uuid::from_u128(2)));
    let redeemed = |reward: RewardId| moved(1, -100, What::Redeemed(Some(reward)));
    let returned = moved(2, 50, What::Returned { reward: Some(dear), of: 100 });
    let past = Past { moves: vec![redeemed(dear), redeemed(other), returned], ..past(&[order(0, 30_000, 0)], &[]) };
    let with = |offer| tried_with(&past, default(), None, BTreeMap::from([(dear, offer)]), 9);
    let (whatif, caveats) = with(Offer::Costs(60));
    assert_eq!((whatif.happened.redeemed, whatif.happened.outstanding), (150, 150));
    assert_eq!((whatif.proposed.redeemed, whatif.proposed.outstanding), (30 + 100, 170));
    assert!(caveats.contains(&"reward_conditions"), "{caveats:?}");
    assert_eq!(with(Offer::Not).0.proposed.redeemed, 100);
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
