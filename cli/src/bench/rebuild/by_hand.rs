//! The same two tables, as somebody would fill them who has nothing else to do: everything folded in memory, copied in as
//! text, indexes last. It cannot be interrupted, and holds everything at once.

use std::{collections::HashMap, fmt::Write};

use aggregates::{
    Context as Room,
    points::{Account, PointsEvent, Purse},
    time::Timestamp,
};
use anyhow::Context;
use chrono::DateTime;
use futures::StreamExt;
use gateway::Gateway;
use journal::{Follow, Positioned, SubjectId};
use projections::{points_transactions::lines_of, projection::events_of};
use sqlx::PgConnection;
use tokio::time::Instant;
use uuid::Uuid;

use super::of;
use crate::bench::run::Run;

const TABLES: &str = "drop schema if exists by_hand cascade; create schema by_hand;
    create table by_hand.balances (like read.balances);
    create table by_hand.points_transactions (like read.points_transactions)";

const INDEXES: &str = "
    alter table by_hand.balances add primary key (merchant, customer);
    create index on by_hand.balances (next_due_at, merchant, customer) where next_due_at is not null;
    alter table by_hand.points_transactions add primary key (merchant, customer, recorded_at, position, line);
    create index on by_hand.points_transactions (merchant, customer, position desc, line desc);
    analyze by_hand.balances; analyze by_hand.points_transactions";

/// Text that waits to be copied, in bytes.
const WAITING_BYTES_MAX: usize = 16 * 1024 * 1024;

#[derive(Default)]
struct Tables {
    purses: HashMap<(Uuid, Uuid), (Purse, u64, Timestamp)>,
    lines: String,
}

pub async fn fill(gateway: &Gateway, head: u64) -> anyhow::Result<Run> {
    let began = Instant::now();
    let mut db = gateway.db.acquire().await?;
    sqlx::raw_sql(TABLES).execute(&mut *db).await?;
    sqlx::raw_sql("set synchronous_commit = off").execute(&mut *db).await?;
    let mut tables = Tables::default();
    let mut commits = gateway.journal.follow(0, Follow::Everything).await?;
    while commits.reached() < head {
        let commit = commits.next().await.context("the log ended early")??;
        if commit.subject.context == Room::Points {
            tables.take_in(&commit)?;
        }
        if tables.lines.len() > WAITING_BYTES_MAX {
            tables.copy_lines(&mut db).await?;
        }
    }
    tables.copy_lines(&mut db).await?;
    tables.copy_purses(&mut db).await?;
    sqlx::raw_sql(INDEXES).execute(&mut *db).await?;
    sqlx::raw_sql("set synchronous_commit = on").execute(&mut *db).await?;
    Ok(of(head, began.elapsed()))
}

impl Tables {
    fn take_in(&mut self, commit: &Positioned) -> anyhow::Result<()> {
        let SubjectId::Uuid(customer) = commit.subject.id else { return Ok(()) };
        let (merchant, at) = (commit.subject.merchant.0, commit.commit.recorded_at);
        let row = self.purses.entry((merchant, customer)).or_insert_with(|| (Purse::default(), 0, at));
        (row.1, row.2) = (commit.position, row.2.max(at));
        let mut number = 0;
        for event in events_of::<PointsEvent>(commit)? {
            Account::apply_to_purse(&mut row.0, &event, at);
            for line in lines_of(&event, at) {
                let id = Uuid::from_u128(commit.commit.commit_id.0.as_u128() ^ number);
                writeln!(
                    self.lines,
                    "{merchant}\t{customer}\t{}\t{}\t{number}\t{id}\t{}\t{}\t{}\t{}\torder\t\\N\t\\N\t\\N",
                    time(at)?,
                    commit.position,
                    line.kind.as_str(),
                    line.points,
                    time(line.occurred_at)?,
                    line.available_at.map_or_else(|| Ok("\\N".to_owned()), time)?,
                )?;
                number += 1;
            }
        }
        Ok(())
    }

    async fn copy_lines(&mut self, db: &mut PgConnection) -> anyhow::Result<()> {
        let lines = std::mem::take(&mut self.lines);
        copy(db, "copy by_hand.points_transactions from stdin", lines.as_bytes()).await
    }

    async fn copy_purses(&self, db: &mut PgConnection) -> anyhow::Result<()> {
        let mut rows = String::new();
        for ((merchant, customer), (purse, position, at)) in &self.purses {
            let due = purse.next_due().map_or_else(|| Ok("\\N".to_owned()), time)?;
            let bytes = hex::encode(postcard::to_stdvec(purse)?);
            writeln!(rows, "{merchant}\t{customer}\t\\\\x{bytes}\t{due}\t{position}\t{}", time(*at)?)?;
        }
        copy(db, "copy by_hand.balances from stdin", rows.as_bytes()).await
    }
}

async fn copy(db: &mut PgConnection, statement: &str, rows: &[u8]) -> anyhow::Result<()> {
    let mut copy = db.copy_in_raw(statement).await?;
    for chunk in rows.chunks(1 << 20) {
        copy.send(chunk).await?;
    }
    copy.finish().await?;
    Ok(())
}

fn time(at: Timestamp) -> anyhow::Result<String> {
    Ok(DateTime::from_timestamp_micros(at.0).context("a time")?.to_rfc3339())
}
