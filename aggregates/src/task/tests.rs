//! Tasks: once per business key, one record per attempt, and an end to every patience.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{Aggregate, event::Recorded, time::Timestamp};

const POLICY: RetryPolicy = RetryPolicy { attempts_max: 3, first_pause_seconds: 10, longest_pause_seconds: 60 };

fn id(n: u128) -> TaskId {
    TaskId(Uuid::from_u128(n))
}

fn create(n: u128, looked_through: u64) -> TaskCommand {
    TaskCommand::Create(CreateTask {
        id: id(n),
        kind: TaskKind::named("test.kind"),
        customer: None,
        payload: TaskPayload::Open(vec![1]),
        priority: Priority::Normal,
        not_before: Timestamp(0),
        looked_through,
        now: Timestamp(1),
    })
}

fn attempt(n: u128, number: u16) -> Attempt {
    Attempt { id: id(n), number, now: Timestamp(1_000_000) }
}

fn complete(n: u128, number: u16) -> TaskCommand {
    TaskCommand::Complete { attempt: attempt(n, number), note: None }
}

fn fail(n: u128, number: u16) -> TaskCommand {
    let reason = "no answer".to_owned();
    TaskCommand::Fail(FailedAttempt {
        attempt: attempt(n, number),
        reason,
        after_seconds: None,
        policy: POLICY,
        jitter: 255,
    })
}

/// A shard and how many commits it has.
#[derive(Default)]
struct Story {
    shard: TaskShard,
    position: u64,
}

impl Story {
    fn told(&mut self, command: &TaskCommand) -> Result<Vec<TaskEvent>, TaskRefusal> {
        let events = self.shard.decide(command)?;
        if !events.is_empty() {
            self.position += 1;
        }
        let recorded = Recorded { position: self.position, at: Timestamp(1) };
        events.iter().for_each(|event| self.shard.apply(event, &recorded));
        Ok(events)
    }

    /// Creates and completes another task.
    fn passes(&mut self, n: u128) {
        assert_eq!(self.told(&create(n, self.position)).unwrap().len(), 1);
        assert_eq!(self.told(&complete(n, 1)).unwrap().len(), 1);
    }
}

#[test]
fn a_business_key_is_used_once_while_the_task_is_open_and_after_it_has_ended() {
    let mut story = Story::default();
    assert_eq!(story.told(&create(1, 0)).unwrap().len(), 1);
    assert_eq!(story.told(&create(1, 0)), Ok(Vec::new()));
    assert_eq!(story.told(&complete(1, 1)).unwrap().len(), 1);
    assert_eq!(story.told(&create(1, 0)), Ok(Vec::new()));
}

#[test]
fn whoever_creates_a_task_must_know_the_ended_ones_that_the_shard_has_forgotten() {
    let mut story = Story::default();
    story.passes(1);
    let ended = story.position;
    (2..=FINISHED_REMEMBERED as u128).for_each(|n| story.passes(n));
    assert_eq!(story.told(&create(1, 0)), Ok(Vec::new()), "the last few are remembered");
    story.passes(10_000);
    assert_eq!(story.told(&create(1, 0)), Err(TaskRefusal::LookFurther { position: ended }));
    assert_eq!(story.told(&create(77_777, ended - 1)), Err(TaskRefusal::LookFurther { position: ended }));
    assert_eq!(story.told(&create(77_777, ended)).unwrap().len(), 1);
}

#[test]
fn an_attempt_is_recorded_once_whoever_makes_it() {
    let mut story = Story::default();
    story.told(&create(1, 0)).unwrap();
    assert_eq!(story.told(&fail(1, 1)).unwrap().len(), 1);
    assert_eq!(story.told(&fail(1, 1)), Err(TaskRefusal::Overtaken));
    assert_eq!(story.told(&complete(1, 1)), Err(TaskRefusal::Overtaken), "a slow worker comes too late");
    assert_eq!(story.told(&complete(1, 2)).unwrap().len(), 1);
    assert_eq!(story.told(&complete(1, 2)), Err(TaskRefusal::NotOpen));
}

#[test]
fn the_last_attempt_that_fails_leaves_a_dead_task_which_somebody_may_wake_or_discard() {
    let mut story = Story::default();
    story.told(&create(1, 0)).unwrap();
    for number in 1..3 {
        let failed = story.told(&fail(1, number)).unwrap();
        assert!(matches!(failed[..], [TaskEvent::Failed(_)]), "{failed:?}");
    }
    let dead = story.told(&fail(1, 3)).unwrap();
    assert!(matches!(dead[..], [TaskEvent::Dead(_)]), "{dead:?}");
    assert_eq!(story.shard.open(id(1)).unwrap().attempt_due(Timestamp(i64::MAX)), None);
    assert_eq!(story.told(&complete(1, 4)), Err(TaskRefusal::Overtaken));

    let retry = TaskCommand::Retry { id: id(1), now: Timestamp(5) };
    assert_eq!(story.told(&retry).unwrap().len(), 1);
    assert_eq!(story.told(&retry), Ok(Vec::new()), "it is due already");
    assert_eq!(story.shard.open(id(1)).unwrap().attempt_due(Timestamp(5)), Some(1));
    let cause = DiscardCause::ByHand;
    let discard = TaskCommand::Discard { id: id(1), cause, reason: None, now: Timestamp(6) };
    assert_eq!(story.told(&discard).unwrap().len(), 1);
    assert_eq!(story.told(&retry), Err(TaskRefusal::NotOpen));
    assert_eq!(story.told(&create(1, 0)), Ok(Vec::new()), "a discarded task stays discarded");
}

#[test]
fn a_pause_that_the_other_side_asks_for_counts_and_no_pause_is_longer_than_the_longest() {
    let mut story = Story::default();
    story.told(&create(1, 0)).unwrap();
    let mut asks = |number, after_seconds| {
        let TaskCommand::Fail(failed) = fail(1, number) else { unreachable!("it is a failure") };
        let policy = RetryPolicy { attempts_max: 9, ..POLICY };
        let events = story.told(&TaskCommand::Fail(FailedAttempt { after_seconds, policy, ..failed })).unwrap();
        let [TaskEvent::Failed(failed)] = &events[..] else { panic!("{events:?}") };
        (failed.next_at.0 - failed.at.0) / Timestamp::MICROS_PER_SECOND
    };
    assert_eq!([asks(1, None), asks(2, Some(7)), asks(3, Some(7_000)), asks(4, Some(-3))], [10, 7, 60, 0]);
}

#[test]
fn a_payload_has_a_size() {
    let TaskCommand::Create(create) = create(1, 0) else { unreachable!("it creates") };
    let large = CreateTask { payload: TaskPayload::Open(vec![0; PAYLOAD_BYTES_MAX + 1]), ..create };
    assert_eq!(TaskShard::default().decide(&TaskCommand::Create(large)), Err(TaskRefusal::PayloadTooLarge));
}

#[test]
fn kinds_are_plain_words() {
    for name in ["discount.create", "email.send", "flow_2"] {
        assert_eq!(TaskKind::parse(name).unwrap().as_str(), name);
    }
    for name in ["", "Discount", "e mail", "ä", &"x".repeat(41)] {
        assert_eq!(TaskKind::parse(name), None, "{name}");
    }
}

proptest! {
    #[test]
    fn pauses_grow_up_to_the_longest_and_jitter_never_more_than_halves_them(attempt in 1_u16..2_000, jitter: u8) {
        let policy = RetryPolicy::default();
        let longest = policy.pause_seconds(attempt, u8::MAX);
        let pause = policy.pause_seconds(attempt, jitter);
        prop_assert!(pause <= longest && pause >= longest / 2);
        prop_assert!(longest <= policy.longest_pause_seconds);
        prop_assert!(longest >= policy.pause_seconds(attempt.saturating_sub(1).max(1), u8::MAX));
    }

    /// Whatever is asked of a shard, in whatever order: a key is created once, and ends at most once.
    #[test]
    fn no_key_is_created_or_ended_twice(steps in proptest::collection::vec((0_u128..4, 0_u8..6, 1_u16..4), 0..60)) {
        let mut story = Story::default();
        let (mut created, mut ended) = (Vec::new(), Vec::new());
        for (n, what, number) in steps {
            let now = Timestamp(9);
            let command = match what {
                0 => create(n, 0),
                1 => complete(n, number),
                2 => fail(n, number),
                3 => TaskCommand::GiveUp { attempt: attempt(n, number), reason: String::new() },
                4 => TaskCommand::Retry { id: id(n), now },
                _ => TaskCommand::Discard { id: id(n), cause: DiscardCause::ByHand, reason: None, now },
            };
            for event in story.told(&command).unwrap_or_default() {
                match event {
                    TaskEvent::Created(event) => created.push(event.id),
                    TaskEvent::Completed(TaskCompleted { id, .. }) | TaskEvent::Discarded(TaskDiscarded { id, .. }) => ended.push(id),
                    _ => {}
                }
            }
        }
        for events in [created, ended] {
            let mut once = events.clone();
            once.sort();
            once.dedup();
            prop_assert_eq!(once.len(), events.len());
        }
    }
}
