//! Samples of everything that can have happened to a points account; every variant of every enum occurs.

use aggregates::{
    id::{BonusId, CampaignId, CommandId, CustomerId, GdprRequestId, RedemptionId, RewardId},
    money::Currency,
    points::{
        AccountAbsorbed, AccountClosed, AccountContents, AccountFenced, AssessedBody, BonusGranted, BonusKind,
        BonusRecord, BonusRevoked, BonusSource, CodeUse, CommandRecord, ContentsAbsorbed, DebtCovered, Delivery,
        DeliveryDue, FactRef, Lot, LotExpiry, LotSource, Movement, MovementKind, NewLot, OrderAssessed, OrderRecord,
        Outcome, PointsActivated, PointsAdjusted, PointsEvent, PointsExpired, PointsForfeited, Redemption,
        RedemptionDelivered, RedemptionReturned, RedemptionUsed, RefundShare, RewardRedeemed, Shortfall,
    },
    program::{Boost, BoostSource, LineExclusion, RuleAward, RuleId, TierId},
};
use rust_decimal::Decimal;

use crate::values::*;

pub fn samples() -> Vec<PointsEvent> {
    let mut samples = vec![PointsEvent::OrderAssessed(assessed_in_full())];
    samples.extend(OUTCOMES.map(|outcome| PointsEvent::OrderAssessed(assessed_as(outcome))));
    samples.push(PointsEvent::OrderAssessed(OrderAssessed { body: None, lot: None, ..assessed_as(Outcome::NoRule) }));
    samples.extend([
        PointsEvent::PointsActivated(PointsActivated { lots: vec![lot(1), lot(2)], at: at(8) }),
        PointsEvent::PointsExpired(PointsExpired { movements: vec![moved(1, MovementKind::Expired, 50)], at: at(9) }),
        PointsEvent::DebtCovered(DebtCovered { movements: vec![moved(1, MovementKind::Covered, 20)], owed: -20 }),
        PointsEvent::PointsAdjusted(adjusted(25)),
        PointsEvent::PointsAdjusted(PointsAdjusted { lot: None, movements: Vec::new(), owed: 5, ..adjusted(-5) }),
        PointsEvent::RewardRedeemed(redeemed()),
        PointsEvent::RewardRedeemed(redeemed_for(None)),
        PointsEvent::RewardRedeemed(redeemed_for(Some((RewardId(uuid(0x4e)), 7)))),
        PointsEvent::RedemptionDelivered(RedemptionDelivered {
            redemption: RedemptionId(uuid(0x51)),
            points: 40,
            at: at(9),
        }),
        PointsEvent::RedemptionUsed(RedemptionUsed { redemption: RedemptionId(uuid(0x51)), order: token(0x0d) }),
        PointsEvent::RedemptionReturned(returned()),
        PointsEvent::AccountClosed(AccountClosed { into: CustomerId(uuid(0xc1)), points: -20 }),
        PointsEvent::AccountAbsorbed(absorbed()),
        PointsEvent::ContentsAbsorbed(ContentsAbsorbed { from: CustomerId(uuid(0xc2)), contents: contents() }),
        PointsEvent::AccountFenced(AccountFenced { request: GdprRequestId(uuid(0x9d)), at: at(10) }),
        PointsEvent::PointsForfeited(forfeited()),
        PointsEvent::BonusRevoked(revoked()),
    ]);
    samples.extend(BONUS_KINDS.map(|kind| PointsEvent::BonusGranted(granted(kind))));
    samples
}

const BONUS_KINDS: [BonusKind; 4] = [BonusKind::Referral, BonusKind::Campaign, BonusKind::Badge, BonusKind::VipTier];

const OUTCOMES: [Outcome; 7] = [
    Outcome::Awarded,
    Outcome::TestOrder,
    Outcome::Cancelled,
    Outcome::Voided,
    Outcome::NoRule,
    Outcome::NothingToEarnOn,
    Outcome::BelowMinimumOrRounding,
];

fn forfeited() -> PointsForfeited {
    PointsForfeited {
        request: GdprRequestId(uuid(0x9d)),
        movements: vec![moved(1, MovementKind::Forfeited, 30)],
        codes: vec![RedemptionId(uuid(0x51))],
        owed: -5,
        at: at(11),
    }
}

fn moved(n: u8, kind: MovementKind, points: i64) -> Movement {
    Movement { lot: lot(n), kind, points }
}

fn every_kind_of_movement() -> Vec<Movement> {
    [
        MovementKind::Granted,
        MovementKind::Withdrawn,
        MovementKind::Reversed,
        MovementKind::ReversedExpired,
        MovementKind::Restored,
        MovementKind::Redeemed,
        MovementKind::Returned,
        MovementKind::Deducted,
        MovementKind::Expired,
        MovementKind::Covered,
        MovementKind::Uncovered,
    ]
    .map(|kind| moved(1, kind, 7))
    .into()
}

fn refund() -> RefundShare {
    RefundShare {
        refund: token(0x4e),
        at: at(60),
        merchandise_minor: 2_000,
        by_rule_minor: vec![2_000, 0],
        quantity: 1,
    }
}

fn assessed_in_full() -> OrderAssessed {
    OrderAssessed {
        refunds: vec![refund()],
        redeems: vec![code_use()],
        cancelled_at: Some(at(120)),
        movements: every_kind_of_movement(),
        owed: 3,
        due: 50,
        reference: Some(sealed("which order")),
        lines: Some(sealed("its lines")),
        ..assessed_as(Outcome::Cancelled)
    }
}

fn assessed_as(outcome: Outcome) -> OrderAssessed {
    OrderAssessed {
        order: token(0x0d),
        facts: vec![
            FactRef { fingerprint: fingerprint(0xfa), position: None },
            FactRef { fingerprint: fingerprint(0xfb), position: Some(77) },
        ],
        program_version: 3,
        body: Some(body(outcome)),
        cancelled_at: None,
        refunds: Vec::new(),
        redeems: Vec::new(),
        awarded: 50,
        kept: 50,
        lot: Some(new_lot(LotSource::Order(token(0x0d)), LotExpiry::At(at(86_400)))),
        movements: vec![moved(1, MovementKind::Granted, 50)],
        owed: 0,
        due: 0,
        reference: None,
        lines: None,
    }
}

fn code_use() -> CodeUse {
    CodeUse { redemption: RedemptionId(uuid(0x51)), account: CustomerId(uuid(0xc2)) }
}

fn boosts() -> Vec<Boost> {
    let tier = TierId::parse("gold").expect("an id");
    vec![
        Boost { source: BoostSource::Tier(tier), factor: Decimal::new(1_50, 2) },
        Boost { source: BoostSource::Campaign(CampaignId(uuid(0x77))), factor: Decimal::from(2) },
    ]
}

fn body(outcome: Outcome) -> AssessedBody {
    let by_rule = |rule: &str, points| RuleAward { rule: RuleId(rule.to_owned()), base_minor: 5_000, points };
    AssessedBody {
        currency: Currency::parse("EUR").expect("a currency"),
        processed_at: at(0),
        updated_at: at(1),
        voided: false,
        test: true,
        taxes_included: true,
        base_minor: 5_000,
        quantity: 2,
        awards: vec![by_rule("orders", 50), by_rule("own brands", 0)],
        boosts: boosts(),
        exclusions: vec![(token(0x11), LineExclusion { gift_card: true, by_rule: vec![true, false] })],
        outcome,
    }
}

fn new_lot(source: LotSource, expiry: LotExpiry) -> NewLot {
    NewLot { lot: lot(1), source, earned_at: at(0), available_at: at(10), expiry }
}

fn adjusted(points: i64) -> PointsAdjusted {
    PointsAdjusted {
        command: CommandId(uuid(0xaa)),
        request: fingerprint(0xab),
        points,
        reason: sealed("goodwill"),
        lot: Some(new_lot(LotSource::Adjustment, LotExpiry::Inactivity { days: 365 })),
        movements: vec![moved(1, MovementKind::Granted, 25)],
        owed: 0,
        at: at(5),
    }
}

fn source(kind: BonusKind) -> BonusSource {
    BonusSource { kind, id: uuid(0x5e) }
}

fn granted(kind: BonusKind) -> BonusGranted {
    BonusGranted {
        bonus: BonusId(uuid(0xb0)),
        source: source(kind),
        points: 100,
        rule: RuleId("friends".to_owned()),
        rule_version: 2,
        lot: new_lot(LotSource::Bonus(source(kind)), LotExpiry::Never),
        movements: vec![moved(1, MovementKind::Granted, 100)],
        at: at(7),
    }
}

fn revoked() -> BonusRevoked {
    BonusRevoked {
        bonus: BonusId(uuid(0xb0)),
        source: source(BonusKind::Referral),
        movements: vec![moved(1, MovementKind::Reversed, 60), moved(2, MovementKind::Covered, 30)],
        owed: 10,
        at: at(8),
    }
}

fn remembered() -> BonusRecord {
    BonusRecord {
        lot: lot(1),
        source: source(BonusKind::Badge),
        points: 100,
        rule: RuleId("ten orders".to_owned()),
        rule_version: 2,
        revoked: true,
        position: 12,
    }
}

fn redeemed() -> RewardRedeemed {
    RewardRedeemed {
        command: CommandId(uuid(0xaa)),
        request: fingerprint(0xab),
        redemption: RedemptionId(uuid(0x51)),
        points: 40,
        value_minor: 400,
        program_version: 3,
        movements: vec![moved(1, MovementKind::Redeemed, 40)],
        at: at(6),
        delivery: None,
    }
}

fn redeemed_for(reward: Option<(RewardId, u32)>) -> RewardRedeemed {
    RewardRedeemed { delivery: Some(DeliveryDue { reward }), ..redeemed() }
}

fn returned() -> RedemptionReturned {
    RedemptionReturned {
        redemption: RedemptionId(uuid(0x51)),
        points: 40,
        cancelled: true,
        released: 40,
        movements: vec![moved(1, MovementKind::Returned, 40), moved(1, MovementKind::Reversed, 10)],
        graces: vec![(lot(1), at(1_209_600))],
        recollected: vec![(token(0x0d), 10)],
    }
}

fn absorbed() -> AccountAbsorbed {
    AccountAbsorbed {
        from: CustomerId(uuid(0xc2)),
        points: 13,
        contents: contents(),
        links: vec![sealed("the loser's link key"), sealed("and one it had taken over")],
    }
}

fn contents() -> AccountContents {
    let lots = [LotExpiry::Never, LotExpiry::At(at(86_400)), LotExpiry::Inactivity { days: 30 }].map(|expiry| Lot {
        activated: true,
        granted: 28,
        remaining: 1,
        reversed: 2,
        redeemed: 3,
        deducted: 4,
        expired: 5,
        covered: 13,
        forfeited: 0,
        ..Lot::new(lot(2), LotSource::Order(token(0x0e)), at(0), at(10), expiry)
    });
    AccountContents {
        lots: lots.into(),
        debt: 2,
        last_activity: at(20),
        lifetime_earned: 9,
        lifetime_redeemed: 3,
        lifetime_expired: 5,
        orders: vec![(token(0x0e), record())],
        redemptions: vec![(RedemptionId(uuid(0x52)), redemption())],
        commands: vec![(CommandId(uuid(0xac)), CommandRecord { request: fingerprint(0xad), position: 9 })],
        shortfalls: vec![(token(0x0e), Shortfall { covered: vec![(lot(2), 13)], owed: 2 })],
        bonuses: vec![(BonusId(uuid(0xb1)), remembered())],
    }
}

fn record() -> OrderRecord {
    let believed = body(Outcome::Awarded);
    OrderRecord {
        program_version: 3,
        lot: Some(lot(2)),
        processed_at: at(0),
        updated_at: at(1),
        cancelled_at: Some(at(120)),
        currency: Some(believed.currency),
        voided: true,
        test: false,
        taxes_included: true,
        base_minor: 5_000,
        quantity: 2,
        rules: Box::new([(5_000, 50), (5_000, 0)]),
        boosts: believed.boosts.into(),
        exclusions: believed.exclusions.into(),
        refunds: vec![refund()],
        redeems: [code_use()].into(),
        awarded: 50,
        kept: 0,
        due: 50,
        facts: vec![(fingerprint(0xfa), 8)],
    }
}

fn redemption() -> Redemption {
    Redemption {
        points: 40,
        value_minor: 400,
        at: at(6),
        position: 9,
        outstanding: vec![(lot(2), 3)],
        used_by: Some(token(0x0d)),
        cancelled: false,
        reward: Some(RewardId(uuid(0x4e))),
        delivery: Delivery::Done,
    }
}
