//! A worker that dies between doing and recording leaves a task that is done again, under the same id.

use std::time::Duration;

use policies::TaskWorker;

use super::kit::{Probe, shown};
use crate::support::{Installation, Shop, on_shared_runtime};

/// Long enough for an attempt that is cut short by hand, short enough to be waited for.
const SHORT_LEASE: Duration = Duration::from_secs(2);

#[tokio::test]
async fn a_worker_that_dies_in_the_middle_is_followed_by_another_under_the_same_id() {
    let (shop, probe) = (Shop::open().await, Probe::new());
    let id = probe.enqueue(&shop, probe.task("k")).await.id;
    probe.hangs_next();
    let victim = TaskWorker { lease: SHORT_LEASE, ..probe.worker(Installation::shared()) };
    let (merchant, seen) = (shop.merchant, std::sync::Arc::clone(&probe));
    on_shared_runtime(async move {
        let working = tokio::spawn(async move { victim.run_due(merchant).await });
        seen.hangs.notified().await;
        working.abort();
        assert!(working.await.unwrap_err().is_cancelled());
    })
    .await;
    assert_eq!(shown(&shop, id).await["running"], true, "the dead worker's lease stands");

    probe.run_due(&shop).await;
    let calls = probe.calls.lock().unwrap().clone();
    assert_eq!(calls.iter().map(|(id, attempt, _)| (*id, *attempt)).collect::<Vec<_>>(), [(id, 1), (id, 1)]);
    assert_eq!(shown(&shop, id).await["state"], "completed");
}

#[tokio::test]
async fn an_attempt_that_takes_too_long_is_a_failed_one() {
    let (shop, probe) = (Shop::open().await, Probe::new());
    let id = probe.enqueue(&shop, probe.task("k")).await.id;
    probe.hangs_next();
    let worker = TaskWorker { lease: SHORT_LEASE, ..probe.worker(Installation::shared()) };
    let merchant = shop.merchant;
    let position = on_shared_runtime(async move { worker.run_due(merchant).await }).await.unwrap();
    shop.has_seen(Some(position));
    let failed = shown(&shop, id).await;
    assert_eq!((&failed["attempts"], &failed["last_reason"]), (&1.into(), &"took too long".into()));
}
