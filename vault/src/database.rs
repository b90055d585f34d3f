//! The vault's own few connections.

use std::time::Duration;

use sqlx::{
    Connection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

/// For everything but the rounds below, few of which run at the same time.
const CONNECTIONS: u32 = 5;
/// Longest wait for a connection; without a database, what callers wait before they are told.
const CONNECTION_WAIT: Duration = Duration::from_secs(2);
/// A connection that has rested for longer is asked whether it still works before it is used. One that is in use all
/// the time need not be: each question is a round trip of its own.
const RESTED: Duration = Duration::from_secs(1);
/// Longest run of a statement, waits for locks included.
const STATEMENT_LIMIT: &str = "10s";

/// Connections to the database of `pool`, apart from it: people's keys do not queue behind reports and rebuilds.
pub(crate) fn own_pool(pool: &PgPool) -> PgPool {
    few(CONNECTIONS).connect_lazy_with(looking_up_by_key(pool))
}

/// The connection of one kind of round, which runs one at a time. The database's session is slow the first time it meets a
/// statement or a table; one that always gets the same round has met them. It is kept however long nobody asks.
pub(crate) fn own_connection(pool: &PgPool) -> PgPool {
    few(1).idle_timeout(None).connect_lazy_with(looking_up_by_key(pool))
}

/// Every statement here looks up keys that it is given, few against a table of many: an index and a loop, planned once.
/// Left to itself the planner reads a whole table for a round of some hundred keys, or keeps a plan from when the table
/// was small; and planning each round anew costs as much again as a small round.
fn looking_up_by_key(pool: &PgPool) -> PgConnectOptions {
    (*pool.connect_options()).clone().options([
        ("plan_cache_mode", "force_generic_plan"),
        ("enable_seqscan", "off"),
        ("enable_hashjoin", "off"),
        ("enable_mergejoin", "off"),
        ("statement_timeout", STATEMENT_LIMIT),
    ])
}

fn few(connections: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections)
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
}
