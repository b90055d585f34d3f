//! Those who have fallen behind read the log together as well. A convoy is one reading of the log for all who stand near
//! each other: each commit is delivered and decoded once for all of them, on a connection of its own, so that neither
//! commands nor those who keep up wait behind a flood of old commits.
//!
//! It goes as fast as its slowest fellow, within bounds: who does not take anything for [`PATIENCE`] is left behind, and
//! finds another convoy. What was given out lately is kept, so that who comes a little later still finds its place.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::{
    Stream, StreamExt, TryStreamExt,
    stream::{self, BoxStream, Peekable},
};
use journal::{Follow, Journal, JournalError, Positioned};
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc},
    time::{Instant, sleep_until, timeout},
};

use super::{arrived, source::SourceError, window::Left};
use crate::checkpoint::Checkpoint;

/// Convoys under way at the same time in one process: readings of the log, and connections.
const CONVOYS_MAX: usize = 4;
/// Commits of a chunk, at most.
const CHUNK_COMMITS: usize = 256;
/// Bytes of a chunk, at most, unless a single commit is larger.
const CHUNK_BYTES: usize = 1024 * 1024;
/// Chunks that are kept for those who come later, and how far a fellow may be behind the reading.
const KEPT_CHUNKS: usize = 32;
/// For so long nobody is left behind at the start: read models of one process start within that time.
const GATHERING: Duration = Duration::from_secs(1);
/// How long all wait for one who takes nothing. A transaction of a read model that catches up takes less.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often is looked whether anybody is still there, or, by those who wait for a place, whether a convoy comes by.
const LOOK_EVERY: Duration = Duration::from_millis(500);

type Chunk = Arc<[Arc<Positioned>]>;
/// What one of a convoy is given.
pub(crate) type Fellow = BoxStream<'static, Result<Arc<Positioned>, SourceError>>;

/// All convoys of a process.
pub(super) struct Convoys {
    journal: Journal,
    under_way: Mutex<Vec<Arc<Convoy>>>,
    places: Arc<Semaphore>,
    /// One is founded at a time: who wanted to found another at the same moment may find its place in it.
    founding: tokio::sync::Mutex<()>,
    changed: Notify,
}

impl Convoys {
    pub fn of(journal: Journal) -> Arc<Self> {
        let places = Arc::new(Semaphore::new(CONVOYS_MAX));
        Arc::new(Convoys {
            journal,
            under_way: Mutex::default(),
            places,
            founding: tokio::sync::Mutex::default(),
            changed: Notify::new(),
        })
    }

    /// The commits after this checkpoint, which must have been verified; waits for a place.
    pub async fn go_along(self: &Arc<Self>, standing: &Checkpoint) -> Result<Fellow, JournalError> {
        loop {
            let changed = self.changed.notified();
            if let Some(fellow) = self.join(standing) {
                return Ok(fellow);
            }
            if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
                let _turn = self.founding.lock().await;
                return match self.join(standing) {
                    Some(fellow) => Ok(fellow),
                    None => self.found(standing, place).await,
                };
            }
            // Whether something changed or not: the place is looked for again.
            let _ = timeout(LOOK_EVERY, changed).await;
        }
    }

    fn join(&self, standing: &Checkpoint) -> Option<Fellow> {
        self.under_way().iter().find_map(|convoy| convoy.join(standing))
    }

    async fn found(
        self: &Arc<Self>,
        standing: &Checkpoint,
        place: OwnedSemaphorePermit,
    ) -> Result<Fellow, JournalError> {
        let beside = self.journal.beside().await?;
        let commits = beside.follow(standing.position, Follow::Everything).await?;
        // Asked after following began: had the connection been lost since, no commit would come.
        if beside.identity().await?.to_string() != standing.stream {
            return Err(JournalError::Interrupted);
        }
        let (convoy, fellow) = Convoy::found(standing);
        self.under_way().push(Arc::clone(&convoy));
        self.changed.notify_waiters();
        let all = Arc::clone(self);
        tokio::spawn(async move {
            convoy.lead(commits.peekable()).await;
            all.under_way().retain(|other| !Arc::ptr_eq(other, &convoy));
            drop(place);
            all.changed.notify_waiters();
        });
        Ok(fellow)
    }

    fn under_way(&self) -> MutexGuard<'_, Vec<Arc<Convoy>>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One reading of the log, and who takes from it.
pub(super) struct Convoy {
    /// Which log this is, as checkpoints name it.
    log: String,
    began: Instant,
    state: Mutex<State>,
}

struct State {
    /// What comes right before that which is kept.
    before: Place,
    kept: VecDeque<Chunk>,
    fellows: Vec<mpsc::Sender<Result<Chunk, JournalError>>>,
    has_ended: bool,
}

/// A place in the log that cannot be taken for the same place in another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    position: u64,
    /// None at the start.
    hash: Option<[u8; 32]>,
}

impl Place {
    fn of(commit: &Positioned) -> Place {
        Place { position: commit.position, hash: Some(commit.hash()) }
    }
}

impl From<&Checkpoint> for Place {
    fn from(standing: &Checkpoint) -> Place {
        Place { position: standing.position, hash: standing.commit_hash }
    }
}

impl Convoy {
    /// One that begins where its first fellow stands.
    pub fn found(standing: &Checkpoint) -> (Arc<Convoy>, Fellow) {
        let (sender, given) = mpsc::channel(KEPT_CHUNKS);
        let state = State { before: standing.into(), kept: VecDeque::new(), fellows: vec![sender], has_ended: false };
        let convoy = Convoy { log: standing.stream.clone(), began: Instant::now(), state: Mutex::new(state) };
        (Arc::new(convoy), fellow(Vec::new(), given))
    }

    /// For somebody whose next commit is kept, or comes next.
    pub fn join(&self, standing: &Checkpoint) -> Option<Fellow> {
        let mut state = self.state();
        if state.has_ended || self.log != standing.stream {
            return None;
        }
        let missed = state.after(standing.into())?;
        let (sender, given) = mpsc::channel(KEPT_CHUNKS);
        state.fellows.push(sender);
        Some(fellow(missed, given))
    }

    /// Reads until nobody is left, or the log ends in an error, which all are told.
    pub async fn lead<C>(&self, mut commits: Peekable<C>)
    where
        C: Stream<Item = Result<Positioned, JournalError>> + Unpin,
    {
        while self.has_fellows() {
            let Ok(arrived) = timeout(LOOK_EVERY, arrived(&mut commits, CHUNK_COMMITS)).await else { continue };
            match arrived {
                Ok(commits) => {
                    for chunk in chunks(commits) {
                        self.give(chunk).await;
                    }
                }
                Err(error) => return self.end(error).await,
            }
        }
    }

    async fn give(&self, chunk: Chunk) {
        if self.state().kept.len() == KEPT_CHUNKS {
            sleep_until(self.began + GATHERING).await;
        }
        let fellows = self.state().keep(Arc::clone(&chunk));
        for fellow in fellows {
            if timeout(PATIENCE, fellow.send(Ok(Arc::clone(&chunk)))).await.is_err() {
                self.state().fellows.retain(|other| !other.same_channel(&fellow));
            }
        }
    }

    async fn end(&self, error: JournalError) {
        let fellows = {
            let mut state = self.state();
            state.has_ended = true;
            std::mem::take(&mut state.fellows)
        };
        for fellow in fellows {
            // Who does not take it in time finds the convoy gone.
            let _ = timeout(PATIENCE, fellow.send(Err(error.clone()))).await;
        }
    }

    /// Without any, it is over, and nobody can join any more.
    fn has_fellows(&self) -> bool {
        let mut state = self.state();
        state.fellows.retain(|fellow| !fellow.is_closed());
        state.has_ended = state.fellows.is_empty();
        !state.has_ended
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What follows a place, if all of that is kept.
    fn after(&self, place: Place) -> Option<Vec<Arc<Positioned>>> {
        let kept = || self.kept.iter().flat_map(|chunk| chunk.iter());
        if place == self.before {
            return Some(kept().cloned().collect());
        }
        let here = kept().find(|commit| commit.position == place.position)?;
        let is_same = Place::of(here) == place;
        is_same.then(|| kept().skip_while(|commit| commit.position <= place.position).cloned().collect())
    }

    /// Those who are to be given this: everybody who is here now. Who joins later finds it among what is kept.
    fn keep(&mut self, chunk: Chunk) -> Vec<mpsc::Sender<Result<Chunk, JournalError>>> {
        if self.kept.len() == KEPT_CHUNKS
            && let Some(last) = self.kept.pop_front().and_then(|oldest| oldest.last().cloned())
        {
            self.before = Place::of(&last);
        }
        self.kept.push_back(chunk);
        self.fellows.clone()
    }
}

fn fellow(missed: Vec<Arc<Positioned>>, given: mpsc::Receiver<Result<Chunk, JournalError>>) -> Fellow {
    let given = stream::unfold(Some(given), |given| async {
        let mut given = given?;
        match given.recv().await {
            Some(chunk) => Some((chunk.map_err(SourceError::from), Some(given))),
            None => Some((Err(Left::Behind.into()), None)),
        }
    });
    let given = given.map_ok(|chunk| stream::iter((0..chunk.len()).map(move |at| Ok(Arc::clone(&chunk[at])))));
    stream::iter(missed.into_iter().map(Ok)).chain(given.try_flatten()).boxed()
}

fn chunks(commits: Vec<Positioned>) -> Vec<Chunk> {
    let (mut chunks, mut chunk, mut bytes) = (Vec::new(), Vec::new(), 0);
    for commit in commits {
        if bytes > CHUNK_BYTES {
            chunks.push(std::mem::take(&mut chunk).into());
            bytes = 0;
        }
        bytes += commit.payload.len();
        chunk.push(Arc::new(commit));
    }
    chunks.push(chunk.into());
    chunks
}

#[cfg(test)]
mod tests;
