//! Anything anybody may do to an account, done to two of them; one is swept at every turn, the other never.

use proptest::{collection::vec, prelude::*, sample::select};

use crate::{
    order::OrderBody,
    points::{CodeUseOutcome, tests::kit::*},
    program::{Expiry, NegativeBalance, ProgramSettings},
    time::Timestamp,
};

/// Most that is done in one try.
const MOVES_MAX: usize = 28;

#[derive(Debug, Clone)]
pub enum Move {
    /// The n-th order as of now, worth this much; it may be off.
    Order {
        number: usize,
        minor: i64,
        cancelled: bool,
        voided: bool,
    },
    Refund {
        number: usize,
        id: u8,
        minor: i64,
    },
    Redeem {
        id: u128,
        points: i64,
    },
    CancelRedemption {
        id: u128,
    },
    UseCode {
        id: u128,
        refunded_percent: i64,
    },
    Adjust {
        key: u128,
        points: i64,
    },
    Publish(Box<ProgramSettings>),
    /// Somebody else's account, with an order and a redemption of its own, becomes part of this one.
    Absorb {
        minor: i64,
        spent: i64,
    },
    Wait {
        days: u32,
    },
}

pub fn moves() -> impl Strategy<Value = Vec<Move>> {
    let minor = || select(vec![0, 99, 1_050, 5_000, 12_300]);
    let id = || 0..5_u128;
    let one = prop_oneof![
        4 => (0..4_usize, minor(), prop::bool::weighted(0.1), prop::bool::weighted(0.1)).prop_map(
            |(number, minor, cancelled, voided)| Move::Order { number, minor, cancelled, voided }
        ),
        3 => (0..4_usize, 0..3_u8, minor()).prop_map(|(number, id, minor)| Move::Refund { number, id, minor }),
        3 => (id(), select(vec![1, 10, 49, 50, 120])).prop_map(|(id, points)| Move::Redeem { id, points }),
        1 => id().prop_map(|id| Move::CancelRedemption { id }),
        2 => (id(), select(vec![0, 30, 50, 100]))
            .prop_map(|(id, refunded_percent)| Move::UseCode { id, refunded_percent }),
        1 => (id(), select(vec![-70, -5, 0, 5, 40])).prop_map(|(key, points)| Move::Adjust { key: key + 100, points }),
        1 => settings().prop_map(|settings| Move::Publish(Box::new(settings))),
        1 => (minor(), select(vec![0, 10, 50])).prop_map(|(minor, spent)| Move::Absorb { minor, spent }),
        4 => (1..25_u32).prop_map(|days| Move::Wait { days }),
    ];
    vec(one, 1..MOVES_MAX)
}

fn settings() -> impl Strategy<Value = ProgramSettings> {
    let expiry = select(vec![Expiry::None, Expiry::AfterEarning { days: 30 }, Expiry::Inactivity { days: 20 }]);
    let policy = select(vec![NegativeBalance::Allow, NegativeBalance::Clamp, NegativeBalance::PendingOnly]);
    (any::<bool>(), select(vec![0, 7, 40]), expiry, policy, select(vec![0, 14])).prop_map(
        |(double, hold_days, expiry, negative_balance, return_grace_days)| {
            let rules = if double { two_points_per_euro() } else { one_point_per_euro() };
            ProgramSettings { hold_days, expiry, negative_balance, return_grace_days, ..rules }
        },
    )
}

/// Two accounts that live the same life.
pub struct Twins {
    swept: Story,
    unswept: Story,
    merges: u8,
    could_owe: bool,
}

impl Default for Twins {
    fn default() -> Self {
        let settings = ProgramSettings { hold_days: 7, ..under(NegativeBalance::Clamp) };
        Twins { swept: Story::given(settings.clone()), unswept: Story::given(settings), merges: 0, could_owe: false }
    }
}

impl Twins {
    pub fn stories(&self) -> [&Story; 2] {
        [&self.swept, &self.unswept]
    }

    pub fn into_unswept(self) -> Story {
        self.unswept
    }

    /// Whether the merchant ever allowed a negative balance.
    pub fn may_owe(&self) -> bool {
        self.could_owe
    }

    pub fn both(&mut self, step: &Move) {
        self.merges += u8::from(matches!(step, Move::Absorb { .. }));
        self.could_owe |=
            matches!(step, Move::Publish(settings) if settings.negative_balance == NegativeBalance::Allow);
        do_to(&mut self.swept, step, self.merges, true);
        do_to(&mut self.unswept, step, self.merges, false);
        self.swept.settle();
    }

    /// Settles both at `last`, one of them on the way there too.
    pub fn settle_at(&mut self, between: Timestamp, last: Timestamp) {
        self.swept.on(between).settle().on(last).settle();
        self.unswept.on(last).settle();
    }
}

fn do_to(story: &mut Story, step: &Move, merges: u8, swept: bool) {
    match step {
        Move::Order { number, minor, cancelled, voided } => {
            let now = story.now;
            let body = OrderBody {
                processed_at: day(0),
                updated_at: now,
                cancelled_at: cancelled.then_some(now),
                voided: *voided,
                ..order(&number.to_string(), *minor)
            };
            story.order(body).then_done()
        }
        Move::Refund { number, id, minor } => {
            let refund = money_back(&format!("{number}/{id}"), story.now, *minor);
            story.refund(&number.to_string(), refund)
        }
        Move::Redeem { id, points } => story.redeem(*id, *points),
        Move::CancelRedemption { id } => story.cancel_redemption(*id),
        Move::UseCode { id, refunded_percent } => {
            let outcome = CodeUseOutcome::Partly { base_minor: 100, refunded_minor: *refunded_percent };
            story.code_used(*id, "redeeming", outcome)
        }
        Move::Adjust { key, points } => story.adjust(*key, *points),
        Move::Publish(settings) => story.publish((**settings).clone()),
        Move::Absorb { minor, spent } => {
            let mut loser = story.meanwhile(Person(10 + merges));
            let id = u128::from(merges) + 1_000;
            loser.order(order("loser's", *minor)).redeem(id, *spent);
            story.absorb(&mut loser).then_done()
        }
        Move::Wait { days } => {
            let until = story.now.plus_days(*days);
            while swept && story.now.plus_days(1) < until {
                let tomorrow = story.now.plus_days(1);
                story.on(tomorrow).settle();
            }
            story.on(until)
        }
    };
}
