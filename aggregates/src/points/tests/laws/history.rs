//! Histories of small shops: what truly happened, before any webhook tells of it.

use proptest::{collection::vec, prelude::*, sample::select};

use crate::{
    order::{Item, OrderBody, OrderLine, Refund, RefundLine},
    points::tests::kit::*,
    program::{Expiry, NegativeBalance, Program, ProgramSettings},
    time::Timestamp,
    waiting::WaitingFact,
};

/// A vendor that the second rule leaves out.
pub const OTHER_VENDOR: &str = "other";
/// From this day on the shop pays double.
const DOUBLED_ON: u32 = 15;
/// Longer than any delivery in these histories takes, so that nobody expires for idleness before the last one.
const IDLE_DAYS: u32 = 130;

#[derive(Debug, Clone)]
pub struct History {
    pub settings: ProgramSettings,
    /// Whether person 1 is merged into 2, and 2 into 3, and when.
    pub merges: [Option<Timestamp>; 2],
    pub orders: Vec<OrderHistory>,
}

/// One order: the bodies it went through, each with the customer it names, and its refunds as they were told.
#[derive(Debug, Clone)]
pub struct OrderHistory {
    pub id: String,
    pub bodies: Vec<(Option<Person>, OrderBody)>,
    pub refunds: Vec<Refund>,
}

#[derive(Debug, Clone)]
pub enum Step {
    Fact { customer: Option<Person>, fact: WaitingFact },
    Merge { loser: Person, winner: Person },
}

impl History {
    /// Everything that happened, with its time.
    pub fn steps(&self) -> Vec<(Timestamp, Step)> {
        let mut steps = Vec::new();
        for order in &self.orders {
            for (customer, body) in &order.bodies {
                steps.push((body.updated_at, Step::Fact { customer: *customer, fact: body.clone().into() }));
            }
            for refund in &order.refunds {
                steps.push((refund.at, Step::Fact { customer: None, fact: refund_of(&order.id, refund.clone()) }));
            }
        }
        for (loser, at) in (1..).zip(self.merges) {
            steps.extend(at.map(|at| (at, Step::Merge { loser: Person(loser), winner: Person(loser + 1) })));
        }
        steps
    }

    /// Who has taken over `person` in the end.
    pub fn survivor(&self, person: Person) -> Person {
        match person {
            Person(1) if self.merges[0].is_some() => self.survivor(Person(2)),
            Person(2) if self.merges[1].is_some() => Person(3),
            person => person,
        }
    }

    /// The shop's programme: its first version, and a doubled one, both known before anything happens.
    pub fn program(&self) -> Program {
        let mut doubled = self.settings.clone();
        for rule in &mut doubled.earning_rules {
            rule.points_per_unit += rule.points_per_unit;
        }
        let mut program = Program::default();
        publish(&mut program, self.settings.clone(), day(0));
        publish(&mut program, doubled, day(DOUBLED_ON));
        program
    }

    pub fn has_a_newest_body_for_each_order(&self) -> bool {
        self.orders.iter().all(|order| {
            let newest = order.bodies.iter().map(|(_, body)| body.updated_at).max();
            order.bodies.iter().filter(|(_, body)| Some(body.updated_at) == newest).count() == 1
        })
    }
}

pub fn history() -> impl Strategy<Value = History> {
    let merge = || prop::option::of((0..40_u32).prop_map(day));
    (settings(), merge(), merge(), vec(order_parts(), 1..5)).prop_map(|(settings, first, second, parts)| {
        let mut history = History { settings, merges: [first, second], orders: Vec::new() };
        for (number, parts) in parts.into_iter().enumerate() {
            let order = parts.into_order(number.to_string(), &history);
            history.orders.push(order);
        }
        history
    })
}

fn settings() -> impl Strategy<Value = ProgramSettings> {
    let expiry = prop_oneof![
        Just(Expiry::None),
        select(vec![20, 45]).prop_map(|days| Expiry::AfterEarning { days }),
        Just(Expiry::Inactivity { days: IDLE_DAYS }),
    ];
    let policy = select(vec![NegativeBalance::Allow, NegativeBalance::Clamp, NegativeBalance::PendingOnly]);
    (any::<bool>(), select(vec![0, 10, 30]), expiry, policy).prop_map(|(two_rules, hold_days, expiry, policy)| {
        let rules = if two_rules { with_a_rule_that_leaves_out(OTHER_VENDOR) } else { one_point_per_euro() };
        ProgramSettings { hold_days, expiry, negative_balance: policy, ..rules }
    })
}

#[derive(Debug, Clone)]
struct OrderParts {
    customer: u8,
    processed_on: u32,
    test: bool,
    bodies: Vec<BodyParts>,
    refunds: Vec<RefundParts>,
}

#[derive(Debug, Clone)]
struct BodyParts {
    named: Named,
    hours_later: u32,
    /// Net of the ordinary line, of a gift card, of another vendor's goods; minor units.
    nets: [i64; 3],
    cancelled: bool,
    voided: bool,
    embeds: Vec<usize>,
}

#[derive(Debug, Clone, Copy)]
enum Named {
    Buyer,
    /// Whoever the buyer is merged into, if anybody.
    Heir,
    Guest,
}

#[derive(Debug, Clone)]
struct RefundParts {
    hours_later: u32,
    /// Index of the line, minor units, pieces, and whether the refund describes the line or only names it.
    goods: Option<(usize, i64, u32, bool)>,
    money: Option<i64>,
    /// First told when no money had moved.
    announced: bool,
}

fn order_parts() -> impl Strategy<Value = OrderParts> {
    let refunds = vec(refund_parts(), 0..4);
    (1..4_u8, 0..30_u32, prop::bool::weighted(0.05), vec(body_parts(), 1..4), refunds).prop_map(
        |(customer, processed_on, test, bodies, refunds)| OrderParts { customer, processed_on, test, bodies, refunds },
    )
}

fn body_parts() -> impl Strategy<Value = BodyParts> {
    let named = prop_oneof![6 => Just(Named::Buyer), 2 => Just(Named::Heir), 1 => Just(Named::Guest)];
    let nets = (select(vec![0, 99, 700, 3_333, 5_000, 12_050]), select(vec![0, 2_000]), select(vec![0, 1_500]));
    let off = || prop::bool::weighted(0.12);
    (named, 0..300_u32, nets, off(), off(), vec(0..4_usize, 0..3)).prop_map(
        |(named, hours_later, nets, cancelled, voided, embeds)| BodyParts {
            named,
            hours_later,
            nets: nets.into(),
            cancelled,
            voided,
            embeds,
        },
    )
}

fn refund_parts() -> impl Strategy<Value = RefundParts> {
    let minor = || select(vec![0, 50, 333, 1_050, 2_500, 5_000, 9_000]);
    let goods = prop::option::of((0..3_usize, minor(), 0..2_u32, any::<bool>()));
    (0..300_u32, goods, prop::option::of(minor()), any::<bool>())
        .prop_map(|(hours_later, goods, money, announced)| RefundParts { hours_later, goods, money, announced })
}

impl OrderParts {
    fn into_order(self, id: String, history: &History) -> OrderHistory {
        let processed_at = day(self.processed_on);
        let later = |hours: u32| processed_at.plus_seconds(i64::from(hours) * 3_600);
        let refunds: Vec<Refund> = (0..).zip(&self.refunds).map(|(n, parts)| parts.told(&id, n, later)).collect();
        let bodies = self.bodies.iter().map(|parts| {
            let customer = Person(self.customer);
            let named = match parts.named {
                Named::Buyer => Some(customer),
                Named::Heir => Some(history.survivor(customer)),
                Named::Guest => None,
            };
            let updated_at = later(parts.hours_later);
            let lines: Vec<OrderLine> = (0..3).map(|index| line_of(&id, index, parts.nets[index])).collect();
            let body = OrderBody {
                processed_at,
                updated_at,
                test: self.test,
                cancelled_at: parts.cancelled.then_some(updated_at),
                voided: parts.voided,
                subtotal_minor: parts.nets.iter().sum(),
                lines,
                refunds: parts.embeds.iter().filter_map(|index| refunds.get(*index).cloned()).collect(),
                ..order(&id, 0)
            };
            (named, body)
        });
        let announced = self.refunds.iter().zip(&refunds).filter(|(parts, _)| parts.announced).map(|(_, refund)| {
            // The same refund, told before any money had moved.
            Refund { paid_minor: None, ..refund.clone() }
        });
        OrderHistory { bodies: bodies.collect(), refunds: announced.chain(refunds.iter().cloned()).collect(), id }
    }
}

impl RefundParts {
    fn told(&self, order_id: &str, number: usize, later: impl Fn(u32) -> Timestamp) -> Refund {
        let lines = self.goods.map(|(index, subtotal_minor, quantity, described)| {
            let line = line_of(order_id, index, 0);
            let item = described.then_some(line.item);
            RefundLine { line_id: line.line_id, item, quantity, subtotal_minor, tax_minor: 0 }
        });
        Refund {
            refund_id: format!("{order_id}/refund {number}"),
            currency: Some(euro()),
            at: later(self.hours_later),
            lines: lines.into_iter().collect(),
            shipping_minor: 0,
            paid_minor: self.money,
        }
    }
}

fn line_of(order_id: &str, index: usize, net_minor: i64) -> OrderLine {
    let item = match index {
        1 => Item { gift_card: true, ..Item::default() },
        2 => Item { vendor: Some(OTHER_VENDOR.to_owned()), ..Item::default() },
        _ => Item::default(),
    };
    OrderLine { item, ..line(&format!("{order_id}/{index}"), net_minor) }
}
