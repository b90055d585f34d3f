//! Many concurrent callers, one statement. Whatever has queued while the last round ran goes into the next one:
//! a busy system makes large rounds and a quiet one answers at once, without a timer or a setting.

use std::future::Future;

use tokio::sync::{mpsc, oneshot};

use crate::VaultError;

/// Callers that may queue for the next round before more of them have to wait for a place.
const QUEUE: usize = 8_192;

/// What one round does for all its callers.
pub(crate) trait Round: Send + Sync + 'static {
    type Ask: Send + 'static;
    type Answer: Send + 'static;

    /// Names the round in metrics.
    const NAME: &'static str;
    /// Asks one round takes at most.
    const MOST: usize;

    /// One answer for each ask, in their order. An error is everybody's.
    fn run(&mut self, asks: &[Self::Ask]) -> impl Future<Output = Result<Vec<Self::Answer>, VaultError>> + Send;
}

struct Caller<R: Round> {
    ask: R::Ask,
    answer: oneshot::Sender<Result<R::Answer, VaultError>>,
}

/// The queue before a round, and the task that runs it. The task ends with the last handle.
pub(crate) struct Batcher<R: Round> {
    queue: mpsc::Sender<Caller<R>>,
}

impl<R: Round> Batcher<R> {
    /// Needs a running tokio runtime.
    pub(crate) fn start(round: R) -> Self {
        let (queue, callers) = mpsc::channel(QUEUE);
        tokio::spawn(run_rounds(round, callers));
        Batcher { queue }
    }

    /// Takes part in the next round. Cancelling gives up the answer, not what the round does.
    pub(crate) async fn ask(&self, ask: R::Ask) -> Result<R::Answer, VaultError> {
        let (answer, answered) = oneshot::channel();
        self.queue.send(Caller { ask, answer }).await.map_err(|_| ended())?;
        answered.await.map_err(|_| ended())?
    }
}

async fn run_rounds<R: Round>(mut round: R, mut callers: mpsc::Receiver<Caller<R>>) {
    let mut next = Vec::new();
    while callers.recv_many(&mut next, R::MOST).await > 0 {
        let (asks, waiting): (Vec<_>, Vec<_>) = next.drain(..).map(|caller| (caller.ask, caller.answer)).unzip();
        metrics::histogram!("vault_round_asks", "round" => R::NAME).record(asks.len() as f64);
        // Callers that have gone away do not need their answer.
        match round.run(&asks).await {
            Ok(answers) => {
                debug_assert_eq!(answers.len(), asks.len(), "one answer for each ask");
                waiting.into_iter().zip(answers).for_each(|(caller, answer)| drop(caller.send(Ok(answer))));
            }
            Err(error) => {
                metrics::counter!("vault_rounds_failed_total", "round" => R::NAME).increment(1);
                waiting.into_iter().for_each(|caller| drop(caller.send(Err(error.clone()))));
            }
        }
    }
}

/// The task has gone: its runtime is shutting down.
fn ended() -> VaultError {
    sqlx::Error::WorkerCrashed.into()
}

#[cfg(test)]
mod tests;
