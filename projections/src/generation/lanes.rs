//! Several fold at once, each its own customers; one connection writes what they have.
//!
//! A commit of a person goes to the lane that has them, so whatever belongs to one aggregate is folded in its order. What
//! lanes have is written together, behind the same commit: rows and checkpoint do not know how many there were, and whoever
//! goes on may have another number of them.

use std::sync::Arc;

use futures::future::join_all;
use journal::{Positioned, SubjectId};
use sqlx::PgConnection;
use tokio::task::spawn_blocking;

use super::bulk::{Bulk, Lane};
use crate::{projection::ProjectionError, read_model::ReadModel};

/// Fewer commits than this are folded by whoever has them: to hand them over would cost more.
const WORTH_HANDING_OVER: usize = 64;

/// All lanes of a read model.
pub(super) struct Lanes(Vec<(Lane, Box<dyn Bulk>)>);

impl Lanes {
    /// None for a read model that does not fold in memory.
    pub fn of(model: &dyn ReadModel, lanes: u32) -> Option<Lanes> {
        Lane::several(lanes).map(|lane| Some((lane, model.in_bulk(lane)?))).collect::<Option<_>>().map(Lanes)
    }

    /// See [`Bulk::resume`].
    pub async fn resume(&mut self, db: &mut PgConnection) -> Result<(), ProjectionError> {
        for (_, bulk) in &mut self.0 {
            bulk.resume(&mut *db).await?;
        }
        Ok(())
    }

    /// The next commits, in the order of the log.
    ///
    /// # Errors
    /// Of several commits that cannot be read, the first.
    pub async fn take_in(&mut self, commits: &[Arc<Positioned>]) -> Result<(), ProjectionError> {
        if let [(_, only)] = &mut self.0[..] {
            return commits.iter().try_for_each(|commit| only.take_in(commit));
        }
        if commits.len() < WORTH_HANDING_OVER {
            return self.0.iter_mut().try_for_each(|(lane, bulk)| fold(*lane, bulk.as_mut(), commits));
        }
        let folding = std::mem::take(&mut self.0).into_iter().map(|(lane, mut bulk)| {
            let commits = commits.to_vec();
            spawn_blocking(move || {
                let folded = fold(lane, bulk.as_mut(), &commits);
                (lane, bulk, folded)
            })
        });
        let mut first_fault: Option<ProjectionError> = None;
        for folded in join_all(folding).await {
            // A lane that panicked has told why; nothing that it had is left.
            let (lane, bulk, folded) = folded.expect("folding does not panic, and nobody cancels it");
            self.0.push((lane, bulk));
            if let Err(fault) = folded
                && first_fault.as_ref().is_none_or(|first| place(&fault) < place(first))
            {
                first_fault = Some(fault);
            }
        }
        first_fault.map_or(Ok(()), Err)
    }

    /// See [`Bulk::is_full`].
    pub fn is_full(&self) -> bool {
        self.0.iter().any(|(_, bulk)| bulk.is_full())
    }

    /// See [`Bulk::has_outgrown`].
    pub fn has_outgrown(&self) -> bool {
        self.0.iter().any(|(_, bulk)| bulk.has_outgrown())
    }

    /// See [`Bulk::write`].
    pub async fn write(&mut self, db: &mut PgConnection) -> Result<(), ProjectionError> {
        for (_, bulk) in &mut self.0 {
            bulk.write(&mut *db).await?;
        }
        Ok(())
    }
}

/// What of these commits this lane has, and what everybody is shown.
fn fold(lane: Lane, bulk: &mut dyn Bulk, commits: &[Arc<Positioned>]) -> Result<(), ProjectionError> {
    let here = |commit: &&Arc<Positioned>| match commit.subject.id {
        SubjectId::Uuid(aggregate) => lane.has(aggregate),
        _ => true,
    };
    commits.iter().filter(here).try_for_each(|commit| bulk.take_in(commit))
}

/// Where something is wrong.
fn place(fault: &ProjectionError) -> u64 {
    match fault {
        ProjectionError::BadCommit { position, .. } => *position,
        ProjectionError::Database(_) | ProjectionError::BadRow(_) => u64::MAX,
    }
}

#[cfg(test)]
mod tests;
