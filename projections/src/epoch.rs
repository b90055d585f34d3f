//! Which log the read models were made from, and how they begin again when that log is no more.
//!
//! A log that was restored from a copy, or replaced, gives positions out again that it gave out before. A read model that
//! stands in the log before therefore stops ([`RunnerError::OtherLog`](crate::RunnerError)), until an operator adopts the
//! new log.

use journal::{Journal, JournalError};
use sqlx::{PgConnection, PgPool};

use crate::{
    checkpoint::{self, Checkpoint},
    generation::tables,
    progress::{self, AsOf},
};

/// Whether this is the log that the checkpoint speaks of: at its position lies the very commit it stands at. A commit is
/// written once and by chance never again, so whatever led up to it is the same, too. The stream itself may be another: a log
/// that was moved to other servers, with every position as it was, is the same log.
pub(crate) async fn stands_in(journal: &Journal, standing: &Checkpoint) -> Result<bool, JournalError> {
    if standing.position == 0 {
        return Ok(true);
    }
    let here = match journal.at(standing.position).await {
        Ok(commit) => commit.map(|commit| commit.hash()),
        // No read model gets past what it cannot read, so none stands there.
        Err(JournalError::Poison(_)) => None,
        Err(error) => return Err(error),
    };
    Ok(here.is_some() && here == standing.commit_hash)
}

/// Why it is not known where the read models stand.
#[derive(Debug, thiserror::Error)]
pub enum EpochError {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
}

/// Checkpoints of the read models that were made from another log, by name.
pub async fn left_behind(journal: &Journal, db: &PgPool) -> Result<Vec<Checkpoint>, EpochError> {
    let mut left = Vec::new();
    for standing in checkpoint::list(db).await? {
        if !stands_in(journal, &standing).await? {
            left.push(standing);
        }
    }
    Ok(left)
}

/// Empties every read model and sends it to the beginning of `stream`, in one transaction: workers that run go on from
/// there by themselves. Generations that are not read are dropped. Paused ones stay paused. False, and nothing is changed, if those of `left` do not stand where they
/// stood: then somebody else has done this, or something else, meanwhile.
pub async fn begin_again(db: &PgPool, stream: &str, left: &[Checkpoint]) -> Result<bool, sqlx::Error> {
    let mut transaction = db.begin().await?;
    // Before the checkpoints, as workers do: in another order each could wait for the other.
    empty_read_models(&mut transaction).await?;
    drop_spare_generations(&mut transaction).await?;
    let standing = checkpoint::list(&mut *transaction).await?;
    if !left.iter().all(|left| standing.iter().any(|standing| stands_as_before(standing, left))) {
        return Ok(false);
    }
    checkpoint::reset(&mut transaction, stream).await?;
    for Checkpoint { projection, .. } in &standing {
        // Readers that wait for a position must not take the old log's for it.
        progress::announce(&mut transaction, projection, AsOf::default()).await?;
    }
    transaction.commit().await?;
    Ok(true)
}

fn stands_as_before(standing: &Checkpoint, before: &Checkpoint) -> bool {
    let place = |checkpoint: &Checkpoint| {
        (checkpoint.projection.clone(), checkpoint.stream.clone(), checkpoint.position, checkpoint.commit_hash)
    };
    place(standing) == place(before)
}

/// All tables of the schema but the checkpoints, whichever there are, in one statement; and the trees over the log's commits,
/// but not what was signed about them.
async fn empty_read_models(transaction: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(
        "do $$
         begin
             execute (select 'truncate ' || string_agg(format('read.%I', tablename), ', ')
                        from pg_tables where schemaname = 'read' and tablename <> 'checkpoint');
             delete from proof.hash where tree <> 'ffffffff-ffff-ffff-ffff-ffffffffffff';
             delete from proof.tree where tree <> 'ffffffff-ffff-ffff-ffff-ffffffffffff';
         end
         $$",
    )
    .execute(transaction)
    .await?;
    Ok(())
}

async fn drop_spare_generations(transaction: &mut PgConnection) -> Result<(), sqlx::Error> {
    for checkpoint in checkpoint::list_generations(&mut *transaction).await? {
        if !checkpoint.generation.live {
            tables::drop_all(transaction, &checkpoint.generation.schema(&checkpoint.projection)).await?;
        }
    }
    sqlx::query("delete from read.checkpoint where not live").execute(transaction).await.map(drop)
}
