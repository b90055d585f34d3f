//! One reading of the log for all projections of a process. The newest commits are kept in a [`window`]; whoever keeps up
//! takes them from there, and so each commit is delivered and decoded once. Who has fallen out of it reads in a [`convoy`]
//! with others who stand near it, until it is near the end again ([`source`]): nobody who keeps up waits for anybody else.

mod arrival;
mod convoy;
mod source;
mod window;

use std::{convert::Infallible, sync::Arc, time::Duration};

use futures::StreamExt;
use journal::{Follow, Journal, JournalError, Positioned};
use tokio::{
    sync::{Semaphore, SemaphorePermit, watch},
    time::timeout,
};

use self::{convoy::Convoys, window::Window};
use crate::checkpoint::Checkpoint;

pub(crate) use arrival::arrived;
pub(crate) use convoy::Fellow;
pub(crate) use source::{Source, SourceError};
pub use window::Left;

/// Commits read back when the window is opened, so that everybody who stands near the end finds its place.
const OPENING_COMMITS: u64 = window::NEAR_COMMITS;
/// How long a projection that starts waits for the window to be opened before it reads elsewhere.
const OPENING_PATIENCE: Duration = Duration::from_millis(500);
/// Pause before a reading that has ended is begun anew.
const REOPENING_PAUSE: Duration = Duration::from_millis(500);

/// The shared reading. A handle: clones share it, and it ends with the last of them.
#[derive(Clone)]
pub struct Feed {
    pub(crate) journal: Journal,
    window: watch::Receiver<Window>,
    convoys: Arc<Convoys>,
    /// Looks at checkpoints take turns: all at once, each would open a connection, which then lies idle.
    looks: Arc<Semaphore>,
}

impl Feed {
    /// Starts reading at the end of the log. Needs a running tokio runtime.
    pub fn start(journal: Journal) -> Self {
        let (sender, window) = watch::channel(Window::default());
        tokio::spawn(keep_open(journal.clone(), sender));
        let convoys = Convoys::of(journal.clone());
        Feed { journal, window, convoys, looks: Arc::new(Semaphore::new(1)) }
    }

    /// Waits for the turn to look at checkpoints; it lasts until it is dropped.
    pub(crate) async fn turn_to_look(&self) -> SemaphorePermit<'_> {
        self.looks.acquire().await.expect("nobody closes it")
    }

    /// The commits after this checkpoint, which must have been verified: from the window if its place is in there.
    pub(crate) async fn source(&self, standing: &Checkpoint) -> Result<Source<Fellow>, JournalError> {
        let mut window = self.window.clone();
        // Whether it opens in time or not: the place is looked for either way.
        let _ = timeout(OPENING_PATIENCE, window.wait_for(Window::is_open)).await;
        match Source::shared(&window, standing) {
            Some(source) => Ok(source),
            None => Ok(Source::behind(window, self.convoys.go_along(standing).await?)),
        }
    }
}

/// Reads on until nobody wants it any more. What is wrong with the log is not said here: those who took from the window
/// meet it in their own reading, and it stops them there.
async fn keep_open(journal: Journal, window: watch::Sender<Window>) {
    loop {
        let reading = async {
            let Err(end) = read(&journal, &window).await;
            tracing::debug!(error = %end, "the shared reading of the log has ended");
            window.send_modify(Window::close);
            tokio::time::sleep(REOPENING_PAUSE).await;
        };
        tokio::select! {
            () = window.closed() => return,
            () = reading => {}
        }
    }
}

async fn read(journal: &Journal, window: &watch::Sender<Window>) -> Result<Infallible, JournalError> {
    let end = journal.last_position().await?;
    let start = end.saturating_sub(OPENING_COMMITS);
    let mut commits = journal.follow(start, Follow::Everything).await?.peekable();
    // Asked after following began: had the connection been lost since, no commit would come.
    let log = journal.identity().await?.to_string();
    let mut newest = Vec::new();
    while newest.last().map_or(start, |commit: &Positioned| commit.position) < end {
        newest.append(&mut arrived(&mut commits, usize::MAX).await?);
    }
    window.send_modify(|window| window.open(log, newest));
    loop {
        let chunk = arrived(&mut commits, usize::MAX).await?;
        window.send_modify(|window| window.extend(chunk));
    }
}

#[cfg(test)]
mod tests;
