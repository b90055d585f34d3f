//! `loyalnest books …`: what came and went, and closing a period.

use aggregates::id::MerchantId;
use anyhow::ensure;
use gateway::{
    Gateway, Options,
    commands::books::Between,
    http::{
        AsOf,
        books::{BooksDocument, PeriodDocument, Step, entries},
    },
};
use projections::{
    books::{self, BooksOfMerchants, Day, DayEntry},
    replay::{Moment, merchant},
};
use serde_json::{Value, json};

use super::operator::request_for;
use crate::{
    args::{BooksCommand, BooksStep, Output},
    composition::{self, Config},
    output,
};

const COLUMNS: [&str; 10] =
    ["name", "until", "opening", "issued", "restored", "redeemed", "expired", "reversed", "forfeited", "closing"];

pub async fn run(command: BooksCommand, config: &Config, output: Output) -> anyhow::Result<()> {
    let gateway = composition::connect(config, Options::default()).await?;
    match command {
        BooksCommand::Show { merchant, from, to, by, from_log } => {
            show(&gateway, Asked { merchant, from, to, by, from_log }, output).await
        }
        BooksCommand::Periods { merchant } => periods(&gateway, merchant, output).await,
        BooksCommand::Close { merchant, until, yes } => {
            ensure!(yes, "a closed period is never opened again: add --yes");
            close(&gateway, merchant, until, output).await
        }
    }
}

struct Asked {
    merchant: MerchantId,
    from: Option<Day>,
    to: Option<Day>,
    by: Option<BooksStep>,
    from_log: bool,
}

async fn show(gateway: &Gateway, asked: Asked, output: Output) -> anyhow::Result<()> {
    let now = gateway.now_of(asked.merchant).await?;
    let to = asked.to.unwrap_or_else(|| Day(Day::of(now).0 + 1));
    let (between, days, position) = if asked.from_log {
        from_log(gateway, &asked, to).await?
    } else {
        let between = gateway.books_between(asked.merchant, asked.from, to).await?;
        let days = books::days(&gateway.db, asked.merchant, asked.from.unwrap_or(Day(0)), to).await?;
        (between, days, gateway.progress.of(BooksOfMerchants::NAME).position)
    };
    let step = asked.by.map(|by| match by {
        BooksStep::Day => Step::Day,
        BooksStep::Month => Step::Month,
    });
    let as_of = AsOf { position, time: now.to_rfc3339() };
    let document = BooksDocument::new(asked.from, to, &between, entries(&between, &days, step), as_of);
    if output != Output::Table {
        return output::one(output, &COLUMNS, &serde_json::to_value(&document)?);
    }
    let mut rows: Vec<Value> = Vec::new();
    for entry in &document.entries {
        rows.push(figures_row(&entry.from, &entry.to, serde_json::to_value(entry.points)?));
    }
    let name = document.from.clone().unwrap_or_else(|| "all".to_owned());
    rows.push(figures_row(&name, &document.to, serde_json::to_value(document.points)?));
    rows.push(figures_row("value", &document.to, serde_json::to_value(document.value_minor)?));
    output::list(output, &COLUMNS, &rows)
}

/// The same from the log alone.
async fn from_log(gateway: &Gateway, asked: &Asked, to: Day) -> anyhow::Result<(Between, Vec<DayEntry>, u64)> {
    let past = merchant::as_of(&gateway.journal, asked.merchant, Moment::Position(u64::MAX), |_| {}).await?;
    let keeper = &past.books;
    let rate = gateway.books_between(asked.merchant, asked.from, to).await?.rate;
    let opening = asked.from.map_or(0, |from| keeper.until(from).net());
    let from = asked.from.unwrap_or(Day(i64::MIN));
    let days: Vec<DayEntry> =
        keeper.days().range(from..to).map(|(day, flow)| DayEntry { day: *day, flow: *flow }).collect();
    let flow = days.iter().map(|entry| entry.flow).sum();
    Ok((Between { opening, flow, rate }, days, past.position))
}

fn figures_row(name: &str, until: &str, figures: Value) -> Value {
    let mut row = figures;
    row["name"] = json!(name);
    row["until"] = json!(until);
    row
}

async fn periods(gateway: &Gateway, merchant: MerchantId, output: Output) -> anyhow::Result<()> {
    let key = gateway.books_key()?;
    let books = gateway.books_on_record(merchant).await?.state;
    let documents: Vec<PeriodDocument> =
        books.closed.iter().map(|(recorded, closed)| PeriodDocument::new(merchant, recorded, closed, &key)).collect();
    print_periods(&documents, output)
}

fn print_periods(documents: &[PeriodDocument], output: Output) -> anyhow::Result<()> {
    let mut rows = Vec::with_capacity(documents.len());
    for document in documents {
        let mut row = serde_json::to_value(document)?;
        row["id"] = json!(document.period.to_string());
        if output == Output::Table {
            let points = serde_json::to_value(document.points)?;
            row = figures_row(&format!("period {}", document.period), &document.until, points);
        }
        rows.push(row);
    }
    output::list(output, &COLUMNS, &rows)
}

async fn close(gateway: &Gateway, merchant: MerchantId, until: Day, output: Output) -> anyhow::Result<()> {
    let request = request_for(gateway, merchant).await?;
    let (recorded, closed) = gateway.close_books(&request, until.start()).await?;
    let document = PeriodDocument::new(merchant, &recorded, &closed, &gateway.books_key()?);
    eprintln!("period {} is closed, on record at position {}", document.period, document.position);
    print_periods(std::slice::from_ref(&document), output)
}
