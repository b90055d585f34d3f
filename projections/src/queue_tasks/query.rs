//! What is asked of the read model of tasks.

use aggregates::{
    id::{CustomerId, MerchantId, TaskId},
    sealed::Sealed,
    task::{TaskContent, TaskPayload},
    time::Timestamp,
};
use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, PgPool, Row, postgres::PgRow};
use uuid::Uuid;

use crate::sql::{bigint, position, timestamp};

/// A task as the read model has it.
#[derive(Debug, Clone)]
pub struct TaskRow {
    pub merchant: MerchantId,
    pub id: TaskId,
    pub kind: String,
    /// `open`, `completed`, `dead` or `discarded`.
    pub state: String,
    /// Somebody is working on it, or it rests because the other side asked for a pause.
    pub is_taken: bool,
    pub priority: String,
    pub customer: Option<CustomerId>,
    /// `None` once it was scrubbed, or is not needed any more.
    pub payload: Option<TaskPayload>,
    pub attempts: u16,
    pub last_reason: Option<String>,
    pub note: Option<String>,
    pub created_at: Timestamp,
    pub next_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// What led to it.
    pub request: Uuid,
    pub created_position: u64,
    pub position: u64,
}

/// Which tasks of a merchant.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub state: Option<String>,
    pub kind: Option<String>,
    pub customer: Option<CustomerId>,
}

const COLUMNS: &str = "task.*, exists (select from work.task_leases lease
    where lease.merchant = task.merchant and lease.task = task.task and lease.until > now()) as is_taken";

/// The newest first, older than the position given.
pub async fn list(
    db: &PgPool,
    merchant: MerchantId,
    filter: &Filter,
    before: Option<u64>,
    limit: i64,
) -> Result<Vec<TaskRow>, sqlx::Error> {
    let statement = format!(
        "select {COLUMNS} from read.queue_tasks task
          where merchant = $1 and created_position < $2 and ($3::text is null or state = $3)
            and ($4::text is null or kind = $4) and ($5::uuid is null or customer = $5)
          order by created_position desc, task limit $6"
    );
    let rows = sqlx::query(AssertSqlSafe(statement))
        .bind(merchant.0)
        .bind(before.map_or(i64::MAX, bigint))
        .bind(filter.state.clone())
        .bind(filter.kind.clone())
        .bind(filter.customer.map(|customer| customer.0))
        .bind(limit)
        .fetch_all(db)
        .await?;
    rows.iter().map(from_row).collect()
}

/// Of every merchant, because operators look after all of them: in this state, the newest first.
pub async fn list_everywhere(db: &PgPool, state: Option<&str>, limit: i64) -> Result<Vec<TaskRow>, sqlx::Error> {
    let statement = format!(
        "select {COLUMNS} from read.queue_tasks task where $1::text is null or state = $1
          order by created_position desc, task limit $2"
    );
    let rows = sqlx::query(AssertSqlSafe(statement)).bind(state).bind(limit).fetch_all(db).await?;
    rows.iter().map(from_row).collect()
}

pub async fn find(db: &PgPool, merchant: MerchantId, task: TaskId) -> Result<Option<TaskRow>, sqlx::Error> {
    let statement = format!("select {COLUMNS} from read.queue_tasks task where merchant = $1 and task = $2");
    let row = sqlx::query(AssertSqlSafe(statement)).bind(merchant.0).bind(task.0).fetch_optional(db).await?;
    row.as_ref().map(from_row).transpose()
}

/// Whichever merchant's.
pub async fn find_anywhere(db: &PgPool, task: TaskId) -> Result<Option<TaskRow>, sqlx::Error> {
    let statement = format!("select {COLUMNS} from read.queue_tasks task where task = $1");
    let row = sqlx::query(AssertSqlSafe(statement)).bind(task.0).fetch_optional(db).await?;
    row.as_ref().map(from_row).transpose()
}

/// Whether there is, or ever was, a task under this id.
pub async fn exists(db: &PgPool, merchant: MerchantId, task: TaskId) -> Result<bool, sqlx::Error> {
    let statement = "select exists (select from read.queue_tasks where merchant = $1 and task = $2)";
    sqlx::query_scalar(statement).bind(merchant.0).bind(task.0).fetch_one(db).await
}

/// How much there is to do, in all shops together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Backlog {
    pub due: i64,
    /// Not due yet.
    pub waiting: i64,
    pub dead: i64,
    /// How long the one that fell due first has been waiting, in seconds.
    pub oldest_due_seconds: i64,
}

/// `now` is real time.
pub async fn backlog(db: &PgPool, now: Timestamp) -> Result<Backlog, sqlx::Error> {
    let row = sqlx::query(
        "select count(*) filter (where state = 'open' and due_at <= $1) as due,
                count(*) filter (where state = 'open' and due_at > $1) as waiting,
                count(*) filter (where state = 'dead') as dead,
                coalesce(extract(epoch from $1 - min(due_at) filter (where state = 'open' and due_at <= $1)), 0)::bigint
                    as oldest_due_seconds
           from read.queue_tasks where state in ('open', 'dead')",
    )
    .bind(crate::sql::timestamptz(now))
    .fetch_one(db)
    .await?;
    Ok(Backlog {
        due: row.try_get("due")?,
        waiting: row.try_get("waiting")?,
        dead: row.try_get("dead")?,
        oldest_due_seconds: row.try_get("oldest_due_seconds")?,
    })
}

fn from_row(row: &PgRow) -> Result<TaskRow, sqlx::Error> {
    let instant = |column| row.try_get::<DateTime<Utc>, _>(column).map(timestamp);
    let open: Option<Vec<u8>> = row.try_get("payload")?;
    let sealed: Option<Vec<u8>> = row.try_get("sealed_payload")?;
    let sealed = sealed.map(|bytes| TaskPayload::Sealed(Sealed::<TaskContent>::from_ciphertext(bytes)));
    Ok(TaskRow {
        merchant: MerchantId(row.try_get("merchant")?),
        id: TaskId(row.try_get("task")?),
        kind: row.try_get("kind")?,
        state: row.try_get("state")?,
        is_taken: row.try_get("is_taken")?,
        priority: row.try_get("priority")?,
        customer: row.try_get::<Option<Uuid>, _>("customer")?.map(CustomerId),
        payload: open.map(TaskPayload::Open).or(sealed),
        attempts: u16::try_from(row.try_get::<i32, _>("attempts")?).unwrap_or(u16::MAX),
        last_reason: row.try_get("last_reason")?,
        note: row.try_get("note")?,
        created_at: instant("created_at")?,
        next_at: instant("next_at")?,
        ended_at: row.try_get::<Option<DateTime<Utc>>, _>("ended_at")?.map(timestamp),
        request: row.try_get("request")?,
        created_position: position(row.try_get("created_position")?),
        position: position(row.try_get("position")?),
    })
}
