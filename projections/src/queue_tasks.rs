//! `queue_tasks`: the task queue, as workers and operators see it. Everything is in the events; who works on a task at this
//! moment is not, and stands in [`lease`]s beside it.

pub mod lease;
mod query;

use std::sync::Arc;

use aggregates::{
    Context,
    customer::CustomerEvent,
    id::TaskId,
    merchant::MerchantEvent,
    task::{TaskCreated, TaskEvent, TaskPayload},
    time::Timestamp,
};
use journal::{Positioned, SubjectId};
use sqlx::{PgConnection, Postgres, postgres::PgArguments, query::Query};

use crate::{
    erasure,
    projection::{Projection, ProjectionError, Tables, events_of},
    sql::{bigint, timestamptz},
};

pub use query::{Backlog, Filter, TaskRow, backlog, exists, find, find_anywhere, list, list_everywhere};

pub struct QueueTasks;

const TABLE: &str = "read.queue_tasks";
const CLOCKS: &str = "read.queue_clocks";

impl QueueTasks {
    pub const NAME: &'static str = "queue_tasks";
}

impl Projection for QueueTasks {
    const NAME: &'static str = QueueTasks::NAME;
    const CONTEXTS: &'static [Context] = &[Context::Task, Context::Customer, Context::Merchant];
    const TABLES: Tables = Tables::Own(&[TABLE, CLOCKS]);

    async fn apply(&self, transaction: &mut PgConnection, batch: &[Arc<Positioned>]) -> Result<(), ProjectionError> {
        let mut fenced = Vec::new();
        for commit in batch {
            match (commit.subject.context, commit.subject.id) {
                (Context::Task, _) => {
                    for event in events_of::<TaskEvent>(commit)? {
                        take_in(commit, &event).execute(&mut *transaction).await?;
                    }
                }
                (Context::Customer, SubjectId::Uuid(customer)) => {
                    // At the end once more: a task that was created behind the fence under a lease on the key has come since.
                    let ends =
                        |event: &CustomerEvent| matches!(event, CustomerEvent::Fenced(_) | CustomerEvent::Erased(_));
                    if events_of::<CustomerEvent>(commit)?.iter().any(ends) {
                        fenced.push((commit.subject.merchant, customer));
                    }
                }
                _ => set_clock(transaction, commit).await?,
            }
        }
        erasure::scrub_fenced(transaction, TABLE, fenced).await?;
        erasure::forget_merchants_of(transaction, &[TABLE, CLOCKS], batch).await
    }
}

type Change = Query<'static, Postgres, PgArguments>;

fn take_in(commit: &Positioned, event: &TaskEvent) -> Change {
    match event {
        TaskEvent::Created(created) => inserted(commit, created),
        TaskEvent::Completed(event) => {
            let set = "state = 'completed', attempts = $4, note = $5, ended_at = $6, sealed_payload = null";
            let ended = changed(commit, event.id, set).bind(i32::from(event.attempt));
            ended.bind(event.note.clone()).bind(timestamptz(event.at))
        }
        TaskEvent::Failed(event) => {
            let failed = due_again(commit, event.id, "attempts = $5, last_reason = $6", event.next_at);
            failed.bind(i32::from(event.attempt)).bind(event.reason.clone())
        }
        TaskEvent::Dead(event) => {
            let set = "state = 'dead', attempts = $4, last_reason = $5, ended_at = $6";
            let dead = changed(commit, event.id, set).bind(i32::from(event.attempt));
            dead.bind(event.reason.clone()).bind(timestamptz(event.at))
        }
        TaskEvent::Retried(event) => {
            due_again(commit, event.id, "state = 'open', attempts = 0, ended_at = null", event.at)
        }
        TaskEvent::Discarded(event) => {
            let set = "state = 'discarded', note = $4, ended_at = $5, sealed_payload = null";
            changed(commit, event.id, set).bind(event.cause.as_str()).bind(timestamptz(event.at))
        }
    }
}

/// How far ahead the merchant's clock is.
const AHEAD: &str = "make_interval(secs => coalesce(
    (select ahead_micros from queue_clocks where queue_clocks.merchant = $1), 0) / 1000000.0)";

fn inserted(commit: &Positioned, created: &TaskCreated) -> Change {
    let (open, sealed) = match &created.payload {
        TaskPayload::Open(bytes) => (Some(bytes.clone()), None),
        TaskPayload::Sealed(sealed) => (None, Some(sealed.ciphertext().to_vec())),
    };
    // The creating command is guarded, so that a second row for a task cannot come.
    let statement = format!(
        "insert into queue_tasks
            (merchant, task, kind, state, priority, customer, payload, sealed_payload, attempts, created_at,
             next_at, due_at, rank, request, created_position, position)
         values ($1, $2, $4, 'open', $5, $6, $7, $8, 0, $9, $10, $10 - {AHEAD},
             $10 - {AHEAD} - make_interval(secs => $11), $12, $3, $3)"
    );
    sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(commit.subject.merchant.0)
        .bind(created.id.0)
        .bind(bigint(commit.position))
        .bind(created.kind.as_str().to_owned())
        .bind(created.priority.as_str())
        .bind(created.customer.map(|customer| customer.0))
        .bind(open)
        .bind(sealed)
        .bind(timestamptz(created.at))
        .bind(timestamptz(created.not_before))
        .bind(seconds(created.priority.head_start_seconds()))
        .bind(commit.commit.correlation)
}

/// A change of a task's row. The columns' values are bound from `$4` on.
fn changed(commit: &Positioned, task: TaskId, columns: &str) -> Change {
    let statement = format!("update queue_tasks set position = $3, {columns} where merchant = $1 and task = $2");
    sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(commit.subject.merchant.0)
        .bind(task.0)
        .bind(bigint(commit.position))
}

/// The same, for a task that is tried again at `next_at`. The other columns' values are bound from `$5` on.
fn due_again(commit: &Positioned, task: TaskId, columns: &str, next_at: Timestamp) -> Change {
    let set = format!("next_at = $4, due_at = $4 - {AHEAD}, rank = $4 - {AHEAD} - (due_at - rank), {columns}");
    changed(commit, task, &set).bind(timestamptz(next_at))
}

/// Seconds as Postgres takes them; far below where a float loses whole numbers.
fn seconds(seconds: i64) -> f64 {
    seconds as f64
}

/// A merchant's clock was moved: what waits by it is due earlier.
async fn set_clock(transaction: &mut PgConnection, commit: &Positioned) -> Result<(), ProjectionError> {
    for event in events_of::<MerchantEvent>(commit)? {
        let MerchantEvent::ClockAdvanced(advanced) = event else { continue };
        sqlx::query(
            "insert into queue_clocks values ($1, $2)
             on conflict (merchant) do update set ahead_micros = excluded.ahead_micros",
        )
        .bind(commit.subject.merchant.0)
        .bind(advanced.ahead_micros)
        .execute(&mut *transaction)
        .await?;
        let statement = format!(
            "update queue_tasks set due_at = next_at - {AHEAD}, rank = next_at - {AHEAD} - (due_at - rank)
              where merchant = $1 and state = 'open'"
        );
        let moved = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(commit.subject.merchant.0);
        moved.execute(&mut *transaction).await?;
    }
    Ok(())
}
