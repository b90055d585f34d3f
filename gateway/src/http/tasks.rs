//! `/v1/tasks`: the task queue of a merchant. What a task says stays with its handler; here is how far it has come.
//!
//! | file | its idea |
//! |---|---|
//! | this one | looking at tasks, trying them again, giving them up |
//! | [`create`] | asking for one |

pub mod create;

use aggregates::{id::TaskId, time::Timestamp};
use axum::{Json, extract::State, http::StatusCode};
use projections::queue_tasks::{self, Filter, QueueTasks, TaskRow};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Page,
    body::{JsonBody, Params, Path},
    customer_id,
    customers::rows_wanted,
    gdpr_requests::actions::Reason,
};
use crate::{
    auth::Caller,
    cursor,
    gateway::Gateway,
    problem::{Code, Problem},
};

const STATES: [&str; 4] = ["open", "completed", "dead", "discarded"];

/// A task, as the read model has it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Task)]
pub struct TaskDocument {
    pub id: String,
    /// Which handler does it, such as `discount.create`.
    pub kind: String,
    /// `open`, `completed`, `dead` (given up; it may be retried) or `discarded`.
    pub state: String,
    /// Somebody is working on it at this moment, or it rests because the other side asked for a pause.
    pub running: bool,
    pub priority: String,
    pub customer_id: Option<String>,
    /// On record, since it was created or last retried by hand.
    pub attempts: u16,
    /// Why the last attempt failed.
    pub last_reason: Option<String>,
    /// What came of it.
    pub result: Option<String>,
    pub created_at: String,
    /// Of an open task.
    pub next_attempt_at: Option<String>,
    pub ended_at: Option<String>,
    /// The request that led to it, as in the audit log.
    pub request_id: String,
    /// Of the last commit about it.
    pub position: u64,
}

impl From<TaskRow> for TaskDocument {
    fn from(row: TaskRow) -> Self {
        let is_open = row.state == "open";
        TaskDocument {
            id: row.id.to_string(),
            kind: row.kind,
            running: is_open && row.is_taken,
            state: row.state,
            priority: row.priority,
            customer_id: row.customer.map(|customer| customer.to_string()),
            attempts: row.attempts,
            last_reason: row.last_reason,
            result: row.note,
            created_at: row.created_at.to_rfc3339(),
            next_attempt_at: is_open.then(|| row.next_at.to_rfc3339()),
            ended_at: row.ended_at.map(Timestamp::to_rfc3339),
            request_id: row.request.to_string(),
            position: row.position,
        }
    }
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TaskParams {
    /// `open`, `completed`, `dead` or `discarded`.
    pub state: Option<String>,
    pub kind: Option<String>,
    pub customer_id: Option<String>,
    pub limit: Option<u32>,
    pub cursor: Option<String>,
    /// Answer only once the read model has seen this position.
    pub min_position: Option<u64>,
}

/// Tasks of the merchant, the newest first.
#[utoipa::path(
    get, path = "/v1/tasks", tag = "tasks", operation_id = "list_tasks", security(("api_key" = [])), params(TaskParams),
    responses((status = 200, body = Page<TaskDocument>), (status = 422, body = crate::problem::ProblemDocument))
)]
pub async fn list(
    State(gateway): State<Gateway>,
    caller: Caller,
    Params(params): Params<TaskParams>,
) -> Result<Json<Page<TaskDocument>>, Problem> {
    if params.state.as_deref().is_some_and(|state| !STATES.contains(&state)) {
        return Err(Problem::at("/state", "is `open`, `completed`, `dead` or `discarded`"));
    }
    let customer = params.customer_id.as_deref().map(customer_id).transpose()?;
    let filter = Filter { state: params.state, kind: params.kind, customer };
    gateway.fresh_enough(&caller, QueueTasks::NAME, params.min_position).await?;
    let limit = cursor::limit(params.limit);
    let before = cursor::decode::<u64>(params.cursor.as_deref())?;
    let rows = queue_tasks::list(&gateway.db, caller.merchant(), &filter, before, rows_wanted(limit)).await?;
    let page = Page::cut(rows, limit, |row| cursor::encode(&row.created_position));
    let data = page.data.into_iter().map(TaskDocument::from).collect();
    Ok(Json(Page { data, has_more: page.has_more, next_cursor: page.next_cursor }))
}

/// One task.
#[utoipa::path(
    get, path = "/v1/tasks/{id}", tag = "tasks", operation_id = "get_task", security(("api_key" = [])),
    params(("id" = String, Path), super::Freshness),
    responses((status = 200, body = TaskDocument), (status = 404, body = crate::problem::ProblemDocument))
)]
pub async fn get(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
    Params(freshness): Params<super::Freshness>,
) -> Result<Json<TaskDocument>, Problem> {
    let task = task_id(&id)?;
    gateway.fresh_enough(&caller, QueueTasks::NAME, freshness.min_position).await?;
    found(&gateway, &caller, task).await.map(Json)
}

/// Has a task tried at once: one that was given up, or one that waits for its next attempt.
#[utoipa::path(
    post, path = "/v1/tasks/{id}/retry", tag = "tasks", operation_id = "retry_task", security(("api_key" = [])),
    params(("id" = String, Path)),
    responses((status = 201, body = TaskDocument), (status = 404, body = crate::problem::ProblemDocument),
              (status = 409, body = crate::problem::ProblemDocument))
)]
pub async fn retry(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<TaskDocument>), Problem> {
    let task = task_id(&id)?;
    let position = gateway.retry_task(&caller.request, task).await?;
    told(&gateway, &caller, task, position).await
}

/// Gives a task up for good: it will never be done, nor created again.
#[utoipa::path(
    post, path = "/v1/tasks/{id}/discard", tag = "tasks", operation_id = "discard_task", security(("api_key" = [])),
    params(("id" = String, Path)), request_body = Reason,
    responses((status = 201, body = TaskDocument), (status = 404, body = crate::problem::ProblemDocument),
              (status = 409, body = crate::problem::ProblemDocument))
)]
pub async fn discard(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
    JsonBody { value: reason, .. }: JsonBody<Reason>,
) -> Result<(StatusCode, Json<TaskDocument>), Problem> {
    let task = task_id(&id)?;
    let position = gateway.discard_task(&caller.request, task, reason.text()?).await?;
    told(&gateway, &caller, task, position).await
}

async fn told(
    gateway: &Gateway,
    caller: &Caller,
    task: TaskId,
    position: u64,
) -> Result<(StatusCode, Json<TaskDocument>), Problem> {
    gateway.caught_up(QueueTasks::NAME, Some(position)).await?;
    Ok((StatusCode::CREATED, Json(found(gateway, caller, task).await?)))
}

async fn found(gateway: &Gateway, caller: &Caller, task: TaskId) -> Result<TaskDocument, Problem> {
    let row = queue_tasks::find(&gateway.db, caller.merchant(), task).await?;
    row.map(TaskDocument::from).ok_or_else(|| Problem::of(Code::NotFound))
}

fn task_id(text: &str) -> Result<TaskId, Problem> {
    text.parse().map_err(|_| Problem::of(Code::NotFound))
}
