//! Campaigns that reward something which is not an order: a review, an action of the merchant's own, becoming a member.
//!
//! | file | its idea |
//! |---|---|
//! | [`taking`] | an action is put on record with what it earns: once, for ever, within limits |
//! | [`granting`] | what is on record and not granted yet becomes points |
//! | [`noticing`] | what nobody has to tell us of |
//!
//! Between record and points nothing can be lost: a row that is not granted is on a work list, and the bonus has an id that
//! follows from campaign and action, so that granting it again does nothing.

mod granting;
mod noticing;
mod taking;

use std::{sync::Arc, time::Duration};

use aggregates::{
    campaign::CampaignBoard,
    id::MerchantId,
    merchant::Merchant,
    points::{Account, PointsRefusal},
    program::Program,
    rfm::calendar::UnknownTimeZone,
    time::{Clock, Timestamp},
};
use journal::{Aggregates, AppendError, ExecuteError, Journal, Subject};
use projections::{
    Progress, ProjectionError,
    campaigns::{Campaigns, desk},
    customers::Customers,
};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::on_top::{self, WriteError};

pub use noticing::Noticed;
pub use taking::{Rewarded, Taken};

/// Time between two looks at what is to be done.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Why an action is not rewarded yet. What was written stays; the next attempt completes it.
#[derive(Debug, thiserror::Error)]
pub enum CampaignError {
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
    #[error("account: {0}")]
    Account(ExecuteError<PointsRefusal>),
    #[error(transparent)]
    Unreadable(ProjectionError),
    #[error("the programme's time zone is not known: {0}")]
    TimeZone(#[from] UnknownTimeZone),
    #[error("the programme has no version in effect")]
    NoProgram,
}

impl From<ProjectionError> for CampaignError {
    fn from(error: ProjectionError) -> Self {
        match error {
            ProjectionError::Database(error) => CampaignError::Database(error),
            other => CampaignError::Unreadable(other),
        }
    }
}

impl From<WriteError> for CampaignError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::LogUnavailable => CampaignError::LogUnavailable,
            WriteError::ReadModelBehind(read_model) => CampaignError::ReadModelBehind(read_model),
            WriteError::Refused(refused) => CampaignError::Refused(refused),
        }
    }
}

/// Rewards actions. Cheap to clone.
#[derive(Clone)]
pub struct Rewarder {
    pub journal: Journal,
    pub campaigns: Aggregates<CampaignBoard>,
    pub programs: Aggregates<Program>,
    pub merchants: Aggregates<Merchant>,
    pub accounts: Aggregates<Account>,
    pub db: PgPool,
    pub progress: Progress,
    /// Where ids come from.
    pub new_id: fn() -> Uuid,
    /// How far members were looked at.
    pub noticed: Noticed,
}

impl Rewarder {
    /// Notices and grants, for every shop, until `stop`.
    pub async fn run(self, clock: Arc<dyn Clock>, stop: CancellationToken) {
        loop {
            if let Err(error) = self.look(clock.as_ref()).await {
                tracing::warn!(%error, "nobody knows what campaigns have to give");
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    async fn look(&self, clock: &dyn Clock) -> Result<(), CampaignError> {
        for merchant in desk::merchants(&self.db).await? {
            let state = self.merchants.load_confirmed(Subject::merchant(merchant)).await;
            let now = state.map_err(|_| CampaignError::LogUnavailable)?.state.now(clock.now());
            if let Err(error) = self.do_what_is_due(merchant, now).await {
                tracing::warn!(merchant = %merchant, %error, "a campaign's points are not granted yet");
            }
        }
        Ok(())
    }

    /// Does all that is due for one merchant at `now`, and returns when it is durable and visible: the position of the last
    /// commit it wrote, if there was anything to write.
    ///
    /// # Errors
    /// [`CampaignError`]
    pub async fn catch_up(&self, merchant: MerchantId, now: Timestamp) -> Result<Option<u64>, CampaignError> {
        let head = self.journal.last_position().await.map_err(|_| CampaignError::LogUnavailable)?;
        for read_model in [Customers::NAME, Campaigns::NAME] {
            on_top::visible(&self.progress, read_model, head).await?;
        }
        self.do_what_is_due(merchant, now).await
    }

    async fn do_what_is_due(&self, merchant: MerchantId, now: Timestamp) -> Result<Option<u64>, CampaignError> {
        let noticed = self.notice_sign_ups(merchant, now).await?;
        let granted = self.grant_pending(merchant, None, now).await?;
        Ok(noticed.max(granted))
    }

    async fn program(&self, merchant: MerchantId) -> Result<Arc<Program>, CampaignError> {
        let program = self.programs.load_confirmed(Subject::program(merchant)).await;
        Ok(Arc::new(program.map_err(|_| CampaignError::LogUnavailable)?.state.clone()))
    }

    async fn board(&self, merchant: MerchantId) -> Result<Arc<journal::Versioned<CampaignBoard>>, CampaignError> {
        self.campaigns.load_confirmed(Subject::campaigns(merchant)).await.map_err(|_| CampaignError::LogUnavailable)
    }
}
