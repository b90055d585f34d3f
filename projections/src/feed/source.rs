//! Where one projection takes its commits from: the shared window while it keeps up, a convoy of those who do not else.

use std::sync::Arc;

use futures::{Stream, StreamExt, stream::Peekable};
use journal::{JournalError, Positioned};
use tokio::sync::watch;

use super::{
    arrival::arrived,
    window::{Left, Opening, Window},
};
use crate::checkpoint::Checkpoint;

/// Why there is no next commit.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourceError {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Left(#[from] Left),
}

pub(crate) struct Source<C: Stream> {
    window: watch::Receiver<Window>,
    reading: Reading<C>,
}

enum Reading<C: Stream> {
    /// The window, entered at this opening.
    Window(Opening),
    /// A reading that begins where the projection stood.
    Behind(Peekable<C>),
}

impl<C: Stream> Source<C> {
    /// From the window, if this place is in there.
    pub(super) fn shared(window: &watch::Receiver<Window>, standing: &Checkpoint) -> Option<Self> {
        let opening = window.borrow().enter(standing)?;
        Some(Source { window: window.clone(), reading: Reading::Window(opening) })
    }

    #[cfg(test)]
    pub(super) fn is_shared(&self) -> bool {
        matches!(self.reading, Reading::Window(_))
    }

    /// Back to the others, if the window has come near.
    pub fn join(&mut self, standing: &Checkpoint) {
        if let Reading::Behind(_) = self.reading
            && let Some(shared) = Source::shared(&self.window, standing)
        {
            *self = shared;
        }
    }
}

impl<C: Stream<Item = Result<Arc<Positioned>, SourceError>> + Unpin> Source<C> {
    /// From a reading that begins where the projection stands.
    pub(super) fn behind(window: watch::Receiver<Window>, commits: C) -> Self {
        Source { window, reading: Reading::Behind(commits.peekable()) }
    }

    /// The commits after a position (the one reached so far), at most so many: waits for the first, and takes of the
    /// others what is there. What comes before an error is given out before it. Nothing is lost if the wait is given up.
    pub async fn after(&mut self, position: u64, most: usize) -> Result<Vec<Arc<Positioned>>, SourceError> {
        match &mut self.reading {
            Reading::Window(entered) => {
                let entered = *entered;
                let window = self.window.wait_for(|window| window.has_news(entered, position)).await;
                Ok(window.map_err(|_| Left::Closed)?.after(entered, position, most)?)
            }
            Reading::Behind(commits) => arrived(commits, most).await,
        }
    }
}
