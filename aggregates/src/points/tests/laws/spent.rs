//! An order whose points were spent before the shop had more to say about it: others have to bear what its own lot
//! cannot, and still the order of arrival must not matter.

use std::collections::BTreeMap;

use proptest::{collection::vec, prelude::*, sample::select};

use uuid::Uuid;

use crate::{
    id::CommandId,
    order::{OrderBody, Refund},
    points::{LotSource, Shortfall, tests::kit::*},
    program::{Expiry, NegativeBalance, ProgramSettings},
    waiting::WaitingFact,
};

/// The order that the facts are about; others lend it their lots.
const ORDER: &str = "the order";
const OTHERS: [&str; 3] = ["before", "beside", "after"];
/// The day on which all facts arrive.
const TOLD_ON: u32 = 20;

/// A shopper who has spent, and what the shop then says about one order.
#[derive(Debug, Clone)]
pub struct SpentOrder {
    settings: ProgramSettings,
    /// What the order and the others are worth; minor units.
    worth: (i64, [i64; 3]),
    /// Tried in this order; what is not there cannot be spent.
    redemptions: Vec<i64>,
    deducted: i64,
    /// How much of the first of the others went back, so that its debt or cover is there too; minor units.
    refunded_before: i64,
    facts: Vec<WaitingFact>,
}

/// Indices of facts as they arrive, repetitions included; each occurs.
pub type Arrival = Vec<usize>;

pub fn spent_order() -> impl Strategy<Value = (SpentOrder, Arrival, Arrival)> {
    let minor = || select(vec![0, 0, 1_000, 2_000, 6_000]);
    let own = select(vec![5_000, 8_000]);
    let before = (settings(), own, [minor(), minor(), minor()], vec(select(vec![10, 30, 50, 60, 80]), 1..4));
    let debts = (select(vec![0, 0, 0, 40]), select(vec![0, 0, 0, 3_000]));
    (before, debts, vec(fact(), 1..6)).prop_flat_map(|((settings, own, others, redemptions), debts, facts)| {
        let facts: Vec<WaitingFact> = facts.into_iter().enumerate().map(|(number, fact)| fact.stated(number)).collect();
        let (deducted, refunded_before) = debts;
        let arrival = arrival(facts.len());
        let other = self::arrival(facts.len());
        let spent = SpentOrder { settings, worth: (own, others), redemptions, deducted, refunded_before, facts };
        (Just(spent), arrival, other)
    })
}

fn arrival(facts: usize) -> impl Strategy<Value = Arrival> {
    let all = Just((0..facts).collect::<Vec<_>>()).prop_shuffle();
    (vec(0..facts, 0..6), all).prop_map(|(first, all)| [first, all].concat())
}

fn settings() -> impl Strategy<Value = ProgramSettings> {
    let policy = select(vec![NegativeBalance::Allow, NegativeBalance::Clamp, NegativeBalance::PendingOnly]);
    let expiry = select(vec![Expiry::None, Expiry::AfterEarning { days: 15 }, Expiry::AfterEarning { days: 90 }]);
    (policy, expiry, select(vec![0, 3])).prop_map(|(policy, expiry, hold_days)| ProgramSettings {
        expiry,
        hold_days,
        ..under(policy)
    })
}

#[derive(Debug, Clone)]
enum FactParts {
    Body { on: u32, minor: i64, cancelled: bool, voided: bool, embeds: Option<(u8, u32, i64)> },
    Refund(u8, u32, i64),
}

fn fact() -> impl Strategy<Value = FactParts> {
    let refund = || (0..3_u8, 1..9_u32, select(vec![500, 1_000, 2_000]));
    let (cancelled, voided) = (prop::bool::weighted(0.04), prop::bool::weighted(0.3));
    let body = (
        1..9_u32,
        select(vec![1_000, 3_000, 5_000, 7_000, 8_000]),
        cancelled,
        voided,
        prop::option::weighted(0.2, refund()),
    );
    prop_oneof![
        4 => body.prop_map(|(on, minor, cancelled, voided, embeds)| {
            FactParts::Body { on, minor, cancelled, voided, embeds }
        }),
        1 => refund().prop_map(|(id, on, minor)| FactParts::Refund(id, on, minor)),
    ]
}

impl FactParts {
    fn stated(self, number: usize) -> WaitingFact {
        let refund =
            |(id, on, minor): (u8, u32, i64)| -> Refund { money_back(&format!("refund {id}"), day(on), minor) };
        match self {
            FactParts::Body { on, minor, cancelled, voided, embeds } => WaitingFact::Body(OrderBody {
                name: format!("body {number}"),
                updated_at: day(on),
                cancelled_at: cancelled.then_some(day(on)),
                voided,
                refunds: embeds.map(refund).into_iter().collect(),
                ..order(ORDER, minor)
            }),
            FactParts::Refund(id, on, minor) => refund_of(ORDER, refund((id, on, minor))),
        }
    }
}

/// What has to be equal whatever came first: lots by order (what remains, what has expired) and the books; and who bears
/// what of the order, unless another one's debt is there for the order's own points to pay.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    lots: BTreeMap<String, (i64, i64)>,
    debt: i64,
    lifetime: [i64; 3],
    borne: Option<(Shortfall, i64)>,
}

impl SpentOrder {
    pub fn told(&self, arrival: &Arrival) -> Story {
        let mut story = Story::given(self.settings.clone());
        let (own, others) = self.worth;
        story.order(order_on(day(0), OTHERS[0], others[0])).order(order(ORDER, own));
        story.on(day(4)).order(order_on(day(4), OTHERS[1], others[1])).adjust(100, -self.deducted);
        for (id, points) in (0..).zip(&self.redemptions) {
            story.redeem(id, *points);
        }
        story.refund(OTHERS[0], money_back("of another", day(1), self.refunded_before));
        story.on(day(10)).order(order_on(day(10), OTHERS[2], others[2])).on(day(TOLD_ON)).settle();
        for fact in arrival {
            story.hear([self.facts[*fact].clone()]).then_done();
        }
        story
    }

    /// With debt allowed nobody waives anything: the books say what was kept, whoever bears it.
    pub fn is_settled_to_the_point(&self, story: &Story) -> bool {
        let purse = &story.account.purse;
        let kept: i64 = story.account.orders.values().map(|record| record.kept).sum();
        let deducted =
            if story.account.commands.contains_key(&CommandId(Uuid::from_u128(100))) { self.deducted } else { 0 };
        self.settings.negative_balance != NegativeBalance::Allow || purse.lifetime_earned == kept - deducted
    }
    fn has_other_debt(&self) -> bool {
        self.deducted + self.refunded_before > 0
    }

    pub fn outcome(&self, story: &Story) -> Outcome {
        let token = story.person.token(ORDER);
        let purse = &story.account.purse;
        let names: BTreeMap<_, _> =
            OTHERS.iter().chain([&ORDER]).map(|name| (story.person.token(name), *name)).collect();
        let lots = purse.lots.iter().filter(|lot| lot.remaining + lot.expired > 0).map(|lot| match lot.source {
            LotSource::Order(order) => (names[&order].to_owned(), (lot.remaining, lot.expired)),
            LotSource::Adjustment | LotSource::Bonus(_) => panic!("nobody is given points here: {lot:?}"),
        });
        Outcome {
            lots: lots.collect(),
            debt: purse.debt,
            lifetime: [purse.lifetime_earned, purse.lifetime_redeemed, purse.lifetime_expired],
            borne: (!self.has_other_debt()).then(|| {
                (purse.shortfalls.get(&token).cloned().unwrap_or_default(), purse.waived(token, story.record_of(ORDER)))
            }),
        }
    }
}
