//! Workers: each takes what is due, as much as it has room for, whichever process it lives in.

use std::{collections::HashMap, sync::Arc, time::Duration};

use aggregates::{
    id::{MerchantId, TaskId},
    merchant::Merchant,
    task::TaskKind,
    time::Clock,
};
use journal::Aggregates;
use projections::queue_tasks::{QueueTasks, lease};
use tokio::{
    task::JoinSet,
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Handlers, TaskError, TaskQueue};

/// How long a task is its worker's own. A worker that dies keeps it for so long from the others; an attempt may take half of
/// it, and the rest is for recording it.
pub const LEASE: Duration = Duration::from_secs(60);
/// Attempts at the same time in one process, of all kinds.
const AT_ONCE_MAX: usize = 32;
/// Tasks of one merchant at the same time, in all processes.
const AT_ONCE_OF_A_MERCHANT: i64 = 8;
/// A look at what is due, even if nothing has happened: time may have made something due.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// Between two looks at a busy log.
const LOOK_REST: Duration = Duration::from_millis(100);
/// After the database has failed.
const TROUBLE_PAUSE: Duration = Duration::from_secs(1);
/// How long attempts may go on when the process is asked to end.
const LAST_ATTEMPTS: Duration = Duration::from_secs(5);
/// How long somebody waits who wants everything done that is due.
const DUE_PATIENCE: Duration = Duration::from_secs(20);
/// How often that somebody looks again at what others work on.
const OTHERS_LOOK: Duration = Duration::from_millis(200);

/// A worker of one process. Cheap to clone.
#[derive(Clone)]
pub struct TaskWorker {
    pub queue: TaskQueue,
    pub merchants: Aggregates<Merchant>,
    pub handlers: Handlers,
    pub clock: Arc<dyn Clock>,
    /// Whose leases are its own.
    pub id: Uuid,
    /// [`LEASE`], but where somebody tries what happens when a worker dies.
    pub lease: Duration,
}

impl TaskWorker {
    /// How long one attempt may take.
    pub(super) fn time_max(&self) -> Duration {
        self.lease / 2
    }

    /// Works on what is due, for every merchant, until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let mut running = Running::default();
        while !stop.is_cancelled() {
            let known = self.queue.progress.of(QueueTasks::NAME).position;
            let took = match self.take_for(&mut running).await {
                Ok(took) => took,
                Err(error) => {
                    tracing::warn!(%error, "nobody knows which tasks are due");
                    tokio::time::sleep(TROUBLE_PAUSE).await;
                    0
                }
            };
            if took > 0 {
                continue;
            }
            tokio::select! {
                () = stop.cancelled() => break,
                () = self.news_after(known) => {}
                () = running.one_ended() => {}
            }
        }
        running.end(LAST_ATTEMPTS).await;
    }

    async fn news_after(&self, known: u64) {
        tokio::time::sleep(LOOK_REST).await;
        self.queue.progress.reached(QueueTasks::NAME, known + 1, LOOK_INTERVAL - LOOK_REST).await;
    }

    /// Takes as many tasks of each kind as there is room for; gives how many.
    async fn take_for(&self, running: &mut Running) -> Result<usize, TaskError> {
        let mut took = 0;
        for handler in self.handlers.iter() {
            let kind = handler.kind();
            let room = running.room_for(&kind, handler.at_once());
            if room == 0 {
                continue;
            }
            for (merchant, task) in self.take(None, std::slice::from_ref(&kind), room).await? {
                took += 1;
                let worker = self.clone();
                running.start(kind.clone(), async move { worker.attempt(merchant, task).await });
            }
        }
        Ok(took)
    }

    async fn take(
        &self,
        merchant: Option<MerchantId>,
        kinds: &[TaskKind],
        most: usize,
    ) -> Result<Vec<(MerchantId, TaskId)>, TaskError> {
        let wanted = lease::Wanted {
            worker: self.id,
            merchant,
            kinds,
            due_by: self.clock.now(),
            lease: self.lease,
            most: i64::try_from(most).unwrap_or(i64::MAX),
            most_of_a_merchant: AT_ONCE_OF_A_MERCHANT,
        };
        Ok(lease::take(&self.queue.db, wanted).await?)
    }

    /// Does everything that is due for one merchant by now, and waits for what others are doing, up to a bound; gives the
    /// position that the read model has seen then. What is held is tried once and not waited for: no time brings it about.
    ///
    /// # Errors
    /// [`TaskError`]
    pub async fn run_due(&self, merchant: MerchantId) -> Result<u64, TaskError> {
        let kinds: Vec<TaskKind> = self.handlers.iter().map(|handler| handler.kind()).collect();
        let give_up_at = Instant::now() + DUE_PATIENCE;
        lease::wake(&self.queue.db, merchant).await?;
        loop {
            let head = self.queue.shards.journal().last_position().await?;
            if !self.queue.progress.reached(QueueTasks::NAME, head, DUE_PATIENCE).await {
                return Err(TaskError::ReadModelBehind);
            }
            let taken = self.take(Some(merchant), &kinds, AT_ONCE_MAX).await?;
            let attempts = taken.iter().map(|(merchant, task)| self.attempt(*merchant, *task));
            futures::future::join_all(attempts).await;
            if !taken.is_empty() {
                continue;
            }
            let others = lease::next_end(&self.queue.db, merchant, self.clock.now()).await?;
            let Some(ends) = others.filter(|_| Instant::now() < give_up_at) else { return Ok(head) };
            self.queue.progress.reached(QueueTasks::NAME, head + 1, ends.min(OTHERS_LOOK)).await;
        }
    }
}

/// Attempts under way.
#[derive(Default)]
struct Running {
    attempts: JoinSet<TaskKind>,
    by_kind: HashMap<TaskKind, usize>,
}

impl Running {
    fn room_for(&mut self, kind: &TaskKind, at_once: usize) -> usize {
        while let Some(ended) = self.attempts.try_join_next() {
            self.ended(ended);
        }
        let here = self.by_kind.get(kind).copied().unwrap_or(0);
        at_once.saturating_sub(here).min(AT_ONCE_MAX.saturating_sub(self.attempts.len()))
    }

    fn start(&mut self, kind: TaskKind, attempt: impl Future<Output = ()> + Send + 'static) {
        *self.by_kind.entry(kind.clone()).or_default() += 1;
        self.attempts.spawn(async move {
            // A handler that panics must not take the count of its kind with it.
            let _ = tokio::spawn(attempt).await;
            kind
        });
    }

    /// Waits for ever if none is under way.
    async fn one_ended(&mut self) {
        match self.attempts.join_next().await {
            Some(ended) => self.ended(ended),
            None => std::future::pending().await,
        }
    }

    fn ended(&mut self, ended: Result<TaskKind, tokio::task::JoinError>) {
        if let Ok(kind) = ended
            && let Some(count) = self.by_kind.get_mut(&kind)
        {
            *count = count.saturating_sub(1);
        }
    }

    async fn end(mut self, patience: Duration) {
        let all = async { while self.attempts.join_next().await.is_some() {} };
        // What goes on beyond that ends with the process, as if it had been killed.
        let _ = timeout(patience, all).await;
    }
}
