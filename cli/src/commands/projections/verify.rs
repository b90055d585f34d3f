//! `loyalnest projections verify [NAME]`

use std::process::ExitCode;

use anyhow::Context;
use projections::{
    ReadModel, Tables,
    generation::{
        compare::{self, How, Report},
        fill::{Filled, Share},
    },
    read_model,
};
use serde_json::{Value, json};

use super::{bar::Bar, named};
use crate::{
    args::{Output, VerifyReadModelsArgs},
    commands::log::VERIFICATION_FAILED,
    composition::Config,
    output, serve,
};

const COLUMNS: [&str; 8] = ["name", "table", "position", "rows", "differing", "first_key", "difference", "columns"];

pub async fn run(args: VerifyReadModelsArgs, config: &Config, output: Output) -> anyhow::Result<ExitCode> {
    let share = Share::percent(args.share).context("a share is 1 to 100 percent")?;
    let stop = serve::until_told()?;
    let (journal, db) = (config.journal().await?, config.database().await?);
    let (mut rows, mut clean) = (Vec::new(), true);
    for model in asked(args.name.as_deref())? {
        if let (Tables::Fixed(why), None) = (model.tables(), &args.name) {
            eprintln!("{} is left out: {why}", model.name());
            continue;
        }
        let bar = Bar::named(model.name());
        let mut tell = |filled: Filled| bar.show(filled);
        let report = compare::verify(model.as_ref(), &journal, &db, (share, stop.clone()), &mut tell).await?;
        clean &= report.is_clean();
        rows.extend(rows_of(model.name(), &report));
    }
    output::list(output, &COLUMNS, &rows)?;
    Ok(if clean { ExitCode::SUCCESS } else { ExitCode::from(VERIFICATION_FAILED) })
}

fn asked(name: Option<&str>) -> anyhow::Result<Vec<Box<dyn ReadModel>>> {
    match name {
        Some(name) => Ok(vec![named(name)?]),
        None => Ok(read_model::all()),
    }
}

fn rows_of(name: &str, report: &Report) -> Vec<Value> {
    let row = |table: &compare::Compared| {
        let first = table.first.as_ref();
        let (difference, columns) = match first.map(|first| &first.how) {
            None => (None, None),
            Some(How::Missing) => (Some("missing"), None),
            Some(How::Invented) => (Some("invented"), None),
            Some(How::Columns(columns)) => (Some("differs"), Some(columns.join(", "))),
        };
        json!({
            "name": name,
            "table": table.table,
            "position": report.position,
            "rows": table.rows,
            "differing": table.differing,
            "first_key": first.map(|first| &first.key),
            "difference": difference,
            "columns": columns,
        })
    };
    report.tables.iter().map(row).collect()
}
