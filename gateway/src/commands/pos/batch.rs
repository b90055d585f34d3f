//! What a till has sent, on record: whoever runs the shop sees which till is behind, and which has sales that were rejected.

use std::collections::BTreeMap;

use aggregates::{
    pos::{PosBatchTaken, PosCommand, SHARDS},
    time::Timestamp,
};
use journal::Subject;

use super::{PosOutcome, SaleId};
use crate::{
    commands::{CommandError, Done, Request},
    gateway::Gateway,
};

/// What became of one line of a batch.
#[derive(Debug, Clone)]
pub struct PosLine {
    pub id: SaleId,
    /// None where it could not be read.
    pub sold_at: Option<Timestamp>,
    pub outcome: PosOutcome,
}

impl Gateway {
    /// Puts on record what became of a batch, till by till. Gives the last position.
    pub async fn note_pos_batch(&self, request: &Request, lines: &[PosLine]) -> Result<Option<u64>, CommandError> {
        let mut terminals: BTreeMap<&str, PosBatchTaken> = BTreeMap::new();
        for line in lines {
            let terminal = line.id.terminal.as_str();
            let taken = terminals.entry(terminal).or_insert_with(|| nothing_of(terminal, request.now));
            count(taken, line);
        }
        let mut last = None;
        for (terminal, taken) in terminals {
            let subject = Subject::pos(request.merchant, shard(terminal));
            let done = self.tills.execute(subject, &request.context(), &PosCommand::TakeBatch(taken)).await?;
            last = last.max(done.position);
        }
        Ok(last)
    }
}

fn nothing_of(terminal: &str, at: Timestamp) -> PosBatchTaken {
    PosBatchTaken {
        terminal: terminal.to_owned(),
        accepted: 0,
        duplicate: 0,
        ignored: 0,
        rejected: 0,
        oldest_sold_at: None,
        newest_sold_at: None,
        at,
    }
}

fn count(taken: &mut PosBatchTaken, line: &PosLine) {
    match line.outcome {
        PosOutcome::Done(Done::Accepted(_)) => taken.accepted += 1,
        PosOutcome::Done(Done::Duplicate(_)) => taken.duplicate += 1,
        PosOutcome::Done(Done::Ignored) => taken.ignored += 1,
        PosOutcome::Rejected(_) => taken.rejected += 1,
    }
    taken.oldest_sold_at = taken.oldest_sold_at.into_iter().chain(line.sold_at).min();
    taken.newest_sold_at = taken.newest_sold_at.max(line.sold_at);
}

/// Any spread will do, as long as a till keeps its shard.
fn shard(terminal: &str) -> u8 {
    terminal.bytes().fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte)) % SHARDS
}
