//! `loyalnest parked …`: webhooks that were signed well and not understood.

use anyhow::{Context, ensure};
use gateway::{Gateway, Options, commands::Done};
use projections::parked_webhooks::{self, ParkedRow};
use serde_json::{Value, json};

use super::operator::request_for;
use crate::{
    args::{Output, ParkedCommand},
    composition::{self, Config},
    output,
};

const COLUMNS: [&str; 6] = ["id", "merchant_id", "topic", "state", "parked_at", "reason"];
/// Rows of a list.
const LIST_MAX: i64 = 1_000;

pub async fn run(command: ParkedCommand, config: &Config, output: Output) -> anyhow::Result<()> {
    let gateway = composition::assemble(config, Options::default()).await?;
    match command {
        ParkedCommand::List => {
            let rows: Vec<Value> = parked_webhooks::list(&gateway.db, LIST_MAX).await?.iter().map(row).collect();
            output::list(output, &COLUMNS, &rows)
        }
        ParkedCommand::Show { id } => show(&gateway, &id, output).await,
        ParkedCommand::Retry { id } => retry(&gateway, &id, output).await,
        ParkedCommand::Discard { id, reason, yes } => {
            ensure!(yes, "a discarded webhook is never tried again: add --yes");
            let parked = find(&gateway, &id).await?;
            let request = request_for(&gateway, parked.merchant).await?;
            gateway.discard_parked(&request, parked.id, parked.shard, &reason).await?;
            eprintln!("{} is discarded", parked.id);
            Ok(())
        }
    }
}

fn row(parked: &ParkedRow) -> Value {
    json!({
        "id": parked.id.to_string(),
        "merchant_id": parked.merchant.to_string(),
        "topic": parked.topic,
        "state": parked.state,
        "reason": parked.reason,
        "parked_at": parked.parked_at.to_rfc3339(),
        "position": parked.position,
    })
}

async fn find(gateway: &Gateway, id: &str) -> anyhow::Result<ParkedRow> {
    parked_webhooks::find(&gateway.db, id.parse()?).await?.with_context(|| format!("there is no parked webhook {id}"))
}

async fn show(gateway: &Gateway, id: &str, output: Output) -> anyhow::Result<()> {
    let parked = find(gateway, id).await?;
    let opened = gateway.open_parked(parked.merchant, parked.id, parked.chunks).await?;
    let mut shown = row(&parked);
    shown["body"] = match opened {
        Some(opened) => serde_json::from_slice(&opened.body).unwrap_or(Value::Null),
        None => Value::String("its time to live is over".to_owned()),
    };
    output::one(output, &["id", "topic", "state", "reason", "body"], &shown)
}

async fn retry(gateway: &Gateway, id: &str, output: Output) -> anyhow::Result<()> {
    let parked = find(gateway, id).await?;
    ensure!(parked.state == "open", "{id} is {} already", parked.state);
    let opened = gateway.open_parked(parked.merchant, parked.id, parked.chunks).await?;
    let opened = opened.context("its time to live is over; the body is gone")?;
    let request = request_for(gateway, parked.merchant).await?;
    let done = gateway.retry_parked(&request, &opened).await?;
    let (outcome, position) = match done {
        Done::Accepted(position) => ("accepted", position),
        Done::Duplicate(position) => ("duplicate", position),
        Done::Ignored => ("ignored", None),
    };
    gateway.mark_retried(&request, parked.id, parked.shard, position).await?;
    let row = json!({ "id": id, "outcome": outcome, "position": position });
    output::one(output, &["id", "outcome", "position"], &row)
}
