//! Which mails are due. The read models say who has become a member, who has earned points and whose points expire soon; each is
//! put on the task queue under the key of its reason, which is used once for ever.
//!
//! What was long ago is not mailed any more, so a worker that starts looks back a bounded time and no further; and a kind that
//! is switched on counts from then on, not for what was before.

use std::{collections::HashMap, sync::Arc, time::Duration};

use aggregates::{
    id::{CustomerId, MerchantId},
    mail::MailKind,
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
};
use sqlx::PgPool;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    MAIL_TASK, MailError,
    order::{MailFacts, MailOrder},
};
use crate::{
    TaskError,
    tasks::{Enqueued, NewPayload, NewTask, TaskQueue},
};

/// A reason that is older leads to no mail any more.
const STALE_DAYS: u32 = 2;
/// Reasons looked up at once.
const PASS_MAX: i64 = 500;
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
struct Seen {
    members: u64,
    earned: u64,
    expiring_at: Option<Instant>,
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

    /// Puts on the queue all that is due for one merchant at `now`, and returns when that is durable.
    ///
    /// # Errors
    /// [`MailError`]
    pub async fn catch_up(&self, merchant: MerchantId, now: Timestamp) -> Result<(), MailError> {
        let head = self.queue.shards.journal().last_position().await.map_err(|_| MailError::LogUnavailable)?;
        for read_model in [Customers::NAME, PointsTransactions::NAME, Balances::NAME, EmailEvents::NAME] {
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
        if seen.expiring_at.is_none_or(|looked| looked.elapsed() >= EXPIRING_LOOK) {
            seen.expiring_at = Some(Instant::now());
            self.warn_of_expiring(merchant, now, &program.state).await?;
        }
        Ok(())
    }

    async fn welcome(
        &self,
        merchant: MerchantId,
        now: Timestamp,
        since: Timestamp,
        program: &Program,
        seen: &mut Seen,
    ) -> Result<(), MailError> {
        loop {
            let known = self.progress.of(Customers::NAME).position;
            let members = due::members_since(&self.db, merchant, since, seen.members, PASS_MAX).await?;
            for member in &members {
                if is_on(program, MailKind::Welcome, member.at) {
                    let order = MailOrder { kind: MailKind::Welcome, facts: MailFacts::default() };
                    let key = format!("welcome:{}", member.customer);
                    self.order(merchant, member.customer, &key, &order, program, now).await?;
                }
            }
            if !reached(&mut seen.members, members.last().map(|member| member.position), members.len(), known) {
                return Ok(());
            }
        }
    }

    async fn tell_of_earned(
        &self,
        merchant: MerchantId,
        now: Timestamp,
        since: Timestamp,
        program: &Program,
        seen: &mut Seen,
    ) -> Result<(), MailError> {
        loop {
            let known = self.progress.of(PointsTransactions::NAME).position;
            let lines = due::earned_since(&self.db, merchant, since, seen.earned, PASS_MAX).await?;
            for line in &lines {
                if is_on(program, MailKind::PointsEarned, line.at) {
                    let facts = MailFacts { points: Some(line.points), ..MailFacts::default() };
                    let order = MailOrder { kind: MailKind::PointsEarned, facts };
                    let key = format!("points_earned:{}", line.id.simple());
                    self.order(merchant, line.customer, &key, &order, program, now).await?;
                }
            }
            if !reached(&mut seen.earned, lines.last().map(|line| line.position), lines.len(), known) {
                return Ok(());
            }
        }
    }

    /// One mail at most for each stretch of as many days as it is told ahead.
    async fn warn_of_expiring(&self, merchant: MerchantId, now: Timestamp, program: &Program) -> Result<(), MailError> {
        let Some(settings) = settings(program, now).filter(|_| is_on(program, MailKind::PointsExpiring, now)) else {
            return Ok(());
        };
        let days = settings.mail.expiring_days;
        let (calendar, until) = (calendar(settings), now.plus_days(days));
        let mut after = CustomerId(Uuid::nil());
        loop {
            let accounts = due::expiring_until(&self.db, merchant, now, until, after, PASS_MAX).await?;
            for account in &accounts.expiring {
                let day = calendar.day_of(account.at);
                let stretch = i64::from(day.0).div_euclid(i64::from(days));
                let facts =
                    MailFacts { points: Some(account.points), expires_at: Some(account.at), ..MailFacts::default() };
                let order = MailOrder { kind: MailKind::PointsExpiring, facts };
                let key = format!("expiring:{}:{days}:{stretch}", account.customer);
                self.order(merchant, account.customer, &key, &order, program, now).await?;
            }
            let Some(last) = accounts.last else { return Ok(()) };
            after = last;
        }
    }

    /// Puts a mail on the queue, once for ever under its key; not before the merchant's quiet hours are over. None for somebody
    /// who is being forgotten.
    ///
    /// # Errors
    /// [`MailError`]
    pub async fn order(
        &self,
        merchant: MerchantId,
        customer: CustomerId,
        key: &str,
        order: &MailOrder,
        program: &Program,
        now: Timestamp,
    ) -> Result<Option<Enqueued>, MailError> {
        let earliest = settings(program, now).map(|settings| settings.mail.earliest(now, &calendar(settings)));
        let new = NewTask {
            kind: MAIL_TASK,
            key: key.to_owned(),
            customer: Some(customer),
            payload: NewPayload::Ids(order.to_bytes()),
            priority: Priority::Normal,
            not_before: earliest,
        };
        match self.queue.enqueue(&self.context(now), merchant, &new).await {
            Ok(enqueued) => Ok(Some(enqueued)),
            Err(TaskError::CustomerErased) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn context(&self, now: Timestamp) -> CommandContext {
        CommandContext::of(Actor::Policy("mail".to_owned()), (self.new_id)(), now)
    }
}

/// Moves the mark behind a pass; says whether there may be more.
fn reached(mark: &mut u64, last: Option<u64>, found: usize, known: u64) -> bool {
    let is_full = found >= usize::try_from(PASS_MAX).unwrap_or(usize::MAX);
    // One commit can have several lines: a full pass may have cut them apart, so it gets only before its last.
    let through = last.map_or(0, |last| if is_full { last.saturating_sub(1) } else { last });
    *mark = (*mark).max(through).max(if is_full { 0 } else { known });
    is_full
}

fn settings(program: &Program, at: Timestamp) -> Option<&ProgramSettings> {
    program.in_effect_at(at).map(|version| &version.settings)
}

fn calendar(settings: &ProgramSettings) -> Calendar {
    Calendar::of(&settings.rfm.time_zone).unwrap_or_else(|_| Calendar::utc())
}

/// Whether a kind was on when its reason came up.
fn is_on(program: &Program, kind: MailKind, at: Timestamp) -> bool {
    settings(program, at).is_some_and(|settings| settings.mail.kinds.contains(&kind))
}
