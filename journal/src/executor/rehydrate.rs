//! From the log to a state.

use aggregates::Aggregate;
use aggregates::event::Event;

use crate::connection::Journal;
use crate::positioned::Positioned;
use crate::reading::{Known, Linked, Log};
use crate::subject::Subject;

use super::Versioned;
use super::error::{LoadError, Unreadable};
use super::snapshot::{SNAPSHOT_EVERY, SetAside, Shelf};

/// Commits read on top of a snapshot above which it counts as used up. What was cold will be cold again, and then each of
/// them is a question of its own to the log.
const FEW_COMMITS: u64 = SNAPSHOT_EVERY / 4;

/// A state read from the log.
pub struct Loaded<A> {
    pub versioned: Versioned<A>,
    /// How many of its commits need no new snapshot yet: those that came from one, unless that is used up.
    pub set_aside: u64,
}

/// Reads an aggregate that is not in memory: its snapshot, if there is a usable one, and the commits after it.
pub async fn cold<A: Aggregate>(
    journal: &Journal,
    shelf: Option<&dyn Shelf<A>>,
    subject: &Subject,
) -> Result<Loaded<A>, LoadError> {
    let log = &journal.shared.log;
    let (set_aside, newest) = futures::join!(take_down(shelf, subject), log.newest(subject));
    up_to(log, subject, set_aside, newest?.as_ref()).await
}

/// The same, up to a commit that is known to be the newest, or was a moment ago; `None` if there is none. One that stands alone
/// has no snapshot worth asking for.
pub async fn cold_up_to<A: Aggregate>(
    journal: &Journal,
    shelf: Option<&dyn Shelf<A>>,
    subject: &Subject,
    newest: Option<&Linked>,
) -> Result<Loaded<A>, LoadError> {
    let is_long = newest.is_some_and(|newest| newest.follows != Some(0));
    let set_aside = if is_long { take_down(shelf, subject).await } else { None };
    up_to(&journal.shared.log, subject, set_aside, newest).await
}

async fn up_to<A: Aggregate>(
    log: &Log,
    subject: &Subject,
    set_aside: Option<SetAside<A>>,
    newest: Option<&Linked>,
) -> Result<Loaded<A>, LoadError> {
    let Some(newest) = newest else { return Ok(Loaded { versioned: Versioned::default(), set_aside: 0 }) };
    if let Some(set_aside) = set_aside
        && let Some(loaded) = on_top_of(log, subject, set_aside, newest).await?
    {
        return Ok(loaded);
    }
    let mut versioned = Versioned::default();
    fold(&mut versioned, &log.since(subject, Known::default(), newest).await?)?;
    Ok(Loaded { versioned, set_aside: 0 })
}

async fn take_down<A: Aggregate>(shelf: Option<&dyn Shelf<A>>, subject: &Subject) -> Option<SetAside<A>> {
    shelf?.take_down(subject).await
}

/// A snapshot and the commits after it. The commit it stands at is read again: if another one is in its place, the
/// log is not the one the snapshot was taken from, and the snapshot is worth nothing.
async fn on_top_of<A: Aggregate>(
    log: &Log,
    subject: &Subject,
    set_aside: SetAside<A>,
    newest: &Linked,
) -> Result<Option<Loaded<A>>, LoadError> {
    let SetAside { mut versioned, hash } = set_aside;
    let known = Known { position: versioned.position, commits: versioned.commits };
    let commits = log.since(subject, known, newest).await?;
    let Some((first, after)) = commits.split_first() else { return Ok(None) };
    if first.position != versioned.position || first.hash() != hash {
        return Ok(None);
    }
    fold(&mut versioned, after)?;
    let set_aside = still_set_aside(known.commits, versioned.commits);
    Ok(Some(Loaded { versioned, set_aside }))
}

/// After a used-up snapshot the next commit is due for a new one.
fn still_set_aside(in_snapshot: u64, commits: u64) -> u64 {
    let used_up = commits - in_snapshot > FEW_COMMITS;
    if used_up { in_snapshot.min((commits + 1).saturating_sub(SNAPSHOT_EVERY)) } else { in_snapshot }
}

/// Brings a state up to the newest commit that the leader has.
pub async fn catch_up<A: Aggregate>(
    journal: &Journal,
    subject: &Subject,
    mut versioned: Versioned<A>,
) -> Result<Versioned<A>, LoadError> {
    let mut newest = journal.shared.log.read_confirmed(subject, versioned.position).await?;
    if newest.position < versioned.position {
        // The log ends before this state: it was restored behind our back. Nothing in memory counts any more.
        versioned = Versioned::default();
        newest = journal.shared.log.read_confirmed(subject, 0).await?;
    }
    fold(&mut versioned, &newest.commits)?;
    Ok(versioned)
}

fn fold<A: Aggregate>(versioned: &mut Versioned<A>, commits: &[Positioned]) -> Result<(), LoadError> {
    for commit in commits {
        let events = events::<A::Event>(commit)?;
        versioned.take_in(&events, &commit.recorded());
    }
    Ok(())
}

fn events<E: Event>(commit: &Positioned) -> Result<Vec<E>, LoadError> {
    let decode = |event: &crate::StoredEvent| E::decode(&event.name, event.version, &event.bytes);
    commit
        .commit
        .events
        .iter()
        .map(decode)
        .collect::<Result<_, _>>()
        .map_err(|cause| LoadError::Unreadable { position: commit.position, cause: Unreadable::Event(cause) })
}
