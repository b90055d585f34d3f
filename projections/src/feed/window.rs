//! The newest commits of the log, without gaps.
//!
//! A projection names the commit it has taken in last and is given those that follow it. As positions in the window are
//! consecutive, the next commit is the one at the next place: nothing can be left out or come twice. Whoever enters shows
//! the hash of that last commit, so that a window never continues a read model that was made from another log.

use std::{collections::VecDeque, sync::Arc};

use journal::Positioned;

use crate::checkpoint::Checkpoint;

/// Commits kept. At ten thousand a second this is how far a projection may stay behind for most of half a second.
pub(super) const COMMITS_MAX: usize = 4_096;
/// Bytes of messages kept, for a log with large commits.
pub(super) const BYTES_MAX: usize = 16 * 1024 * 1024;
/// Only who is at most so many commits behind the newest may enter: who entered at the far end would fall out at once.
pub(super) const NEAR_COMMITS: u64 = COMMITS_MAX as u64 / 2;

/// One opening of a window. What has been entered is left when the window closes, also if it is opened again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Opening(u64);

/// Why nothing more comes for somebody who has entered. Both mean: start over from the checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Left {
    /// The next commit is not kept any more.
    #[error("too slow for the shared reading of the log")]
    Behind,
    /// The reading behind the window has ended, perhaps because the log is not the same any more.
    #[error("the shared reading of the log has ended")]
    Closed,
}

/// Closed until it is first opened.
#[derive(Debug, Default)]
pub(super) struct Window {
    openings: u64,
    /// Which log this is, as checkpoints name it; none while it is closed.
    log: Option<String>,
    commits: VecDeque<Arc<Positioned>>,
    bytes: usize,
}

impl Window {
    /// Everything before belongs to another reading.
    pub fn open(&mut self, log: String, newest: Vec<Positioned>) {
        self.close();
        self.openings += 1;
        self.log = Some(log);
        self.extend(newest);
    }

    pub fn close(&mut self) {
        self.log = None;
        self.bytes = 0;
        self.commits = VecDeque::new();
    }

    pub fn is_open(&self) -> bool {
        self.log.is_some()
    }

    /// What the log has told next. The oldest make room.
    pub fn extend(&mut self, chunk: Vec<Positioned>) {
        for commit in chunk {
            let follows = self.commits.back().is_none_or(|newest| newest.position + 1 == commit.position);
            assert!(follows, "following the log gives every position once");
            self.bytes += commit.payload.len();
            self.commits.push_back(Arc::new(commit));
        }
        while self.commits.len() > COMMITS_MAX || self.bytes > BYTES_MAX {
            let Some(oldest) = self.commits.pop_front() else { return };
            self.bytes -= oldest.payload.len();
        }
    }

    /// For somebody who stands at `standing`, if that is near the newest and the very commit that is in here.
    pub fn enter(&self, standing: &Checkpoint) -> Option<Opening> {
        let newest = self.commits.back()?;
        let of_this_log = self.log.as_ref().is_some_and(|log| *log == standing.stream);
        let near = newest.position.saturating_sub(standing.position) <= NEAR_COMMITS;
        let here = self.commits.get(self.index(standing.position)?)?;
        let enters = of_this_log && near && standing.commit_hash == Some(here.hash());
        enters.then_some(Opening(self.openings))
    }

    /// Whether [`Window::after`] has something to say.
    pub fn has_news(&self, entered: Opening, position: u64) -> bool {
        self.is_left(entered) || self.commits.back().is_none_or(|newest| newest.position > position)
    }

    /// The commits that follow `position`, at most so many.
    pub fn after(&self, entered: Opening, position: u64, most: usize) -> Result<Vec<Arc<Positioned>>, Left> {
        if self.is_left(entered) {
            return Err(Left::Closed);
        }
        let first = self.index(position + 1).ok_or(Left::Behind)?;
        Ok(self.commits.iter().skip(first).take(most).cloned().collect())
    }

    fn is_left(&self, entered: Opening) -> bool {
        !self.is_open() || entered != Opening(self.openings)
    }

    /// Where a position is, or will be; none if that is gone.
    fn index(&self, position: u64) -> Option<usize> {
        let oldest = self.commits.front()?.position;
        usize::try_from(position.checked_sub(oldest)?).ok()
    }
}
