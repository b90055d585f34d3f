//! `loyalnest projections …`

use anyhow::ensure;
use projections::NAMES;
use serde_json::{Value, json};

use crate::{
    args::{Output, ProjectionsCommand},
    composition::Config,
    output,
};

pub async fn run(command: ProjectionsCommand, config: &Config, output: Output) -> anyhow::Result<()> {
    match command {
        ProjectionsCommand::List => {
            let rows: Vec<Value> = NAMES.iter().map(|name| json!({ "name": name })).collect();
            output::list(output, &["name"], &rows)
        }
        ProjectionsCommand::Status => status(config, output).await,
        ProjectionsCommand::Pause { name } => pause(config, &name, true).await,
        ProjectionsCommand::Resume { name } => pause(config, &name, false).await,
    }
}

async fn status(config: &Config, output: Output) -> anyhow::Result<()> {
    let head = config.journal().await?.last_position().await?;
    let rows: Vec<Value> = projections::list(&config.database().await?)
        .await?
        .into_iter()
        .map(|checkpoint| {
            json!({
                "name": checkpoint.projection,
                "position": checkpoint.position,
                "head": head,
                "lag_events": head.saturating_sub(checkpoint.position),
                "as_of": checkpoint.recorded_at.to_rfc3339(),
                "state": if checkpoint.paused { "paused" } else { "running" },
            })
        })
        .collect();
    output::list(output, &["name", "position", "head", "lag_events", "as_of", "state"], &rows)
}

async fn pause(config: &Config, name: &str, paused: bool) -> anyhow::Result<()> {
    ensure!(NAMES.contains(&name), "there is no read model {name}; `loyalnest projections list` tells which there are");
    projections::set_paused(&config.database().await?, name, paused).await?;
    eprintln!("{name} is {}", if paused { "paused" } else { "running" });
    Ok(())
}
