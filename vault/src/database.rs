//! The vault's own few connections.

use std::time::Duration;

use sqlx::{PgPool, postgres::PgPoolOptions};

/// Rounds run one at a time each, so a handful of connections carries any load.
const CONNECTIONS: u32 = 8;
/// Longest wait for a connection; without a database, what callers wait before they are told.
const CONNECTION_WAIT: Duration = Duration::from_secs(2);
/// Longest run of a statement, waits for locks included.
const STATEMENT_LIMIT: &str = "10s";

/// Connections to the database of `pool`, apart from it: people's keys do not queue behind reports and rebuilds.
/// Plans are made for the arrays at hand. A plan kept from when a table was small would read it whole for every
/// round once it has grown.
pub(crate) fn own_pool(pool: &PgPool) -> PgPool {
    let options = (*pool.connect_options())
        .clone()
        .options([("plan_cache_mode", "force_custom_plan"), ("statement_timeout", STATEMENT_LIMIT)]);
    PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(CONNECTION_WAIT).connect_lazy_with(options)
}
