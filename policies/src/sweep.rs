//! Sweeps. An account is due when time has changed something about it that is not on record; the read model of balances
//! knows when that will be, and each account decides for itself what has happened.

use std::{sync::Arc, time::Duration};

use aggregates::{
    id::{CustomerId, MerchantId},
    merchant::Merchant,
    points::{Account, PointsCommand, PointsRefusal},
    time::{Clock, Timestamp},
};
use futures::{StreamExt, TryStreamExt, stream};
use journal::{Actor, Aggregates, CommandContext, ExecuteError, Subject};
use projections::{Progress, balances};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Accounts looked up at once.
const PASS_ACCOUNTS_MAX: i64 = 500;
/// Accounts settled at the same time; leaves room for the shop's own commands.
const SETTLING_AT_ONCE: usize = 32;
/// Time between two looks at what is due.
const SWEEP_INTERVAL: Duration = Duration::from_secs(30);
/// How long a sweep waits for the read model to have seen what it wrote.
const READ_MODEL_PATIENCE: Duration = Duration::from_secs(30);

/// Why a sweep did not get to its end. What it has done stays done; the next one continues.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("account: {0}")]
    Account(#[from] ExecuteError<PointsRefusal>),
    #[error("the log does not answer")]
    LogUnavailable,
    #[error("the read model of balances does not keep up")]
    ReadModelBehind,
}

/// What a sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    pub accounts: u64,
    /// Of the last commit it wrote.
    pub position: Option<u64>,
}

#[derive(Clone)]
pub struct Sweeper {
    pub accounts: Aggregates<Account>,
    pub merchants: Aggregates<Merchant>,
    pub db: PgPool,
    pub progress: Progress,
}

impl Sweeper {
    /// Sweeps every merchant that has something due, now and then, until `stop`.
    pub async fn run(self, clock: Arc<dyn Clock>, new_id: fn() -> Uuid, stop: CancellationToken) {
        loop {
            if let Err(error) = self.sweep_everyone(clock.as_ref(), new_id).await {
                tracing::warn!(error = %error, "a sweep was cut short");
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(SWEEP_INTERVAL) => {}
            }
        }
    }

    async fn sweep_everyone(&self, clock: &dyn Clock, new_id: fn() -> Uuid) -> Result<(), SweepError> {
        for merchant in balances::merchants_due(&self.db, clock.now()).await? {
            let state =
                self.merchants.load(Subject::merchant(merchant)).await.map_err(|_| SweepError::LogUnavailable)?;
            let now = state.state.now(clock.now());
            let swept = self.sweep(merchant, now, new_id).await?;
            tracing::info!(merchant = %merchant, accounts = swept.accounts, "swept");
        }
        Ok(())
    }

    /// Puts on record everything that is due for one merchant at `now`, and returns when it is durable and visible.
    pub async fn sweep(&self, merchant: MerchantId, now: Timestamp, new_id: fn() -> Uuid) -> Result<Swept, SweepError> {
        let head = self.accounts.journal().last_position().await.map_err(|_| SweepError::LogUnavailable)?;
        self.visible(head).await?;
        let mut swept = Swept::default();
        loop {
            let due = balances::due(&self.db, merchant, now, PASS_ACCOUNTS_MAX).await?;
            if due.is_empty() {
                return Ok(swept);
            }
            let written: Vec<u64> = stream::iter(due)
                .map(|customer| self.settle(merchant, customer, now, new_id()))
                .buffer_unordered(SETTLING_AT_ONCE)
                .try_filter_map(|position| async move { Ok(position) })
                .try_collect()
                .await?;
            let Some(last) = written.iter().copied().max() else { return Ok(swept) };
            swept.accounts += written.len() as u64;
            swept.position = swept.position.max(Some(last));
            self.visible(last).await?;
        }
    }

    async fn settle(
        &self,
        merchant: MerchantId,
        customer: CustomerId,
        now: Timestamp,
        command: Uuid,
    ) -> Result<Option<u64>, SweepError> {
        let context = CommandContext::of(Actor::Policy("sweep".to_owned()), command, now);
        let subject = Subject::points(merchant, customer);
        let settled = self.accounts.execute(subject, &context, &PointsCommand::Settle { now }).await?;
        Ok(settled.position)
    }

    async fn visible(&self, position: u64) -> Result<(), SweepError> {
        let seen = self.progress.reached(balances::Balances::NAME, position, READ_MODEL_PATIENCE).await;
        seen.then_some(()).ok_or(SweepError::ReadModelBehind)
    }
}
