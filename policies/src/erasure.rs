//! Whenever a privacy request may be executed, then it is: step by step, each on record before the next begins.
//!
//! Who is killed between two steps, or in the middle of one, leaves a request that says how far it got; the next round, in
//! whatever process, goes on there. So every step can be done again ([`steps`] has them), and none trusts that the one who
//! began it has ended it.
//!
//! Only one process of an installation executes: the one that has the deletion journal.

mod again;
mod error;
mod people;
mod scope;
mod shop;
mod steps;
mod verify;

use std::{sync::Arc, time::Duration};

use aggregates::{
    customer::Customer,
    gdpr::{GdprCommand, GdprRequest, Stage, Step, StepDone},
    id::{GdprRequestId, MerchantId},
    merchant::Merchant,
    points::Account,
    time::{Clock, Timestamp},
};
use futures::{StreamExt, stream};
use journal::{Actor, Aggregates, CommandContext, Journal, Subject, Versioned};
use projections::gdpr_requests;
use sqlx::PgPool;
use tokio::{sync::mpsc, time::Instant};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use vault::{DeletionJournal, Vault};

use crate::delivery::Deliveries;

pub use again::highest_deletion_on_record;
pub use error::ErasureError;

/// Time between two looks at what may be executed.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);
/// Requests of one merchant taken up in one round; the most urgent first.
const ROUND_MAX: i64 = 1_000;
/// Requests executed at the same time; leaves room for the shops' own commands.
const EXECUTED_AT_ONCE: usize = 16;
/// Requests that somebody waits for and no round has seen yet. One that finds no room is found by the next round.
const ASKED_FOR_MAX: usize = 1_024;

/// What an eraser works on.
pub struct Parts {
    pub requests: Aggregates<GdprRequest>,
    pub customers: Aggregates<Customer>,
    pub accounts: Aggregates<Account>,
    pub merchants: Aggregates<Merchant>,
    pub journal: Journal,
    /// Ends codes in the shop.
    pub deliveries: Deliveries,
    pub vault: Vault,
    pub deletions: DeletionJournal,
    pub db: PgPool,
    pub clock: Arc<dyn Clock>,
    pub new_id: fn() -> Uuid,
}

/// Executes privacy requests. Cheap to clone.
#[derive(Clone)]
pub struct Eraser {
    parts: Arc<Parts>,
    asked_for: mpsc::Sender<(MerchantId, GdprRequestId)>,
    asked: Arc<tokio::sync::Mutex<mpsc::Receiver<(MerchantId, GdprRequestId)>>>,
}

/// How far a request has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// This step is on record now.
    Done(Step),
    /// The next step may not end before this much time has passed.
    Waits(Duration),
    /// Nothing is left to do, or nothing may be done.
    Ended,
}

impl Eraser {
    pub fn new(parts: Parts) -> Self {
        let (asked_for, asked) = mpsc::channel(ASKED_FOR_MAX);
        Eraser { parts: Arc::new(parts), asked_for, asked: Arc::new(tokio::sync::Mutex::new(asked)) }
    }

    /// Where it writes down whom it forgets.
    pub fn deletions(&self) -> &DeletionJournal {
        &self.parts.deletions
    }

    /// Somebody waits for this request: it is taken up at once, wherever the read model stands.
    pub fn ask(&self, merchant: MerchantId, request: GdprRequestId) {
        // Without room nothing is lost but a few seconds.
        let _ = self.asked_for.try_send((merchant, request));
    }

    /// Executes what may be executed, now and then and whenever it is asked to, until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let mut asked = self.asked.lock().await;
        loop {
            let next_look = Instant::now() + self.look().await.min(LOOK_INTERVAL);
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep_until(next_look) => break,
                    Some((merchant, request)) = asked.recv() => {
                        if let Err(error) = self.advance(merchant, request).await {
                            tracing::warn!(%merchant, %request, %error, "a privacy request waits");
                        }
                    }
                }
            }
        }
    }

    /// One look at every merchant; gives when the next one is worth while.
    async fn look(&self) -> Duration {
        let merchants = match gdpr_requests::merchants_with_open(&self.parts.db).await {
            Ok(merchants) => merchants,
            Err(error) => {
                tracing::warn!(%error, "privacy requests cannot be listed");
                return LOOK_INTERVAL;
            }
        };
        let mut next = LOOK_INTERVAL;
        for merchant in merchants {
            match self.execute_due(merchant).await {
                Ok(waits) => next = next.min(waits.unwrap_or(LOOK_INTERVAL)),
                Err(error) => tracing::warn!(%merchant, %error, "privacy requests wait"),
            }
        }
        next
    }

    /// Executes every request of a merchant that may be executed by its clock, as far as each can go without waiting. Many
    /// people that are forgotten together share the rotation of their buckets. Gives how long the first of them waits.
    pub async fn execute_due(&self, merchant: MerchantId) -> Result<Option<Duration>, ErasureError> {
        let now = self.now_of(merchant).await?;
        let due = gdpr_requests::open_of(&self.parts.db, merchant, now, ROUND_MAX).await?;
        // Up to where keys are gone, for all of them; one rotation; then on from there.
        self.each(merchant, &due, Some(Step::Rotate)).await;
        if due.len() > 1 {
            self.rotate_pending(merchant, now).await?;
        }
        let waits = self.each(merchant, &due, None).await;
        Ok(waits.into_iter().min())
    }

    async fn each(&self, merchant: MerchantId, due: &[GdprRequestId], before: Option<Step>) -> Vec<Duration> {
        let executed = stream::iter(due.iter().copied()).map(|request| async move {
            match self.advance_up_to(merchant, request, before).await {
                Ok(waits) => waits,
                Err(error) => {
                    metrics::counter!("loyalty_gdpr_execution_errors_total").increment(1);
                    tracing::warn!(%merchant, %request, %error, "a privacy request waits");
                    None
                }
            }
        });
        executed.buffer_unordered(EXECUTED_AT_ONCE).filter_map(std::future::ready).collect().await
    }

    /// Executes a request as far as it can go without waiting. Gives how long it has to wait, if it has to.
    pub async fn advance(
        &self,
        merchant: MerchantId,
        request: GdprRequestId,
    ) -> Result<Option<Duration>, ErasureError> {
        self.advance_up_to(merchant, request, None).await
    }

    async fn advance_up_to(
        &self,
        merchant: MerchantId,
        request: GdprRequestId,
        before: Option<Step>,
    ) -> Result<Option<Duration>, ErasureError> {
        loop {
            if before.is_some() && self.load(merchant, request).await?.state.next_step() == before {
                return Ok(None);
            }
            match self.step(merchant, request).await? {
                Progress::Done(step) => tracing::info!(%merchant, %request, step = step.as_str(), "privacy request"),
                Progress::Waits(time) => return Ok(Some(time)),
                Progress::Ended => return Ok(None),
            }
        }
    }

    /// Does one step and puts it on record.
    pub async fn step(&self, merchant: MerchantId, request: GdprRequestId) -> Result<Progress, ErasureError> {
        let state = self.load(merchant, request).await?;
        let now = self.now_of(merchant).await?;
        if state.state.stage == Stage::Verified {
            if !state.state.is_due(now) || !self.begin(merchant, request, &state.state, now).await? {
                return Ok(Progress::Ended);
            }
            return Box::pin(self.step(merchant, request)).await;
        }
        let Some(step) = state.state.next_step() else { return Ok(Progress::Ended) };
        let evidence = match self.perform(merchant, request, &state.state, step, now).await? {
            steps::Performed::Evidence(evidence) => evidence,
            steps::Performed::Waits(time) => return Ok(Progress::Waits(time)),
        };
        self.record(merchant, request, GdprCommand::FinishStep(StepDone { evidence, at: now }), now).await?;
        Ok(Progress::Done(step))
    }

    /// A request as it is on record.
    pub async fn load(
        &self,
        merchant: MerchantId,
        request: GdprRequestId,
    ) -> Result<Arc<Versioned<GdprRequest>>, ErasureError> {
        Ok(self.parts.requests.load_confirmed(Subject::gdpr(merchant, request)).await?)
    }

    async fn record(
        &self,
        merchant: MerchantId,
        request: GdprRequestId,
        command: GdprCommand,
        now: Timestamp,
    ) -> Result<(), ErasureError> {
        let subject = Subject::gdpr(merchant, request);
        self.parts.requests.execute(subject, &self.context(request, now), &command).await?;
        Ok(())
    }

    /// Everything done for a request has the request's id as its correlation.
    fn context(&self, request: GdprRequestId, now: Timestamp) -> CommandContext {
        let actor = Actor::Policy("erasure".to_owned());
        CommandContext { correlation: request.0, ..CommandContext::of(actor, (self.parts.new_id)(), now) }
    }

    /// The merchant's time; also of a merchant whose keys are gone.
    async fn now_of(&self, merchant: MerchantId) -> Result<Timestamp, ErasureError> {
        let state = self.parts.merchants.load(Subject::merchant(merchant)).await?;
        Ok(state.state.now(self.parts.clock.now()))
    }
}
