//! When it is looked which mails are due. The [`reasons`](super::reasons) are in the read models; each is put on the task queue
//! under its key, which is used once for ever.
//!
//! What was long ago is not mailed any more, so a worker that starts looks back a bounded time and no further; and a kind that
//! is switched on counts from then on, not for what was before.

use std::{collections::HashMap, sync::Arc, time::Duration};

use aggregates::{
    id::{CustomerId, MerchantId},
    merchant::Merchant,
    program::{Program, ProgramSettings},
    rfm::Calendar,
    task::Priority,
    time::{Clock, Timestamp},
};
use journal::{Actor, Aggregates, CommandContext, Subject};
use projections::{
    Progress,
    balances::Balances,
    customers::Customers,
    email_events::{EmailEvents, due},
    points_transactions::PointsTransactions,
    queue_tasks::QueueTasks,
    vip_tiers::VipTiers,
};
use sqlx::PgPool;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{MAIL_TASK, MailError, order::MailOrder};
use crate::{
    TaskError,
    tasks::{Enqueued, NewPayload, NewTask, TaskQueue},
};

/// A reason that is older leads to no mail any more.
const STALE_DAYS: u32 = 2;
/// How long a quiet log is waited for before a look.
const QUIET_LOOK: Duration = Duration::from_secs(5);
/// After something has happened, more is waited for so long.
const GATHER: Duration = Duration::from_millis(300);
/// How often it is looked at whose points expire soon: days are what matters.
const EXPIRING_LOOK: Duration = Duration::from_secs(600);
/// Pause after something has failed.
const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// How long it waits for the read models to have seen what went before.
const READ_MODEL_PATIENCE: Duration = Duration::from_secs(30);

/// Up to where one shop's reasons have been looked at.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    pub members: u64,
    pub earned: u64,
    pub tiers: u64,
    pub rewards: u64,
    expiring_at: Option<Instant>,
}

/// A mail that is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// Whom it is about: once they are forgotten, it is not sent.
    pub customer: CustomerId,
    /// What makes it this mail and no other, for ever.
    pub key: &'a str,
    pub order: &'a MailOrder,
    /// By the merchant's clock.
    pub not_before: Timestamp,
}

/// Puts mails on the queue. Cheap to clone.
#[derive(Clone)]
pub struct Postmaster {
    pub queue: TaskQueue,
    pub programs: Aggregates<Program>,
    pub merchants: Aggregates<Merchant>,
    pub db: PgPool,
    pub progress: Progress,
    /// Where command ids come from.
    pub new_id: fn() -> Uuid,
}

impl Postmaster {
    /// Looks for every shop that sends mail, until `stop`.
    pub async fn run(self, clock: Arc<dyn Clock>, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.follow(clock.as_ref()) => {}
        }
    }

    async fn follow(&self, clock: &dyn Clock) {
        let (mut shops, mut known) = (HashMap::<MerchantId, Seen>::new(), 0);
        loop {
            let before = known;
            known = self.progress.of(PointsTransactions::NAME).position;
            if known < before {
                // The log was adopted: positions begin again.
                shops.clear();
            }
            match self.look(&mut shops, clock).await {
                Ok(()) => {
                    self.progress.reached(PointsTransactions::NAME, known + 1, QUIET_LOOK).await;
                    tokio::time::sleep(GATHER).await;
                }
                Err(error) => {
                    tracing::warn!(%error, "mails are not put on the queue");
                    tokio::time::sleep(RETRY_PAUSE).await;
                }
            }
        }
    }

    async fn look(&self, shops: &mut HashMap<MerchantId, Seen>, clock: &dyn Clock) -> Result<(), MailError> {
        for merchant in due::shops(&self.db).await? {
            let now = self.merchants.load(Subject::merchant(merchant)).await?.state.now(clock.now());
            let seen = shops.entry(merchant).or_default();
            self.look_at(merchant, now, seen).await?;
        }
        Ok(())
    }

    /// Puts on the queue all that is due for one merchant at `now`, and returns when that is durable. Tasks that end lead to
    /// mails, too.
    ///
    /// # Errors
    /// [`MailError`]
    pub async fn catch_up(&self, merchant: MerchantId, now: Timestamp) -> Result<(), MailError> {
        let head = self.queue.shards.journal().last_position().await.map_err(|_| MailError::LogUnavailable)?;
        let read_models = [
            Customers::NAME,
            PointsTransactions::NAME,
            Balances::NAME,
            EmailEvents::NAME,
            QueueTasks::NAME,
            VipTiers::NAME,
        ];
        for read_model in read_models {
            if !self.progress.reached(read_model, head, READ_MODEL_PATIENCE).await {
                return Err(MailError::ReadModelBehind);
            }
        }
        if due::sends_mail(&self.db, merchant).await? {
            self.look_at(merchant, now, &mut Seen::default()).await?;
        }
        Ok(())
    }

    async fn look_at(&self, merchant: MerchantId, now: Timestamp, seen: &mut Seen) -> Result<(), MailError> {
        let program = self.programs.load_confirmed(Subject::program(merchant)).await?;
        let since = now.plus_seconds(-i64::from(STALE_DAYS) * 86_400);
        self.welcome(merchant, now, since, &program.state, seen).await?;
        self.tell_of_earned(merchant, now, since, &program.state, seen).await?;
        self.congratulate(merchant, now, since, &program.state, seen).await?;
        self.tell_of_rewards(merchant, now, since, &program.state, seen).await?;
        if seen.expiring_at.is_none_or(|looked| looked.elapsed() >= EXPIRING_LOOK) {
            seen.expiring_at = Some(Instant::now());
            self.warn_of_expiring(merchant, now, &program.state).await?;
        }
        Ok(())
    }

    pub(super) async fn order(
        &self,
        merchant: MerchantId,
        customer: CustomerId,
        key: &str,
        order: &MailOrder,
        program: &Program,
        now: Timestamp,
    ) -> Result<Option<Enqueued>, MailError> {
        let wish = Wish { customer, key, order, not_before: now };
        self.order_as(&self.context(now), merchant, program, &wish).await
    }

    /// Puts a mail on the queue, once for ever under its key; not in the merchant's quiet hours. None for somebody who is being
    /// forgotten.
    ///
    /// # Errors
    /// [`MailError`]
    pub async fn order_as(
        &self,
        context: &CommandContext,
        merchant: MerchantId,
        program: &Program,
        wish: &Wish<'_>,
    ) -> Result<Option<Enqueued>, MailError> {
        let at = wish.not_before;
        let earliest = settings(program, at).map(|settings| settings.mail.earliest(at, &calendar(settings)));
        let new = NewTask {
            kind: MAIL_TASK,
            key: wish.key.to_owned(),
            customer: Some(wish.customer),
            payload: NewPayload::Ids(wish.order.to_bytes()),
            priority: Priority::Normal,
            not_before: earliest,
        };
        match self.queue.enqueue(context, merchant, &new).await {
            Ok(enqueued) => Ok(Some(enqueued)),
            Err(TaskError::CustomerErased) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn context(&self, now: Timestamp) -> CommandContext {
        CommandContext::of(Actor::Policy("mail".to_owned()), (self.new_id)(), now)
    }
}

pub(super) fn settings(program: &Program, at: Timestamp) -> Option<&ProgramSettings> {
    program.in_effect_at(at).map(|version| &version.settings)
}

pub(super) fn calendar(settings: &ProgramSettings) -> Calendar {
    Calendar::of(&settings.rfm.time_zone).unwrap_or_else(|_| Calendar::utc())
}
