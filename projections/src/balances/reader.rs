//! Balances for many readers at once: whoever asks while a query runs shares the next one. A busy gateway asks the
//! database for many rows at a time, and a quiet one answers at once; there is no timer.

use std::{collections::HashMap, sync::Arc};

use aggregates::id::{CustomerId, MerchantId};
use sqlx::{PgPool, Row};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::{BalanceRow, Key, from_row};
use crate::projection::ProjectionError;

/// Readers that may wait for the next query before more of them have to wait for a place.
const QUEUE: usize = 4_096;
/// Rows of one query.
const ROWS_MAX: usize = 512;
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

struct Reader {
    key: Key,
    answer: oneshot::Sender<Result<Option<BalanceRow>, ReadError>>,
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

    /// The account's row; none while nothing has happened to its points.
    ///
    /// # Errors
    /// [`ReadError`]
    pub async fn find(&self, merchant: MerchantId, customer: CustomerId) -> Result<Option<BalanceRow>, ReadError> {
        let (answer, answered) = oneshot::channel();
        let reader = Reader { key: (merchant.0, customer.0), answer };
        self.queue.send(reader).await.map_err(|_| ReadError::Unavailable)?;
        answered.await.map_err(|_| ReadError::Unavailable)?
    }
}

async fn answer_rounds(db: PgPool, readers: Arc<tokio::sync::Mutex<mpsc::Receiver<Reader>>>) {
    let mut round = Vec::new();
    // The lock is held while there is nobody to answer, never while a query runs.
    while readers.lock().await.recv_many(&mut round, ROWS_MAX).await > 0 {
        let found = rows(&db, &round).await.map_err(shared);
        for Reader { key, answer } in round.drain(..) {
            // Whoever has gone away does not need the answer.
            let _ = answer.send(found.as_ref().map(|rows| rows.get(&key).cloned()).map_err(|error| *error));
        }
    }
}

async fn rows(db: &PgPool, round: &[Reader]) -> Result<HashMap<Key, BalanceRow>, ProjectionError> {
    let (merchants, customers): (Vec<Uuid>, Vec<Uuid>) = round.iter().map(|reader| reader.key).unzip();
    // One look into the index for each: left to choose, the planner may read the whole table.
    let rows = sqlx::query(
        "select asked.merchant, asked.customer, row.purse, row.position, row.recorded_at
           from unnest($1::uuid[], $2::uuid[]) as asked (merchant, customer)
          cross join lateral (
                select purse, position, recorded_at from read.balances
                 where merchant = asked.merchant and customer = asked.customer limit 1) as row",
    )
    .bind(merchants)
    .bind(customers)
    .fetch_all(db)
    .await?;
    rows.iter().map(|row| Ok(((row.try_get("merchant")?, row.try_get("customer")?), from_row(row)?))).collect()
}

fn shared(error: ProjectionError) -> ReadError {
    tracing::warn!(%error, "balances could not be read");
    match error {
        ProjectionError::Database(_) => ReadError::Unavailable,
        ProjectionError::BadCommit { .. } | ProjectionError::BadRow(_) => ReadError::BadRow,
    }
}
