//! Reading the audit log, newest first, page by page.

use aggregates::{
    id::{CustomerId, MerchantId},
    time::Timestamp,
};
use chrono::{DateTime, Utc};
use sqlx::{PgPool, Postgres, QueryBuilder, Row};
use uuid::Uuid;

use super::TargetKind;
use crate::{
    replay::Moment,
    sql::{bigint, position, timestamp, timestamptz},
};

/// A row as stored.
#[derive(Debug, Clone)]
pub struct AuditRow {
    pub position: u64,
    pub line: i16,
    pub recorded_at: Timestamp,
    pub request: Uuid,
    pub actor_kind: String,
    pub actor: Option<String>,
    pub action: String,
    pub target_kind: String,
    pub target_id: Option<String>,
    pub customer: Option<CustomerId>,
    pub outcome: String,
    /// Somebody said why.
    pub has_reason: bool,
    /// Ciphertext of that; none once it was removed.
    pub reason: Option<Vec<u8>>,
}

/// Which rows are wanted; everything unless said.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub actor_kind: Option<String>,
    pub action: Option<String>,
    pub target_kind: Option<TargetKind>,
    pub target_id: Option<String>,
    pub customer: Option<CustomerId>,
    pub request: Option<Uuid>,
    /// Recorded at or after.
    pub from: Option<Timestamp>,
    /// Recorded before.
    pub to: Option<Timestamp>,
    pub position: Option<u64>,
    /// What had been recorded by then.
    pub as_of: Option<Moment>,
}

/// At most `limit` rows, older than `before`: a position and a line.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    pub limit: i64,
    pub before: Option<(u64, i16)>,
}

pub async fn list(
    db: &PgPool,
    merchant: MerchantId,
    filter: &Filter,
    page: Page,
) -> Result<Vec<AuditRow>, sqlx::Error> {
    let (before_position, before_line) = page.before.unwrap_or((u64::MAX, i16::MAX));
    let mut query = QueryBuilder::new(
        "select position, line, recorded_at, request, actor_kind, actor, action, target_kind, target_id, customer,
                outcome, has_reason, reason
           from read.audit_logs where merchant = ",
    );
    query.push_bind(merchant.0);
    query.push(" and (position, line) < (").push_bind(bigint(before_position)).push(", ");
    query.push_bind(before_line).push(")");
    restrict(&mut query, filter);
    query.push(" order by position desc, line desc limit ").push_bind(page.limit);
    let rows = query.build().fetch_all(db).await?;
    rows.iter().map(from_row).collect()
}

fn restrict(query: &mut QueryBuilder<Postgres>, filter: &Filter) {
    if let Some(actor_kind) = &filter.actor_kind {
        query.push(" and actor_kind = ").push_bind(actor_kind.clone());
    }
    if let Some(action) = &filter.action {
        query.push(" and action = ").push_bind(action.clone());
    }
    restrict_target(query, filter);
    if let Some(customer) = filter.customer {
        query.push(" and customer = ").push_bind(customer.0);
    }
    if let Some(request) = filter.request {
        query.push(" and request = ").push_bind(request);
    }
    if let Some(from) = filter.from {
        query.push(" and recorded_at >= ").push_bind(timestamptz(from));
    }
    if let Some(to) = filter.to {
        query.push(" and recorded_at < ").push_bind(timestamptz(to));
    }
    if let Some(at) = filter.position {
        query.push(" and position = ").push_bind(bigint(at));
    }
    match filter.as_of {
        Some(Moment::Position(at)) => {
            query.push(" and group_end <= ").push_bind(bigint(at));
        }
        Some(Moment::Time(time)) => {
            query.push(" and recorded_at <= ").push_bind(timestamptz(time));
        }
        None => {}
    }
}

fn restrict_target(query: &mut QueryBuilder<Postgres>, filter: &Filter) {
    if let Some(kind) = filter.target_kind {
        query.push(" and target_kind = ").push_bind(kind.as_str());
    }
    match (filter.target_kind, &filter.target_id) {
        // People are found by the index on people, everything else by the one on targets.
        (Some(TargetKind::Customer | TargetKind::PointsAccount), Some(id)) => {
            query.push(" and customer = ").push_bind(id.parse::<CustomerId>().map_or(Uuid::nil(), |id| id.0));
        }
        (Some(TargetKind::GdprRequest) | None, Some(id)) => {
            query.push(" and target_id = ").push_bind(id.clone());
        }
        (Some(_), Some(id)) => {
            query.push(" and customer is null and target_id = ").push_bind(id.clone());
        }
        (_, None) => {}
    }
}

fn from_row(row: &sqlx::postgres::PgRow) -> Result<AuditRow, sqlx::Error> {
    Ok(AuditRow {
        position: position(row.try_get("position")?),
        line: row.try_get("line")?,
        recorded_at: timestamp(row.try_get::<DateTime<Utc>, _>("recorded_at")?),
        request: row.try_get("request")?,
        actor_kind: row.try_get("actor_kind")?,
        actor: row.try_get("actor")?,
        action: row.try_get("action")?,
        target_kind: row.try_get("target_kind")?,
        target_id: row.try_get("target_id")?,
        customer: row.try_get::<Option<Uuid>, _>("customer")?.map(CustomerId),
        outcome: row.try_get("outcome")?,
        has_reason: row.try_get("has_reason")?,
        reason: row.try_get("reason")?,
    })
}
