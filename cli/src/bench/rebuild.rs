//! Read models made anew, from a log of orders of a hundred thousand shoppers. Beside it: reading and decoding the same
//! commits and doing nothing with them; the same two tables filled by hand, folded in memory, copied in, indexes last; for
//! read models that have fallen behind, what the same machine takes in at its door; and commands, with a rebuild beside them.

mod by_hand;
mod live;

use std::time::Duration;

use aggregates::{Context as Room, points::PointsEvent};
use anyhow::{Context, ensure};
use futures::StreamExt;
use gateway::Gateway;
use journal::{Follow, Journal};
use projections::{
    balances::Balances,
    generation::{
        Stage as GenerationStage,
        fill::{FillError, Filler, Share},
        switch::drop_generation,
    },
    points_transactions::PointsTransactions,
    projection::events_of,
    read_model,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    Scale,
    cpu::Spent,
    figure::{Figure, Target},
    note,
    run::{Run, Turns},
    shop::Shop,
    stage::Stage,
    webhook,
};
use crate::{args::BenchPart, composition};

/// A short log is this much shorter than the one that is measured, a long one so much longer.
const SHORTER: u64 = 10;
const LONGER: u64 = 3;
/// What the promises say, in thousandths.
const OF_READING: u64 = 800;
const OF_BY_HAND: u64 = 400;
const OF_WEBHOOKS: u64 = 1_500;
const LONG_OVER_SHORT: u64 = 1_300;
const COMMANDS_ALONE: u64 = 800;
/// How long all read models together may take for the whole log.
const CATCH_UP: Duration = Duration::from_secs(3_600);
/// Costs are told for so many commits.
const COMMITS: u32 = 1_000;

/// Our own two tables.
const BOTH: [&str; 2] = [Balances::NAME, PointsTransactions::NAME];

pub async fn measure(scale: Scale) -> anyhow::Result<Vec<Figure>> {
    let stage = Stage::build().await?;
    let mut figures = on(&stage, scale).await?;
    stage.dismantle().await;
    let at_the_door = webhook::measure(scale, |part| part == BenchPart::Webhook).await?;
    let at_the_door = at_the_door.first().context("webhooks were measured")?.ours;
    let caught_up = figures.iter_mut().find(|figure| figure.name.starts_with("all read models"));
    let caught_up = caught_up.context("catching up was measured")?;
    caught_up.beside = Some(("signed orders over HTTP".to_owned(), at_the_door));
    caught_up.target = Target::AtLeast(OF_WEBHOOKS);
    Ok(figures)
}

async fn on(stage: &Stage, scale: Scale) -> anyhow::Result<Vec<Figure>> {
    let gateway = stage.gateway().await?;
    let shop = Shop::open(&gateway, scale.rebuild_customers).await?;
    write_log(&gateway, &shop, scale.rebuild_customers, scale.rebuild_commits).await?;
    let head = gateway.journal.last_position().await?;
    note(&format!("rebuild: all read models take in {head} commits"));
    let caught_up = catch_up(&gateway, head).await?;
    let mut turns: [Turns; 4] = Default::default();
    for round in 1..=scale.rounds {
        note(&format!("rebuild: round {round} of {}", scale.rounds));
        let [reading, balances, both, by_hand] = &mut turns;
        reading.push(read_and_decode(&gateway, head).await?);
        balances.push(made_anew(&gateway, &[Balances::NAME], head).await?);
        both.push(made_anew(&gateway, &BOTH, head).await?);
        by_hand.push(by_hand::fill(&gateway, head).await?);
    }
    let commands = live::figure(stage, &gateway, &shop, scale).await?;
    let short = made_anew(&gateway, &BOTH, head / SHORTER).await?;
    write_log(&gateway, &shop, 0, scale.rebuild_commits * (LONGER - 1)).await?;
    let end = gateway.journal.last_position().await?;
    let long = made_anew(&gateway, &BOTH, end).await?;
    let [reading, balances, both, by_hand] = turns.each_ref().map(Turns::median);
    let cost = |run: &Run| run.took * COMMITS / u32::try_from(run.operations.max(1)).unwrap_or(u32::MAX);
    Ok(vec![
        Figure::rates("commits, balances made anew", balances, "read and decoded, nothing else", reading, OF_READING),
        Figure::rates("commits, balances and ledger made anew", both, "folded and copied by hand", by_hand, OF_BY_HAND),
        Figure {
            beside: None,
            target: Target::None,
            ..Figure::rates("all read models together, commits of a whole log", &caught_up, "", reading, 0)
        },
        Figure::latencies(
            &format!("{COMMITS} commits made anew, out of {end}"),
            cost(&long),
            &format!("out of {}", head / SHORTER),
            cost(&short),
            LONG_OVER_SHORT,
        ),
        commands,
    ])
}

/// The first order of these shoppers, and orders of everybody until there are so many commits more.
async fn write_log(gateway: &Gateway, shop: &Shop, newcomers: u64, commits: u64) -> anyhow::Result<()> {
    note(&format!("rebuild: {commits} commits are written"));
    shop.welcome(gateway, newcomers).await?;
    // A first order is two of them.
    shop.orders(gateway, commits.saturating_sub(newcomers * 2)).await
}

/// From nothing to the end of the log, as a database that was lost would.
async fn catch_up(gateway: &Gateway, head: u64) -> anyhow::Result<Run> {
    let stop = CancellationToken::new();
    let began = Instant::now();
    let mut work = composition::start_read_models(&gateway.journal, &gateway.db, &stop);
    for read_model in projections::NAMES {
        ensure!(gateway.progress.reached(read_model, head, CATCH_UP).await, "{read_model} does not keep up");
    }
    let took = began.elapsed();
    stop.cancel();
    while work.join_next().await.is_some() {}
    Ok(of(head, took))
}

async fn read_and_decode(gateway: &Gateway, head: u64) -> anyhow::Result<Run> {
    let began = Instant::now();
    let mut commits = gateway.journal.follow(0, Follow::Everything).await?;
    while commits.reached() < head {
        let commit = commits.next().await.context("the log ended early")??;
        if commit.subject.context == Room::Points {
            std::hint::black_box(events_of::<PointsEvent>(&commit)?);
        }
    }
    Ok(of(head, began.elapsed()))
}

/// From nothing to tables that could be read, one read model after the other.
async fn made_anew(gateway: &Gateway, names: &[&str], head: u64) -> anyhow::Result<Run> {
    let mut took = Duration::ZERO;
    for name in names {
        let how = (Share::ALL, CancellationToken::new());
        took += filled(&gateway.journal, gateway, name, head, how).await??;
    }
    Ok(of(head, took))
}

/// Fills a read model from nothing, and drops what was filled; gives how long the filling took, or what ended it.
async fn filled(
    journal: &Journal,
    gateway: &Gateway,
    name: &str,
    up_to: u64,
    how: (Share, CancellationToken),
) -> anyhow::Result<Result<Duration, FillError>> {
    let model = read_model::named(name).context("a read model")?;
    let began = Instant::now();
    let mut filler = Filler::begin(model.as_ref(), journal, &gateway.db, GenerationStage::Verifying, how).await?;
    let filled = filler.fill(up_to, &mut |_| {}).await;
    let took = began.elapsed();
    let number = filler.generation();
    drop(filler);
    drop_generation(&gateway.db, name, number).await?;
    Ok(filled.map(|()| took))
}

fn of(commits: u64, took: Duration) -> Run {
    Run { operations: commits, took, latencies: Vec::new(), spent: Spent::default() }
}
