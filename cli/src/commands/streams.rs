//! `loyalnest streams …`: the declared streams, and how the server is brought in line with them.

use anyhow::{Context, bail};
use journal::streams::Streams;
use serde_json::{Value, json};

use crate::{
    args::{Output, StreamsCommand},
    composition::Config,
    output,
};

pub async fn run(command: StreamsCommand, config: &Config, output: Output) -> anyhow::Result<()> {
    let client = connect(&config.nats_url).await?;
    let plan = config.streams()?.plan(&client, None).await?;
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
    if let StreamsCommand::Apply { allow_destructive, yes } = command {
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

async fn connect(nats_url: &str) -> anyhow::Result<async_nats::Client> {
    journal::connect_client(nats_url).await.context("the log's server does not answer")
}
