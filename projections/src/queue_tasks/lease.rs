//! Leases: who works on which task at this moment, whichever process. A lease ends by itself, so a worker that died keeps
//! nobody waiting for longer than that. It prevents work from being done twice at the same time; that nothing is *recorded*
//! twice is the log's guard.
//!
//! A task that cannot be done before something else happens is held: nobody takes it for a while, and nobody works on it.

use std::time::Duration;

use aggregates::{
    id::{MerchantId, TaskId},
    task::TaskKind,
    time::Timestamp,
};
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::sql::timestamptz;

/// Whose a task is that is held: nobody's.
const NOBODY: Uuid = Uuid::nil();
/// Due tasks that are looked at to find some for everybody.
const LOOKED_AT_MAX: i64 = 1_000;

/// What a worker asks for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    pub worker: Uuid,
    /// Only this merchant's.
    pub merchant: Option<MerchantId>,
    pub kinds: &'a [TaskKind],
    /// Due by then, in real time.
    pub due_by: Timestamp,
    /// How long the tasks are the worker's own.
    pub lease: Duration,
    pub most: i64,
    /// At most so many of one merchant at a time, so that none of them fills the queue for the others. Held ones are not
    /// counted: the merchant's other tasks go on.
    pub most_of_a_merchant: i64,
}

/// Takes due tasks that nobody is working on, in the order of their ranks.
pub async fn take(db: &PgPool, wanted: Wanted<'_>) -> Result<Vec<(MerchantId, TaskId)>, sqlx::Error> {
    let kinds: Vec<&str> = wanted.kinds.iter().map(TaskKind::as_str).collect();
    let rows = sqlx::query(
        "with due as (
            select task.merchant, task.task, task.rank from read.queue_tasks task
             where task.state = 'open' and task.due_at <= $1 and task.kind = any($2)
               and ($3::uuid is null or task.merchant = $3)
               and not exists (select from work.task_leases lease
                    where lease.merchant = task.merchant and lease.task = task.task and lease.until > now())
             order by task.rank limit $4),
         shared as (
            select merchant, task, rank, row_number() over (partition by merchant order by rank) as place,
                   (select count(*) from work.task_leases lease
                     where lease.merchant = due.merchant and lease.until > now() and lease.worker <> $9) as taken
              from due)
         insert into work.task_leases (merchant, task, worker, until)
         select merchant, task, $5, now() + make_interval(secs => $6) from shared
          where place + taken <= $7 order by rank limit $8
         on conflict (merchant, task) do update set worker = excluded.worker, until = excluded.until
          where task_leases.until <= now()
         returning merchant, task",
    )
    .bind(timestamptz(wanted.due_by))
    .bind(kinds)
    .bind(wanted.merchant.map(|merchant| merchant.0))
    .bind(LOOKED_AT_MAX)
    .bind(wanted.worker)
    .bind(wanted.lease.as_secs_f64())
    .bind(wanted.most_of_a_merchant)
    .bind(wanted.most)
    .bind(NOBODY)
    .fetch_all(db)
    .await?;
    rows.iter().map(|row| Ok((MerchantId(row.try_get(0)?), TaskId(row.try_get(1)?)))).collect()
}

/// Lets a task go, if it is still this worker's.
pub async fn release(db: &PgPool, worker: Uuid, merchant: MerchantId, task: TaskId) -> Result<(), sqlx::Error> {
    let statement = "delete from work.task_leases where merchant = $1 and task = $2 and worker = $3";
    sqlx::query(statement).bind(merchant.0).bind(task.0).bind(worker).execute(db).await.map(drop)
}

/// Nobody takes the task for so long, if it is still this worker's.
pub async fn rest(
    db: &PgPool,
    worker: Uuid,
    merchant: MerchantId,
    task: TaskId,
    long: Duration,
) -> Result<(), sqlx::Error> {
    hand_over(db, (worker, worker), merchant, task, long).await
}

/// The same, but for whoever wants everything done: see [`wake`].
pub async fn hold(
    db: &PgPool,
    worker: Uuid,
    merchant: MerchantId,
    task: TaskId,
    long: Duration,
) -> Result<(), sqlx::Error> {
    hand_over(db, (worker, NOBODY), merchant, task, long).await
}

async fn hand_over(
    db: &PgPool,
    (from, to): (Uuid, Uuid),
    merchant: MerchantId,
    task: TaskId,
    long: Duration,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update work.task_leases set worker = $5, until = now() + make_interval(secs => $4)
          where merchant = $1 and task = $2 and worker = $3",
    )
    .bind(merchant.0)
    .bind(task.0)
    .bind(from)
    .bind(long.as_secs_f64())
    .bind(to)
    .execute(db)
    .await
    .map(drop)
}

/// Has this merchant's tasks that are held looked at once more.
pub async fn wake(db: &PgPool, merchant: MerchantId) -> Result<(), sqlx::Error> {
    let statement = "delete from work.task_leases where merchant = $1 and worker = $2";
    sqlx::query(statement).bind(merchant.0).bind(NOBODY).execute(db).await.map(drop)
}

/// When the first lease on a due task of this merchant ends: how long somebody has to wait who wants all of it done. What is
/// held is not waited for.
pub async fn next_end(db: &PgPool, merchant: MerchantId, due_by: Timestamp) -> Result<Option<Duration>, sqlx::Error> {
    let seconds: Option<f64> = sqlx::query_scalar(
        "select extract(epoch from min(lease.until) - clock_timestamp())::float8
           from work.task_leases lease join read.queue_tasks task using (merchant, task)
          where merchant = $1 and task.state = 'open' and task.due_at <= $2 and lease.worker <> $3",
    )
    .bind(merchant.0)
    .bind(timestamptz(due_by))
    .bind(NOBODY)
    .fetch_one(db)
    .await?;
    Ok(seconds.map(|seconds| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::ZERO)))
}

/// Removes leases that ended long ago: their workers died.
pub async fn sweep(db: &PgPool) -> Result<u64, sqlx::Error> {
    let swept = sqlx::query("delete from work.task_leases where until < now() - interval '1 hour'").execute(db).await?;
    Ok(swept.rows_affected())
}
