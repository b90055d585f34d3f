//! The read models derived once more, beside the verification of the log itself: each keeps a processor busy.

use std::sync::Arc;

use aggregates::id::MerchantId;
use anyhow::{Context, bail};
use journal::{Journal, Positioned};
use projections::{
    ProjectionError,
    rederive::{Deviation, Moment, Rederivation},
};
use tokio::{sync::mpsc, task::JoinHandle};

/// Chunks of commits that may wait.
const AHEAD: usize = 8;

/// What came of it.
#[derive(Debug, Default)]
pub struct Derived {
    pub deviations: Vec<Deviation>,
    /// Commits with events that this version cannot read.
    pub unreadable: Vec<(u64, MerchantId, String)>,
}

/// A derivation under way.
pub struct Deriving {
    /// None once the log is at its end.
    commits: Option<mpsc::Sender<Vec<Arc<Positioned>>>>,
    task: JoinHandle<anyhow::Result<Derived>>,
}

impl Deriving {
    /// The transaction that exported the moment stays open until this is finished.
    pub fn start(journal: Journal, moment: Moment) -> Deriving {
        let (commits, incoming) = mpsc::channel(AHEAD);
        Deriving { commits: Some(commits), task: tokio::spawn(derive(journal, moment, incoming)) }
    }

    /// The next commits of the log.
    pub async fn take_in(&self, commits: Vec<Arc<Positioned>>) -> anyhow::Result<()> {
        match &self.commits {
            Some(taking) if taking.send(commits).await.is_ok() => Ok(()),
            _ => bail!("the read models could not be derived"),
        }
    }

    /// The log is at its end: the comparison begins, beside whatever else is to be done.
    pub fn no_more(&mut self) {
        self.commits = None;
    }

    /// What has come of the comparison.
    pub async fn finish(mut self) -> anyhow::Result<Derived> {
        self.no_more();
        self.task.await.context("the derivation of the read models failed")?
    }

    /// Why it takes nothing in any more.
    pub async fn failure(self) -> anyhow::Error {
        match self.finish().await {
            Err(error) => error,
            Ok(_) => anyhow::anyhow!("the read models could not be derived"),
        }
    }
}

async fn derive(
    journal: Journal,
    moment: Moment,
    mut incoming: mpsc::Receiver<Vec<Arc<Positioned>>>,
) -> anyhow::Result<Derived> {
    let mut models = Rederivation::begin(moment).await?;
    let mut derived = Derived::default();
    while let Some(commits) = incoming.recv().await {
        for commit in commits {
            match models.take_in(&commit) {
                Err(ProjectionError::BadCommit { position, cause }) => {
                    derived.unreadable.push((position, commit.subject.merchant, cause.to_string()));
                }
                taken => taken?,
            }
        }
    }
    derived.deviations = models.finish(&journal).await?;
    Ok(derived)
}
