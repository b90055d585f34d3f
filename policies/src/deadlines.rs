//! Whenever a privacy request is due soon, or late, then somebody is told: by metrics, on which alarms stand, and by the log.

use std::{sync::Arc, time::Duration};

use aggregates::time::{Clock, Timestamp};
use projections::gdpr_requests::{self, Counts};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

/// Between two looks. The law counts in days.
const LOOK_INTERVAL: Duration = Duration::from_secs(300);

/// Looks now and then, until `stop`.
pub async fn run(db: PgPool, clock: Arc<dyn Clock>, stop: CancellationToken) {
    let mut told = None;
    loop {
        match look(&db, clock.now()).await {
            Ok(counts) => {
                // Said once for every change, not every five minutes.
                if told != Some(counts) {
                    say(counts);
                }
                told = Some(counts);
            }
            Err(error) => tracing::warn!(%error, "the due dates of privacy requests cannot be looked at"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK_INTERVAL) => {}
        }
    }
}

/// Counts open requests by how urgent they are, `now` being our own time, and shows that in the metrics of this process.
///
/// # Errors
/// If the database does not answer; the metrics stay as they were.
pub async fn look(db: &PgPool, now: Timestamp) -> Result<Counts, sqlx::Error> {
    let counts = gdpr_requests::counts(db, now).await?;
    for (urgency, count) in [("open", counts.open), ("due_soon", counts.due_soon), ("overdue", counts.overdue)] {
        // Far below where a float loses whole numbers.
        metrics::gauge!("loyalty_gdpr_requests", "urgency" => urgency).set(count as f64);
    }
    Ok(counts)
}

fn say(counts: Counts) {
    if counts.overdue > 0 {
        tracing::error!(overdue = counts.overdue, "privacy requests are overdue");
    }
    if counts.due_soon > 0 {
        tracing::warn!(due_soon = counts.due_soon, "privacy requests are due within a week");
    }
}
