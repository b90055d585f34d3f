//! `email_events`: how far each mail has come. No address, no words: a random id, a kind, an outcome. And which shops send mail.

pub mod due;
pub mod milestones;

use std::sync::Arc;

use aggregates::{
    Context,
    id::{CustomerId, MerchantId, TaskId},
    mail::{EmailEventCreated, MailEvent, MailStage},
    program::ProgramEvent,
    time::Timestamp,
};
use chrono::{DateTime, Utc};
use journal::Positioned;
use sqlx::{PgConnection, PgPool, Row};
use uuid::Uuid;

use crate::{
    erasure,
    projection::{Projection, ProjectionError, Tables, events_of},
    sql::{bigint, position, timestamp, timestamptz},
};

pub struct EmailEvents;

const TABLES: [&str; 2] = ["read.email_events", "read.mail_shops"];

impl EmailEvents {
    pub const NAME: &'static str = "email_events";
}

impl Projection for EmailEvents {
    const NAME: &'static str = EmailEvents::NAME;
    const CONTEXTS: &'static [Context] = &[Context::Mail, Context::Program, Context::Merchant];
    const TABLES: Tables = Tables::Own(&TABLES);

    async fn apply(&self, transaction: &mut PgConnection, batch: &[Arc<Positioned>]) -> Result<(), ProjectionError> {
        for commit in batch {
            match commit.subject.context {
                Context::Mail => {
                    for event in events_of::<MailEvent>(commit)? {
                        if let MailEvent::Created(step) = event {
                            note(transaction, commit, &step).await?;
                        }
                    }
                }
                Context::Program => {
                    for event in events_of::<ProgramEvent>(commit)? {
                        let ProgramEvent::SettingsPublished(version) = event;
                        switch(transaction, commit, !version.settings.mail.kinds.is_empty()).await?;
                    }
                }
                _ => {}
            }
        }
        erasure::forget_merchants_of(transaction, &TABLES, batch).await
    }
}

async fn note(
    transaction: &mut PgConnection,
    commit: &Positioned,
    step: &EmailEventCreated,
) -> Result<(), sqlx::Error> {
    let reason = match step.stage {
        MailStage::Skipped(reason) => Some(reason.as_str()),
        _ => None,
    };
    let (language, version) = step
        .words
        .as_ref()
        .map_or((None, None), |(language, version)| (Some(language.as_str()), version.map(i64::from)));
    sqlx::query(
        "insert into email_events
            (merchant, mail, customer, kind, outcome, reason, language, template_version, attempt, first_at, at, position)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11)
         on conflict (merchant, mail) do update
            set outcome = excluded.outcome, reason = excluded.reason, language = excluded.language,
                template_version = excluded.template_version, attempt = excluded.attempt, at = excluded.at,
                position = excluded.position",
    )
    .bind(commit.subject.merchant.0)
    .bind(step.mail.0)
    .bind(step.customer.0)
    .bind(step.kind.as_str())
    .bind(step.stage.as_str())
    .bind(reason)
    .bind(language)
    .bind(version)
    .bind(i32::from(step.attempt))
    .bind(timestamptz(step.at))
    .bind(bigint(commit.position))
    .execute(transaction)
    .await
    .map(drop)
}

async fn switch(transaction: &mut PgConnection, commit: &Positioned, sends: bool) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into mail_shops (merchant, sends) values ($1, $2)
         on conflict (merchant) do update set sends = excluded.sends",
    )
    .bind(commit.subject.merchant.0)
    .bind(sends)
    .execute(transaction)
    .await
    .map(drop)
}

/// A mail, as far as anybody may know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailRow {
    pub mail: TaskId,
    pub customer: CustomerId,
    pub kind: String,
    pub outcome: String,
    /// Why it was not sent.
    pub reason: Option<String>,
    pub language: Option<String>,
    /// None where the words are ours.
    pub template_version: Option<u32>,
    pub attempt: u16,
    pub at: Timestamp,
    pub position: u64,
}

/// Of a merchant, or of one of its customers, the newest first, before a position.
pub async fn list(
    db: &PgPool,
    merchant: MerchantId,
    customer: Option<CustomerId>,
    before: Option<u64>,
    limit: i64,
) -> Result<Vec<EmailRow>, sqlx::Error> {
    let rows = sqlx::query(
        "select mail, customer, kind, outcome, reason, language, template_version, attempt, at, position
           from read.email_events
          where merchant = $1 and ($2::uuid is null or customer = $2) and position < $3
          order by position desc limit $4",
    )
    .bind(merchant.0)
    .bind(customer.map(|customer| customer.0))
    .bind(before.map_or(i64::MAX, bigint))
    .bind(limit)
    .fetch_all(db)
    .await?;
    let email = |row: &sqlx::postgres::PgRow| {
        Ok(EmailRow {
            mail: TaskId(row.try_get("mail")?),
            customer: CustomerId(row.try_get::<Uuid, _>("customer")?),
            kind: row.try_get("kind")?,
            outcome: row.try_get("outcome")?,
            reason: row.try_get("reason")?,
            language: row.try_get("language")?,
            template_version: row
                .try_get::<Option<i64>, _>("template_version")?
                .map(|version| u32::try_from(version).unwrap_or(u32::MAX)),
            attempt: u16::try_from(row.try_get::<i32, _>("attempt")?).unwrap_or(u16::MAX),
            at: timestamp(row.try_get::<DateTime<Utc>, _>("at")?),
            position: position(row.try_get("position")?),
        })
    };
    rows.iter().map(email).collect()
}

/// How many of a merchant's mails were handed to the server since an instant.
pub async fn sent_since(db: &PgPool, merchant: MerchantId, since: Timestamp) -> Result<u64, sqlx::Error> {
    let sent: i64 = sqlx::query_scalar(
        "select count(*) from read.email_events
          where merchant = $1 and at > $2 and outcome in ('sent', 'unknown', 'handing_over')",
    )
    .bind(merchant.0)
    .bind(timestamptz(since))
    .fetch_one(db)
    .await?;
    Ok(position(sent))
}
