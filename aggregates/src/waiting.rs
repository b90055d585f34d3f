//! Facts about orders whose owner is not known yet: a refund that overtook its order, an order by a guest. They rest
//! here, sealed, until somebody claims the order.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Aggregate, Context,
    event::{Recorded, events},
    order::{OrderBody, Refund},
    sealed::Sealed,
};

/// Waiting facts are spread over this many subjects per merchant, for ever.
pub const SHARDS: u8 = 16;

events! {
    /// What happened while waiting.
    WaitingEvent {
        FactSetAside(FactSetAside) = "waiting.fact_set_aside" v 1;
    }
}

/// A fact in full, with the identities it came with. Sealed under a key of its own, because it belongs to nobody yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum WaitingFact {
    Body(OrderBody),
    Refund { order_id: String, refund: Refund },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactSetAside {
    /// The key in the vault that opens it.
    pub item: Uuid,
    pub fact: Sealed<WaitingFact>,
}

#[derive(Debug, Clone)]
pub enum WaitingCommand {
    SetAside(FactSetAside),
}

/// A shard decides nothing: who waits for what is known to the vault.
#[derive(Debug, Clone, Default)]
pub struct WaitingShard;

impl Aggregate for WaitingShard {
    const CONTEXT: Context = Context::Waiting;
    type Event = WaitingEvent;
    type Command = WaitingCommand;
    type Refusal = std::convert::Infallible;

    fn decide(&self, command: &WaitingCommand) -> Result<Vec<WaitingEvent>, std::convert::Infallible> {
        let WaitingCommand::SetAside(fact) = command;
        Ok(vec![WaitingEvent::FactSetAside(fact.clone())])
    }

    fn apply(&mut self, _: &WaitingEvent, _: &Recorded) {}
}
