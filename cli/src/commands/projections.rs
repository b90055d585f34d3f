//! `loyalnest projections …`

mod bar;
mod parked;
mod rebuild;
mod verify;

use std::process::ExitCode;

use aggregates::time::Clock;
use anyhow::{Context, ensure};
use gateway::clock::SystemClock;
use projections::{
    NAMES, ReadModel,
    generation::{
        fill::own_tables,
        switch::{self, ByWorkers},
    },
    lag::{self, Behind},
    read_model,
};
use serde_json::{Value, json};

use crate::{
    args::{Output, ProjectionsCommand},
    composition::Config,
    output,
};

const COLUMNS: [&str; 8] = ["name", "generation", "state", "position", "head", "lag_events", "lag_seconds", "as_of"];

pub async fn run(command: ProjectionsCommand, config: &Config, output: Output) -> anyhow::Result<ExitCode> {
    match command {
        ProjectionsCommand::List => standings(config, output, |_| true).await?,
        ProjectionsCommand::Status => standings(config, output, |behind| behind.checkpoint.generation.live).await?,
        ProjectionsCommand::Pause { name } => pause(config, &name, true).await?,
        ProjectionsCommand::Resume { name } => pause(config, &name, false).await?,
        ProjectionsCommand::Rebuild(args) => rebuild::run(args, config, output).await?,
        ProjectionsCommand::Verify(args) => return verify::run(args, config, output).await,
        ProjectionsCommand::Switch { name, generation } => switch(config, &name, generation).await?,
        ProjectionsCommand::Parked(command) => parked::run(command, config, output).await?,
        ProjectionsCommand::Drop { name, generation } => {
            named(&name)?;
            switch::drop_generation(&config.database().await?, &name, generation).await?;
            eprintln!("generation {generation} of {name} is dropped");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn named(name: &str) -> anyhow::Result<Box<dyn ReadModel>> {
    read_model::named(name)
        .with_context(|| format!("there is no read model {name}; `loyalnest projections list` tells which there are"))
}

async fn standings(config: &Config, output: Output, wanted: fn(&Behind) -> bool) -> anyhow::Result<()> {
    let (journal, db) = (config.journal().await?, config.database().await?);
    let all = lag::of_all(&journal, &db, SystemClock.now()).await?;
    let mut rows: Vec<Value> = all.iter().filter(|behind| wanted(behind)).map(row).collect();
    let never_ran = NAMES.iter().filter(|name| !all.iter().any(|known| known.checkpoint.projection == **name));
    rows.extend(never_ran.map(|name| json!({ "name": name, "state": "never ran", "position": 0 })));
    output::list(output, &COLUMNS, &rows)
}

fn row(behind: &Behind) -> Value {
    let checkpoint = &behind.checkpoint;
    json!({
        "name": checkpoint.projection,
        "generation": checkpoint.generation.number,
        "live": checkpoint.generation.live,
        "state": checkpoint.generation.state(checkpoint.paused),
        "position": checkpoint.position,
        "head": behind.head,
        "lag_events": behind.events,
        "lag_seconds": behind.seconds,
        "as_of": checkpoint.recorded_at.to_rfc3339(),
    })
}

async fn pause(config: &Config, name: &str, paused: bool) -> anyhow::Result<()> {
    ensure!(NAMES.contains(&name), "there is no read model {name}; `loyalnest projections list` tells which there are");
    projections::set_paused(&config.database().await?, name, paused).await?;
    eprintln!("{name} is {}", if paused { "paused" } else { "running" });
    Ok(())
}

async fn switch(config: &Config, name: &str, generation: i32) -> anyhow::Result<()> {
    let tables = own_tables(named(name)?.as_ref())?;
    let before = switch::switch(&config.database().await?, name, tables, generation, &mut ByWorkers).await?;
    eprintln!("generation {generation} of {name} is read; {before} is kept up beside it until it is dropped");
    Ok(())
}
