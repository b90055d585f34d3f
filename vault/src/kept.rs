//! A connection that is kept from one statement to the next.
//!
//! A pool asks a connection whether it still works each time it is given back: one more round trip for every statement, and
//! the next one has to wait for it. And a session of the database is slow the first time it meets a statement or a table;
//! one that always gets the same statement has met it.

use std::time::Duration;

use sqlx::{Connection, PgConnection, PgPool, Postgres, pool::PoolConnection};
use tokio::time::Instant;

/// A connection that has rested for longer is asked whether it still works before it is used.
const RESTED: Duration = Duration::from_secs(1);

/// One connection of a pool, taken when it is first needed and replaced when it has failed.
pub struct KeptConnection {
    pool: PgPool,
    idle: Option<(PoolConnection<Postgres>, Instant)>,
}

impl KeptConnection {
    pub fn of(pool: PgPool) -> Self {
        KeptConnection { pool, idle: None }
    }

    /// Does something with the connection. After an error, or if the caller goes away meanwhile, the connection goes
    /// back to the pool, which finds out whether it still works.
    ///
    /// # Errors
    /// Whatever `work` says; [`sqlx::Error`] if there is no connection to be had.
    pub async fn with<T, E: From<sqlx::Error>>(
        &mut self,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self.take().await?;
        let done = work(&mut connection).await;
        if done.is_ok() {
            self.idle = Some((connection, Instant::now()));
        }
        done
    }

    async fn take(&mut self) -> Result<PoolConnection<Postgres>, sqlx::Error> {
        if let Some((mut connection, since)) = self.idle.take()
            && (since.elapsed() <= RESTED || connection.ping().await.is_ok())
        {
            return Ok(connection);
        }
        self.pool.acquire().await
    }
}
