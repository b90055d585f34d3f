//! How far the read models have come, for readers who want to see their own write.

use std::{collections::HashMap, sync::Arc, time::Duration};

use aggregates::{
    id::{CustomerId, MerchantId},
    time::Timestamp,
};
use sqlx::{PgPool, postgres::PgListener};
use tokio::sync::watch;

use crate::{
    checkpoint,
    parking::{ParkedAggregate, store},
};

/// Channel on which every advance is announced, as `projection:position:micros`.
pub(crate) const CHANNEL: &str = "read_progress";
/// Said on it when something was parked, or is not any more.
const PARKED: &str = "parked";

/// How long to wait before listening again after the database went away.
const RECONNECT_PAUSE: Duration = Duration::from_millis(500);

/// A place in the journal and its time, as a read model has seen it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AsOf {
    pub position: u64,
    pub time: Timestamp,
}

/// Follows the checkpoints of all projections, whichever process runs them.
#[derive(Clone)]
pub struct Progress {
    seen: watch::Receiver<Arc<HashMap<String, AsOf>>>,
    /// What the live read models go on without.
    parked: watch::Receiver<Arc<Vec<ParkedAggregate>>>,
}

/// Who is told.
struct Told {
    seen: watch::Sender<Arc<HashMap<String, AsOf>>>,
    parked: watch::Sender<Arc<Vec<ParkedAggregate>>>,
}

impl Progress {
    /// Starts listening; ends when the last clone of the result is dropped.
    pub async fn follow(db: PgPool) -> Result<Self, sqlx::Error> {
        let listener = listen(&db).await?;
        let (tell_seen, seen) = watch::channel(Arc::new(standing(&db).await?));
        let (tell_parked, parked) = watch::channel(Arc::new(store::list(&db, true).await?));
        tokio::spawn(keep_listening(db, listener, Told { seen: tell_seen, parked: tell_parked }));
        Ok(Progress { seen, parked })
    }

    /// Where the read model stands with one customer, if it goes on without them: the last position that is in their rows.
    pub fn stale(&self, projection: &str, merchant: MerchantId, customer: CustomerId) -> Option<u64> {
        let parked = self.parked.borrow();
        let own = parked.iter().filter(|parked| parked.projection == projection && parked.merchant == merchant);
        own.filter(|parked| parked.aggregate == Some(customer.0)).map(|parked| parked.since.saturating_sub(1)).min()
    }

    /// How many aggregates the read model goes on without.
    pub fn parked_count(&self, projection: &str) -> usize {
        self.parked.borrow().iter().filter(|parked| parked.projection == projection).count()
    }

    /// Whether the read model goes on without something of this merchant, so that its sums are not whole.
    pub fn is_incomplete(&self, projection: &str, merchant: MerchantId) -> bool {
        self.parked.borrow().iter().any(|parked| parked.projection == projection && parked.merchant == merchant)
    }

    /// How far this read model is; the beginning of time if it has not started.
    pub fn of(&self, projection: &str) -> AsOf {
        self.seen.borrow().get(projection).copied().unwrap_or_default()
    }

    /// Waits until the read model has seen `position`. False if it has not within `patience`.
    pub async fn reached(&self, projection: &str, position: u64, patience: Duration) -> bool {
        let mut seen = self.seen.clone();
        let there = seen.wait_for(|seen| seen.get(projection).is_some_and(|as_of| as_of.position >= position));
        matches!(tokio::time::timeout(patience, there).await, Ok(Ok(_)))
    }
}

/// Says it when the transaction is committed. Workers say it in the statement that moves their checkpoint.
pub(crate) async fn announce(
    transaction: &mut sqlx::PgConnection,
    projection: &str,
    as_of: AsOf,
) -> Result<(), sqlx::Error> {
    let said = sqlx::query("select pg_notify($1, $2)").bind(CHANNEL).bind(announcement(projection, as_of));
    said.execute(transaction).await.map(drop)
}

async fn listen(db: &PgPool) -> Result<PgListener, sqlx::Error> {
    let mut listener = PgListener::connect_with(db).await?;
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

async fn standing(db: &PgPool) -> Result<HashMap<String, AsOf>, sqlx::Error> {
    let checkpoints = checkpoint::list(db).await?;
    let as_of = |checkpoint: checkpoint::Checkpoint| {
        (checkpoint.projection, AsOf { position: checkpoint.position, time: checkpoint.recorded_at })
    };
    Ok(checkpoints.into_iter().map(as_of).collect())
}

async fn keep_listening(db: PgPool, mut listener: PgListener, told: Told) {
    loop {
        tokio::select! {
            () = told.seen.closed() => return,
            heard = listener.try_recv() => match heard {
                Ok(Some(notification)) if notification.payload() == PARKED => {
                    // A database that does not answer now ends the listening, too; then it is asked again.
                    if let Ok(parked) = store::list(&db, true).await {
                        told.parked.send_replace(Arc::new(parked));
                    }
                }
                Ok(Some(notification)) => {
                    if let Some((projection, as_of)) = parse(notification.payload()) {
                        told.seen.send_modify(|seen| {
                            Arc::make_mut(seen).insert(projection, as_of);
                        });
                    }
                }
                // The connection was lost: announcements may have been missed. This listener is not asked again, because it
                // would listen on another connection without saying so.
                Ok(None) | Err(_) => {
                    let Some((fresh, standing, parked)) = listen_again(&db, &told).await else { return };
                    listener = fresh;
                    told.seen.send_replace(Arc::new(standing));
                    told.parked.send_replace(Arc::new(parked));
                }
            },
        }
    }
}

/// Listens first and looks at the rows then, so that nothing is missed in between. `None` once nobody wants to know.
async fn listen_again(db: &PgPool, told: &Told) -> Option<(PgListener, HashMap<String, AsOf>, Vec<ParkedAggregate>)> {
    loop {
        let again =
            async { Ok::<_, sqlx::Error>((listen(db).await?, standing(db).await?, store::list(db, true).await?)) };
        tokio::select! {
            () = told.seen.closed() => return None,
            again = again => match again {
                Ok(again) => return Some(again),
                Err(_) => tokio::time::sleep(RECONNECT_PAUSE).await,
            },
        }
    }
}

/// Says when the transaction is committed that something was parked, or is not any more.
pub(crate) async fn announce_parked(transaction: &mut sqlx::PgConnection) -> Result<(), sqlx::Error> {
    let said = sqlx::query("select pg_notify($1, $2)").bind(CHANNEL).bind(PARKED);
    said.execute(transaction).await.map(drop)
}

/// What is said on [`CHANNEL`].
pub(crate) fn announcement(projection: &str, as_of: AsOf) -> String {
    format!("{projection}:{}:{}", as_of.position, as_of.time.0)
}

fn parse(payload: &str) -> Option<(String, AsOf)> {
    let mut parts = payload.split(':');
    let (projection, position, micros) = (parts.next()?, parts.next()?, parts.next()?);
    let as_of = AsOf { position: position.parse().ok()?, time: Timestamp(micros.parse().ok()?) };
    Some((projection.to_owned(), as_of))
}
