//! One account and what happens to it, with checks that no single story has to ask for.

use std::sync::Arc;

use uuid::Uuid;

use super::{Person, day, key_of, refund_of, sealed_key};
use crate::{
    Aggregate,
    books::Flow,
    event::{Event, Recorded},
    id::{BonusId, CommandId, Fingerprint, LotId, RedemptionId},
    order::{OrderBody, Refund},
    points::{
        Absorb, Account, Adjust, BonusKind, BonusSource, CodeUseOutcome, Grant, Lot, OrderFact, OrderRecord,
        PointsCommand, PointsEvent, PointsRefusal, Purchase, RecordCodeUse, RecordOrder, Redeem, Redemption, Revoke,
    },
    program::{Program, ProgramCommand, ProgramSettings, RuleId},
    sealed::Sealed,
    time::Timestamp,
    waiting::WaitingFact,
};

pub struct Story {
    pub person: Person,
    pub account: Account,
    pub program: Arc<Program>,
    pub now: Timestamp,
    journal: Vec<(PointsEvent, Recorded)>,
    last: Result<Vec<PointsEvent>, PointsRefusal>,
}

impl Story {
    /// A shopper without history, on day 0 of a shop with these settings.
    pub fn given(settings: ProgramSettings) -> Self {
        let mut program = Program::default();
        publish(&mut program, settings, day(0));
        Self::of(Person(1), Arc::new(program))
    }

    pub fn of(person: Person, program: Arc<Program>) -> Self {
        let account = Account::default();
        Story { person, account, program, now: day(0), journal: Vec::new(), last: Ok(Vec::new()) }
    }

    /// Another shopper of the same shop.
    pub fn meanwhile(&self, person: Person) -> Self {
        Story { now: self.now, ..Self::of(person, Arc::clone(&self.program)) }
    }

    /// Whose link keys open tokens of this account, its own first.
    pub fn keys(&self) -> Vec<Person> {
        std::iter::once(self.person).chain(self.account.links.iter().map(key_of)).collect()
    }

    pub fn on(&mut self, day: Timestamp) -> &mut Self {
        assert!(day >= self.now, "stories do not go back in time");
        self.now = day;
        self
    }

    /// The shop's next settings, in effect from now on.
    pub fn publish(&mut self, settings: ProgramSettings) -> &mut Self {
        publish(Arc::make_mut(&mut self.program), settings, self.now);
        self
    }

    pub fn when(&mut self, command: PointsCommand) -> &mut Self {
        self.last = self.account.decide(&command);
        let events = self.last.clone().unwrap_or_default();
        let recorded = Recorded { position: self.journal.len() as u64 + 1, at: self.now };
        for event in events {
            let before = self.account.purse.total();
            self.account.apply(&event, &recorded);
            if !is_a_merge(&event) {
                let told = Flow::of(&event).net();
                assert_eq!(told, self.account.purse.total() - before, "what the books make of {event:?}");
            }
            assert!(self.account.purse.is_sound(), "{event:?} broke {:?}", self.account.purse);
            self.journal.push((event, recorded));
        }
        if self.last.is_ok() {
            assert_eq!(self.account.decide(&command), Ok(Vec::new()), "once more: {command:?}");
        }
        self.check_replay();
        self
    }

    fn check_replay(&self) {
        let mut replayed = Account::default();
        for (event, recorded) in &self.journal {
            let stored = PointsEvent::decode(event.name(), event.version(), &event.encode());
            replayed.apply(&stored.expect("what was encoded can be decoded"), recorded);
        }
        assert_eq!(replayed, self.account, "replay equals live");
        let snapshot = postcard::to_stdvec(&self.account).expect("an account is a plain value");
        let restored = postcard::from_bytes::<Account>(&snapshot).expect("a snapshot is readable");
        assert_eq!(restored, self.account, "a snapshot holds the whole account");
    }

    /// Facts about one order that arrive together.
    pub fn hear(&mut self, facts: impl IntoIterator<Item = WaitingFact>) -> &mut Self {
        let command = self.record_order(facts);
        self.when(command)
    }

    pub fn order(&mut self, body: OrderBody) -> &mut Self {
        self.hear([body.into()])
    }

    pub fn refund(&mut self, order_id: &str, refund: Refund) -> &mut Self {
        self.hear([refund_of(order_id, refund)])
    }

    pub fn record_order(&self, facts: impl IntoIterator<Item = WaitingFact>) -> PointsCommand {
        let facts: Vec<WaitingFact> = facts.into_iter().collect();
        let views = self.keys().iter().map(|person| person.view(&facts)).collect();
        let facts = facts.into_iter().map(|fact| match fact {
            WaitingFact::Body(body) => OrderFact::Body { body, position: None },
            WaitingFact::Refund { refund, .. } => OrderFact::Refund { refund, position: None },
        });
        PointsCommand::RecordOrder(Box::new(RecordOrder {
            views,
            facts: facts.collect(),
            program: Arc::clone(&self.program),
            redeems: Vec::new(),
            reference: None,
            lines: None,
            boosts: Arc::from([]),
            now: self.now,
        }))
    }

    /// A lot id that nobody else has. It follows from the lots there are, so that equal accounts mint equal ids.
    fn fresh_lot(&self) -> LotId {
        LotId(Uuid::from_u128((u128::from(self.person.0) << 64) + self.account.purse.lots.len() as u128))
    }

    pub fn redeem(&mut self, redemption: u128, points: i64) -> &mut Self {
        let command = self.redemption_of(redemption, points);
        self.when(command)
    }

    pub fn redemption_of(&self, redemption: u128, points: i64) -> PointsCommand {
        PointsCommand::Redeem(Redeem {
            command: CommandId(Uuid::from_u128(redemption)),
            request: Fingerprint(points.unsigned_abs()),
            redemption: RedemptionId(Uuid::from_u128(redemption)),
            points,
            purchase: Purchase::AtRate { in_shop: false },
            program: Arc::clone(&self.program),
            now: self.now,
        })
    }

    pub fn cancel_redemption(&mut self, redemption: u128) -> &mut Self {
        let program = Arc::clone(&self.program);
        let redemption = RedemptionId(Uuid::from_u128(redemption));
        self.when(PointsCommand::CancelRedemption { redemption, program, now: self.now })
    }

    /// The order that carried the code of this redemption stands so.
    pub fn code_used(&mut self, redemption: u128, order_id: &str, outcome: CodeUseOutcome) -> &mut Self {
        let command = RecordCodeUse {
            redemption: RedemptionId(Uuid::from_u128(redemption)),
            orders: self.keys().iter().map(|person| person.token(order_id)).collect(),
            outcome,
            program: Arc::clone(&self.program),
            now: self.now,
        };
        self.when(PointsCommand::RecordCodeUse(command))
    }

    /// An adjustment with an idempotency key of its own.
    pub fn adjust(&mut self, key: u128, points: i64) -> &mut Self {
        let command = self.adjustment_of(key, points);
        self.when(command)
    }

    pub fn adjustment_of(&self, key: u128, points: i64) -> PointsCommand {
        PointsCommand::Adjust(Adjust {
            command: CommandId(Uuid::from_u128(key)),
            request: Fingerprint(points.unsigned_abs()),
            points,
            reason: Sealed::from_ciphertext(*b"goodwill"),
            fresh_lot: self.fresh_lot(),
            program: Arc::clone(&self.program),
            now: self.now,
        })
    }

    /// Points for a friend who came, at once or from some day on.
    pub fn bonus(&mut self, bonus: u128, points: i64, available_at: Timestamp) -> &mut Self {
        let command = self.bonus_of(bonus, points, available_at);
        self.when(command)
    }

    pub fn bonus_of(&self, bonus: u128, points: i64, available_at: Timestamp) -> PointsCommand {
        PointsCommand::Grant(Grant {
            bonus: BonusId(Uuid::from_u128(bonus)),
            source: BonusSource { kind: BonusKind::Referral, id: Uuid::from_u128(bonus) },
            points,
            rule: RuleId("friends".to_owned()),
            rule_version: 1,
            earned_at: self.now,
            available_at,
            fresh_lot: self.fresh_lot(),
            program: Arc::clone(&self.program),
            now: self.now,
        })
    }

    pub fn revoke(&mut self, bonus: u128) -> &mut Self {
        let program = Arc::clone(&self.program);
        let bonus = BonusId(Uuid::from_u128(bonus));
        self.when(PointsCommand::Revoke(Revoke { bonus, program, now: self.now }))
    }

    pub fn settle(&mut self) -> &mut Self {
        self.when(PointsCommand::Settle { now: self.now })
    }

    /// Takes over everything of `loser`, as one merge does: both sides at once. In the smallest parts there are, because
    /// what holds of these holds of larger ones; see `in_parts_or_at_once_it_is_the_same_account`.
    pub fn absorb(&mut self, loser: &mut Story) -> &mut Self {
        self.absorb_in_parts_of(1, loser)
    }

    pub fn absorb_in_parts_of(&mut self, part_bytes: usize, loser: &mut Story) -> &mut Self {
        loser.now = self.now;
        let command = PointsCommand::Absorb(Box::new(Absorb {
            from: loser.person.id(),
            contents: loser.account.contents(),
            part_bytes,
            links: loser.keys().into_iter().map(sealed_key).collect(),
            now: self.now,
        }));
        loser.when(PointsCommand::Close { into: self.person.id(), now: loser.now });
        self.when(command)
    }

    pub fn events(&self) -> &[PointsEvent] {
        self.last.as_deref().expect("the command was done")
    }

    pub fn lot_of(&self, order_id: &str) -> &Lot {
        let lot = self.record_of(order_id).lot.expect("the order has earned");
        self.account.purse.lot(lot).expect("an order's lot is in the purse")
    }

    pub fn record_of(&self, order_id: &str) -> &OrderRecord {
        let tokens: Vec<_> = self.keys().iter().map(|person| person.token(order_id)).collect();
        self.account.order(&tokens).expect("the order is known")
    }

    pub fn redemption(&self, redemption: u128) -> &Redemption {
        &self.account.redemptions[&RedemptionId(Uuid::from_u128(redemption))]
    }

    #[track_caller]
    pub fn then_available(&mut self, points: i64) -> &mut Self {
        assert_eq!(self.account.balance_at(self.now).available, points, "available");
        self
    }

    #[track_caller]
    pub fn then_pending(&mut self, points: i64) -> &mut Self {
        assert_eq!(self.account.balance_at(self.now).pending, points, "pending");
        self
    }

    #[track_caller]
    pub fn then_lifetime(&mut self, earned: i64, redeemed: i64, expired: i64) -> &mut Self {
        let balance = self.account.balance_at(self.now);
        let lifetime = [balance.lifetime_earned, balance.lifetime_redeemed, balance.lifetime_expired];
        assert_eq!(lifetime, [earned, redeemed, expired], "earned, redeemed, expired in a lifetime");
        self
    }

    #[track_caller]
    pub fn then_done(&mut self) -> &mut Self {
        assert!(self.last.is_ok(), "refused: {:?}", self.last);
        self
    }

    #[track_caller]
    pub fn then_nothing_happened(&mut self) -> &mut Self {
        assert_eq!(self.last, Ok(Vec::new()));
        self
    }

    #[track_caller]
    pub fn then_refused(&mut self, refusal: PointsRefusal) -> &mut Self {
        assert_eq!(self.last, Err(refusal));
        self
    }
}

/// Whether points move between accounts: the books of the shop say nothing of that.
fn is_a_merge(event: &PointsEvent) -> bool {
    matches!(event, PointsEvent::AccountClosed(_) | PointsEvent::AccountAbsorbed(_) | PointsEvent::ContentsAbsorbed(_))
}

/// Adds the next version to a programme.
pub fn publish(program: &mut Program, settings: ProgramSettings, effective_from: Timestamp) {
    let expected = program.current().map_or(0, |version| version.version);
    let events = program.decide(&ProgramCommand::Publish { expected, effective_from, settings });
    for event in events.expect("nobody else publishes") {
        program.apply(&event, &Recorded { position: 0, at: effective_from });
    }
}
