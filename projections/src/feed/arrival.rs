//! What has arrived together is taken together.

use std::pin::Pin;

use futures::{FutureExt, Stream, StreamExt, stream::Peekable};
use journal::JournalError;
use tokio::task::coop::unconstrained;

/// Commits taken without letting other tasks of this thread have their turn: under a millisecond.
const AT_ONCE_MAX: usize = 512;

/// Waits for the next commit, and takes of the others what is there, at most so many. An error is left for the next call
/// if there is anything before it. Nothing is lost if the wait is given up.
pub(crate) async fn arrived<C, T, E>(commits: &mut Peekable<C>, most: usize) -> Result<Vec<T>, E>
where
    C: Stream<Item = Result<T, E>> + Unpin,
    E: From<JournalError>,
{
    let mut taken = vec![commits.next().await.ok_or(JournalError::Interrupted)??];
    // The runtime would soon say that nothing is there, only so that others have their turn.
    let ready = unconstrained(async {
        while taken.len() < most.min(AT_ONCE_MAX)
            && let Some(next) = Pin::new(&mut *commits).next_if(Result::is_ok).await
        {
            taken.push(next?);
        }
        Ok::<_, E>(())
    });
    ready.now_or_never().transpose()?;
    Ok(taken)
}
