//! `loyalnest bench`: every figure beside its own ceiling, in one run, on this machine.
//!
//! Load, product and servers share the machine, so that absolute figures move with it; the ratios are what counts. What
//! is compared takes turns, round by round, and each contestant's median round is reported. The servers are the bench's
//! own, in a directory that vanishes, and both sync the disk before they acknowledge.
//!
//! | file | its idea |
//! |---|---|
//! | [`award`] | commands that award points, beside what the log can take and beside a ledger in SQL |
//! | [`cold`] | a command on an account that is not in memory |
//! | [`webhook`] | signed orders over HTTP, beside the same server that only reads them |
//! | [`read`] | balances over HTTP, beside an empty handler and beside pgbench |
//! | [`visible`] | from the answer to a webhook to the balance that shows it |
//! | [`memory`] | what hot accounts weigh |
//! | [`verify`] | the log verified, beside the log read and hashed |
//! | [`erase`] | people forgotten, out of a short log and out of a long one |
//! | [`rebuild`] | read models made anew, beside reading the log and beside filling them by hand |
//! | [`rfm`] | the daily window of a shop with very many buyers, beside the same in SQL |
//! | [`bare`] | the log, written by the client library alone |
//! | [`kills`] | not a figure: the kill drill, at length |
//! | [`stage`], [`stand`] | the servers of a measurement; the gateway as a process of its own |
//! | [`shop`] | who orders what |
//! | [`crowd`], [`http`] | load: commands in this process, requests over raw connections |
//! | [`cpu`], [`run`], [`figure`], [`machine`] | what was measured, and how it is said |

mod award;
mod bare;
mod cold;
mod cpu;
mod crowd;
mod erase;
mod figure;
mod http;
mod kills;
mod machine;
mod memory;
mod read;
mod rebuild;
mod rfm;
mod run;
mod shop;
mod stage;
mod stand;
mod verify;
mod visible;
mod webhook;

use std::time::Duration;

use figure::Figure;

use crate::{
    args::{BenchArgs, BenchCommand, BenchPart, Output},
    telemetry,
};

/// How much is measured, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    /// How often each contestant has its turn; the median counts.
    pub rounds: usize,
    /// One turn of one contestant.
    pub turn: Duration,
    /// Shoppers of the award commands.
    pub customers: u64,
    /// Shoppers behind the webhooks and the balance reads.
    pub shoppers: u64,
    /// Messages between which the commits of a cold account lie scattered.
    pub log_messages: u64,
    pub cold_accounts: u64,
    pub hot_accounts: u64,
    /// Buyers of the shop whose daily window is held.
    pub rfm_buyers: u64,
    /// Commits from which read models are made anew, and shoppers among whom they are.
    pub rebuild_commits: u64,
    pub rebuild_customers: u64,
}

impl Scale {
    const FULL: Scale = Scale {
        rounds: 5,
        turn: Duration::from_secs(3),
        customers: 100_000,
        shoppers: 20_000,
        log_messages: 1_000_000,
        cold_accounts: 200,
        hot_accounts: 100_000,
        rfm_buyers: 1_000_000,
        rebuild_commits: 1_000_000,
        rebuild_customers: 100_000,
    };
    const QUICK: Scale = Scale {
        rounds: 3,
        turn: Duration::from_secs(1),
        customers: 20_000,
        shoppers: 5_000,
        log_messages: 100_000,
        cold_accounts: 50,
        hot_accounts: 10_000,
        rfm_buyers: 100_000,
        rebuild_commits: 20_000,
        rebuild_customers: 2_000,
    };
}

/// Measures what was asked for, prints it, and says on stderr what it is at. A missed target is printed, not an error.
pub async fn run(args: BenchArgs, output: Output) -> anyhow::Result<()> {
    match args.command {
        Some(BenchCommand::Kills(kills)) => return kills::run(kills, output).await,
        Some(BenchCommand::Stand) => return stand::serve().await,
        Some(BenchCommand::Hot { accounts, orders }) => return memory::fill(accounts, orders).await,
        None => {}
    }
    let _telemetry = telemetry::start()?;
    let scale = if args.quick { Scale::QUICK } else { Scale::FULL };
    let wanted = |part| args.only.is_empty() || args.only.contains(&part);
    let mut figures: Vec<Figure> = Vec::new();
    if wanted(BenchPart::Award) {
        figures.extend(award::measure(scale).await?);
    }
    if wanted(BenchPart::Cold) {
        figures.extend(cold::measure(scale).await?);
    }
    if [BenchPart::Webhook, BenchPart::Read, BenchPart::Visible].into_iter().any(wanted) {
        figures.extend(webhook::measure(scale, wanted).await?);
    }
    if wanted(BenchPart::Memory) {
        figures.extend(memory::measure(scale).await?);
    }
    if wanted(BenchPart::Verify) {
        figures.extend(verify::measure(scale).await?);
    }
    if wanted(BenchPart::Erase) {
        figures.extend(erase::measure(scale).await?);
    }
    if wanted(BenchPart::Rebuild) {
        figures.extend(rebuild::measure(scale).await?);
    }
    if wanted(BenchPart::Rfm) {
        figures.extend(rfm::measure(scale).await?);
    }
    eprintln!("\n{}\n", machine::describe().await);
    figure::print(output, &figures)
}

/// What the bench is at, for whoever waits.
fn note(text: &str) {
    eprintln!("bench: {text}");
}
