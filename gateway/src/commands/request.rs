//! Who asks, for which merchant, and when; and what came of it.

use aggregates::{
    id::{CommandId, Fingerprint, MerchantId},
    time::Timestamp,
};
use journal::{Actor, CommandContext};
use uuid::Uuid;

use crate::clock::new_id;

/// One request at a door.
#[derive(Debug, Clone)]
pub struct Request {
    pub merchant: MerchantId,
    /// By the merchant's clock.
    pub now: Timestamp,
    pub actor: Actor,
    /// The request's own id: joins everything that was done for it.
    pub correlation: Uuid,
    pub traceparent: Option<String>,
}

impl Request {
    /// For a command that the business key protects against repetition.
    pub fn context(&self) -> CommandContext {
        self.context_of(CommandId(new_id()), None)
    }

    /// For a command that a client may repeat under its own key.
    pub fn context_of(&self, command_id: CommandId, request: Option<Fingerprint>) -> CommandContext {
        CommandContext {
            command_id,
            request,
            actor: self.actor.clone(),
            correlation: self.correlation,
            causation: None,
            recorded_at: self.now,
            occurred_at: None,
            traceparent: self.traceparent.clone(),
        }
    }
}

/// What came of a fact that was handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// New, and durable at the position; none where the vault alone had to learn it.
    Accepted(Option<u64>),
    /// Known already, since this position.
    Duplicate(Option<u64>),
    /// Nothing to do, on purpose.
    Ignored,
}

impl Done {
    pub(super) fn of(written: Option<u64>, known_since: Option<u64>) -> Self {
        match written {
            Some(position) => Done::Accepted(Some(position)),
            None => Done::Duplicate(known_since),
        }
    }

    /// A later step of the same fact wrote something too.
    pub(crate) fn and(self, later: Option<u64>) -> Self {
        match (self, later) {
            (Done::Accepted(position), Some(later)) => Done::Accepted(position.max(Some(later))),
            (Done::Duplicate(_) | Done::Ignored, Some(later)) => Done::Accepted(Some(later)),
            (done, None) => done,
        }
    }
}
