//! Reading the journal ahead of whoever verifies it: the reading and the verifying each keep a processor busy.

use std::sync::Arc;

use futures::StreamExt;
use journal::{Follow, Journal, JournalError, PoisonCommit, Positioned};
use tokio::sync::mpsc;

/// What is taken together, at most.
const CHUNK: usize = 512;
/// Chunks that are read ahead.
const AHEAD: usize = 8;

/// What stands in the journal, or does not.
#[derive(Debug, Clone)]
pub enum Arrived {
    Commit(Arc<Positioned>),
    Unreadable(Box<PoisonCommit>),
    /// These positions are not in the stream.
    Gap {
        from: u64,
        to: u64,
    },
}

/// A reading under way. It ends when it is dropped.
pub struct Reading {
    chunks: mpsc::Receiver<Result<Vec<Arrived>, JournalError>>,
}

impl Reading {
    /// From the beginning up to a position that is there.
    pub fn start(journal: Journal, filter: Follow, last: u64) -> Reading {
        let (sender, chunks) = mpsc::channel(AHEAD);
        tokio::spawn(async move {
            if let Err(error) = read(&journal, filter, last, &sender).await {
                // Whoever has gone away need not know.
                let _ = sender.send(Err(error)).await;
            }
        });
        Reading { chunks }
    }

    /// What comes next; none at the end.
    pub async fn next(&mut self) -> anyhow::Result<Option<Vec<Arrived>>> {
        Ok(self.chunks.recv().await.transpose()?)
    }
}

async fn read(
    journal: &Journal,
    filter: Follow,
    last: u64,
    sender: &mpsc::Sender<Result<Vec<Arrived>, JournalError>>,
) -> Result<(), JournalError> {
    let mut reached = 0;
    while reached < last {
        let mut commits = journal.follow(reached, filter).await?.ready_chunks(CHUNK);
        // A gap ends the following; it is begun anew behind it.
        while reached < last
            && let Some(chunk) = commits.next().await
        {
            let mut arrived = Vec::with_capacity(chunk.len());
            for one in chunk {
                let (one, position) = understand(one)?;
                reached = position;
                arrived.push(one);
            }
            if sender.send(Ok(arrived)).await.is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// With the position that is reached by it.
fn understand(one: Result<Positioned, JournalError>) -> Result<(Arrived, u64), JournalError> {
    match one {
        Ok(commit) => {
            let position = commit.position;
            Ok((Arrived::Commit(Arc::new(commit)), position))
        }
        Err(JournalError::Poison(poison)) => {
            let position = poison.position;
            Ok((Arrived::Unreadable(poison), position))
        }
        Err(JournalError::Gap { after, found }) => Ok((Arrived::Gap { from: after + 1, to: found - 1 }, found - 1)),
        Err(error) => Err(error),
    }
}
