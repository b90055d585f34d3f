//! What tills have sent: how many sales came of which till, how old they were, and what became of them. The sales themselves
//! are orders, with their buyers.

use serde::{Deserialize, Serialize};

use crate::{
    Aggregate, Context,
    event::{Recorded, events},
    time::Timestamp,
};

/// Tills are spread over this many subjects per merchant, for ever.
pub const SHARDS: u8 = 4;

events! {
    /// What happened at tills.
    PosEvent {
        /// A till that was offline has sent what it had.
        BatchTaken(PosBatchTaken) = "pos.batch_taken" v 1;
    }
}

/// Of one till. A batch that is sent again is another one, of duplicates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PosBatchTaken {
    /// The merchant's name of the till.
    pub terminal: String,
    pub accepted: u32,
    pub duplicate: u32,
    pub ignored: u32,
    pub rejected: u32,
    /// By the till's clock; none if no sale could be read.
    pub oldest_sold_at: Option<Timestamp>,
    pub newest_sold_at: Option<Timestamp>,
    pub at: Timestamp,
}

#[derive(Debug, Clone)]
pub enum PosCommand {
    TakeBatch(PosBatchTaken),
}

/// A shard decides nothing: which sale is known is known to its order.
#[derive(Debug, Clone, Default)]
pub struct PosShard;

impl Aggregate for PosShard {
    const CONTEXT: Context = Context::Pos;
    type Event = PosEvent;
    type Command = PosCommand;
    type Refusal = std::convert::Infallible;

    fn decide(&self, command: &PosCommand) -> Result<Vec<PosEvent>, std::convert::Infallible> {
        let PosCommand::TakeBatch(taken) = command;
        Ok(vec![PosEvent::BatchTaken(taken.clone())])
    }

    fn apply(&mut self, _: &PosEvent, _: &Recorded) {}
}
