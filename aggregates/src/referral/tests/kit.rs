//! A friend's orders as they stand, and a referral that looks at them.

use uuid::Uuid;

use crate::{
    Aggregate,
    event::Recorded,
    id::{CustomerId, ReferralLinkId, Token},
    points::StaffNote,
    program::ReferralSettings,
    referral::{
        Approved, Consider, EvidenceFile, FriendIdentified, FriendOrder, Parties, Referral, ReferralCommand,
        ReferralEvent, ReferralRefusal, Signal, Source, Status,
    },
    sealed::Sealed,
    time::Timestamp,
};

pub const ADVOCATE: CustomerId = CustomerId(Uuid::from_u128(1));
pub const FRIEND: CustomerId = CustomerId(Uuid::from_u128(2));

/// Whole days after the friend came through the link.
pub fn day(days: i64) -> Timestamp {
    Timestamp(days * Timestamp::MICROS_PER_DAY)
}

pub fn token(n: u8) -> Token {
    Token([n; 16])
}

pub fn order(n: u8, on_day: i64, kept_minor: i64) -> FriendOrder {
    FriendOrder { processed_at: day(on_day), order: token(n), kept_minor, counts: kept_minor > 0 }
}

pub fn note() -> Sealed<StaffNote> {
    Sealed::from_ciphertext(*b"why")
}

/// A story about one referral.
#[derive(Clone)]
pub struct Story {
    pub referral: Referral,
    pub rules: ReferralSettings,
    pub orders: Vec<FriendOrder>,
    pub parties: Parties,
    pub recent: u32,
    pub brought_before: bool,
    pub position: u64,
    /// Everything that was ever recorded.
    pub events: Vec<ReferralEvent>,
}

impl Story {
    pub fn begin() -> Story {
        Story {
            referral: Referral::default(),
            rules: ReferralSettings {
                hold_days: 14,
                minimum_minor: 20_00,
                ..ReferralSettings::default_of_a_new_merchant()
            },
            orders: Vec::new(),
            parties: Parties { advocate: Some(ADVOCATE), friend: Some(FRIEND) },
            recent: 0,
            brought_before: false,
            position: 0,
            events: Vec::new(),
        }
    }

    /// A friend has come.
    pub fn referred() -> Story {
        let mut story = Story::begin();
        story.identify(ADVOCATE, &[]).unwrap();
        story
    }

    pub fn tell(&mut self, command: &ReferralCommand) -> Result<Vec<ReferralEvent>, ReferralRefusal> {
        let events = self.referral.decide(command)?;
        for event in &events {
            self.position += 1;
            self.referral.apply(event, &Recorded { position: self.position, at: day(0) });
        }
        self.events.extend(events.iter().cloned());
        Ok(events)
    }

    pub fn identify(
        &mut self,
        advocate: CustomerId,
        signals: &[Signal],
    ) -> Result<Vec<ReferralEvent>, ReferralRefusal> {
        self.tell(&ReferralCommand::Identify(Box::new(FriendIdentified {
            advocate,
            friend: FRIEND,
            link: ReferralLinkId(Uuid::from_u128(3)),
            source: Source::Order,
            at: day(0),
            order_by: day(90),
            recorded_at: day(0),
            program_version: 1,
            evidence: EvidenceFile {
                matched: signals.to_vec(),
                friend: Sealed::from_ciphertext(*b"hashes"),
                advocate: None,
            },
        })))
    }

    /// Looks at everything as it stands, at the end of a day.
    pub fn consider(&mut self, on_day: i64) -> Vec<ReferralEvent> {
        self.position += 1;
        self.orders.sort_unstable();
        let command = Consider {
            orders: self.orders.clone(),
            parties: self.parties,
            rules: self.rules.clone(),
            recent: self.recent,
            brought_before: self.brought_before,
            through: self.position,
            now: day(on_day),
        };
        self.tell(&ReferralCommand::Consider(Box::new(command))).unwrap()
    }

    pub fn approve(&mut self) -> Result<Vec<ReferralEvent>, ReferralRefusal> {
        self.tell(&ReferralCommand::Approve(Approved { reason: note(), at: day(1) }))
    }

    pub fn reject(&mut self) -> Result<Vec<ReferralEvent>, ReferralRefusal> {
        let through = self.position;
        self.tell(&ReferralCommand::Reject { reason: note(), at: day(1), through })
    }

    /// What of an order is left by now.
    pub fn left_of(&mut self, n: u8, kept_minor: i64) {
        let order = self.orders.iter_mut().find(|order| order.order == token(n)).unwrap();
        (order.kept_minor, order.counts) = (kept_minor, kept_minor > 0);
    }

    pub fn status(&self) -> Status {
        self.referral.status
    }

    /// How often both were paid, less how often it went back.
    pub fn paid_net(&self) -> i64 {
        let paid = self.events.iter().map(|event| match event {
            ReferralEvent::Completed(_) => 1,
            ReferralEvent::ClawedBack(_) => -1,
            _ => 0,
        });
        paid.sum()
    }
}
