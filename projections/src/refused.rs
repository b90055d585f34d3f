//! Commits that the database does not take: a text that it has no letters for, a number that its columns have no room for. Trying
//! again would not help, and a read model that stands still does so for everybody. So the one commit is found and named, and
//! then treated like one that cannot be read.

use std::{slice, sync::Arc};

use journal::Positioned;
use sqlx::{Connection, PgConnection};

use crate::{
    projection::{ProjectionError, Unfit},
    read_model::ReadModel,
};

/// What PostgreSQL calls data exceptions, and program limits such as the length of a value in an index.
const CLASSES: [&str; 2] = ["22", "54"];

/// The same error, or the commit of a batch because of which the database refused it. The batch has been rolled back.
pub(crate) async fn named(
    error: ProjectionError,
    model: &dyn ReadModel,
    db: &mut PgConnection,
    batch: &[Arc<Positioned>],
) -> ProjectionError {
    if !is_of_the_data(&error) {
        return error;
    }
    match first_refused(model, db, batch).await {
        Ok(Some(commit)) => {
            tracing::error!(projection = model.name(), position = commit.position, %error, "the database refuses a commit");
            let event = commit.commit.events.first();
            let (name, version) = event.map_or_else(Default::default, |event| (event.name.to_string(), event.version));
            ProjectionError::BadCommit { position: commit.position, cause: Unfit::Refused { name, version } }
        }
        Ok(None) => error,
        Err(away) => away.into(),
    }
}

fn is_of_the_data(error: &ProjectionError) -> bool {
    let ProjectionError::Database(sqlx::Error::Database(refusal)) = error else { return false };
    refusal.code().is_some_and(|code| CLASSES.iter().any(|class| code.starts_with(class)))
}

/// Tries them one by one, and leaves nothing behind.
async fn first_refused<'a>(
    model: &dyn ReadModel,
    db: &mut PgConnection,
    batch: &'a [Arc<Positioned>],
) -> sqlx::Result<Option<&'a Arc<Positioned>>> {
    let mut transaction = db.begin().await?;
    let mut refused = None;
    for commit in batch {
        match model.take_in(&mut transaction, slice::from_ref(commit)).await {
            Ok(()) => continue,
            Err(error) if is_of_the_data(&error) => refused = Some(commit),
            Err(_) => {}
        }
        break;
    }
    transaction.rollback().await?;
    Ok(refused)
}
