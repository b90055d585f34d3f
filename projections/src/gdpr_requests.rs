//! `gdpr_requests`: privacy requests with their due dates.

use std::sync::Arc;

use aggregates::{
    Context,
    gdpr::{GdprEvent, RequestKind},
    id::{CustomerId, GdprRequestId, MerchantId},
    time::Timestamp,
};
use chrono::{DateTime, Utc};
use journal::{Positioned, SubjectId};
use sqlx::{PgConnection, PgPool, Row};
use uuid::Uuid;

use crate::{
    projection::{Projection, ProjectionError, events_of},
    sql::{bigint, timestamp, timestamptz},
};

pub struct GdprRequests;

impl GdprRequests {
    pub const NAME: &'static str = "gdpr_requests";
}

impl Projection for GdprRequests {
    const NAME: &'static str = GdprRequests::NAME;
    const CONTEXTS: &'static [Context] = &[Context::Gdpr];

    async fn apply(&self, transaction: &mut PgConnection, batch: &[Arc<Positioned>]) -> Result<(), ProjectionError> {
        for commit in batch {
            let SubjectId::Uuid(request) = commit.subject.id else { continue };
            for event in events_of::<GdprEvent>(commit)? {
                let GdprEvent::Received(event) = event;
                sqlx::query(
                    "insert into read.gdpr_requests
                        (merchant, request, type, state, customer, received_at, due_at, position)
                     values ($1, $2, $3, 'received', $4, $5, $6, $7)",
                )
                .bind(commit.subject.merchant.0)
                .bind(request)
                .bind(word(event.kind))
                .bind(event.customer.map(|customer| customer.0))
                .bind(timestamptz(event.received_at))
                .bind(timestamptz(event.due_at))
                .bind(bigint(commit.position))
                .execute(&mut *transaction)
                .await?;
            }
        }
        Ok(())
    }
}

const fn word(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::DataRequest => "customers/data_request",
        RequestKind::CustomerRedact => "customers/redact",
        RequestKind::ShopRedact => "shop/redact",
    }
}

#[derive(Debug, Clone)]
pub struct RequestRow {
    pub id: GdprRequestId,
    pub kind: String,
    pub state: String,
    pub customer: Option<CustomerId>,
    pub received_at: Timestamp,
    pub due_at: Timestamp,
}

/// The most urgent first, at most `limit`, after the one given.
pub async fn list(
    db: &PgPool,
    merchant: MerchantId,
    after: Option<(Timestamp, GdprRequestId)>,
    limit: i64,
) -> Result<Vec<RequestRow>, sqlx::Error> {
    let (due_at, request) = after.unwrap_or((Timestamp(0), GdprRequestId(Uuid::nil())));
    let rows = sqlx::query(
        "select * from read.gdpr_requests where merchant = $1 and (due_at, request) > ($2, $3)
          order by due_at, request limit $4",
    )
    .bind(merchant.0)
    .bind(timestamptz(due_at))
    .bind(request.0)
    .bind(limit)
    .fetch_all(db)
    .await?;
    rows.iter().map(from_row).collect()
}

fn from_row(row: &sqlx::postgres::PgRow) -> Result<RequestRow, sqlx::Error> {
    Ok(RequestRow {
        id: GdprRequestId(row.try_get("request")?),
        kind: row.try_get("type")?,
        state: row.try_get("state")?,
        customer: row.try_get::<Option<Uuid>, _>("customer")?.map(CustomerId),
        received_at: timestamp(row.try_get::<DateTime<Utc>, _>("received_at")?),
        due_at: timestamp(row.try_get::<DateTime<Utc>, _>("due_at")?),
    })
}
