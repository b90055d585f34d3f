//! `loyalnest bench kills`: the kill drill of the test suite, as often as asked for.

use std::time::Duration;

use anyhow::Context;
use serde_json::json;
use tokio::time::Instant;

use super::note;
use crate::{
    args::{KillsArgs, Output},
    drill::{
        self, Drill,
        installation::{Installation, Setting},
        shop::Shop,
    },
    output,
};

const SHOP: &str = "kills.myshopify.com";

/// Fails with the first thing that is not as it must be.
pub async fn run(args: KillsArgs, output: Output) -> anyhow::Result<()> {
    let program = std::env::current_exe().context("the bench does not find its own program")?;
    let mut installation = Installation::start(&program, Setting::default()).await?;
    let secret = gateway::clock::new_id().simple().to_string();
    let shop = Shop::open(&installation, SHOP, &secret).await?;
    note(&format!("kills: {} of them, from seed {}", args.kills, args.seed));
    let started = Instant::now();
    let drill = Drill { kills: args.kills, seed: args.seed, senders: args.senders };
    let report = drill::kills(&mut installation, shop, &drill).await?;
    let took = Duration::from_secs(started.elapsed().as_secs());
    installation.stop().await?;
    let columns =
        ["gateway_kills", "log_kills", "database_kills", "answered", "repeated", "accounts", "commits", "took"];
    let row = json!({
        "gateway_kills": report.gateway_kills,
        "log_kills": report.log_kills,
        "database_kills": report.database_kills,
        "answered": report.answered,
        "repeated": report.repeated,
        "accounts": report.accounts,
        "commits": report.commits,
        "took": format!("{took:?}"),
    });
    output::one(output, &columns, &row)
}
