//! `gdpr_requests`: privacy requests, where each stands and when it is due.

mod query;

use std::sync::Arc;

use aggregates::{
    Context,
    gdpr::{Evidence, GdprEvent, RequestReceived, Stage},
};
use journal::{Positioned, SubjectId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    projection::{Projection, ProjectionError, Tables, events_of},
    sql::{bigint, timestamptz},
};

pub use query::{
    Counts, RequestRow, asked_by_shop_about, closed_between, counts, find, highest_deletion, list, list_everywhere,
    merchants_with_open, open_of,
};

pub struct GdprRequests;

impl GdprRequests {
    pub const NAME: &'static str = "gdpr_requests";
}

impl Projection for GdprRequests {
    const NAME: &'static str = GdprRequests::NAME;
    const CONTEXTS: &'static [Context] = &[Context::Gdpr];
    const TABLES: Tables = Tables::Own(&["read.gdpr_requests"]);

    async fn apply(&self, transaction: &mut PgConnection, batch: &[Arc<Positioned>]) -> Result<(), ProjectionError> {
        for commit in batch {
            let SubjectId::Uuid(request) = commit.subject.id else { continue };
            for event in events_of::<GdprEvent>(commit)? {
                take_in(transaction, commit, request, &event).await?;
            }
        }
        Ok(())
    }
}

type Change = sqlx::query::Query<'static, sqlx::Postgres, sqlx::postgres::PgArguments>;

async fn take_in(
    transaction: &mut PgConnection,
    commit: &Positioned,
    request: Uuid,
    event: &GdprEvent,
) -> Result<(), sqlx::Error> {
    let set = |columns: &str| changed(commit, request, columns);
    let change = match event {
        GdprEvent::Received(received) => inserted(commit, request, received),
        GdprEvent::Verified(event) => {
            set("state = $4, rests_until = $5").bind(Stage::Verified.as_str()).bind(timestamptz(event.rests_until))
        }
        GdprEvent::Held(_) => set("state = $4").bind(Stage::Held.as_str()),
        // Whom it is about was certain before the hold if the request has a time from which on it may be executed.
        GdprEvent::Released(_) => set("state = case when rests_until is null then $4 else $5 end")
            .bind(Stage::Received.as_str())
            .bind(Stage::Verified.as_str()),
        GdprEvent::Expedited(event) => set("rests_until = least(rests_until, $4)").bind(timestamptz(event.at)),
        GdprEvent::ExecutionBegun(_) => set("state = $4").bind(Stage::Executing.as_str()),
        GdprEvent::StepDone(event) => match event.evidence {
            Evidence::Journaled { sequence } => set("deletion = $4, deletion_position = $3").bind(bigint(sequence)),
            _ => set("deletion = deletion"),
        },
        GdprEvent::Completed(event) => set("state = $4, outcome = $5, closed_at = $6")
            .bind(Stage::Completed(event.outcome).as_str())
            .bind(event.outcome.as_str())
            .bind(timestamptz(event.at)),
        GdprEvent::Refused(event) => {
            set("state = $4, closed_at = $5").bind(Stage::Refused.as_str()).bind(timestamptz(event.at))
        }
    };
    change.execute(transaction).await.map(drop)
}

fn inserted(commit: &Positioned, request: Uuid, received: &RequestReceived) -> Change {
    sqlx::query(
        "insert into gdpr_requests
            (merchant, request, position, type, source, state, customer, received_at, due_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(commit.subject.merchant.0)
    .bind(request)
    .bind(bigint(commit.position))
    .bind(received.kind.as_str())
    .bind(received.source.as_str())
    .bind(Stage::Received.as_str())
    .bind(received.customer.map(|customer| customer.0))
    .bind(timestamptz(received.received_at))
    .bind(timestamptz(received.due_at))
}

/// A change of a request's row. The columns' values are bound from `$4` on.
fn changed(commit: &Positioned, request: Uuid, columns: &str) -> Change {
    let statement = format!("update gdpr_requests set position = $3, {columns} where merchant = $1 and request = $2");
    sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(commit.subject.merchant.0)
        .bind(request)
        .bind(bigint(commit.position))
}
