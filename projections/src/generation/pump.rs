//! Reads ahead while rows are written: the log is read and decoded on one task, and folded on another.

use std::sync::Arc;

use futures::StreamExt;
use journal::{Follow, Journal, JournalError, Positioned};
use tokio::{sync::mpsc, task::AbortHandle};

use crate::feed::arrived;

/// Chunks read ahead.
const CHUNKS_AHEAD: usize = 16;
/// Commits of a chunk, at most.
pub(super) const CHUNK_COMMITS: usize = 512;

type Chunk = Vec<Arc<Positioned>>;

/// What follows a position, in order. Ends with its handle.
pub(super) struct Pump {
    chunks: mpsc::Receiver<Result<Chunk, JournalError>>,
    /// What has come and was not wanted yet.
    rest: Chunk,
    reading: AbortHandle,
}

impl Drop for Pump {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

impl Pump {
    pub async fn after(journal: &Journal, position: u64) -> Result<Pump, JournalError> {
        let mut commits = journal.follow(position, Follow::Everything).await?.peekable();
        let (sender, chunks) = mpsc::channel(CHUNKS_AHEAD);
        let reading = tokio::spawn(async move {
            loop {
                let chunk = arrived(&mut commits, CHUNK_COMMITS).await;
                let chunk = chunk.map(|chunk| chunk.into_iter().map(Arc::new).collect());
                let is_over = chunk.is_err();
                if sender.send(chunk).await.is_err() || is_over {
                    return;
                }
            }
        });
        Ok(Pump { chunks, rest: Chunk::new(), reading: reading.abort_handle() })
    }

    /// The next commits up to a position, some of those that are there; waits for the first.
    pub async fn next(&mut self, up_to: u64) -> Result<Vec<Arc<Positioned>>, JournalError> {
        if self.rest.is_empty() {
            self.rest = self.chunks.recv().await.unwrap_or(Err(JournalError::Interrupted))?;
        }
        let wanted = self.rest.partition_point(|commit| commit.position <= up_to);
        let unwanted = self.rest.split_off(wanted);
        Ok(std::mem::replace(&mut self.rest, unwanted))
    }
}
