//! Verifying the log: every commit read, hashed, put into its tree and compared with what is stored and signed; with the
//! read models derived once more, and without. Beside it stands what nobody can do without: reading every message with the
//! client library, and hashing it.

use std::time::Duration;

use anyhow::{Context, ensure};
use async_nats::jetstream::{self, consumer::push::OrderedConfig};
use futures::StreamExt;
use gateway::Gateway;
use journal::STREAM;
use projections::transparency::{KEY_USAGE, Transparency};
use proofs::Hash;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    Scale,
    cpu::{Parties, Spent},
    figure::Figure,
    note,
    run::{Run, Turns},
    shop::Shop,
    stage::Stage,
};
use crate::{
    commands::log::verify::{Scope, verify},
    composition,
};

/// How long the read models may take to see the whole log before it is verified.
const READ_MODELS_PATIENCE: Duration = Duration::from_secs(600);

pub async fn measure(scale: Scale) -> anyhow::Result<Vec<Figure>> {
    let stage = Stage::build().await?;
    let figures = on(&stage, scale).await?;
    stage.dismantle().await;
    Ok(figures)
}

async fn on(stage: &Stage, scale: Scale) -> anyhow::Result<Vec<Figure>> {
    let gateway = stage.gateway().await?;
    let shop = Shop::open(&gateway, scale.customers).await?;
    note(&format!("verify: {} shoppers order", scale.customers));
    shop.welcome_all(&gateway).await?;
    read_models_and_signature(stage, &gateway).await?;
    let parties = stage.parties(None)?;
    let (mut whole, mut log_alone, mut bare) = (Turns::default(), Turns::default(), Turns::default());
    for round in 1..=scale.rounds {
        note(&format!("verify: round {round} of {}", scale.rounds));
        bare.push(read_and_hash(&gateway, &parties).await?);
        log_alone.push(verified(&gateway, &parties, false).await?);
        whole.push(verified(&gateway, &parties, true).await?);
    }
    let beside = "every message read and hashed, nothing else";
    Ok(vec![
        Figure::rates("commits verified, without read models", log_alone.median(), beside, bare.median(), 500),
        Figure::rates("commits verified, with read models", whole.median(), beside, bare.median(), 500),
    ])
}

/// Everything is in the tables, signed, and nothing works any more.
async fn read_models_and_signature(stage: &Stage, gateway: &Gateway) -> anyhow::Result<()> {
    let stop = CancellationToken::new();
    let mut work = composition::start_work(gateway, &stage.config, &stop)?;
    let head = gateway.journal.last_position().await?;
    note(&format!("verify: read models take in {head} commits"));
    for read_model in projections::NAMES {
        let reached = gateway.progress.reached(read_model, head, READ_MODELS_PATIENCE).await;
        ensure!(reached, "{read_model} does not keep up");
    }
    ensure!(gateway.progress.of(Transparency::NAME).position >= head, "the trees do not keep up");
    composition::checkpoint_signer(gateway, &stage.config)?.round(gateway.clock.now()).await?;
    stop.cancel();
    while work.join_next().await.is_some() {}
    Ok(())
}

async fn verified(gateway: &Gateway, parties: &Parties, read_models: bool) -> anyhow::Result<Run> {
    let public = gateway.vault.installation()?.signer(KEY_USAGE).public();
    let scope = Scope { only: None, public, kept: Vec::new(), read_models };
    let (before, started) = (parties.spent()?, Instant::now());
    let report = verify(&gateway.journal, &gateway.db, &scope).await?;
    let took = started.elapsed();
    ensure!(report.is_sound(), "the bench's own log does not verify: {:?}", report.findings.first());
    Ok(counted(report.commits, took, parties.spent()?.since(before)))
}

async fn read_and_hash(gateway: &Gateway, parties: &Parties) -> anyhow::Result<Run> {
    let jetstream = jetstream::new(gateway.journal.client().clone());
    let head = gateway.journal.last_position().await?;
    let (before, started) = (parties.spent()?, Instant::now());
    let config = OrderedConfig { deliver_subject: gateway.journal.client().new_inbox(), ..OrderedConfig::default() };
    let mut messages = jetstream.create_consumer_on_stream(config, STREAM).await?.messages().await?;
    let mut root = Hash::of_nothing();
    for _ in 0..head {
        let message = messages.next().await.context("the log ended early")??;
        root = Hash::of_node(&root, &Hash::of_leaf(&[&message.payload]));
    }
    let took = started.elapsed();
    std::hint::black_box(root);
    Ok(counted(head, took, parties.spent()?.since(before)))
}

fn counted(operations: u64, took: Duration, spent: Spent) -> Run {
    Run { operations, took, latencies: Vec::new(), spent }
}
