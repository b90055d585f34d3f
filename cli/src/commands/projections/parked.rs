//! `loyalnest projections parked …`: what read models go on without, because they cannot read one of its commits.

use aggregates::installation::{AdoptionNote, Parking};
use anyhow::ensure;
use gateway::{Gateway, Options};
use projections::parking::store;
use serde_json::{Value, json};

use crate::{
    args::{Output, ParkedAggregatesCommand},
    commands::operator,
    composition::{self, Config},
    output,
};

const COLUMNS: [&str; 7] = ["name", "position", "state", "event", "version", "aggregate", "aggregates"];

pub async fn run(command: ParkedAggregatesCommand, config: &Config, output: Output) -> anyhow::Result<()> {
    let gateway = composition::connect(config, Options::default()).await?;
    match command {
        ParkedAggregatesCommand::List => list(&gateway, output).await,
        ParkedAggregatesCommand::Retry { name, position } => {
            let retried = gateway.retry_parking(&name, position, operator::actor()).await?;
            ensure!(retried, "{name} has parked nothing because of position {position}");
            eprintln!("position {position} is tried again by {name}; `projections parked list` tells what came of it");
            Ok(())
        }
        ParkedAggregatesCommand::Discard { name, position, reason, yes } => {
            ensure!(yes, "{name} would go on as if position {position} were not there: add --yes");
            let note = AdoptionNote { operator: operator::name(), reason };
            let discarded = gateway.discard_commit(&name, position, operator::actor(), &note).await?;
            ensure!(discarded, "{name} has parked nothing because of position {position}");
            eprintln!("{name} goes on without position {position}");
            Ok(())
        }
    }
}

async fn list(gateway: &Gateway, output: Output) -> anyhow::Result<()> {
    let held_back = store::list(&gateway.db, true).await?;
    let row = |parking: Parking| {
        let parked = &parking.parked;
        let own = held_back.iter().filter(|row| row.projection == parked.read_model && row.cause == parked.position);
        let note = parking.discarded.as_ref().and_then(|discarded| gateway.open_discard_note(discarded).ok());
        json!({
            "id": format!("{}/{}", parked.read_model, parked.position),
            "name": parked.read_model,
            "position": parked.position,
            "state": if parking.discarded.is_some() { "discarded" } else { "parked" },
            "event": parked.event,
            "version": parked.version,
            "merchant_id": parked.merchant.to_string(),
            "aggregate": parked.aggregate,
            "aggregates": own.count(),
            "operator": note.as_ref().map(|note| &note.operator),
            "reason": note.as_ref().map(|note| &note.reason),
        })
    };
    let rows: Vec<Value> = gateway.parkings().await?.into_iter().map(row).collect();
    output::list(output, &COLUMNS, &rows)
}
