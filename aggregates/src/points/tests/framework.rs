//! The account as an aggregate of `cqrs-es`: a thin adapter over `decide` and `apply`, good for its given/when/then kit.
//! Events travel as they are stored, so that the kit's own serialisation is the journal's.

use cqrs_es::{DomainEvent, event_sink::EventSink, test::TestFramework};
use serde::{Deserialize, Serialize};

use super::kit::*;
use crate::{
    Aggregate,
    event::{Event, Recorded},
    points::{
        Account, Movement, MovementKind, PointsAdjusted, PointsCommand, PointsEvent, PointsExpired, PointsRefusal,
    },
};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct FrameworkAccount {
    account: Account,
    commits: u64,
}

/// An event and when it was recorded; serialised by name, version and bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "Stored", try_from = "Stored")]
struct At(i64, PointsEvent);

#[derive(Serialize, Deserialize)]
struct Stored {
    at: i64,
    name: String,
    version: u8,
    bytes: Vec<u8>,
}

impl From<At> for Stored {
    fn from(At(at, event): At) -> Self {
        Stored { at, name: event.name().to_owned(), version: event.version(), bytes: event.encode() }
    }
}

impl TryFrom<Stored> for At {
    type Error = crate::event::Undecodable;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        PointsEvent::decode(&stored.name, stored.version, &stored.bytes).map(|event| At(stored.at, event))
    }
}

impl DomainEvent for At {
    fn event_type(&self) -> String {
        self.1.name().to_owned()
    }

    fn event_version(&self) -> String {
        self.1.version().to_string()
    }
}

impl cqrs_es::Aggregate for FrameworkAccount {
    const TYPE: &'static str = "points";
    type Command = (i64, PointsCommand);
    type Event = At;
    type Error = PointsRefusal;
    type Services = ();

    async fn handle(
        &mut self,
        (at, command): Self::Command,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), PointsRefusal> {
        // Decided before the first write: the sink applies each event at once.
        for event in self.account.decide(&command)? {
            sink.write(At(at, event), self).await;
        }
        Ok(())
    }

    fn apply(&mut self, At(at, event): At) {
        self.commits += 1;
        self.account.apply(&event, &Recorded { position: self.commits, at: crate::time::Timestamp(at) });
    }
}

fn account() -> TestFramework<FrameworkAccount> {
    TestFramework::with(())
}

/// What a story has on record when it is told this far, as the framework takes it.
fn told(story: &mut Story, command: PointsCommand) -> Vec<At> {
    story.when(command);
    story.events().iter().map(|event| At(story.now.0, event.clone())).collect()
}

#[test]
fn given_an_award_when_its_lot_has_expired_then_a_sweep_records_it() {
    let mut story = Story::given(expiring_after(30));
    let award = story.record_order([order("1", 5_000).into()]);
    let history = told(&mut story, award);
    let lot = story.lot_of("1").id;
    account().given(history).when((day(31).0, PointsCommand::Settle { now: day(31) })).then_expect_events(vec![At(
        day(31).0,
        PointsEvent::PointsExpired(PointsExpired {
            movements: vec![Movement { lot, kind: MovementKind::Expired, points: 50 }],
            at: day(30),
        }),
    )]);
}

#[test]
fn given_nothing_when_points_are_taken_then_the_account_owes_them() {
    let story = Story::given(one_point_per_euro());
    let command = story.adjustment_of(1, -5);
    let PointsCommand::Adjust(adjust) = &command else { panic!("an adjustment") };
    let expected = PointsAdjusted {
        command: adjust.command,
        request: adjust.request,
        points: -5,
        reason: adjust.reason.clone(),
        lot: None,
        movements: Vec::new(),
        owed: 5,
        at: day(0),
    };
    account()
        .given_no_previous_events()
        .when((day(0).0, command))
        .then_expect_events(vec![At(day(0).0, PointsEvent::PointsAdjusted(expected))]);
}

#[test]
fn given_fifty_points_when_more_is_redeemed_then_it_is_refused() {
    let mut story = Story::given(one_point_per_euro());
    let award = story.record_order([order("1", 5_000).into()]);
    let history = told(&mut story, award);
    account()
        .given(history)
        .when((day(0).0, story.redemption_of(1, 51)))
        .then_expect_error(PointsRefusal::InsufficientPoints { available: 50 });
}
