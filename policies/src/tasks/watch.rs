//! How much there is to do, for those who look after it.

use std::{sync::Arc, time::Duration};

use aggregates::time::Clock;
use projections::queue_tasks::{self, lease};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

/// Between two looks.
const LOOK_INTERVAL: Duration = Duration::from_secs(15);

/// Looks now and then, until `stop`; also clears away what dead workers have left.
pub async fn watch(db: PgPool, clock: Arc<dyn Clock>, stop: CancellationToken) {
    loop {
        match queue_tasks::backlog(&db, clock.now()).await {
            Ok(backlog) => {
                for (state, count) in [("due", backlog.due), ("waiting", backlog.waiting), ("dead", backlog.dead)] {
                    // Far below where a float loses whole numbers.
                    metrics::gauge!("loyalty_tasks", "state" => state).set(count as f64);
                }
                metrics::gauge!("loyalty_tasks_oldest_due_seconds").set(backlog.oldest_due_seconds as f64);
            }
            Err(error) => tracing::warn!(%error, "the task queue cannot be looked at"),
        }
        if let Err(error) = lease::sweep(&db).await {
            tracing::warn!(%error, "leases of dead workers are not cleared away");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK_INTERVAL) => {}
        }
    }
}
