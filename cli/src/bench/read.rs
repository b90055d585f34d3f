//! Balances over HTTP, beside an empty handler of the same server, and beside the database asked for the same rows by
//! its own load program.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::{Context, ensure};
use tokio::{process::Command, time::Instant};

use super::{
    Scale,
    cpu::Spent,
    figure::Figure,
    http::{Script, Wire, get, load},
    note,
    run::{Run, Turns},
    stage::Stage,
    stand::EMPTY,
    webhook::Scene,
};

const CONNECTIONS: usize = 64;
const PGBENCH_CONNECTIONS: usize = 8;
const PGBENCH_THREADS: usize = 2;
/// pgbench takes its keys from scripts; it picks one of so many at random.
const PGBENCH_SCRIPTS: usize = 64;

pub async fn measure(stage: &Stage, scene: &Scene, scale: Scale) -> anyhow::Result<Vec<Figure>> {
    let customers = scene.shop.customers(&scene.gateway).await?;
    let path = |customer| format!("/v1/customers/{customer}/balance");
    let ours: Arc<[Wire]> = customers.iter().map(|customer| get(&path(customer), &scene.shop.api_key)).collect();
    let empty: Arc<[Wire]> = [get(EMPTY, &scene.shop.api_key)].into();
    let scripts = stage.directory().join("pgbench");
    std::fs::create_dir_all(&scripts)?;
    for (number, customer) in customers.iter().take(PGBENCH_SCRIPTS).enumerate() {
        let statement = format!(
            "select purse, position, recorded_at from read.balances where merchant = '{}' and customer = '{}';\n",
            scene.shop.merchant.0, customer.0
        );
        std::fs::write(scripts.join(format!("{number}.sql")), statement)?;
    }
    scene.caught_up().await?;
    let (mut reads, mut nothing, mut database) = (Turns::default(), Turns::default(), Turns::default());
    for round in 1..=scale.rounds {
        note(&format!("read: round {round} of {}", scale.rounds));
        let (address, parties) = (scene.stand.address, &scene.parties);
        nothing.push(load(address, CONNECTIONS, scale.turn, Script::over_and_over(Arc::clone(&empty)), parties).await?);
        reads.push(load(address, CONNECTIONS, scale.turn, Script::over_and_over(Arc::clone(&ours)), parties).await?);
        database.push(pgbench(stage, &scripts, scale.turn).await?);
    }
    Ok(vec![
        Figure::rates(
            "balance over HTTP, 64 connections",
            reads.median(),
            "an empty handler of the same server",
            nothing.median(),
            500,
        ),
        Figure::rates(
            "balance over HTTP, 64 connections",
            reads.median(),
            "pgbench, prepared select on the same table, 8 connections",
            database.median(),
            600,
        ),
    ])
}

/// The database's own load program, for one turn.
async fn pgbench(stage: &Stage, scripts: &Path, turn: Duration) -> anyhow::Result<Run> {
    let url: reqwest::Url = stage.config.database_url.parse()?;
    let mut command = Command::new(stage.binaries.postgres_bin_dir.join("pgbench"));
    command
        .env("PGHOST", url.host_str().unwrap_or_default())
        .env("PGPORT", url.port().unwrap_or(5432).to_string())
        .env("PGUSER", url.username())
        .env("PGPASSWORD", url.password().unwrap_or_default())
        .env("PGDATABASE", url.path().trim_start_matches('/'))
        .args(["--no-vacuum", "--protocol", "prepared"])
        .args(["--client", &PGBENCH_CONNECTIONS.to_string(), "--jobs", &PGBENCH_THREADS.to_string()])
        .args(["--time", &turn.as_secs().max(1).to_string()]);
    for script in std::fs::read_dir(scripts)?.flatten() {
        command.arg("--file").arg(script.path());
    }
    let started = Instant::now();
    let output = command.output().await.context("pgbench does not start")?;
    let took = started.elapsed();
    ensure!(output.status.success(), "pgbench failed: {}", String::from_utf8_lossy(&output.stderr));
    let report = String::from_utf8_lossy(&output.stdout);
    let (operations, per_second) = counted(&report).with_context(|| format!("pgbench said: {report}"))?;
    Ok(stated(operations, per_second, took))
}

/// What pgbench says it did: how many in all, and how many a second without connecting.
fn counted(report: &str) -> Option<(u64, u64)> {
    let after = |label: &str| {
        let line = report.lines().find_map(|line| line.trim().strip_prefix(label))?;
        line.split(|c: char| !c.is_ascii_digit()).find(|part| !part.is_empty())?.parse().ok()
    };
    Some((after("number of transactions actually processed:")?, after("tps =")?))
}

/// A run of which only totals are known. Its time is what the stated rate says: pgbench leaves connecting out.
/// Its processor time is unknown: neither the program's own is counted here, nor that of sessions that end with it.
fn stated(operations: u64, per_second: u64, took: Duration) -> Run {
    let nanos = u128::from(operations) * 1_000_000_000 / u128::from(per_second.max(1));
    let took = u64::try_from(nanos).map_or(took, Duration::from_nanos);
    Run { operations, took, latencies: Vec::new(), spent: Spent::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_of_pgbench_is_understood() {
        let report = "transaction type: multiple scripts\nnumber of clients: 8\nduration: 3 s\n\
            number of transactions actually processed: 93120\nnumber of failed transactions: 0 (0.000%)\n\
            latency average = 0.257 ms\ninitial connection time = 21.5 ms\n\
            tps = 31172.404 (without initial connection time)\n";
        assert_eq!(counted(report), Some((93_120, 31_172)));
        assert_eq!(counted("pgbench: error: connection refused"), None);
    }
}
