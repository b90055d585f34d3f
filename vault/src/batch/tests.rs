//! Rounds with a round that counts.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use futures::future::join_all;
use tokio::sync::Semaphore;

use super::*;

/// Doubles numbers, one round for each permit; odd rounds of a failing one fail.
#[derive(Clone)]
struct Doubling {
    permits: Arc<Semaphore>,
    largest: Arc<AtomicUsize>,
    rounds: Arc<AtomicUsize>,
    fails_first: bool,
}

impl Doubling {
    fn new(fails_first: bool) -> Self {
        let permits = Arc::new(Semaphore::new(0));
        Doubling { permits, largest: Arc::default(), rounds: Arc::default(), fails_first }
    }
}

impl Round for Doubling {
    type Ask = usize;
    type Answer = usize;

    const NAME: &'static str = "doubling";
    const MOST: usize = 64;

    async fn run(&mut self, asks: &[usize]) -> Result<Vec<usize>, VaultError> {
        self.permits.acquire().await.expect("open").forget();
        self.largest.fetch_max(asks.len(), Ordering::Relaxed);
        if self.rounds.fetch_add(1, Ordering::Relaxed) == 0 && self.fails_first {
            return Err(sqlx::Error::PoolTimedOut.into());
        }
        Ok(asks.iter().map(|ask| 2 * ask).collect())
    }
}

#[tokio::test]
async fn what_queues_during_a_round_shares_the_next_and_everybody_gets_their_own_answer() {
    let doubling = Doubling::new(false);
    let batcher = Batcher::start(doubling.clone());
    let mut asks = join_all((0..1_000).map(|n| batcher.ask(n)));
    // No round may end before all callers are queued.
    while QUEUE - batcher.queue.capacity() < 1_000 - Doubling::MOST {
        assert!(futures::poll!(&mut asks).is_pending());
        tokio::task::yield_now().await;
    }
    doubling.permits.add_permits(100);
    let answers = asks.await;
    for (n, answer) in answers.into_iter().enumerate() {
        assert_eq!(answer.unwrap(), 2 * n);
    }
    assert_eq!(doubling.largest.load(Ordering::Relaxed), Doubling::MOST, "rounds are bounded");
    assert!(doubling.rounds.load(Ordering::Relaxed) <= 1_000 / Doubling::MOST + 2, "and full");
}

#[tokio::test]
async fn one_caller_alone_waits_for_nobody() {
    let doubling = Doubling::new(false);
    doubling.permits.add_permits(1);
    assert_eq!(Batcher::start(doubling).ask(21).await.unwrap(), 42);
}

#[tokio::test]
async fn a_failed_round_is_the_failure_of_its_callers_only() {
    let doubling = Doubling::new(true);
    let batcher = Batcher::start(doubling.clone());
    let asks = join_all((0..Doubling::MOST).map(|n| batcher.ask(n)));
    let failed = tokio::join!(asks, async { doubling.permits.add_permits(100) }).0;
    assert!(failed.iter().all(|answer| matches!(answer, Err(VaultError::Unavailable(_)))));
    assert_eq!(batcher.ask(4).await.unwrap(), 8);
}

#[tokio::test]
async fn a_caller_that_gives_up_disturbs_nobody() {
    let doubling = Doubling::new(false);
    let batcher = Batcher::start(doubling.clone());
    {
        let given_up = batcher.ask(1);
        tokio::pin!(given_up);
        assert!(futures::poll!(given_up.as_mut()).is_pending(), "no round may run yet");
    }
    doubling.permits.add_permits(100);
    assert_eq!(batcher.ask(2).await.unwrap(), 4);
}
