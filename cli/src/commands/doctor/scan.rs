//! Every store, from end to end. Two questions: is there anything left that was sealed for somebody who was forgotten, where
//! erasure says that there is not; and is a value that somebody looks for anywhere in the clear. What erasure did went by
//! indexes and by lists of tables; this goes by neither.

use std::path::Path;

use anyhow::{Context, ensure};
use async_nats::jetstream::{self, consumer::push::OrderedConfig};
use futures::{StreamExt, TryStreamExt};
use journal::{Journal, executor::SNAPSHOTS};
use sqlx::{AssertSqlSafe, PgPool};
use uuid::Uuid;
use vault::Vault;

use super::{Finding, State};
use crate::composition::{self, Config};

/// Values whose keys are asked about at once.
const VALUES_AT_ONCE: usize = 4_096;
/// Shorter ones would be found everywhere by chance.
const PLANTED_BYTES_MIN: usize = 6;
/// Schemas of this product.
const SCHEMAS: &str = "('read', 'vault', 'proof')";
const REMAINS: &str = "tell us: erasure should have removed it. `loyalnest gdpr list` names the requests; the keys are gone, nothing opens";
const IN_THE_CLEAR: &str = "find out who wrote it there: nothing of this product does";

/// `planted` has a value in each line that should be nowhere in the clear. A file, because a command line is kept by the shell.
pub(super) async fn stores(config: &Config, planted: Option<&Path>) -> anyhow::Result<Vec<Finding>> {
    let (db, journal) = (config.database().await?, config.journal().await?);
    let vault = composition::open_vault(config, &db).await?;
    let planted = planted.map(read_planted).transpose()?.unwrap_or_default();
    let mut findings = Vec::new();
    for (table, column) in columns(&db, "data_type = 'bytea' and table_schema = 'read'").await? {
        let name = format!("{table}.{column}");
        let mut values = Remains::new(&vault);
        let statement = AssertSqlSafe(format!("select {column} from {table} where {column} is not null"));
        let mut rows = sqlx::query_scalar::<_, Vec<u8>>(statement).fetch(&db);
        while let Some(value) = rows.try_next().await? {
            values.look_at(&value).await?;
        }
        findings.push(values.finding(name).await?);
    }
    let mut values = Remains::new(&vault);
    let mut messages = Messages::of(&journal, SNAPSHOTS).await?;
    while let Some(payload) = messages.next().await? {
        values.look_at(&payload).await?;
    }
    findings.push(values.finding(format!("stream {SNAPSHOTS}")).await?);
    if !planted.is_empty() {
        findings.extend(in_the_clear(&db, &journal, &planted).await?);
    }
    Ok(findings)
}

fn read_planted(path: &Path) -> anyhow::Result<Vec<String>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let values: Vec<String> = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    for value in &values {
        ensure!(
            value.len() >= PLANTED_BYTES_MIN,
            "a value of fewer than {PLANTED_BYTES_MIN} bytes is found everywhere by chance"
        );
    }
    Ok(values)
}

async fn columns(db: &PgPool, condition: &'static str) -> anyhow::Result<Vec<(String, String)>> {
    let statement = format!(
        "select table_schema || '.' || table_name, quote_ident(column_name) from information_schema.columns
          where table_schema in {SCHEMAS} and {condition} order by 1, 2"
    );
    Ok(sqlx::query_as(AssertSqlSafe(statement)).fetch_all(db).await?)
}

/// Values under keys that were destroyed, in one store.
struct Remains<'a> {
    vault: &'a Vault,
    owners: Vec<Uuid>,
    looked_at: u64,
    remain: u64,
}

impl<'a> Remains<'a> {
    fn new(vault: &'a Vault) -> Self {
        Remains { vault, owners: Vec::new(), looked_at: 0, remain: 0 }
    }

    async fn look_at(&mut self, value: &[u8]) -> anyhow::Result<()> {
        self.looked_at += 1;
        // What is not sealed names no key: numbers, hashes.
        self.owners.extend(vault::owner_of(value));
        if self.owners.len() >= VALUES_AT_ONCE {
            self.ask().await?;
        }
        Ok(())
    }

    async fn ask(&mut self) -> anyhow::Result<()> {
        let destroyed = self.vault.destroyed_among(&self.owners).await?;
        self.remain += self.owners.drain(..).filter(|owner| destroyed.contains(owner)).count() as u64;
        Ok(())
    }

    async fn finding(mut self, name: String) -> anyhow::Result<Finding> {
        self.ask().await?;
        let state = if self.remain == 0 { State::Ok } else { State::Error };
        let found = format!("{} values, {} of somebody who was forgotten", self.looked_at, self.remain);
        Ok(Finding::new(name, state, found, REMAINS))
    }
}

/// Where any of these values stands as it is: in any text and any message, in upper or lower case, and in any bytes.
async fn in_the_clear(db: &PgPool, journal: &Journal, planted: &[String]) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let (text, bytes) = ("data_type in ('text', 'character varying', 'json', 'jsonb')", "data_type = 'bytea'");
    let in_text = "position(lower(planted) in lower(COLUMN::text)) > 0";
    let in_bytes = "position(convert_to(planted, 'UTF8') in COLUMN) > 0";
    for (condition, found) in [(text, in_text), (bytes, in_bytes)] {
        for (table, column) in columns(db, condition).await? {
            let found = found.replace("COLUMN", &column);
            let statement = format!(
                "select count(*) from {table} where exists (select from unnest($1::text[]) as planted where {found})"
            );
            let count: i64 = sqlx::query_scalar(AssertSqlSafe(statement)).bind(planted).fetch_one(db).await?;
            findings.push(clear(format!("{table}.{column}"), u64::try_from(count)?));
        }
    }
    let jetstream = jetstream::new(journal.client().clone());
    let mut names = jetstream.stream_names();
    while let Some(name) = names.try_next().await? {
        let (mut messages, mut count) = (Messages::of(journal, &name).await?, 0);
        while let Some(payload) = messages.next().await? {
            count += u64::from(planted.iter().any(|value| holds(&payload, value.as_bytes())));
        }
        findings.push(clear(format!("stream {name}"), count));
    }
    Ok(findings)
}

fn clear(name: String, count: u64) -> Finding {
    let state = if count == 0 { State::Ok } else { State::Error };
    Finding::new(name, state, format!("{count} with a planted value in the clear"), IN_THE_CLEAR)
}

fn holds(text: &[u8], value: &[u8]) -> bool {
    text.windows(value.len()).any(|window| window.eq_ignore_ascii_case(value))
}

/// Every message that a stream has now, with its headers.
struct Messages {
    stream: Option<jetstream::consumer::push::Ordered>,
    left: u64,
}

impl Messages {
    async fn of(journal: &Journal, stream: &str) -> anyhow::Result<Self> {
        let jetstream = jetstream::new(journal.client().clone());
        let stream = jetstream.get_stream(stream).await.with_context(|| format!("there is no stream {stream}"))?;
        let left = stream.cached_info().state.messages;
        if left == 0 {
            return Ok(Messages { stream: None, left });
        }
        let config = OrderedConfig { deliver_subject: journal.client().new_inbox(), ..OrderedConfig::default() };
        let messages = stream.create_consumer(config).await?.messages().await?;
        Ok(Messages { stream: Some(messages), left })
    }

    /// Payload and subject and headers, as bytes one after the other.
    async fn next(&mut self) -> anyhow::Result<Option<Vec<u8>>> {
        let Some(stream) = self.stream.as_mut().filter(|_| self.left > 0) else { return Ok(None) };
        let message = stream.next().await.context("a stream ended early")??;
        self.left = message.info().map_or(0, |info| info.pending);
        let mut bytes = message.payload.to_vec();
        bytes.extend_from_slice(message.subject.as_bytes());
        for (name, values) in message.headers.iter().flat_map(|headers| headers.iter()) {
            bytes.extend_from_slice(name.as_ref());
            values.iter().for_each(|value| bytes.extend_from_slice(value.as_str().as_bytes()));
        }
        Ok(Some(bytes))
    }
}
