//! What one decision leaves on its subject: one commit. Where its events do not fit into one, several that stand behind
//! one another, written in one atomic batch: still all of it or nothing, and nothing comes between.

use aggregates::Aggregate;
use aggregates::event::{Event, Recorded};

use crate::append::Append;
use crate::commit::{MAX_COMMIT_BYTES, StoredEvent};
use crate::subject::Subject;

use super::{CommandContext, Ids, Versioned};

/// Bytes of a commit that are not its events: who, when, why.
const ENVELOPE_BYTES: usize = 4 * 1024;
/// Bytes that an event takes besides its name and its own bytes, at most: their lengths and its version.
const EVENT_OVERHEAD_BYTES: usize = 8;

/// Some events and where they came to rest: one commit.
pub type Run<'a, A> = (&'a [<A as Aggregate>::Event], Recorded);

/// The commits of a decision on a state, in their order.
pub fn appends<A: Aggregate>(
    context: &CommandContext,
    subject: Subject,
    current: &Versioned<A>,
    ids: &dyn Ids,
    events: &[A::Event],
) -> Vec<Append> {
    let mut rest: Vec<StoredEvent> = events.iter().map(StoredEvent::of).collect();
    let mut appends = Vec::with_capacity(1);
    while !rest.is_empty() {
        let after = rest.split_off(fitting(&rest));
        appends.push(context.append(subject, current.position, ids.next(), std::mem::replace(&mut rest, after)));
    }
    appends
}

/// How many of the first events fit into one commit; at least one, which by itself may be too large.
fn fitting(events: &[StoredEvent]) -> usize {
    let mut bytes = ENVELOPE_BYTES;
    let fit = events.iter().take_while(|event| {
        bytes += event.name.len() + event.bytes.len() + EVENT_OVERHEAD_BYTES;
        bytes <= MAX_COMMIT_BYTES
    });
    fit.count().max(1)
}

/// The decision's events as they were written: `lengths` says how many are in each commit.
pub fn runs<'a, E: Event>(
    context: &CommandContext,
    mut events: &'a [E],
    lengths: &[usize],
    positions: &[u64],
) -> Vec<(&'a [E], Recorded)> {
    let mut run = |(&length, &position): (&usize, &u64)| {
        let (run, rest) = events.split_at(length);
        events = rest;
        (run, context.recorded(position))
    };
    lengths.iter().zip(positions).map(&mut run).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: usize) -> StoredEvent {
        StoredEvent { name: "test.said".into(), version: 1, bytes: vec![0; bytes] }
    }

    #[test]
    fn a_commit_holds_as_many_events_as_fit_and_always_one() {
        let third = MAX_COMMIT_BYTES / 3;
        assert_eq!(fitting(&[of(10), of(10), of(10)]), 3);
        assert_eq!(fitting(&[of(third), of(third), of(third)]), 2);
        assert_eq!(fitting(&[of(MAX_COMMIT_BYTES), of(10)]), 1);
    }
}
