//! The tasks of a shard.
//!
//! A shard remembers every open task, and of those that ended only the last few: the others are known to the read model, for
//! ever. So its state is bounded, and still a business key is used once: whoever creates a task says how far the read model
//! had come when it knew none of that id, and a shard that has forgotten one since then asks to look further.

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::{
    PAYLOAD_BYTES_MAX,
    command::{Attempt, CreateTask, FailedAttempt, TaskCommand, TaskRefusal},
    event::{
        DiscardCause, TaskCompleted, TaskCreated, TaskDead, TaskDiscarded, TaskEvent, TaskFailed, TaskPayload,
        TaskRetried,
    },
    shortened,
};
use crate::{Aggregate, Context, event::Recorded, id::TaskId, points::StaffNote, sealed::Sealed, time::Timestamp};

/// Open tasks of one shard: about 5 MB of state. A million in all shards of a merchant.
pub const OPEN_MAX: usize = 65_536;
/// Tasks that ended and are remembered, of one shard: the read model is behind by far less.
pub const FINISHED_REMEMBERED: usize = 512;

/// A task that has not ended. What it is about is in its event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenTask {
    /// Attempts on record since it was created, or last retried by hand.
    pub attempts: u16,
    pub is_dead: bool,
    /// When it may be tried; by the merchant's clock.
    pub next_at: Timestamp,
    /// Where it was created.
    pub position: u64,
}

impl OpenTask {
    /// The number of the attempt that may be made at `now`, if any may.
    pub fn attempt_due(&self, now: Timestamp) -> Option<u16> {
        (!self.is_dead && self.next_at <= now).then(|| self.attempts.saturating_add(1))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Finished {
    id: TaskId,
    /// Where it was created.
    created: u64,
    /// Where it ended.
    ended: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskShard {
    open: HashMap<TaskId, OpenTask>,
    /// The one that ended last is at the back.
    finished: VecDeque<Finished>,
    /// Where the last of those ended that are not remembered any more; 0 if every one is.
    forgotten_through: u64,
}

impl TaskShard {
    pub fn open(&self, id: TaskId) -> Option<&OpenTask> {
        self.open.get(&id)
    }

    /// Where the task was created; `None` if the shard knows none of this id.
    pub fn created_at_position(&self, id: TaskId) -> Option<u64> {
        let finished = || self.finished.iter().find(|finished| finished.id == id).map(|finished| finished.created);
        self.open.get(&id).map(|open| open.position).or_else(finished)
    }

    /// Where the last of the tasks ended that are not remembered any more; 0 if every one is.
    pub fn forgotten_through(&self) -> u64 {
        self.forgotten_through
    }

    fn create(&self, command: &CreateTask) -> Result<Vec<TaskEvent>, TaskRefusal> {
        if self.created_at_position(command.id).is_some() {
            return Ok(Vec::new());
        }
        if command.looked_through < self.forgotten_through {
            return Err(TaskRefusal::LookFurther { position: self.forgotten_through });
        }
        let bytes = match &command.payload {
            TaskPayload::Open(bytes) => bytes.len(),
            TaskPayload::Sealed(sealed) => sealed.ciphertext().len(),
        };
        if bytes > PAYLOAD_BYTES_MAX {
            return Err(TaskRefusal::PayloadTooLarge);
        }
        if self.open.len() >= OPEN_MAX {
            return Err(TaskRefusal::Full);
        }
        Ok(vec![TaskEvent::Created(TaskCreated {
            id: command.id,
            kind: command.kind.clone(),
            customer: command.customer,
            payload: command.payload.clone(),
            priority: command.priority,
            not_before: command.not_before.max(command.now),
            at: command.now,
        })])
    }

    /// The attempt is the one that is due to be recorded next.
    fn is_next(&self, attempt: &Attempt) -> Result<(), TaskRefusal> {
        let open = self.open.get(&attempt.id).ok_or(TaskRefusal::NotOpen)?;
        let is_next = !open.is_dead && attempt.number == open.attempts.saturating_add(1);
        is_next.then_some(()).ok_or(TaskRefusal::Overtaken)
    }

    fn fail(&self, failed: &FailedAttempt) -> Result<Vec<TaskEvent>, TaskRefusal> {
        let FailedAttempt { attempt, policy, .. } = failed;
        self.is_next(attempt)?;
        if policy.is_last(attempt.number) {
            return Ok(vec![dead(attempt, &failed.reason)]);
        }
        let pause = failed.after_seconds.unwrap_or_else(|| policy.pause_seconds(attempt.number, failed.jitter));
        Ok(vec![TaskEvent::Failed(TaskFailed {
            id: attempt.id,
            attempt: attempt.number,
            reason: shortened(&failed.reason),
            next_at: attempt.now.plus_seconds(pause.clamp(0, policy.longest_pause_seconds)),
            at: attempt.now,
        })])
    }

    fn retry(&self, id: TaskId, now: Timestamp) -> Result<Vec<TaskEvent>, TaskRefusal> {
        let open = self.open.get(&id).ok_or(TaskRefusal::NotOpen)?;
        let is_due = open.attempts == 0 && open.attempt_due(now).is_some();
        Ok(if is_due { Vec::new() } else { vec![TaskEvent::Retried(TaskRetried { id, at: now })] })
    }

    fn discard(
        &self,
        id: TaskId,
        cause: DiscardCause,
        reason: Option<&Sealed<StaffNote>>,
        now: Timestamp,
    ) -> Result<Vec<TaskEvent>, TaskRefusal> {
        self.open.get(&id).ok_or(TaskRefusal::NotOpen)?;
        Ok(vec![TaskEvent::Discarded(TaskDiscarded { id, cause, reason: reason.cloned(), at: now })])
    }

    fn end(&mut self, id: TaskId, position: u64) {
        let created = self.open.remove(&id).map_or(position, |open| open.position);
        self.finished.push_back(Finished { id, created, ended: position });
        if self.finished.len() > FINISHED_REMEMBERED
            && let Some(forgotten) = self.finished.pop_front()
        {
            self.forgotten_through = forgotten.ended;
        }
    }
}

fn dead(attempt: &Attempt, reason: &str) -> TaskEvent {
    TaskEvent::Dead(TaskDead { id: attempt.id, attempt: attempt.number, reason: shortened(reason), at: attempt.now })
}

impl Aggregate for TaskShard {
    const CONTEXT: Context = Context::Task;
    type Event = TaskEvent;
    type Command = TaskCommand;
    type Refusal = TaskRefusal;

    fn decide(&self, command: &TaskCommand) -> Result<Vec<TaskEvent>, TaskRefusal> {
        match command {
            TaskCommand::Create(command) => self.create(command),
            TaskCommand::Complete { attempt, note } => {
                self.is_next(attempt)?;
                Ok(vec![TaskEvent::Completed(TaskCompleted {
                    id: attempt.id,
                    attempt: attempt.number,
                    note: note.as_deref().map(shortened),
                    at: attempt.now,
                })])
            }
            TaskCommand::Fail(failed) => self.fail(failed),
            TaskCommand::GiveUp { attempt, reason } => {
                self.is_next(attempt)?;
                Ok(vec![dead(attempt, reason)])
            }
            TaskCommand::Retry { id, now } => self.retry(*id, *now),
            TaskCommand::Discard { id, cause, reason, now } => self.discard(*id, *cause, reason.as_ref(), *now),
        }
    }

    fn apply(&mut self, event: &TaskEvent, recorded: &Recorded) {
        match event {
            TaskEvent::Created(event) => {
                let open =
                    OpenTask { attempts: 0, is_dead: false, next_at: event.not_before, position: recorded.position };
                self.open.insert(event.id, open);
            }
            TaskEvent::Failed(event) => {
                if let Some(open) = self.open.get_mut(&event.id) {
                    (open.attempts, open.next_at) = (event.attempt, event.next_at);
                }
            }
            TaskEvent::Dead(event) => {
                if let Some(open) = self.open.get_mut(&event.id) {
                    (open.attempts, open.is_dead) = (event.attempt, true);
                }
            }
            TaskEvent::Retried(event) => {
                if let Some(open) = self.open.get_mut(&event.id) {
                    (open.attempts, open.is_dead, open.next_at) = (0, false, event.at);
                }
            }
            TaskEvent::Completed(event) => self.end(event.id, recorded.position),
            TaskEvent::Discarded(event) => self.end(event.id, recorded.position),
        }
    }
}
