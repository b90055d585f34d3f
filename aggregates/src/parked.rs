//! Webhooks with a good signature and a body that could not be understood. Nothing is lost: they are kept, sealed, until
//! somebody retries or discards them.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::{
    Aggregate, Context,
    event::{Recorded, events},
    id::ParkedId,
    points::StaffNote,
    sealed::Sealed,
    time::Timestamp,
};

/// Parked webhooks are spread over this many subjects per merchant, for ever.
pub const SHARDS: u8 = 16;

events! {
    /// What happened to parked webhooks.
    ParkedEvent {
        Parked(WebhookParked) = "parked.webhook_parked" v 1;
        /// A later attempt succeeded.
        Retried(ParkedRetried) = "parked.retried" v 1;
        Discarded(ParkedDiscarded) = "parked.discarded" v 1;
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookParked {
    pub id: ParkedId,
    pub topic: String,
    /// What was wrong, in words that repeat nothing of the body.
    pub reason: String,
    pub at: Timestamp,
    /// Keyed hash of topic and body: a repetition is recognised while this one is open.
    pub fingerprint: [u8; 16],
    /// How many pieces the sealed body was cut into.
    pub chunks: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParkedRetried {
    pub id: ParkedId,
    /// Position of what came of it.
    pub position: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParkedDiscarded {
    pub id: ParkedId,
    pub reason: Sealed<StaffNote>,
}

#[derive(Debug, Clone)]
pub enum ParkedCommand {
    Park(WebhookParked),
    MarkRetried(ParkedRetried),
    Discard(ParkedDiscarded),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParkedRefusal {
    #[error("no such parked webhook, or it is closed")]
    NotOpen,
}

/// The open ones of a shard.
#[derive(Debug, Clone, Default)]
pub struct ParkedShard {
    open: HashMap<ParkedId, ([u8; 16], u64)>,
}

impl ParkedShard {
    pub fn open_with(&self, fingerprint: [u8; 16]) -> Option<u64> {
        self.open.values().find(|(known, _)| *known == fingerprint).map(|(_, position)| *position)
    }
}

impl Aggregate for ParkedShard {
    const CONTEXT: Context = Context::Parked;
    type Event = ParkedEvent;
    type Command = ParkedCommand;
    type Refusal = ParkedRefusal;

    fn decide(&self, command: &ParkedCommand) -> Result<Vec<ParkedEvent>, ParkedRefusal> {
        let is_open = |id: &ParkedId| self.open.contains_key(id).then_some(()).ok_or(ParkedRefusal::NotOpen);
        match command {
            ParkedCommand::Park(parked) if self.open_with(parked.fingerprint).is_some() => Ok(Vec::new()),
            ParkedCommand::Park(parked) => Ok(vec![ParkedEvent::Parked(parked.clone())]),
            ParkedCommand::MarkRetried(retried) => {
                is_open(&retried.id)?;
                Ok(vec![ParkedEvent::Retried(retried.clone())])
            }
            ParkedCommand::Discard(discarded) => {
                is_open(&discarded.id)?;
                Ok(vec![ParkedEvent::Discarded(discarded.clone())])
            }
        }
    }

    fn apply(&mut self, event: &ParkedEvent, recorded: &Recorded) {
        match event {
            ParkedEvent::Parked(event) => {
                self.open.insert(event.id, (event.fingerprint, recorded.position));
            }
            ParkedEvent::Retried(event) => {
                self.open.remove(&event.id);
            }
            ParkedEvent::Discarded(event) => {
                self.open.remove(&event.id);
            }
        }
    }
}
