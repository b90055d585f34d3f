//! A command on an account that is not in memory, and whose hundred commits lie scattered over a long log; beside one
//! look at the last message of a subject.

use anyhow::Context;
use futures::future;
use gateway::Gateway;
use journal::{STREAM, Subject};
use tokio::time::Instant;

use super::{
    Scale,
    bare::Bare,
    cpu::Spent,
    figure::Figure,
    note,
    run::{Run, Turns},
    shop::Shop,
    stage::Stage,
};

const COMMITS: u64 = 100;
/// Accounts that the rest of the log belongs to.
const OTHERS: u64 = 100_000;

pub async fn measure(scale: Scale) -> anyhow::Result<Vec<Figure>> {
    let stage = Stage::build().await?;
    let (shop, subjects) = {
        let gateway = stage.gateway().await?;
        let shop = Shop::open(&gateway, scale.cold_accounts).await?;
        scatter(&gateway, &shop, scale).await?;
        (shop.clone(), subjects(&gateway, &shop).await?)
    };
    let (mut commands, mut gets) = (Turns::default(), Turns::default());
    for round in 1..=scale.rounds {
        note(&format!("cold: round {round} of {}", scale.rounds));
        // A gateway that has just started: nothing is in memory, neither accounts nor keys nor look-ups.
        let gateway = stage.gateway().await?;
        let (command, get) = visit_all(&gateway, &shop, &subjects).await?;
        commands.push(command);
        gets.push(get);
    }
    stage.dismantle().await;
    let percentile = |turns: &Turns, percent| turns.median_by(|run| run.percentile(percent)).percentile(percent);
    let figure = |percent, at_most| {
        Figure::latencies(
            &format!("command on a cold account of {COMMITS} commits, p{percent}"),
            percentile(&commands, percent),
            "one bare last-message get",
            percentile(&gets, percent),
            at_most,
        )
    };
    Ok(vec![figure(99, 10_000), figure(50, 10_000)])
}

/// The log as a long time leaves it: a share of the others' commits, one of each of these, and so on.
async fn scatter(gateway: &Gateway, shop: &Shop, scale: Scale) -> anyhow::Result<()> {
    shop.welcome_all(gateway).await?;
    let others = Bare::in_the_journal(gateway, OTHERS).await?;
    note(&format!("cold: {} messages are written", scale.log_messages));
    for _ in 1..COMMITS {
        others.fill(scale.log_messages / COMMITS).await?;
        shop.welcome_all(gateway).await?;
    }
    Ok(())
}

async fn subjects(gateway: &Gateway, shop: &Shop) -> anyhow::Result<Vec<String>> {
    let customers = shop.customers(gateway).await?;
    Ok(customers.into_iter().map(|customer| Subject::points(shop.merchant, customer).to_string()).collect())
}

/// One command on each account, one after the other, and a bare look at another one's last message after each.
async fn visit_all(gateway: &Gateway, shop: &Shop, subjects: &[String]) -> anyhow::Result<(Run, Run)> {
    let jetstream = async_nats::jetstream::new(gateway.journal.client().clone());
    let stream = jetstream.get_stream_no_info(STREAM).await?;
    // What every process does once: the merchant's settings are fetched, connections are opened.
    future::try_join_all((0..8).map(|_| gateway.vault.ping())).await?;
    shop.order_of(gateway, 0).await?;
    let (mut commands, mut gets) = (Vec::new(), Vec::new());
    for (shopper, other) in (1_u64..).zip(&subjects[..subjects.len() - 1]) {
        let started = Instant::now();
        shop.order_of(gateway, shopper).await?;
        commands.push(started.elapsed());
        let started = Instant::now();
        stream.direct_get_last_for_subject(other.as_str()).await.context("a subject has no message")?;
        gets.push(started.elapsed());
    }
    Ok((
        Run::new(commands.iter().sum(), commands, Spent::default()),
        Run::new(gets.iter().sum(), gets, Spent::default()),
    ))
}
