//! Carries out what was handed in: looks at the imports that are not finished, oldest first, and takes one after the other.
//! One process at a time works on an import; if it dies, its lock goes with it, and another one goes on.

use std::time::Duration;

use aggregates::{
    id::{ImportId, MerchantId},
    import::ImportProgress,
};
use journal::Subject;
use projections::customer_imports::{self, CustomerImports, ImportRow};
use sqlx::{Postgres, Transaction};
use tokio_util::sync::CancellationToken;

use crate::{
    commands::{CommandError, import::CarriedOut},
    gateway::Gateway,
};

/// Time between two looks at what was handed in.
const INTERVAL: Duration = Duration::from_secs(2);
/// Imports looked up at once.
const IMPORTS_AT_ONCE: i64 = 32;
/// How often whoever waits for an import goes on with it where log or database did not answer.
const ATTEMPTS_MAX: u32 = 10;
/// Time between two looks at an import that another process carries out.
const WATCH_EVERY: Duration = Duration::from_secs(1);
/// How long whoever wants everything done waits for the read model that says what is due.
const READ_MODEL_PATIENCE: Duration = Duration::from_secs(10);

/// Runs until `stop`. What fails is tried again at the next look.
pub async fn run(gateway: Gateway, stop: CancellationToken) {
    loop {
        if let Err(error) = gateway.carry_out_imports(None, Turn::IfFree).await {
            tracing::warn!(%error, "an import was cut short");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(INTERVAL) => {}
        }
    }
}

/// What to do about an import that another process works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    IfFree,
    Wait,
}

impl Gateway {
    /// Carries out every import that is due, of one merchant or of all.
    pub async fn carry_out_imports(&self, merchant: Option<MerchantId>, turn: Turn) -> Result<(), CommandError> {
        for due in customer_imports::unfinished(&self.db, merchant, IMPORTS_AT_ONCE).await? {
            self.carry_out_in_turn(&due, turn, &|_| {}).await?;
        }
        Ok(())
    }

    /// The same of one merchant, also what was handed in a moment ago.
    pub(crate) async fn carry_out_all_imports_of(&self, merchant: MerchantId) -> Result<(), CommandError> {
        let written = self.journal.last_position_of(journal::Follow::Merchant(merchant)).await?;
        self.progress.reached(CustomerImports::NAME, written, READ_MODEL_PATIENCE).await;
        self.carry_out_imports(Some(merchant), Turn::Wait).await
    }

    async fn carry_out_in_turn(
        &self,
        due: &ImportRow,
        turn: Turn,
        watch: &(dyn Fn(&ImportProgress) + Send + Sync),
    ) -> Result<(), CommandError> {
        let Some(lock) = self.import_lock(due.id, turn).await? else { return Ok(()) };
        let done = self.carry_out_import(due.merchant, due.shard, due.id, watch).await;
        lock.rollback().await?;
        if done?.is_none() {
            tracing::warn!(import = %due.id, "the file of an import is gone before it was carried out");
            self.abandon_import(due.merchant, due.shard, due.id).await?;
        }
        Ok(())
    }

    /// Carries one import out, and says how it goes, also while another process does it. For whoever has handed it in and waits
    /// for it.
    pub async fn carry_out_and_watch(
        &self,
        merchant: MerchantId,
        shard: u8,
        import: ImportId,
        watch: &(dyn Fn(&ImportProgress) + Send + Sync),
    ) -> Result<Option<ImportProgress>, CommandError> {
        let lock = {
            let mut turn = std::pin::pin!(self.import_lock(import, Turn::Wait));
            loop {
                tokio::select! {
                    lock = &mut turn => break lock?,
                    () = tokio::time::sleep(WATCH_EVERY) => self.tell_how_far(merchant, shard, import, watch).await?,
                }
            }
        };
        let done = self.carry_out_patiently(merchant, shard, import, watch).await;
        if let Some(lock) = lock {
            lock.rollback().await?;
        }
        Ok(done?.map(|done| done.import))
    }

    /// What is not available for a moment does not end it: it goes on where it was.
    async fn carry_out_patiently(
        &self,
        merchant: MerchantId,
        shard: u8,
        import: ImportId,
        watch: &(dyn Fn(&ImportProgress) + Send + Sync),
    ) -> Result<Option<CarriedOut>, CommandError> {
        let mut attempts = 1;
        loop {
            match self.carry_out_import(merchant, shard, import, watch).await {
                Err(CommandError::Unavailable(what)) if attempts < ATTEMPTS_MAX => {
                    tracing::warn!(what, "an import was cut short, and goes on");
                    attempts += 1;
                    tokio::time::sleep(INTERVAL).await;
                }
                done => return done,
            }
        }
    }

    async fn tell_how_far(
        &self,
        merchant: MerchantId,
        shard: u8,
        import: ImportId,
        watch: &(dyn Fn(&ImportProgress) + Send + Sync),
    ) -> Result<(), CommandError> {
        let shard = self.imports.load_confirmed(Subject::import(merchant, shard)).await?;
        shard.state.import(import).into_iter().for_each(watch);
        Ok(())
    }

    /// A lock that lasts as long as its transaction: whoever dies loses it. None if it is somebody else's.
    async fn import_lock(
        &self,
        import: ImportId,
        turn: Turn,
    ) -> Result<Option<Transaction<'static, Postgres>>, CommandError> {
        let mut transaction = self.db.begin().await?;
        let (high, low) = import.0.as_u64_pair();
        let key = i64::from_ne_bytes((high ^ low).to_ne_bytes());
        let free = match turn {
            Turn::IfFree => {
                sqlx::query_scalar("select pg_try_advisory_xact_lock($1)")
                    .bind(key)
                    .fetch_one(&mut *transaction)
                    .await?
            }
            Turn::Wait => {
                sqlx::query("select pg_advisory_xact_lock($1)").bind(key).execute(&mut *transaction).await?;
                true
            }
        };
        Ok(free.then_some(transaction))
    }
}
