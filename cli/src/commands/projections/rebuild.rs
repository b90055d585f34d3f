//! `loyalnest projections rebuild NAME`

use std::time::Duration;

use anyhow::Context;
use projections::{
    ReadModel,
    generation::{
        Stage,
        compare::{self, Report},
        fill::{FillError, Filled, Filler, Share},
    },
};
use serde_json::json;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::{bar::Bar, named};
use crate::{
    args::{Output, RebuildArgs},
    composition::Config,
    output, serve,
};

/// Commits behind the end at which filling counts as done: the rest is caught up while the live one is held still.
const NEAR: u64 = 500;
/// Pause before trying again when a server was away.
const AWAY_PAUSE: Duration = Duration::from_secs(1);

pub async fn run(args: RebuildArgs, config: &Config, output: Output) -> anyhow::Result<()> {
    let model = named(&args.name)?;
    let share = Share::percent(args.share).context("a share is 1 to 100 percent")?;
    let stop = serve::until_told()?;
    // Servers that were never there are not waited for.
    tokio::try_join!(config.journal(), config.database())?;
    loop {
        match attempt(model.as_ref(), &args, config, share, &stop).await {
            Ok(done) => return print(&args, &done, output),
            Err(error) if is_passing(&error) && !stop.is_cancelled() => {
                eprintln!("{error:#}; trying again");
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(AWAY_PAUSE) => {}
                }
            }
            Err(error) => return Err(error),
        }
    }
}

/// Servers that do not answer while we connect are away, too.
fn is_passing(error: &anyhow::Error) -> bool {
    error.downcast_ref::<FillError>().is_none_or(FillError::is_passing)
}

/// What a rebuild has come to.
struct Done {
    generation: i32,
    position: u64,
    compared: Option<Report>,
    /// The generation that was read before.
    before: Option<i32>,
}

async fn attempt(
    model: &dyn ReadModel,
    args: &RebuildArgs,
    config: &Config,
    share: Share,
    stop: &CancellationToken,
) -> anyhow::Result<Done> {
    let (journal, db) = (config.journal().await?, config.database().await?);
    let mut filler = Filler::begin(model, &journal, &db, Stage::Filling, (share, stop.clone())).await?;
    let bar = Bar::named(&format!("{} generation {}", args.name, filler.generation()));
    let mut tell = |filled: Filled| bar.show(filled);
    loop {
        let head = journal.last_position().await.map_err(FillError::from)?;
        filler.fill(head, &mut tell).await?;
        let grown = journal.last_position().await.map_err(FillError::from)?;
        if grown.saturating_sub(filler.position()) <= NEAR {
            break;
        }
    }
    let compared = compared(&mut filler, model, args, &db).await?;
    drop(bar);
    let (generation, position) = (filler.generation(), filler.position());
    if args.no_switch {
        filler.hand_over().await?;
        return Ok(Done { generation, position, compared, before: None });
    }
    let before = filler.switch(&db).await?;
    Ok(Done { generation, position, compared, before: Some(before) })
}

/// Only where the live one is not behind: it is not waited for.
async fn compared(
    filler: &mut Filler<'_>,
    model: &dyn ReadModel,
    args: &RebuildArgs,
    db: &PgPool,
) -> Result<Option<Report>, FillError> {
    if args.no_compare {
        return Ok(None);
    }
    compare::look_if_not_ahead(filler, model, db, &mut |_| {}).await
}

fn print(args: &RebuildArgs, done: &Done, output: Output) -> anyhow::Result<()> {
    let (name, generation) = (&args.name, done.generation);
    match done.before {
        Some(before) => eprintln!(
            "generation {generation} of {name} is read. Generation {before} is kept up beside it: \
             `projections switch {name} {before}` goes back, `projections drop {name} {before}` frees its space"
        ),
        None => eprintln!(
            "generation {generation} of {name} is filled; `projections switch {name} {generation}` has it read"
        ),
    }
    for table in done.compared.iter().flat_map(|report| &report.tables) {
        eprintln!("{}: {} rows before, {} differ", table.table, table.rows, table.differing);
    }
    let row = json!({
        "name": name,
        "generation": generation,
        "position": done.position,
        "live": done.before.is_some(),
        "generation_before": done.before,
        "rows_differing": done.compared.as_ref().map(|report| report.tables.iter().map(|t| t.differing).sum::<u64>()),
    });
    output::one(output, &["name", "generation", "position", "live", "generation_before", "rows_differing"], &row)
}
