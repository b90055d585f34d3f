//! `loyalnest tasks …`: the task queue, of every merchant.

use aggregates::id::TaskId;
use anyhow::{Context, ensure};
use gateway::{Gateway, Options};
use projections::queue_tasks::{self, QueueTasks, TaskRow};
use serde_json::{Value, json};

use super::operator::request_for;
use crate::{
    args::{Output, TasksCommand},
    composition::{self, Config},
    output,
};

const COLUMNS: [&str; 8] =
    ["id", "merchant_id", "kind", "state", "attempts", "created_at", "next_attempt_at", "last_reason"];
/// Rows of a list.
const LIST_MAX: i64 = 1_000;

pub async fn run(command: TasksCommand, config: &Config, output: Output) -> anyhow::Result<()> {
    let gateway = composition::assemble(config, Options::default()).await?;
    match command {
        TasksCommand::List { state } => {
            let rows = queue_tasks::list_everywhere(&gateway.db, state.as_deref(), LIST_MAX).await?;
            let rows: Vec<Value> = rows.iter().map(row).collect();
            output::list(output, &COLUMNS, &rows)
        }
        TasksCommand::Show { id } => output::one(output, &COLUMNS, &row(&find(&gateway, id).await?)),
        TasksCommand::Retry { id } => {
            let request = request_for(&gateway, find(&gateway, id).await?.merchant).await?;
            let position = gateway.retry_task(&request, id).await?;
            shown(&gateway, id, position, output).await
        }
        TasksCommand::Discard { id, reason, yes } => {
            ensure!(yes, "a discarded task is never done: add --yes");
            let request = request_for(&gateway, find(&gateway, id).await?.merchant).await?;
            let position = gateway.discard_task(&request, id, &reason).await?;
            shown(&gateway, id, position, output).await
        }
    }
}

async fn shown(gateway: &Gateway, id: TaskId, position: u64, output: Output) -> anyhow::Result<()> {
    // Without anybody who writes the read model it shows what was.
    gateway.progress.reached(QueueTasks::NAME, position, gateway.options.read_patience).await;
    output::one(output, &COLUMNS, &row(&find(gateway, id).await?))
}

fn row(task: &TaskRow) -> Value {
    json!({
        "id": task.id.to_string(),
        "merchant_id": task.merchant.to_string(),
        "kind": task.kind,
        "state": task.state,
        "running": task.is_taken && task.state == "open",
        "priority": task.priority,
        "customer_id": task.customer.map(|customer| customer.to_string()),
        "attempts": task.attempts,
        "last_reason": task.last_reason,
        "result": task.note,
        "created_at": task.created_at.to_rfc3339(),
        "next_attempt_at": (task.state == "open").then(|| task.next_at.to_rfc3339()),
        "ended_at": task.ended_at.map(|at| at.to_rfc3339()),
        "request_id": task.request.to_string(),
        "position": task.position,
    })
}

async fn find(gateway: &Gateway, id: TaskId) -> anyhow::Result<TaskRow> {
    queue_tasks::find_anywhere(&gateway.db, id).await?.with_context(|| format!("there is no task {id}"))
}
