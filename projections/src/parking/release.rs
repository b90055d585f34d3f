//! Something was decided about what is parked: what was held back is taken in from the journal.

use std::sync::Arc;

use journal::{Journal, Positioned, Subject};
use sqlx::{Connection, PgConnection};

use super::{Register, sieve::Sieve, store};
use crate::{
    checkpoint::{self, Checkpoint},
    projection::ProjectionError,
    read_model::ReadModel,
    refused,
    runner::RunnerError,
};

/// Takes in all that need not stand still any more, up to the checkpoint; what still cannot be read stays parked, which goes
/// on record again.
pub(crate) async fn release(
    model: &dyn ReadModel,
    db: &mut PgConnection,
    (journal, register): (&Journal, &Register),
    standing: &Checkpoint,
    sieve: &mut Sieve,
) -> Result<(), RunnerError> {
    for (cause, subjects) in sieve.released() {
        let held_back = held_back(journal, &subjects, standing.position).await?;
        let readable = held_back.iter().filter(|commit| !sieve.decided.is_discarded(commit.position));
        let readable: Vec<_> = readable.cloned().collect();
        let outcome = match take_in(model, db, standing, cause, &readable).await {
            Err(RunnerError::Projection(error)) => Err(refused::named(error, model, db, &readable).await.into()),
            outcome => outcome,
        };
        match outcome {
            Ok(()) => sieve.forget(cause),
            Err(RunnerError::Projection(ProjectionError::BadCommit { position, cause: why })) => {
                let commit = held_back.iter().find(|commit| commit.position == position);
                let commit = commit.ok_or(ProjectionError::BadCommit { position, cause: why.clone() })?;
                sieve.decided = register.park(model.name(), commit, why).await?;
                store::blame(db, standing, cause, position).await?;
                sieve.blame(cause, position);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Commits of these aggregates from where each stands still, in the journal's order.
async fn held_back(
    journal: &Journal,
    subjects: &[(Subject, u64)],
    up_to: u64,
) -> Result<Vec<Arc<Positioned>>, RunnerError> {
    let mut commits = Vec::new();
    for (subject, since) in subjects {
        let own = journal.read(subject, since.saturating_sub(1)).await?;
        commits.extend(own.into_iter().filter(|commit| commit.position <= up_to).map(Arc::new));
    }
    commits.sort_by_key(|commit| commit.position);
    Ok(commits)
}

async fn take_in(
    model: &dyn ReadModel,
    db: &mut PgConnection,
    standing: &Checkpoint,
    cause: u64,
    commits: &[Arc<Positioned>],
) -> Result<(), RunnerError> {
    let mut transaction = db.begin().await?;
    model.take_in(&mut transaction, commits).await?;
    store::remove(&mut transaction, standing, cause).await?;
    // It stays where it is: this only makes sure that it does.
    if !checkpoint::advance(&mut *transaction, standing, standing).await? {
        return Err(RunnerError::Fenced);
    }
    transaction.commit().await?;
    tracing::info!(projection = model.name(), position = cause, commits = commits.len(), "what was parked is taken in");
    Ok(())
}
