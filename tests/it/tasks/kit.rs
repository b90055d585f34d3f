//! A kind of task of the test's own, and a worker that does nothing else.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use aggregates::{
    id::{CommandId, CustomerId, TaskId},
    task::{Priority, RetryPolicy, TaskKind},
};
use futures::future::BoxFuture;
use gateway::clock::new_id;
use journal::{Actor, CommandContext};
use policies::{
    TaskWorker,
    tasks::{Enqueued, Handler, Handlers, NewPayload, NewTask, Outcome, Task},
};
use serde_json::Value;
use tokio::sync::Notify;

use crate::support::{Installation, Shop, on_shared_runtime};

/// What has been asked of the handler, and what it says next.
pub struct Probe {
    kind: TaskKind,
    pub calls: Mutex<Vec<(TaskId, u16, Vec<u8>)>>,
    pub given_up: Mutex<Vec<TaskId>>,
    answers: Mutex<VecDeque<Outcome>>,
    /// Said when an attempt that hangs has done what it had to do.
    pub hangs: Notify,
    hang_next: Mutex<bool>,
}

impl Probe {
    pub fn new() -> Arc<Probe> {
        let name = format!("probe.{}", &new_id().simple().to_string()[..12]);
        Arc::new(Probe {
            kind: TaskKind::parse(&name).unwrap(),
            calls: Mutex::default(),
            given_up: Mutex::default(),
            answers: Mutex::default(),
            hangs: Notify::new(),
            hang_next: Mutex::default(),
        })
    }

    /// Answers to the next attempts, in this order; afterwards everything is done.
    pub fn answers(&self, outcomes: impl IntoIterator<Item = Outcome>) {
        self.answers.lock().unwrap().extend(outcomes);
    }

    /// The next attempt never comes back.
    pub fn hangs_next(&self) {
        *self.hang_next.lock().unwrap() = true;
    }

    pub fn called(&self) -> usize {
        self.calls.lock().unwrap().len()
    }

    pub fn worker(self: &Arc<Self>, installation: &Installation) -> TaskWorker {
        let handler: Arc<dyn Handler> = Arc::clone(self) as _;
        TaskWorker { handlers: Handlers::of(vec![handler]), ..installation.gateway.task_worker() }
    }

    /// Does all that is due for this shop.
    pub async fn run_due(self: &Arc<Self>, shop: &Shop) {
        let (worker, merchant) = (self.worker(Installation::shared()), shop.merchant);
        let position = on_shared_runtime(async move { worker.run_due(merchant).await }).await.unwrap();
        shop.has_seen(Some(position));
    }

    pub fn task(&self, key: &str) -> NewTask {
        NewTask {
            kind: self.kind.clone(),
            key: key.to_owned(),
            customer: None,
            payload: NewPayload::Ids(key.as_bytes().to_vec()),
            priority: Priority::Normal,
            not_before: None,
        }
    }

    pub async fn enqueue(&self, shop: &Shop, task: NewTask) -> Enqueued {
        enqueue(shop, task).await.unwrap()
    }
}

pub async fn enqueue(shop: &Shop, task: NewTask) -> Result<Enqueued, policies::TaskError> {
    enqueue_at(Installation::shared(), shop, task).await
}

pub async fn enqueue_at(
    installation: &Installation,
    shop: &Shop,
    task: NewTask,
) -> Result<Enqueued, policies::TaskError> {
    let (queue, merchant, now) = (installation.gateway.tasks.clone(), shop.merchant, shop.now());
    let enqueued = on_shared_runtime(async move {
        let context = CommandContext {
            command_id: CommandId(new_id()),
            request: None,
            actor: Actor::Policy("test".to_owned()),
            correlation: new_id(),
            causation: None,
            recorded_at: now,
            occurred_at: None,
            traceparent: None,
        };
        queue.enqueue(&context, merchant, &task).await
    })
    .await?;
    shop.has_seen(enqueued.position);
    Ok(enqueued)
}

pub fn customer_id(text: &str) -> CustomerId {
    text.parse().unwrap()
}

/// The task as the API shows it, after everything that was answered so far.
pub async fn shown(shop: &Shop, task: TaskId) -> Value {
    shop.api.get(&format!("/v1/tasks/{task}")).query("min_position", shop.seen()).document().await
}

impl Handler for Probe {
    fn kind(&self) -> TaskKind {
        self.kind.clone()
    }

    fn retry_policy(&self) -> RetryPolicy {
        RetryPolicy { attempts_max: 3, first_pause_seconds: 60, longest_pause_seconds: 3_600 }
    }

    fn run<'a>(&'a self, task: &'a Task) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            self.calls.lock().unwrap().push((task.id, task.attempt, task.payload.clone()));
            if std::mem::take(&mut *self.hang_next.lock().unwrap()) {
                self.hangs.notify_one();
                std::future::pending::<()>().await;
            }
            self.answers.lock().unwrap().pop_front().unwrap_or(Outcome::Done(None))
        })
    }

    fn give_up<'a>(&'a self, task: &'a Task) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async move {
            self.given_up.lock().unwrap().push(task.id);
            Ok(())
        })
    }
}

/// Longer than any pause between two attempts of the probe's.
pub const LONG: Duration = Duration::from_secs(7_200);
