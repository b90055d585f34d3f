//! What a gateway weighs that has many accounts hot: a process of its own, that carries out every order itself.

use std::{fs, process::Stdio};

use anyhow::{Context, ensure};
use gateway::Options;
use serde::{Deserialize, Serialize};
use tokio::process::Command;

use super::{
    Scale,
    figure::{Figure, Target, Unit},
    note,
    shop::Shop,
    stage::Stage,
};
use crate::{
    composition::{self, Config},
    telemetry,
};

/// Commits of each account.
const ORDERS: u64 = 10;
/// 200 MB.
const LIMIT_KIB: u64 = 195_312;

/// What the process says of itself, in KiB of resident memory.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Weight {
    empty: u64,
    full: u64,
}

pub async fn measure(scale: Scale) -> anyhow::Result<Vec<Figure>> {
    let stage = Stage::build().await?;
    note(&format!("memory: {} accounts of {ORDERS} orders each", scale.hot_accounts));
    let program = std::env::current_exe().context("the bench does not find its own program")?;
    let output = Command::new(program)
        .args(["bench", "hot", &scale.hot_accounts.to_string(), &ORDERS.to_string()])
        .envs(stage.config.variables())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .output()
        .await?;
    ensure!(output.status.success(), "the gateway that was to be weighed failed");
    let weight: Weight = serde_json::from_slice(&output.stdout)?;
    stage.dismantle().await;
    let named = format!("gateway with {} hot accounts of {ORDERS} commits", scale.hot_accounts);
    // The promise is about the full number; fewer say nothing about it.
    let target = if scale.hot_accounts == Scale::FULL.hot_accounts { Target::Within } else { Target::None };
    let figure = |name: String, ours, beside, target| Figure {
        name,
        ours,
        unit: Unit::Kibibytes,
        beside,
        target,
        cpu: String::new(),
        cpu_beside: String::new(),
    };
    Ok(vec![
        figure(named.clone(), weight.full, Some(("200 MB".to_owned(), LIMIT_KIB)), target),
        figure(format!("{named}, less the empty one"), weight.full - weight.empty, None, Target::None),
    ])
}

/// What the process does: `accounts` shoppers order so often each, and its memory is read before and after.
pub async fn fill(accounts: u64, orders: u64) -> anyhow::Result<()> {
    let _telemetry = telemetry::start()?;
    let gateway = composition::assemble(&Config::from_env()?, Options::default()).await?;
    let shop = Shop::open(&gateway, accounts).await?;
    let empty = resident_kib()?;
    for _ in 0..orders {
        shop.welcome_all(&gateway).await?;
    }
    let hot = u64::try_from(gateway.accounts.hot())?;
    ensure!(hot >= accounts, "only {hot} accounts are hot");
    println!("{}", serde_json::to_string(&Weight { empty, full: resident_kib()? })?);
    Ok(())
}

fn resident_kib() -> anyhow::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    Ok(resident.trim().trim_end_matches("kB").trim().parse()?)
}
