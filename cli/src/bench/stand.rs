//! The gateway as a process of its own, as production runs it: the product's doors, its projections, its telemetry. Two
//! doors more show what the same server does without the product's work.

use std::{net::SocketAddr, process::Stdio};

use aggregates::time::Clock;
use anyhow::Context;
use axum::{
    Json, Router,
    body::Bytes,
    extract::DefaultBodyLimit,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use gateway::{
    Options,
    clock::SystemClock,
    router::router,
    shopify::{self, Topic, headers::WebhookHeaders, signature},
    webhooks::{WebhookAnswer, WebhookOutcome},
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use super::{shop::WEBHOOK_SECRET, stage::Stage};
use crate::{
    composition::{self, Config},
    serve, telemetry,
};

/// Answers at once.
pub const EMPTY: &str = "/bench/empty";
/// Checks and reads a webhook, and commits nothing.
pub const READ_ONLY: &str = "/bench/webhooks";

const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;

/// A running gateway with its projections. Dropping it kills the process.
pub struct Stand {
    pub address: SocketAddr,
    process: Child,
}

impl Stand {
    pub async fn start(stage: &Stage) -> anyhow::Result<Stand> {
        let program = std::env::current_exe().context("the bench does not find its own program")?;
        let log = std::fs::File::create(stage.directory().join("gateway.log"))?;
        let mut process = Command::new(program)
            .args(["bench", "stand"])
            .envs(stage.config.variables())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .context("the gateway does not start")?;
        let output = process.stdout.take().context("the gateway's output is not piped")?;
        let mut lines = BufReader::new(output).lines();
        while let Some(line) = lines.next_line().await? {
            if let Some(address) = line.strip_prefix("ready http://") {
                return Ok(Stand { address: address.parse()?, process });
            }
        }
        anyhow::bail!("the gateway ended before it was ready")
    }

    pub fn pid(&self) -> Option<u32> {
        self.process.id()
    }

    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.process.kill().await.context("the gateway does not end")
    }
}

/// What the process does: `loyalnest serve` and `loyalnest work` in one, and the two doors.
pub async fn serve() -> anyhow::Result<()> {
    let telemetry = telemetry::start()?;
    let stop = serve::until_told()?;
    let config = Config::from_env()?;
    let gateway = composition::assemble(&config, Options::default()).await?;
    let mut work = composition::start_work(&gateway, &config, &stop)?;
    let listener = serve::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    println!("ready http://{}", listener.local_addr()?);
    let doors = router(gateway, telemetry.metrics.clone()).merge(doors_beside());
    axum::serve(listener, doors).with_graceful_shutdown(stop.cancelled_owned()).await?;
    while work.join_next().await.is_some() {}
    Ok(())
}

fn doors_beside() -> Router {
    Router::new()
        .route(EMPTY, get(|| async {}))
        .route(READ_ONLY, post(check_and_read))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}

async fn check_and_read(headers: HeaderMap, body: Bytes) -> Response {
    let stated = WebhookHeaders::from(&headers);
    let signed = stated.hmac.is_some_and(|hmac| signature::verify(&body, &hmac, WEBHOOK_SECRET.as_bytes()));
    if !signed {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    match shopify::read(Topic::parse(&stated.topic.unwrap_or_default()), &body, SystemClock.now()) {
        Ok(_) => Json(WebhookAnswer { outcome: WebhookOutcome::Ignored, position: None }).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}
