//! The connection on which a generation is written. Whoever has it is the only one, and its statements mean the tables of
//! that generation.
//!
//! Being the only one saves work, no more: a lock that belongs to a session goes with the session, and whoever had it may
//! not know yet. That nothing is applied twice is the checkpoint's doing, which moves by compare-and-set.

use std::time::Duration;

use sqlx::{AssertSqlSafe, PgConnection, PgPool, Postgres, pool::PoolConnection};

use super::Generation;

/// First of the two numbers by which the lock is named: the space of our own locks on generations.
const LOCK_SPACE: i32 = 0x1e57;
/// How often somebody who stands by looks whether it is its turn: this long after the other has died, at most.
const STANDBY_LOOK: Duration = Duration::from_millis(500);
/// The first looks follow sooner: mostly it is one's own last session that has not quite ended.
const STANDBY_LOOK_FIRST: Duration = Duration::from_millis(20);

/// A connection that ends with its user, and so does what it holds.
pub(crate) async fn connect(db: &PgPool) -> Result<PoolConnection<Postgres>, sqlx::Error> {
    let mut connection = db.acquire().await?;
    connection.close_on_drop();
    Ok(connection)
}

/// Makes this connection the generation's only writer, if there is no other.
pub(crate) async fn try_lock(db: &mut PgConnection, projection: &str, number: i32) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("select pg_try_advisory_lock($1, hashtext($2))")
        .bind(LOCK_SPACE)
        .bind(format!("{projection}/{number}"))
        .fetch_one(db)
        .await
}

/// Stands by until no other writes this generation.
pub(crate) async fn wait_for_turn(db: &mut PgConnection, projection: &str, number: i32) -> Result<(), sqlx::Error> {
    let mut look = STANDBY_LOOK_FIRST;
    while !try_lock(db, projection, number).await? {
        tokio::time::sleep(look).await;
        look = (look * 2).min(STANDBY_LOOK);
    }
    Ok(())
}

/// From now on, tables named without a schema are those of this generation.
pub(crate) async fn enter(db: &mut PgConnection, projection: &str, generation: &Generation) -> Result<(), sqlx::Error> {
    let schema = generation.schema(projection);
    // Operators and functions of extensions are in `public`.
    sqlx::raw_sql(AssertSqlSafe(format!("set search_path = {schema}, public"))).execute(db).await.map(drop)
}
