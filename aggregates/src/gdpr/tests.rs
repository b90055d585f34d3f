use uuid::Uuid;

use super::*;
use crate::points::StaffNote;
use crate::sealed::Sealed;

const HOUR: i64 = 3_600;

fn at(hours: i64) -> Timestamp {
    Timestamp(0).plus_seconds(hours * HOUR)
}

fn person() -> CustomerId {
    CustomerId(Uuid::from_u128(1))
}

fn received(kind: RequestKind) -> RequestReceived {
    RequestReceived {
        kind,
        source: RequestSource::Shop,
        customer: Some(person()),
        stated: None,
        received_at: at(0),
        due_at: at(0).plus_days(DUE_DAYS),
    }
}

struct Story {
    request: GdprRequest,
    commits: u64,
}

impl Story {
    fn of(kind: RequestKind, finding: Finding) -> Story {
        let mut story = Story { request: GdprRequest::default(), commits: 0 };
        story.told(GdprCommand::Receive { received: received(kind), finding }).unwrap();
        story
    }

    fn resting() -> Story {
        Story::of(RequestKind::CustomerRedact, Finding::Known { rests_until: at(72) })
    }

    fn told(&mut self, command: GdprCommand) -> Result<usize, GdprRefusal> {
        let events = self.request.decide(&command)?;
        self.commits += 1;
        for event in &events {
            self.request.apply(event, &Recorded { position: self.commits, at: at(0) });
        }
        assert_eq!(self.request.decide(&command), Ok(Vec::new()), "once more: {command:?}");
        Ok(events.len())
    }

    fn begin(&mut self, scope: Scope, hours: i64) -> Result<usize, GdprRefusal> {
        self.told(GdprCommand::Begin(ExecutionBegun { scope, people: vec![person()], at: at(hours) }))
    }

    fn finish(&mut self, evidence: Evidence) -> Result<usize, GdprRefusal> {
        self.told(GdprCommand::FinishStep(StepDone { evidence, at: at(80) }))
    }
}

fn evidence_of(step: Step) -> Evidence {
    match step {
        Step::Fence => Evidence::Fenced { position: 7 },
        Step::Forfeit => Evidence::Forfeited { points: 50, codes: 1 },
        Step::HandOver => Evidence::HandedOver { orders: 2, codes: 1 },
        Step::Journal => Evidence::Journaled { sequence: 3 },
        Step::DestroyKeys => {
            Evidence::KeysDestroyed { keys: vec![person().0], buckets: Vec::new(), old_copies_gone_by: None }
        }
        Step::Rotate => Evidence::Rotated { old_copies_gone_by: at(1_000) },
        Step::Scrub => Evidence::Scrubbed { rows: Vec::new() },
        Step::DropCaches => Evidence::CachesDropped { since: at(79) },
        Step::Erase => Evidence::Erased { position: 9 },
        Step::Verify => Evidence::Verified { places: 12 },
    }
}

#[test]
fn a_request_rests_and_is_then_executed_step_by_step() {
    for scope in [Scope::Person, Scope::MergedProfile { survivor: person() }, Scope::Merchant] {
        let mut story = Story::resting();
        assert_eq!((story.request.stage, story.request.is_due(at(71))), (Stage::Verified, false));
        assert_eq!(story.begin(scope, 71), Err(GdprRefusal::Resting { until: at(72) }));
        assert!(story.request.is_due(at(72)));
        story.begin(scope, 72).unwrap();
        for (index, step) in scope.steps().iter().enumerate() {
            assert_eq!(story.request.next_step(), Some(*step));
            for later in &scope.steps()[index + 1..] {
                assert_eq!(story.finish(evidence_of(*later)), Err(GdprRefusal::OutOfOrder));
            }
            story.finish(evidence_of(*step)).unwrap();
        }
        assert_eq!(story.request.stage, Stage::Completed(Outcome::Erased));
        assert_eq!((story.request.next_step(), story.request.is_due(at(2_000))), (None, false));
    }
}

#[test]
fn the_point_of_no_return_is_passed_before_any_key_goes_and_after_the_points_have_gone() {
    for scope in [Scope::Person, Scope::MergedProfile { survivor: person() }, Scope::Merchant] {
        let place = |step| scope.steps().iter().position(|of| *of == step);
        assert_eq!(place(Step::Fence), Some(0));
        assert!(place(Step::Journal) < place(Step::DestroyKeys));
        assert!(place(Step::DestroyKeys) < place(Step::DropCaches), "who has no key can fetch none");
        assert!(place(Step::DropCaches) < place(Step::Erase));
        assert_eq!(scope.steps().last(), Some(&Step::Verify));
    }
}

#[test]
fn no_rest_lasts_beyond_the_laws_month() {
    let story = Story::of(RequestKind::CustomerRedact, Finding::Known { rests_until: at(24 * 90) });
    assert_eq!(story.request.rests_until, at(24 * 30));
}

#[test]
fn somebody_can_end_the_rest_and_nobody_can_end_a_hold_that_way() {
    let mut story = Story::resting();
    let expedited = |hours| GdprCommand::Expedite(RequestExpedited { reason: None, at: at(hours) });
    let hold = GdprCommand::Hold(RequestHeld { reason: Some(note()), at: at(1) });
    story.told(hold).unwrap();
    assert_eq!(story.told(expedited(2)), Err(GdprRefusal::Held));
    assert_eq!(story.begin(Scope::Person, 100), Err(GdprRefusal::Held));
    assert!(!story.request.is_due(at(100)));
    story.told(GdprCommand::Release(RequestReleased { at: at(3) })).unwrap();
    assert_eq!(story.told(expedited(4)), Ok(1));
    assert!(story.request.is_due(at(4)));
    story.begin(Scope::Person, 4).unwrap();
    assert_eq!(
        story.told(GdprCommand::Hold(RequestHeld { reason: None, at: at(5) })),
        Err(GdprRefusal::Executing),
        "a hold comes too late once execution has begun"
    );
}

fn note() -> Sealed<StaffNote> {
    Sealed::from_ciphertext(*b"a reason")
}

#[test]
fn what_asks_for_nothing_is_complete_at_once_and_says_why() {
    for (finding, outcome) in [
        (Finding::Stranger, Outcome::Stranger),
        (Finding::Stale, Outcome::Stale),
        (Finding::AlreadyErased, Outcome::AlreadyErased),
    ] {
        let mut story = Story::of(RequestKind::CustomerRedact, finding);
        assert_eq!(story.request.stage, Stage::Completed(outcome));
        assert_eq!(story.begin(Scope::Person, 100), Err(GdprRefusal::Closed));
    }
}

#[test]
fn a_request_that_may_mean_several_people_waits_for_somebody_to_decide() {
    let mut story = Story::of(RequestKind::CustomerRedact, Finding::Ambiguous);
    assert_eq!((story.request.stage, story.request.is_due(at(2_000))), (Stage::Received, false));
    assert_eq!(story.begin(Scope::Person, 100), Err(GdprRefusal::NotVerified));
    story.told(GdprCommand::Hold(RequestHeld { reason: None, at: at(1) })).unwrap();
    story.told(GdprCommand::Release(RequestReleased { at: at(2) })).unwrap();
    assert_eq!(story.request.stage, Stage::Received, "a hold makes nothing certain");
    story.told(GdprCommand::Refuse(RequestRefused { reason: None, at: at(3) })).unwrap();
    assert_eq!(story.request.stage, Stage::Refused);
}

#[test]
fn a_data_request_is_answered_and_never_executed() {
    let mut story = Story::of(RequestKind::DataRequest, Finding::Known { rests_until: at(0) });
    assert!(!story.request.is_due(at(2_000)));
    let answered = RequestCompleted { outcome: Outcome::Answered, at: at(5) };
    story.told(GdprCommand::Complete(answered.clone())).unwrap();
    assert_eq!(story.request.stage, Stage::Completed(Outcome::Answered));
    let mut redact = Story::resting();
    assert_eq!(redact.told(GdprCommand::Complete(answered)), Err(GdprRefusal::NotADataRequest));
}

#[test]
fn the_last_week_is_soon_and_the_day_itself_is_late() {
    let due_at = at(0).plus_days(DUE_DAYS);
    for (days, urgency) in [(0, Urgency::InTime), (22, Urgency::InTime), (23, Urgency::DueSoon), (29, Urgency::DueSoon)]
    {
        assert_eq!(Urgency::of(due_at, at(24 * days)), urgency, "day {days}");
    }
    assert_eq!(Urgency::of(due_at, due_at), Urgency::Overdue);
}
