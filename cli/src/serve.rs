//! The gateway and the workers as processes of their own, and how they come to an end.

use std::net::SocketAddr;

use anyhow::Context;
use gateway::{
    Gateway, Options,
    commands::referrals::clicks,
    erasure_watch,
    router::{operations, router},
};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;

use crate::{
    args::{ServeArgs, WorkArgs},
    composition::{self, Config},
    telemetry,
};

/// Cancelled by the first SIGINT or SIGTERM.
pub fn until_told() -> anyhow::Result<CancellationToken> {
    let stop = CancellationToken::new();
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let told = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        told.cancel();
    });
    Ok(stop)
}

pub async fn bind(listen: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))
}

/// Answers requests until `stop`, then finishes those that are under way.
pub async fn answer(
    gateway: Gateway,
    listener: TcpListener,
    metrics: PrometheusHandle,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    tokio::spawn(erasure_watch::run(gateway.clone(), stop.clone()));
    tokio::spawn(clicks::run(gateway.clone(), stop.clone()));
    axum::serve(listener, router(gateway, metrics))
        .with_graceful_shutdown(stop.cancelled_owned())
        .await
        .context("the listener failed")
}

/// `loyalnest serve`.
pub async fn serve(args: ServeArgs, config: Config) -> anyhow::Result<()> {
    let telemetry = telemetry::start()?;
    let stop = until_told()?;
    let options = Options { test_clock: args.test_clock, ..Options::default() };
    let gateway = composition::assemble(&config, options).await?;
    let listener = bind(args.listen).await?;
    println!("ready http://{}", listener.local_addr()?);
    answer(gateway, listener, telemetry.metrics.clone(), stop).await
}

/// `loyalnest work`.
pub async fn work(args: WorkArgs, config: Config) -> anyhow::Result<()> {
    let telemetry = telemetry::start()?;
    let stop = until_told()?;
    let gateway = composition::assemble(&config, Options::default()).await?;
    let listener = bind(args.listen).await?;
    let mut work = composition::start_work(&gateway, &config, &stop)?;
    println!("ready http://{}", listener.local_addr()?);
    axum::serve(listener, operations(gateway, telemetry.metrics.clone()))
        .with_graceful_shutdown(stop.cancelled_owned())
        .await
        .context("the listener failed")?;
    while work.join_next().await.is_some() {}
    Ok(())
}
