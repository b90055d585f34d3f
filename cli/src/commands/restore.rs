//! `loyalnest restore …`: when the log is not the one that the read models were made from.

use aggregates::{
    event::Recorded,
    installation::{AdoptionNote, LogAdopted},
};
use anyhow::{Context, bail};
use gateway::{
    Gateway, Options,
    commands::{CommandError, adoption::Findings},
};
use projections::Checkpoint;
use serde_json::{Value, json};

use super::operator;
use crate::{
    args::{Output, RestoreCommand},
    composition::{self, Config},
    output,
};

pub async fn run(command: RestoreCommand, config: &Config, output: Output) -> anyhow::Result<()> {
    let gateway = composition::connect(config, Options::default()).await?;
    match command {
        RestoreCommand::Adopt { reason, yes } => adopt(&gateway, reason, yes, output).await,
        RestoreCommand::List => list(&gateway, output).await,
    }
}

async fn adopt(gateway: &Gateway, reason: String, yes: bool, output: Output) -> anyhow::Result<()> {
    let findings = gateway.compare_with_log().await?;
    if findings.nothing_to_adopt() {
        eprintln!("nothing to adopt: this is the log that the read models were made from");
        return print_left_behind(output, &findings);
    }
    composition::vault_is_as_new_as_the_whole_log(gateway).await?;
    if !yes {
        print_left_behind(output, &findings)?;
        bail!(
            "{} would become the truth, {} facts that wait would be forgotten, and all read models would begin again: \
             add --yes",
            findings.log.stream,
            findings.lost_facts.len()
        );
    }
    let note = AdoptionNote { operator: operator::name(), reason };
    let installation = gateway.adopt_log(&findings, operator::actor(), &note).await;
    let installation = match installation {
        Err(CommandError::Contended) => bail!("a read model has moved meanwhile; look again"),
        adopted => adopted?,
    };
    eprintln!("epoch {} has begun, on record at position {}", installation.state.epoch(), installation.position);
    print_left_behind(output, &findings)
}

fn print_left_behind(output: Output, findings: &Findings) -> anyhow::Result<()> {
    let row = |left: &Checkpoint| {
        json!({
            "name": left.projection,
            "made_from": left.stream,
            "position": left.position,
            "commit_hash": left.commit_hash.map(hex::encode),
            "goes_on_in": findings.log.stream,
        })
    };
    let rows: Vec<Value> = findings.left_behind.iter().map(row).collect();
    output::list(output, &["name", "made_from", "position", "goes_on_in"], &rows)
}

async fn list(gateway: &Gateway, output: Output) -> anyhow::Result<()> {
    let installation = gateway.installation_on_record().await?.state;
    // The first epoch began with the log itself.
    let rows = (2..).zip(&installation.adoptions).map(|(epoch, (at, adopted))| row(gateway, epoch, at, adopted));
    let rows: Vec<Value> = rows.collect::<anyhow::Result<_>>()?;
    output::list(output, &["id", "recorded_at", "position", "log", "operator", "reason"], &rows)
}

fn row(gateway: &Gateway, epoch: u64, recorded: &Recorded, adopted: &LogAdopted) -> anyhow::Result<Value> {
    let note = gateway.open_adoption_note(adopted).context("under another root key store")?;
    let left_behind = adopted.left_behind.iter().map(|left| {
        json!({
            "name": left.read_model,
            "made_from": left.stood_at.stream,
            "position": left.stood_at.position,
            "commit_hash": left.stood_at.commit_hash.map(hex::encode),
        })
    });
    Ok(json!({
        "id": format!("epoch-{epoch}"),
        "recorded_at": recorded.at.to_rfc3339(),
        "position": recorded.position,
        "log": adopted.adopted.stream,
        "log_position": adopted.adopted.position,
        "log_hash": adopted.adopted.commit_hash.map(hex::encode),
        "left_behind": left_behind.collect::<Vec<_>>(),
        "forgotten_facts": adopted.forgotten_facts,
        "operator": note.operator,
        "reason": note.reason,
    }))
}
