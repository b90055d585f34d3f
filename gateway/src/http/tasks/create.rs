//! `POST /v1/tasks`: what a merchant may ask the queue for.

use aggregates::{mail::MailKind, task::TaskKind, time::Timestamp};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use projections::queue_tasks::QueueTasks;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{TaskDocument, found};
use crate::{
    auth::Caller,
    commands::{CommandError, adjust::Idempotency, mail_by_hand::MailByHand},
    gateway::Gateway,
    http::{
        adjustments::replayed,
        body::{JsonBody, idempotency_key},
        customer_id,
    },
    problem::Problem,
};

/// Something to be done. `mail.send` is the one kind that can be asked for: the others are created together with what makes them
/// necessary.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTask {
    /// `mail.send`
    pub kind: String,
    /// Whom to mail.
    pub customer_id: String,
    /// Which mail: `welcome`, `points_expiring` or `tier_reached`.
    pub mail: String,
    /// Not sent before; at once, if not said. Never in the merchant's quiet hours.
    #[serde(default)]
    pub not_before: Option<String>,
}

/// Puts a task on the queue, once under its `Idempotency-Key`. A mail about how the customer stands now, under the rules of all
/// mail: nobody gets it who has unsubscribed.
#[utoipa::path(
    post, path = "/v1/tasks", tag = "tasks", operation_id = "create_task", security(("api_key" = [])),
    params(("Idempotency-Key" = String, Header)), request_body = NewTask,
    responses((status = 201, body = TaskDocument), (status = 400, body = crate::problem::ProblemDocument),
              (status = 404, body = crate::problem::ProblemDocument), (status = 409, body = crate::problem::ProblemDocument),
              (status = 422, body = crate::problem::ProblemDocument))
)]
pub async fn create(
    State(gateway): State<Gateway>,
    caller: Caller,
    headers: HeaderMap,
    JsonBody { value: new, .. }: JsonBody<NewTask>,
) -> Result<(StatusCode, HeaderMap, Json<TaskDocument>), Problem> {
    let key = idempotency_key(&headers)?;
    let customer = customer_id(&new.customer_id)?;
    gateway.known_customer(&caller, customer).await?;
    gateway.is_created_by_hand(&TaskKind::parse(&new.kind).ok_or(CommandError::UnknownTaskKind)?)?;
    let kind = MailKind::parse(&new.mail).ok_or_else(|| Problem::at("/mail", "is no kind of mail"))?;
    let not_before = new.not_before.as_deref().map(Timestamp::parse).transpose();
    let not_before = not_before.map_err(|_| Problem::at("/not_before", "is not an RFC 3339 time"))?;
    let idempotency = Idempotency { route: "tasks", key, content: Vec::new() };
    let wanted = MailByHand { customer, kind, not_before };
    let created = gateway.mail_by_hand(&caller.request, wanted, &idempotency).await?;
    gateway.caught_up(QueueTasks::NAME, Some(created.position)).await?;
    let document = found(&gateway, &caller, created.task).await?;
    Ok((StatusCode::CREATED, replayed(created.repeated), Json(document)))
}
