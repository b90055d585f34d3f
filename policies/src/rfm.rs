//! Segments of buyers. Once a day, at one in the morning by the shop's clock, everybody is scored: recency fades without any
//! event. In between, whoever's orders change is scored again with the cut points of the newest window.
//!
//! | file | its idea |
//! |---|---|
//! | [`window`] | which windows are due, and holding one |
//! | [`rescoring`] | buyers whose orders have changed |
//! | [`preview`] | what other settings would do |
//!
//! Any number of workers may do this at once. Each decides on a view of the tables that knows the shop's RFM commits up to
//! one position, and the log takes the decision only if that is still the last of them. Whoever comes second looks again,
//! and finds that it is done.
//!
//! Of days on which no worker ran, only the newest gets a window: of the others nobody knows any more how buyers stood, and
//! a window that says so would be made up. Counts and moves simply have no such day.

mod preview;
mod rescoring;
mod window;

use std::{sync::Arc, time::Duration};

use aggregates::{
    id::MerchantId,
    merchant::Merchant,
    program::Program,
    rfm::run::DefinitionError,
    time::{Clock, Timestamp},
};
use journal::{Aggregates, AppendError, Journal, Subject};
use projections::{Progress, ProjectionError, rfm_orders::RfmOrders, rfm_segments::RfmSegments};
use sqlx::PgPool;
use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::on_top::{self, WriteError, Writer};

pub use preview::{Moved, Preview};

/// How often a decision is made again because somebody else was faster.
const ATTEMPTS_MAX: usize = 20;
/// Pause after something has failed.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Why a shop's segments are not up to date. What was written stays; the next attempt completes it.
#[derive(Debug, thiserror::Error)]
pub enum RfmError {
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The log does not answer, or it is not known whether it took a commit. Trying again finds out.
    #[error("the log does not answer")]
    LogUnavailable,
    #[error("the read models of segments do not keep up")]
    ReadModelBehind,
    #[error("others were always faster")]
    Contended,
    /// The process comes to an end, or a computation has failed in a way that it should not.
    #[error("the scoring was cut short")]
    CutShort,
    /// Trying again does not help.
    #[error("the log refused a commit: {0}")]
    Refused(AppendError),
    #[error(transparent)]
    Unreadable(ProjectionError),
    #[error("the programme's definition of segments does not stand: {0}")]
    Definition(#[from] DefinitionError),
    #[error("the programme has no such version")]
    NoProgram,
}

impl From<WriteError> for RfmError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::LogUnavailable => RfmError::LogUnavailable,
            WriteError::ReadModelBehind(_) => RfmError::ReadModelBehind,
            WriteError::Refused(refused) => RfmError::Refused(refused),
        }
    }
}

impl From<JoinError> for RfmError {
    fn from(_: JoinError) -> Self {
        RfmError::CutShort
    }
}

impl From<ProjectionError> for RfmError {
    fn from(error: ProjectionError) -> Self {
        match error {
            ProjectionError::Database(error) => RfmError::Database(error),
            other => RfmError::Unreadable(other),
        }
    }
}

impl RfmError {
    /// Whether the same would go wrong again.
    const fn is_lasting(&self) -> bool {
        matches!(self, RfmError::Refused(_) | RfmError::Unreadable(_) | RfmError::Definition(_) | RfmError::NoProgram)
    }
}

/// Keeps segments up to date. Cheap to clone.
#[derive(Clone)]
pub struct Analyst {
    pub journal: Journal,
    pub programs: Aggregates<Program>,
    pub merchants: Aggregates<Merchant>,
    pub db: PgPool,
    pub progress: Progress,
    /// Where commit ids come from.
    pub new_id: fn() -> Uuid,
}

impl Analyst {
    /// Holds windows and scores buyers, for every shop, until `stop`.
    pub async fn run(self, clock: Arc<dyn Clock>, stop: CancellationToken) {
        let work = async { futures::join!(self.hold_windows(clock.as_ref()), self.follow_orders(clock.as_ref())) };
        tokio::select! {
            () = stop.cancelled() => {}
            _ = work => {}
        }
    }

    /// Does all that is due for one merchant at `now`, and returns when it is durable and visible: the position of the last
    /// commit it wrote, if there was anything to write.
    ///
    /// # Errors
    /// [`RfmError`]
    pub async fn catch_up(&self, merchant: MerchantId, now: Timestamp) -> Result<Option<u64>, RfmError> {
        let head = self.journal.last_position().await.map_err(|_| RfmError::LogUnavailable)?;
        for read_model in [RfmOrders::NAME, RfmSegments::NAME] {
            on_top::visible(&self.progress, read_model, head).await?;
        }
        let held = self.hold_if_due(merchant, now).await?;
        let rescored = self.rescore_shop(merchant, now).await?;
        Ok(held.max(rescored))
    }

    fn writer(&self, merchant: MerchantId) -> Writer<'_> {
        Writer {
            journal: &self.journal,
            progress: &self.progress,
            new_id: self.new_id,
            policy: "rfm",
            read_model: RfmSegments::NAME,
            subject: Subject::rfm(merchant),
        }
    }

    /// The merchant's time.
    async fn now_of(&self, merchant: MerchantId, clock: &dyn Clock) -> Result<Timestamp, RfmError> {
        let state = self.merchants.load_confirmed(Subject::merchant(merchant)).await;
        Ok(state.map_err(|_| RfmError::LogUnavailable)?.state.now(clock.now()))
    }

    async fn program(&self, merchant: MerchantId) -> Result<Arc<journal::Versioned<Program>>, RfmError> {
        self.programs.load_confirmed(Subject::program(merchant)).await.map_err(|_| RfmError::LogUnavailable)
    }
}
