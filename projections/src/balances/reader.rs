//! Balances for many readers at once: whoever asks while a query runs shares the next one. A busy gateway asks the
//! database for many rows at a time, and a quiet one answers at once; there is no timer.

use std::{sync::Arc, time::Duration};

use aggregates::{
    id::{CustomerId, MerchantId},
    points::Purse,
};
use sqlx::{PgConnection, PgPool, Row, postgres::PgRow};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};
use uuid::Uuid;
use vault::KeptConnection;

use super::{Key, TABLE, purse};
use crate::{projection::ProjectionError, sql::position};

/// Readers that may wait for the next query before more of them have to wait for a place.
const QUEUE: usize = 4_096;
/// Rows of one query.
const ROWS_MAX: usize = 512;
/// How long a query may take: a database that does not answer is one that is away.
const PATIENCE: Duration = Duration::from_secs(4);
/// Queries under way at once, so that one that is slow does not hold up everybody.
const QUERIES_AT_ONCE: usize = 2;

/// Why there is no answer; the same for all who took part in a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Try again later.
    #[error("the database does not answer")]
    Unavailable,
    /// A row this version cannot read; rebuild the read model.
    #[error("a stored balance cannot be read")]
    BadRow,
}

/// An account's lots, and the commit that was the last to change them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub purse: Purse,
    pub position: u64,
}

struct Reader {
    key: Key,
    answer: oneshot::Sender<Result<Option<Standing>, ReadError>>,
}

/// A handle; clones share the queue. The tasks behind it end with the last handle.
#[derive(Clone)]
pub struct BalanceReader {
    queue: mpsc::Sender<Reader>,
}

impl BalanceReader {
    /// Needs a running tokio runtime.
    pub fn start(db: PgPool) -> Self {
        let (queue, readers) = mpsc::channel(QUEUE);
        let readers = Arc::new(tokio::sync::Mutex::new(readers));
        for _ in 0..QUERIES_AT_ONCE {
            tokio::spawn(answer_rounds(db.clone(), Arc::clone(&readers)));
        }
        BalanceReader { queue }
    }

    /// How the account stands; none while nothing has happened to its points.
    ///
    /// # Errors
    /// [`ReadError`]
    pub async fn find(&self, merchant: MerchantId, customer: CustomerId) -> Result<Option<Standing>, ReadError> {
        let (answer, answered) = oneshot::channel();
        let reader = Reader { key: (merchant.0, customer.0), answer };
        self.queue.send(reader).await.map_err(|_| ReadError::Unavailable)?;
        answered.await.map_err(|_| ReadError::Unavailable)?
    }
}

async fn answer_rounds(db: PgPool, readers: Arc<tokio::sync::Mutex<mpsc::Receiver<Reader>>>) {
    let mut connection = KeptConnection::of(db);
    let mut round = Vec::new();
    while gather(&readers, &mut round).await > 0 {
        let found = timeout(PATIENCE, connection.with(async |connection| standings(connection, &round).await)).await;
        let found = found.unwrap_or_else(|_| Err(ProjectionError::Database(sqlx::Error::PoolTimedOut)));
        let answers = match found.map_err(shared) {
            Ok(standings) => standings.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error); round.len()],
        };
        for (Reader { answer, .. }, standing) in round.drain(..).zip(answers) {
            // Whoever has gone away does not need the answer.
            let _ = answer.send(standing);
        }
    }
}

/// The lock is held while there is nobody to answer, never while a query runs.
async fn gather(readers: &tokio::sync::Mutex<mpsc::Receiver<Reader>>, round: &mut Vec<Reader>) -> usize {
    let mut readers = readers.lock().await;
    if readers.recv_many(round, ROWS_MAX).await > 0 {
        // Requests that have come in already get as far as asking; where there are none this costs nothing.
        tokio::task::yield_now().await;
        while round.len() < ROWS_MAX
            && let Ok(reader) = readers.try_recv()
        {
            round.push(reader);
        }
    }
    round.len()
}

/// One for each reader, in their order.
async fn standings(connection: &mut PgConnection, round: &[Reader]) -> Result<Vec<Option<Standing>>, ProjectionError> {
    let (merchants, customers): (Vec<Uuid>, Vec<Uuid>) = round.iter().map(|reader| reader.key).unzip();
    // One look into the index for each: left to choose, the planner may read the whole table. What comes back is the
    // reader's number and not the key, which is less work on both sides.
    let rows = sqlx::query(
        "select asked.reader, row.purse, row.position
           from unnest($1::uuid[], $2::uuid[]) with ordinality as asked (merchant, customer, reader)
          cross join lateral (
                select purse, position from read.balances
                 where merchant = asked.merchant and customer = asked.customer limit 1) as row",
    )
    .bind(merchants)
    .bind(customers)
    .fetch_all(connection)
    .await?;
    let mut standings = vec![None; round.len()];
    for row in &rows {
        let reader = usize::try_from(row.try_get::<i64, _>(0)?).unwrap_or_default();
        let place = reader.checked_sub(1).and_then(|place| standings.get_mut(place));
        *place.ok_or(ProjectionError::BadRow(TABLE))? = Some(standing(row)?);
    }
    Ok(standings)
}

fn standing(row: &PgRow) -> Result<Standing, ProjectionError> {
    Ok(Standing { purse: purse(row.try_get(1)?)?, position: position(row.try_get(2)?) })
}

fn shared(error: ProjectionError) -> ReadError {
    tracing::warn!(%error, "balances could not be read");
    match error {
        ProjectionError::Database(_) => ReadError::Unavailable,
        ProjectionError::BadCommit { .. } | ProjectionError::BadRow(_) => ReadError::BadRow,
    }
}
