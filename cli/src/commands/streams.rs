//! `loyalnest streams …`: the declared streams, how the server is brought in line with them, and copies of them.

mod copies;

use anyhow::{Context, bail};
use async_nats::Client;
use journal::streams::Streams;
use serde_json::{Value, json};

use crate::{
    args::{Output, StreamsCommand},
    composition::Config,
    output,
};

pub async fn run(command: StreamsCommand, config: &Config, output: Output) -> anyhow::Result<()> {
    let client = connect(&config.nats_url).await?;
    let rows = match command {
        StreamsCommand::Plan => return reconcile(config, &client, None, output).await,
        StreamsCommand::Apply { allow_destructive, yes } => {
            return reconcile(config, &client, Some(Apply { allow_destructive, yes }), output).await;
        }
        StreamsCommand::Backup { to } => copies::back_up(&client, &config.streams()?, &to).await?,
        StreamsCommand::Restore { from } => copies::restore(&client, &from).await?,
    };
    output::list(output, &["name", "action", "messages", "last_position"], &rows)
}

/// How far whoever asks is willing to go.
struct Apply {
    allow_destructive: bool,
    yes: bool,
}

/// Shows what differs, after changing it if that is wanted.
async fn reconcile(config: &Config, client: &Client, apply: Option<Apply>, output: Output) -> anyhow::Result<()> {
    let plan = config.streams()?.plan(client, None).await?;
    let changes: Vec<Value> = plan
        .changes()
        .iter()
        .map(|change| {
            let fields: Vec<String> =
                change.fields.iter().map(|field| format!("{}: {} → {}", field.field, field.from, field.to)).collect();
            json!({
                "name": change.name,
                "action": format!("{:?}", change.action).to_lowercase(),
                "destructive": change.destructive,
                "fields": fields.join(", "),
            })
        })
        .collect();
    if let Some(Apply { allow_destructive, yes }) = apply {
        if allow_destructive && !yes && plan.changes().iter().any(|change| change.destructive) {
            bail!("this could lose data: look at `loyalnest streams plan`, then add --yes");
        }
        plan.apply(allow_destructive).await?;
    }
    output::list(output, &["name", "action", "destructive", "fields"], &changes)
}

/// What this version declares, without anything that could lose data.
pub async fn apply_declared(nats_url: &str) -> anyhow::Result<()> {
    apply(&Streams::declared(), nats_url).await
}

/// The same with what this installation declares itself.
pub async fn apply_all(config: &Config) -> anyhow::Result<()> {
    apply(&config.streams()?, &config.nats_url).await
}

async fn apply(streams: &Streams, nats_url: &str) -> anyhow::Result<()> {
    let client = connect(nats_url).await?;
    streams.plan(&client, None).await?.apply(false).await?;
    Ok(())
}

async fn connect(nats_url: &str) -> anyhow::Result<Client> {
    journal::connect_client(nats_url).await.context("the log's server does not answer")
}
