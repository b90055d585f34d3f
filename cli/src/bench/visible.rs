//! From the answer to a webhook to the balance that shows it, while the gateway has half the load it can bear.

use std::{net::SocketAddr, time::Duration};

use anyhow::Context;
use serde::Deserialize;
use tokio::{
    task::LocalSet,
    time::{Instant, interval_at},
};

use super::{
    Scale,
    cpu::Spent,
    figure::Figure,
    http::{Connection, Script, get, on_own_thread},
    note,
    run::{Run, Turns},
    webhook::{Scene, at_the_door},
};

const CONNECTIONS: u32 = 64;
/// One answer in so many is followed to the balance that shows it.
const FOLLOWED: u64 = 16;

#[derive(Deserialize)]
struct Answer {
    position: u64,
}

pub async fn measure(scene: &Scene, scale: Scale, per_second: u64) -> anyhow::Result<Vec<Figure>> {
    let customer = scene.shop.customers(&scene.gateway).await?.pop().context("nobody ordered")?;
    let mut turns = Turns::default();
    for round in 1..=scale.rounds {
        note(&format!("visible: round {round} of {} at {per_second} webhooks a second", scale.rounds));
        let script = Script::once(at_the_door(&scene.bodies_for(scale.turn)?));
        scene.caught_up().await?;
        let (address, api_key) = (scene.stand.address, scene.shop.api_key.clone());
        let path = format!("/v1/customers/{customer}/balance");
        let pace = Duration::from_secs(1) * CONNECTIONS / u32::try_from(per_second.max(1))?;
        turns.push(
            on_own_thread(move || async move {
                let local = LocalSet::new();
                let until = Instant::now() + scale.turn;
                let members: Vec<_> = (0..CONNECTIONS)
                    .map(|number| {
                        let first = Instant::now() + pace * number / CONNECTIONS;
                        let follow = Follow { address, path: path.clone(), api_key: api_key.clone() };
                        local.spawn_local(follow.paced(first, pace, until, script.clone()))
                    })
                    .collect();
                local.await;
                let mut latencies = Vec::new();
                for member in members {
                    latencies.append(&mut member.await??);
                }
                Ok(Run::new(scale.turn, latencies, Spent::default()))
            })
            .await?,
        );
    }
    let all = turns.together();
    Ok(vec![
        Figure::latency("from 200 to visible balance at half load, p50", all.percentile(50)),
        Figure::latency("from 200 to visible balance at half load, p99", all.percentile(99)),
    ])
}

/// One connection for webhooks, and one to look at the balance.
struct Follow {
    address: SocketAddr,
    path: String,
    api_key: String,
}

impl Follow {
    /// Sends on schedule. Gives how long it took, from each answer that was followed, until a balance had seen it.
    async fn paced(
        self,
        first: Instant,
        pace: Duration,
        until: Instant,
        script: Script,
    ) -> anyhow::Result<Vec<Duration>> {
        let mut door = Connection::open(self.address).await?;
        let mut window = Connection::open(self.address).await?;
        let mut ticks = interval_at(first, pace);
        let mut latencies = Vec::new();
        for number in 0_u64.. {
            let due = ticks.tick().await;
            let Some(request) = script.next().filter(|_| due < until) else { break };
            let answer: Answer = serde_json::from_slice(door.ask(request).await?)?;
            if number % FOLLOWED == 0 {
                let answered = Instant::now();
                let path = format!("{}?min_position={}", self.path, answer.position);
                window.ask(&get(&path, &self.api_key)).await?;
                latencies.push(answered.elapsed());
            }
        }
        Ok(latencies)
    }
}
