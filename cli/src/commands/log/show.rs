//! `log show POSITION`: one commit, decoded.

use anyhow::Context;
use journal::{Journal, Positioned, SubjectId};
use projections::{audit_logs::actor_words, replay::events::told_by};
use serde_json::{Value, json};

use crate::{args::Output, output};

const COLUMNS: [&str; 6] = ["position", "recorded_at", "actor", "target", "type", "says"];

pub async fn show(journal: &Journal, position: u64, output: Output) -> anyhow::Result<()> {
    let commit = journal.at(position).await?.with_context(|| format!("nothing is at position {position}"))?;
    match output {
        Output::Table => output::list(output, &COLUMNS, &lines(&commit)?),
        Output::Json | Output::Jsonl => output::one(output, &COLUMNS, &document(&commit)?),
    }
}

/// A commit with everything it says; a member of a group names it.
pub fn document(commit: &Positioned) -> anyhow::Result<Value> {
    let (kind, actor) = actor_words(&commit.commit.actor);
    let group = commit.commit.group.map(|group| json!({ "id": group.id, "index": group.index, "count": group.count }));
    Ok(json!({
        "id": commit.commit.commit_id,
        "position": commit.position,
        "subject": commit.subject.to_string(),
        "merchant_id": commit.subject.merchant,
        "target": target(commit),
        "actor": { "kind": kind, "id": actor },
        "request_id": commit.commit.correlation,
        "command_id": commit.commit.command_id,
        "caused_by": commit.commit.causation,
        "recorded_at": commit.commit.recorded_at,
        "occurred_at": commit.commit.occurred_at,
        "stored_at": commit.stored_at,
        "group": group,
        "sha256": hex::encode(commit.hash()),
        "bytes": commit.payload.len(),
        "events": told_by(commit)?,
    }))
}

/// A line for each event.
pub fn lines(commit: &Positioned) -> anyhow::Result<Vec<Value>> {
    let (kind, actor) = actor_words(&commit.commit.actor);
    let actor = actor.map_or_else(|| kind.to_owned(), |actor| format!("{kind} {actor}"));
    let line = |event: projections::replay::events::Told| {
        json!({
            "position": commit.position,
            "recorded_at": commit.commit.recorded_at,
            "actor": actor,
            "target": target(commit),
            "type": event.name,
            "says": event.says,
        })
    };
    Ok(told_by(commit)?.into_iter().map(line).collect())
}

/// The aggregate, in a word that a person can type.
fn target(commit: &Positioned) -> String {
    let context = commit.subject.context.as_str();
    match commit.subject.id {
        SubjectId::Uuid(id) => format!("{context} {id}"),
        SubjectId::Shard(shard) => format!("{context} shard {shard}"),
        SubjectId::Main => context.to_owned(),
    }
}
