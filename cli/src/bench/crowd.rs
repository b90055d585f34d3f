//! Many at once in this process, each doing one thing after the other.

use std::{future::Future, time::Duration};

use tokio::{task::JoinSet, time::Instant};

use super::{cpu::Parties, run::Run};

/// Keeps `in_flight` of these under way for the length of a turn; those under way at its end are waited for and count.
/// The first failure ends it: a measurement with failures in it measures nothing.
pub async fn crowd<W, F>(in_flight: usize, turn: Duration, parties: &Parties, work: W) -> anyhow::Result<Run>
where
    W: Fn() -> F + Clone + Send + 'static,
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let before = parties.spent()?;
    let started = Instant::now();
    let mut members = JoinSet::new();
    for _ in 0..in_flight {
        members.spawn(one_after_the_other(started + turn, work.clone()));
    }
    let mut latencies = Vec::new();
    while let Some(member) = members.join_next().await {
        latencies.append(&mut member??);
    }
    Ok(Run::new(started.elapsed(), latencies, parties.spent()?.since(before)))
}

async fn one_after_the_other<W, F>(until: Instant, work: W) -> anyhow::Result<Vec<Duration>>
where
    W: Fn() -> F,
    F: Future<Output = anyhow::Result<()>>,
{
    let mut latencies = Vec::new();
    while Instant::now() < until {
        let started = Instant::now();
        work().await?;
        latencies.push(started.elapsed());
    }
    Ok(latencies)
}

/// Does it for each number below `count`, so many at once.
pub async fn each<W, F>(in_flight: usize, count: u64, work: W) -> anyhow::Result<()>
where
    W: Fn(u64) -> F + Clone + Send + 'static,
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let mut members = JoinSet::new();
    let in_flight = u64::try_from(in_flight)?.min(count);
    for first in 0..in_flight {
        let work = work.clone();
        members.spawn(async move {
            let mut number = first;
            while number < count {
                work(number).await?;
                number += in_flight;
            }
            anyhow::Ok(())
        });
    }
    while let Some(member) = members.join_next().await {
        member??;
    }
    Ok(())
}
