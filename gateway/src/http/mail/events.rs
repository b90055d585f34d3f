//! `GET /v1/email_events`: how far each mail has come. No addresses, no words.

use axum::{Json, extract::State};
use projections::email_events::{self, EmailEvents, EmailRow};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    auth::Caller,
    cursor,
    gateway::Gateway,
    http::{Page, body::Params, customer_id},
    problem::Problem,
};

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EmailEvent {
    /// Of the task by which it is sent.
    pub id: String,
    pub customer_id: String,
    pub kind: String,
    /// `handing_over`, `sent`, `skipped`, `deferred`, `refused`, or `unknown` where the mail server was cut off.
    pub outcome: String,
    /// Why it was skipped.
    pub reason: Option<String>,
    pub language: Option<String>,
    /// `null` where the words are ours.
    pub template_version: Option<u32>,
    pub attempt: u16,
    pub occurred_at: String,
    pub position: u64,
}

impl From<EmailRow> for EmailEvent {
    fn from(row: EmailRow) -> Self {
        EmailEvent {
            id: row.mail.to_string(),
            customer_id: row.customer.to_string(),
            kind: row.kind,
            outcome: row.outcome,
            reason: row.reason,
            language: row.language,
            template_version: row.template_version,
            attempt: row.attempt,
            occurred_at: row.at.to_rfc3339(),
            position: row.position,
        }
    }
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EmailParams {
    /// Only those to this customer.
    pub customer_id: Option<String>,
    pub limit: Option<u32>,
    pub cursor: Option<String>,
    /// Answer only once the read model has seen this position.
    pub min_position: Option<u64>,
}

/// Mails, the newest first.
#[utoipa::path(
    get, path = "/v1/email_events", tag = "mail", operation_id = "email_events", security(("api_key" = [])),
    params(EmailParams), responses((status = 200, body = Page<EmailEvent>))
)]
pub async fn list(
    State(gateway): State<Gateway>,
    caller: Caller,
    Params(params): Params<EmailParams>,
) -> Result<Json<Page<EmailEvent>>, Problem> {
    let customer = params.customer_id.as_deref().map(customer_id).transpose()?;
    gateway.fresh_enough(&caller, EmailEvents::NAME, params.min_position).await?;
    let limit = cursor::limit(params.limit);
    let before = cursor::decode::<u64>(params.cursor.as_deref())?;
    let wanted = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let rows = email_events::list(&gateway.db, caller.merchant(), customer, before, wanted).await?;
    let page = Page::cut(rows, limit, |row| cursor::encode(&row.position));
    let data = page.data.into_iter().map(EmailEvent::from).collect();
    Ok(Json(Page { data, has_more: page.has_more, next_cursor: page.next_cursor }))
}
