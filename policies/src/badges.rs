//! Badges. Whoever's orders have changed or who has brought a friend is judged, everybody of a shop whose settings have changed, and
//! whoever has a birthday; what is earned and not held yet is awarded, with its points, in one atomic commit.
//!
//! | file | its idea |
//! |---|---|
//! | [`award`] | one badge for one customer, by rule or by hand |
//! | [`judging`] | who has to be looked at, and looking at them |
//! | [`birthdays`] | the same by the calendar |
//!
//! How far it has come is not remembered: a worker that starts looks at everybody once. That costs reading, not writing: the
//! customer's own record decides, and says of most that they have it already.

mod award;
mod birthdays;
mod judging;

use std::{sync::Arc, time::Duration};

use aggregates::{
    customer::{Customer, CustomerRefusal},
    id::MerchantId,
    merchant::Merchant,
    points::{Account, PointsRefusal},
    program::Program,
    time::{Clock, Timestamp},
};
use journal::{
    Aggregates, Journal, Subject,
    executor::{LoadError, TogetherError},
};
use projections::{Progress, ProjectionError};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use vault::{Vault, VaultError};

pub use award::{Award, Awarded};
pub use birthdays::Celebrated;

/// How long it waits for the read models to have seen what went before.
const READ_MODEL_PATIENCE: Duration = Duration::from_secs(30);

/// Why a badge was not awarded. What was awarded stays; the next attempt goes on.
#[derive(Debug, thiserror::Error)]
pub enum BadgeError {
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The log does not answer, or it is not known whether it took a commit. Trying again finds out.
    #[error("the log does not answer")]
    LogUnavailable,
    #[error("the read models of badges do not keep up")]
    ReadModelBehind,
    #[error("others were always faster")]
    Contended,
    #[error(transparent)]
    Customer(CustomerRefusal),
    #[error(transparent)]
    Points(PointsRefusal),
    /// Trying again does not help.
    #[error("the log refused a commit: {0}")]
    Refused(TogetherError),
    #[error(transparent)]
    Unreadable(ProjectionError),
    #[error("a history cannot be read: {0}")]
    UnreadableHistory(LoadError),
    #[error("the programme has no such version")]
    NoProgram,
    #[error("vault: {0}")]
    Vault(#[from] VaultError),
}

impl From<ProjectionError> for BadgeError {
    fn from(error: ProjectionError) -> Self {
        match error {
            ProjectionError::Database(error) => BadgeError::Database(error),
            other => BadgeError::Unreadable(other),
        }
    }
}

impl From<LoadError> for BadgeError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Unavailable(_) => BadgeError::LogUnavailable,
            unreadable => BadgeError::UnreadableHistory(unreadable),
        }
    }
}

impl From<TogetherError> for BadgeError {
    fn from(error: TogetherError) -> Self {
        use journal::AppendError::{Unavailable, Unknown};
        match error {
            TogetherError::Conflict => BadgeError::Contended,
            TogetherError::Load(error) => error.into(),
            TogetherError::Append(Unavailable | Unknown) => BadgeError::LogUnavailable,
            refused => BadgeError::Refused(refused),
        }
    }
}

impl BadgeError {
    /// Whether the same would go wrong again, for the same customer or shop.
    const fn is_lasting(&self) -> bool {
        !matches!(
            self,
            BadgeError::Database(_)
                | BadgeError::LogUnavailable
                | BadgeError::ReadModelBehind
                | BadgeError::Contended
                | BadgeError::Vault(VaultError::Unavailable(_))
        )
    }
}

/// Awards badges. Cheap to clone.
#[derive(Clone)]
pub struct Awarder {
    pub journal: Journal,
    pub customers: Aggregates<Customer>,
    pub accounts: Aggregates<Account>,
    pub programs: Aggregates<Program>,
    pub merchants: Aggregates<Merchant>,
    pub vault: Vault,
    pub db: PgPool,
    pub progress: Progress,
    /// Where command and lot ids come from.
    pub new_id: fn() -> Uuid,
    /// Up to which day birthdays were looked at.
    pub celebrated: Celebrated,
}

impl Awarder {
    /// Follows orders and settings until `stop`.
    pub async fn run(self, clock: Arc<dyn Clock>, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.follow(clock.as_ref()) => {}
        }
    }

    async fn program(&self, merchant: MerchantId) -> Result<Arc<journal::Versioned<Program>>, BadgeError> {
        Ok(self.programs.load_confirmed(Subject::program(merchant)).await?)
    }

    /// The merchant's time.
    async fn now_of(&self, merchant: MerchantId, clock: &dyn Clock) -> Result<Timestamp, BadgeError> {
        Ok(self.merchants.load_confirmed(Subject::merchant(merchant)).await?.state.now(clock.now()))
    }

    async fn visible(&self, read_model: &str, position: u64) -> Result<(), BadgeError> {
        let seen = self.progress.reached(read_model, position, READ_MODEL_PATIENCE).await;
        seen.then_some(()).ok_or(BadgeError::ReadModelBehind)
    }
}
