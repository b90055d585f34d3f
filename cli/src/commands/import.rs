//! `loyalnest import …`: customers from a file. The file is handed in as at the merchant's own door, and carried out by this
//! process while it lasts; any other goes on if it does not.

use std::{io, path::Path};

use aggregates::{id::MerchantId, import::ImportProgress};
use anyhow::{Context, bail};
use bytes::Bytes;
use futures::{Stream, TryStreamExt};
use gateway::{Gateway, Options, commands::import::ImportOptions};
use journal::SubjectId;
use projections::customer_imports::{self, ImportRow, RejectionRow};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;

use super::{operator::request_for, pace::Pace};
use crate::{
    args::{ImportCommand, ImportCustomersArgs, Output},
    composition::{self, Config},
    output,
};

const COLUMNS: [&str; 11] =
    ["id", "state", "dry_run", "rows", "created", "updated", "unchanged", "rejected", "lots", "points", "opened_at"];
/// Bytes that are read from the file at once.
const READ_BYTES: usize = 256 * 1024;
/// Imports that a list shows.
const LISTED: i64 = 100;
/// Rejected rows that are looked up at once.
const REJECTIONS_AT_ONCE: i64 = 1_000;

pub async fn run(command: ImportCommand, config: &Config, output: Output) -> anyhow::Result<()> {
    match command {
        ImportCommand::Customers(customers) => import_customers(customers, config, output).await,
        ImportCommand::List { merchant } => {
            let imports = customer_imports::list(&config.database().await?, merchant, None, LISTED).await?;
            output::list(output, &COLUMNS, &imports.iter().map(row_of).collect::<Vec<_>>())
        }
        ImportCommand::Rejections { merchant, import } => {
            let db = config.database().await?;
            let (mut rows, mut after) = (Vec::new(), 0);
            loop {
                let page = customer_imports::rejections(&db, merchant, import, after, REJECTIONS_AT_ONCE).await?;
                let Some(last) = page.last() else { break };
                after = last.line;
                rows.extend(page.iter().map(rejection_row));
            }
            output::list(output, &["line", "column", "reason"], &rows)
        }
    }
}

async fn import_customers(args: ImportCustomersArgs, config: &Config, output: Output) -> anyhow::Result<()> {
    let gateway = composition::assemble(config, Options::default()).await?;
    let request = request_for(&gateway, args.merchant).await?;
    let options = ImportOptions {
        source: args.format,
        encoding: args.encoding,
        date_order: args.date_order.unwrap_or_default(),
        existing: args.existing,
        dry_run: args.dry_run,
    };
    let handed_in = gateway.hand_in(&request, options, "", bytes_of(&args.file).await?).await?;
    let import = handed_in.import;
    eprintln!("{} {}", import.opened.import, if handed_in.repeated { "goes on" } else { "was handed in" });
    let done = carry_out(&gateway, args.merchant, &import).await?;
    output::one(output, &COLUMNS, &progress_row(&done))
}

async fn carry_out(gateway: &Gateway, merchant: MerchantId, import: &ImportProgress) -> anyhow::Result<ImportProgress> {
    let SubjectId::Shard(shard) = gateway::commands::import::subject_of(merchant, &import.opened).id else {
        bail!("an import is on a shard");
    };
    let pace = Pace::begin("rows", Some(import.opened.rows), import.counts.rows());
    let watch = |progress: &ImportProgress| {
        pace.show(progress.counts.rows(), &format!(" · {} rejected", progress.counts.rejected));
    };
    let done = gateway.carry_out_and_watch(merchant, shard, import.opened.import, &watch).await?;
    done.context("the file is gone: hand it in again")
}

/// The file, piece by piece.
async fn bytes_of(file: &Path) -> anyhow::Result<impl Stream<Item = io::Result<Bytes>> + use<>> {
    let opened = tokio::fs::File::open(file).await.with_context(|| format!("{} does not open", file.display()))?;
    let pace = Pace::begin("bytes read", Some(opened.metadata().await?.len()), 0);
    let pieces = futures::stream::try_unfold(opened, |mut file| async move {
        let mut bytes = Vec::with_capacity(READ_BYTES);
        let read = (&mut file).take(READ_BYTES as u64).read_to_end(&mut bytes).await?;
        Ok((read > 0).then(|| (Bytes::from(bytes), file)))
    });
    let mut done = 0;
    Ok(pieces.inspect_ok(move |bytes: &Bytes| {
        done += bytes.len() as u64;
        pace.show(done, "");
    }))
}

fn row_of(import: &ImportRow) -> Value {
    let counts = import.counts;
    json!({
        "id": import.id.to_string(),
        "state": if import.finished_at.is_some() { "finished" } else { "open" },
        "source": import.source,
        "dry_run": import.dry_run,
        "rows": import.rows,
        "created": counts.created,
        "updated": counts.updated,
        "unchanged": counts.unchanged,
        "rejected": counts.rejected,
        "lots": counts.lots,
        "points": counts.points,
        "opened_at": import.opened_at.to_rfc3339(),
    })
}

fn progress_row(import: &ImportProgress) -> Value {
    let counts = import.counts;
    json!({
        "id": import.opened.import.to_string(),
        "state": if import.finished { "finished" } else { "open" },
        "source": import.opened.source.as_str(),
        "dry_run": import.opened.dry_run,
        "rows": import.opened.rows,
        "created": counts.created,
        "updated": counts.updated,
        "unchanged": counts.unchanged,
        "rejected": counts.rejected,
        "lots": counts.lots,
        "points": counts.points,
        "opened_at": import.opened.at.to_rfc3339(),
        "position": import.position,
    })
}

fn rejection_row(row: &RejectionRow) -> Value {
    json!({ "line": row.line, "column": row.column, "reason": row.reason })
}
