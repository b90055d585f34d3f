//! VIP tiers. Whoever's orders or points change is looked at again; whoever's time has come, too; and everybody, when the
//! shop has other tiers.
//!
//! | file | its idea |
//! |---|---|
//! | [`keeping`] | the three reasons to look, and what is done for each |
//! | [`preview`] | what other tiers would do |
//!
//! Any number of workers may do this at once: see [`crate::on_top`].

mod keeping;
mod preview;

use std::{sync::Arc, time::Duration};

use aggregates::{
    id::MerchantId,
    merchant::Merchant,
    program::{Program, ProgramVersion},
    rfm::calendar::UnknownTimeZone,
    tier::Ladder,
    time::{Clock, Timestamp},
};
use journal::{Aggregates, AppendError, Journal, Subject};
use projections::{
    Progress, ProjectionError, customers::Customers, rfm_orders::RfmOrders, tier_facts::TierFacts, tiers::due,
    vip_tiers::VipTiers,
};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::on_top::{self, WriteError};

pub use preview::{Moved, TierPreview};

/// Time between two looks at what is due.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// After something has changed, other changes are waited for so long: they share a commit.
const GATHER: Duration = Duration::from_millis(300);
/// How long a quiet log is waited for before a look.
const QUIET_LOOK: Duration = Duration::from_secs(30);
/// Pause after something has failed.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Why a shop's tiers are not up to date. What was written stays; the next attempt completes it.
#[derive(Debug, thiserror::Error)]
pub enum TierError {
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The log does not answer, or it is not known whether it took a commit. Trying again finds out.
    #[error("the log does not answer")]
    LogUnavailable,
    #[error("the read model {0} does not keep up")]
    ReadModelBehind(&'static str),
    #[error("others were always faster")]
    Contended,
    /// Trying again does not help.
    #[error("the log refused a commit: {0}")]
    Refused(AppendError),
    #[error(transparent)]
    Unreadable(ProjectionError),
    #[error("the programme's time zone is not known: {0}")]
    TimeZone(#[from] UnknownTimeZone),
    #[error("the programme has no such version")]
    NoProgram,
}

impl From<ProjectionError> for TierError {
    fn from(error: ProjectionError) -> Self {
        match error {
            ProjectionError::Database(error) => TierError::Database(error),
            other => TierError::Unreadable(other),
        }
    }
}

impl From<WriteError> for TierError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::LogUnavailable => TierError::LogUnavailable,
            WriteError::ReadModelBehind(read_model) => TierError::ReadModelBehind(read_model),
            WriteError::Refused(refused) => TierError::Refused(refused),
        }
    }
}

impl TierError {
    /// Whether the same would go wrong again.
    const fn is_lasting(&self) -> bool {
        matches!(self, TierError::Refused(_) | TierError::Unreadable(_) | TierError::TimeZone(_) | TierError::NoProgram)
    }
}

/// Keeps tiers up to date. Cheap to clone.
#[derive(Clone)]
pub struct TierKeeper {
    pub journal: Journal,
    pub programs: Aggregates<Program>,
    pub merchants: Aggregates<Merchant>,
    pub db: PgPool,
    pub progress: Progress,
    /// Where commit ids come from.
    pub new_id: fn() -> Uuid,
}

impl TierKeeper {
    /// Keeps every shop's tiers, until `stop`.
    pub async fn run(self, clock: Arc<dyn Clock>, stop: CancellationToken) {
        let work =
            async { futures::join!(self.look_at_what_is_due(clock.as_ref()), self.follow_facts(clock.as_ref())) };
        tokio::select! {
            () = stop.cancelled() => {}
            _ = work => {}
        }
    }

    /// Does all that is due for one merchant at `now`, and returns when it is durable and visible: the position of the last
    /// commit it wrote, if there was anything to write.
    ///
    /// # Errors
    /// [`TierError`]
    pub async fn catch_up(&self, merchant: MerchantId, now: Timestamp) -> Result<Option<u64>, TierError> {
        let head = self.journal.last_position().await.map_err(|_| TierError::LogUnavailable)?;
        for read_model in [Customers::NAME, RfmOrders::NAME, TierFacts::NAME, VipTiers::NAME] {
            on_top::visible(&self.progress, read_model, head).await?;
        }
        let defined = self.apply_definition(merchant, now).await?;
        let changed = self.look_at_changed(merchant, now).await?;
        let overdue = self.look_at_overdue(merchant, now).await?;
        Ok(defined.max(changed).max(overdue))
    }

    async fn look_at_what_is_due(&self, clock: &dyn Clock) {
        loop {
            match due::merchants(&self.db, clock.now()).await {
                Ok(merchants) => {
                    for merchant in merchants {
                        if let Err(error) = self.look_at_shop(merchant, clock).await {
                            tracing::warn!(merchant = %merchant, %error, "tiers are not up to date");
                        }
                    }
                }
                Err(error) => tracing::warn!(%error, "nobody knows whose tiers are due"),
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn look_at_shop(&self, merchant: MerchantId, clock: &dyn Clock) -> Result<(), TierError> {
        let now = self.now_of(merchant, clock).await?;
        self.apply_definition(merchant, now).await?;
        self.look_at_overdue(merchant, now).await.map(drop)
    }

    /// Follows what counts, for ever. Where it stands is not remembered: it begins behind what each shop's last commit about
    /// tiers had counted, and looks in vain at whom that says nothing new about.
    async fn follow_facts(&self, clock: &dyn Clock) {
        let (mut done, mut known) = (0, 0);
        loop {
            let before = known;
            known = self.facts_known();
            if known < before {
                // The log was adopted: positions begin again.
                done = 0;
            }
            match self.pass(done, known, clock).await {
                Ok(through) if through < known => done = through,
                Ok(through) => {
                    done = through;
                    self.progress.reached(RfmOrders::NAME, known + 1, QUIET_LOOK).await;
                    tokio::time::sleep(GATHER).await;
                }
                Err(error) => {
                    tracing::warn!(%error, "tiers are not worked out");
                    tokio::time::sleep(RETRY_PAUSE).await;
                }
            }
        }
    }

    /// How far both read models of what counts have come.
    fn facts_known(&self) -> u64 {
        [RfmOrders::NAME, TierFacts::NAME].map(|name| self.progress.of(name).position).into_iter().min().unwrap_or(0)
    }

    /// The merchant's time.
    async fn now_of(&self, merchant: MerchantId, clock: &dyn Clock) -> Result<Timestamp, TierError> {
        let state = self.merchants.load_confirmed(Subject::merchant(merchant)).await;
        Ok(state.map_err(|_| TierError::LogUnavailable)?.state.now(clock.now()))
    }

    async fn program(&self, merchant: MerchantId) -> Result<Arc<journal::Versioned<Program>>, TierError> {
        self.programs.load_confirmed(Subject::program(merchant)).await.map_err(|_| TierError::LogUnavailable)
    }
}

/// The tiers of one version of a programme.
fn ladder_of(version: &ProgramVersion) -> Result<Ladder, TierError> {
    Ok(Ladder::of(&version.settings.tiers, &version.settings.rfm.time_zone)?)
}
