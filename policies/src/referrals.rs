//! Referrals. Whenever something concerns one (an order of the friend, a merge, a fence, the end of a return window), it is
//! decided on again; whenever it is completed, both friends are paid in the same atomic commit.
//!
//! | file | its idea |
//! |---|---|
//! | this one | what is due, now and then and whenever something has happened |
//! | [`before`] | whether a friend was brought before, by the log itself |
//! | [`settlement`] | one referral: what is looked at, and what is written together |
//!
//! What is due the read model knows, and nothing else: an event of the referral takes it off the list. A crash between two
//! steps leaves it on the list. Any number of workers may do this at once; the log takes one of their decisions.

mod before;
mod settlement;

use std::{sync::Arc, time::Duration};

use aggregates::{
    customer::Customer,
    id::MerchantId,
    merchant::Merchant,
    points::{Account, PointsRefusal},
    program::Program,
    referral::{Referral, ReferralRefusal},
    time::{Clock, Timestamp},
};
use futures::{StreamExt, stream};
use journal::{
    Aggregates, Follow, Journal, Subject,
    executor::{LoadError, TogetherError},
};
use projections::{
    Progress,
    referrals::{self, Due, Referrals},
};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Referrals of one pass.
const PASS_MAX: i64 = 500;
/// Referrals decided on at the same time; leaves room for the shop's own commands.
const SETTLING_AT_ONCE: usize = 16;
/// How long a quiet log is waited for before a look at what time has done.
const QUIET_LOOK: Duration = Duration::from_secs(10);
/// After something has happened, more is waited for so long.
const GATHER: Duration = Duration::from_millis(250);
/// Pause after something has failed.
const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// How long a decision waits for the read model to have seen what went before it.
const READ_MODEL_PATIENCE: Duration = Duration::from_secs(30);
/// Merges that one customer can be behind; a chain longer than this is a fault, not a history.
const MERGES_FOLLOWED_MAX: usize = 64;

/// Why a referral was not decided on. Nothing was written that is not whole; the next attempt finds it still due.
#[derive(Debug, thiserror::Error)]
pub enum ReferralError {
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Together(TogetherError),
    #[error("others were always faster")]
    Contended,
    #[error("the log does not answer")]
    LogUnavailable,
    #[error("the read model of referrals does not keep up")]
    ReadModelBehind,
    #[error(transparent)]
    Refused(#[from] ReferralRefusal),
    /// An account does not take what a completed referral gives; trying again does not help.
    #[error("account: {0}")]
    Account(PointsRefusal),
    #[error("the programme has no such version")]
    NoProgram,
}

impl From<TogetherError> for ReferralError {
    fn from(error: TogetherError) -> Self {
        match error {
            TogetherError::Conflict => ReferralError::Contended,
            TogetherError::Load(error) => ReferralError::Load(error),
            error => ReferralError::Together(error),
        }
    }
}

/// Decides on referrals. Cheap to clone.
#[derive(Clone)]
pub struct Referrer {
    pub journal: Journal,
    pub referrals: Aggregates<Referral>,
    pub accounts: Aggregates<Account>,
    pub customers: Aggregates<Customer>,
    pub programs: Aggregates<Program>,
    pub merchants: Aggregates<Merchant>,
    pub db: PgPool,
    pub progress: Progress,
    /// Where command ids come from.
    pub new_id: fn() -> Uuid,
}

impl Referrer {
    /// Decides on what is due, for every shop, until `stop`.
    pub async fn run(self, clock: Arc<dyn Clock>, stop: CancellationToken) {
        let work = async {
            loop {
                let known = self.progress.of(Referrals::NAME).position;
                match self.pass(clock.as_ref()).await {
                    Ok(passed) if passed >= PASS_MAX.unsigned_abs() => {}
                    Ok(_) => {
                        self.progress.reached(Referrals::NAME, known + 1, QUIET_LOOK).await;
                        tokio::time::sleep(GATHER).await;
                    }
                    Err(error) => {
                        tracing::warn!(%error, "referrals are not decided on");
                        tokio::time::sleep(RETRY_PAUSE).await;
                    }
                }
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = work => {}
        }
    }

    /// One look at every merchant; gives how many referrals were written to.
    async fn pass(&self, clock: &dyn Clock) -> Result<u64, ReferralError> {
        let due = referrals::due(&self.db, clock.now(), PASS_MAX).await?;
        let decided = stream::iter(due).map(|due| async move {
            let merchant = self.merchants.load(Subject::merchant(due.merchant)).await?;
            self.decide(due, merchant.state.now(clock.now())).await
        });
        let outcomes: Vec<Result<Option<u64>, ReferralError>> =
            decided.buffer_unordered(SETTLING_AT_ONCE).collect().await;
        Ok(self.written(outcomes).1)
    }

    /// Does all that is due for one merchant at `now`, and returns when it is durable and visible: the position of the last
    /// commit it wrote, if there was anything to write.
    ///
    /// # Errors
    /// [`ReferralError`]
    pub async fn catch_up(&self, merchant: MerchantId, now: Timestamp) -> Result<Option<u64>, ReferralError> {
        let head = self.journal.last_position_of(Follow::Merchant(merchant)).await;
        self.visible(head.map_err(|_| ReferralError::LogUnavailable)?).await?;
        let mut last = None;
        loop {
            let due = referrals::due_of(&self.db, merchant, now, None, PASS_MAX).await?;
            let decided = stream::iter(due).map(|due| self.decide(due, now));
            let outcomes: Vec<_> = decided.buffer_unordered(SETTLING_AT_ONCE).collect().await;
            let (written, _) = self.written(outcomes);
            let Some(position) = written else { return Ok(last) };
            last = last.max(written);
            self.visible(position).await?;
        }
    }

    /// The last position written, and how many were. One that cannot be decided on must not keep the others waiting.
    fn written(&self, outcomes: Vec<Result<Option<u64>, ReferralError>>) -> (Option<u64>, u64) {
        let (mut last, mut count) = (None, 0);
        for outcome in outcomes {
            match outcome {
                Ok(Some(position)) => (last, count) = (last.max(Some(position)), count + 1),
                Ok(None) => {}
                Err(error) => {
                    metrics::counter!("loyalty_referral_errors_total").increment(1);
                    tracing::warn!(%error, "a referral waits");
                }
            }
        }
        (last, count)
    }

    async fn decide(&self, due: Due, now: Timestamp) -> Result<Option<u64>, ReferralError> {
        // Boxed: it holds both accounts, and many of these are under way at once.
        Box::pin(self.consider(due.merchant, due.referral, due.touched, now)).await
    }

    async fn visible(&self, position: u64) -> Result<(), ReferralError> {
        let seen = self.progress.reached(Referrals::NAME, position, READ_MODEL_PATIENCE).await;
        seen.then_some(()).ok_or(ReferralError::ReadModelBehind)
    }
}
