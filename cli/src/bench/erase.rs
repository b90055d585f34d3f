//! Forgetting people: one after the other while the log is short, and again when it is a hundred times as long, because
//! nothing about it may depend on how much there is of everybody else; then many together, who share what can be shared.
//!
//! What is measured is work. The steps end with a wait of a fixed length, until no process can have a key in memory any more;
//! it is left out, and so is the time in which read models take in the log.

use std::time::Duration;

use aggregates::{
    gdpr::{RequestKind, RequestSource},
    id::{CustomerId, GdprRequestId},
};
use anyhow::ensure;
use futures::{StreamExt, TryStreamExt, stream};
use gateway::{Gateway, clock::new_id, commands::Request};
use journal::Actor;
use policies::erasure::{Eraser, Progress};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Scale, figure::Figure, note, shop::Shop, stage::Stage};
use crate::composition;

/// Of the commits of the long log, one in so many is in the short one.
const SHORT: u64 = 100;
/// A shopper's first order is two commits: the person and the points.
const COMMITS_OF_A_NEWCOMER: u64 = 2;
/// People forgotten one after the other, from each log.
const ONE_BY_ONE: u64 = 20;
/// One in so many of the long log's shoppers is forgotten in the batch: a thousand of a hundred thousand.
const BATCH: u64 = 100;
/// Requests put on record at the same time.
const ASKED_AT_ONCE: usize = 64;
/// How long a read model may take to see the whole log.
const READ_MODELS_PATIENCE: Duration = Duration::from_secs(900);

pub async fn measure(scale: Scale) -> anyhow::Result<Vec<Figure>> {
    let stage = Stage::build().await?;
    let figures = on(&stage, scale).await?;
    stage.dismantle().await;
    Ok(figures)
}

async fn on(stage: &Stage, scale: Scale) -> anyhow::Result<Vec<Figure>> {
    let gateway = stage.gateway().await?;
    let stop = CancellationToken::new();
    let read_models = composition::start_read_models(&gateway.journal, &gateway.db, &stop);
    let shop = Shop::open(&gateway, scale.customers).await?;

    let newcomers = scale.log_messages / SHORT / COMMITS_OF_A_NEWCOMER;
    note(&format!("erase: {newcomers} shoppers order"));
    shop.welcome(&gateway, newcomers).await?;
    let from_short = one_by_one(&gateway, &shop, 0).await?;

    note(&format!("erase: more of them order, until the log has {} commits", scale.log_messages));
    shop.welcome(&gateway, scale.customers).await?;
    let written = gateway.journal.last_position().await?;
    shop.orders(&gateway, scale.log_messages.saturating_sub(written)).await?;
    let from_long = one_by_one(&gateway, &shop, ONE_BY_ONE).await?;

    let people = scale.customers / BATCH;
    note(&format!("erase: {people} people together"));
    let together = together(&gateway, &shop, 2 * ONE_BY_ONE, people).await?;
    stop.cancel();
    read_models.join_all().await;
    let beside = format!("the same out of {} commits", scale.log_messages / SHORT);
    let each = together / u32::try_from(people.max(1))?;
    Ok(vec![
        Figure::latencies(
            &format!("a person forgotten out of {} commits, p50", scale.log_messages),
            from_long,
            &beside,
            from_short,
            2_000,
        ),
        Figure::latency(&format!("a person forgotten together with {} others", people - 1), each),
    ])
}

/// Forgets shoppers from this one on, one after the other; gives the median of the work.
async fn one_by_one(gateway: &Gateway, shop: &Shop, first: u64) -> anyhow::Result<Duration> {
    let requests = ask(gateway, shop, first, ONE_BY_ONE).await?;
    let eraser = &gateway.eraser;
    let mut work = vec![Duration::ZERO; requests.len()];
    // Two passes: all wait for the same minute, and not each for its own.
    for _ in 0..2 {
        let mut waits = Duration::ZERO;
        for (request, work) in requests.iter().zip(&mut work) {
            let started = Instant::now();
            waits = waits.max(advance(eraser, shop, *request).await?.unwrap_or_default());
            *work += started.elapsed();
        }
        tokio::time::sleep(waits).await;
    }
    are_completed(eraser, shop, &requests).await?;
    work.sort_unstable();
    Ok(work[work.len() / 2])
}

/// Forgets so many shoppers, from this one on, as a worker does it.
async fn together(gateway: &Gateway, shop: &Shop, first: u64, people: u64) -> anyhow::Result<Duration> {
    let requests = ask(gateway, shop, first, people).await?;
    let eraser = &gateway.eraser;
    let mut work = Duration::ZERO;
    loop {
        let started = Instant::now();
        let waits = eraser.execute_due(shop.merchant).await?;
        work += started.elapsed();
        caught_up(gateway).await?;
        match waits {
            Some(waits) => tokio::time::sleep(waits).await,
            None => break,
        }
    }
    are_completed(eraser, shop, &requests).await?;
    Ok(work)
}

/// Steps until one has to wait, or none is left.
async fn advance(eraser: &Eraser, shop: &Shop, request: GdprRequestId) -> anyhow::Result<Option<Duration>> {
    loop {
        match eraser.step(shop.merchant, request).await? {
            Progress::Done(_) => {}
            Progress::Waits(time) => return Ok(Some(time)),
            Progress::Ended => return Ok(None),
        }
    }
}

/// Puts a request for each of these shoppers on record, and has the read models see them.
async fn ask(gateway: &Gateway, shop: &Shop, first: u64, people: u64) -> anyhow::Result<Vec<GdprRequestId>> {
    let requests = stream::iter(first..first + people)
        .map(|shopper| async move { ask_for(gateway, shop, shop.customer(gateway, shopper).await?).await })
        .buffered(ASKED_AT_ONCE)
        .try_collect()
        .await?;
    caught_up(gateway).await?;
    Ok(requests)
}

async fn ask_for(gateway: &Gateway, shop: &Shop, customer: CustomerId) -> anyhow::Result<GdprRequestId> {
    let request = Request {
        merchant: shop.merchant,
        now: gateway.clock.now(),
        actor: Actor::Operator("bench".to_owned()),
        correlation: new_id(),
        traceparent: None,
    };
    let key = customer.to_string();
    let (kind, source) = (RequestKind::CustomerRedact, RequestSource::Operator);
    Ok(gateway.ask_for_privacy(&request, kind, source, customer, &key).await?.id)
}

async fn are_completed(eraser: &Eraser, shop: &Shop, requests: &[GdprRequestId]) -> anyhow::Result<()> {
    for request in requests {
        let stage = eraser.load(shop.merchant, *request).await?.state.stage;
        ensure!(!stage.is_open(), "a request is still {}", stage.as_str());
    }
    Ok(())
}

async fn caught_up(gateway: &Gateway) -> anyhow::Result<()> {
    let head = gateway.journal.last_position().await?;
    for read_model in projections::NAMES {
        let reached = gateway.progress.reached(read_model, head, READ_MODELS_PATIENCE).await;
        ensure!(reached, "{read_model} does not keep up");
    }
    Ok(())
}
