//! The vault's own few connections.

use std::time::Duration;

use sqlx::{Connection, PgPool, Postgres, Transaction, postgres::PgPoolOptions};

/// Rounds run one at a time each, so a handful of connections carries any load.
const CONNECTIONS: u32 = 8;
/// Longest wait for a connection; without a database, what callers wait before they are told.
const CONNECTION_WAIT: Duration = Duration::from_secs(2);
/// A connection that has rested for longer is asked whether it still works before it is used. One that is in use all
/// the time need not be: each question is a round trip of its own.
const RESTED: Duration = Duration::from_secs(1);
/// Longest run of a statement, waits for locks included.
const STATEMENT_LIMIT: &str = "10s";

/// A transaction, begun whatever becomes of the caller. A caller that goes away while `begin` is on its way would otherwise
/// leave a connection in the pool that is inside a transaction and does not know it: what is written on it later would count
/// as done, and never be committed. (sqlx 0.9 takes the transaction for begun only when the answer has come.)
pub(crate) async fn begin(pool: &PgPool) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let pool = pool.clone();
    tokio::spawn(async move { pool.begin().await }).await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
}

/// Connections to the database of `pool`, apart from it: people's keys do not queue behind reports and rebuilds.
/// Every statement here looks up keys that it is given, few against a table of many: an index and a loop, planned once.
/// Left to itself the planner reads a whole table for a round of some hundred keys, or keeps a plan from when the table
/// was small; and planning each round anew costs as much again as a small round.
pub(crate) fn own_pool(pool: &PgPool) -> PgPool {
    let options = (*pool.connect_options()).clone().options([
        ("plan_cache_mode", "force_generic_plan"),
        ("enable_seqscan", "off"),
        ("enable_hashjoin", "off"),
        ("enable_mergejoin", "off"),
        ("statement_timeout", STATEMENT_LIMIT),
    ]);
    PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(CONNECTION_WAIT)
        .test_before_acquire(false)
        .before_acquire(|connection, rest| {
            Box::pin(async move {
                if rest.idle_for > RESTED {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(options)
}
