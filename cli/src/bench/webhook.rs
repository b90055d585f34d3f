//! Signed orders of real size over HTTP, with the projections running; and, on the same stage, balance reads and the
//! way from one to the other.

use std::time::Duration;

use aggregates::time::{Clock, Timestamp};
use anyhow::ensure;
use gateway::{Gateway, clock::SystemClock};
use projections::{
    balances::Balances, customers::Customers, points_transactions::PointsTransactions, projection::Projection,
};

use super::{
    Scale,
    cpu::Parties,
    figure::Figure,
    http::{Script, Wire, load, webhook},
    note, read,
    run::Turns,
    shop::{SHOP, Shop},
    stage::Stage,
    stand::{READ_ONLY, Stand},
    visible,
};
use crate::args::BenchPart;

const CONNECTIONS: usize = 256;
const WEBHOOKS: &str = "/webhooks/shopify";
/// The smallest body that counts as real.
const BODY_BYTES_MIN: usize = 10 * 1024;
/// Bodies made for one turn, a second; what is not used up is thrown away.
const BODIES_PER_SECOND: usize = 20_000;
/// How long the first orders of a group of shoppers may take.
const WELCOME: Duration = Duration::from_secs(120);
/// How long the read models may take to catch up before a turn.
const CATCH_UP: Duration = Duration::from_secs(120);

/// A running gateway, a shop with known shoppers, and a gateway here to look things up in.
pub struct Scene {
    pub gateway: Gateway,
    pub shop: Shop,
    pub stand: Stand,
    pub parties: Parties,
}

pub async fn measure(scale: Scale, wanted: impl Fn(BenchPart) -> bool) -> anyhow::Result<Vec<Figure>> {
    let stage = Stage::build().await?;
    let gateway = stage.gateway().await?;
    let shop = Shop::open(&gateway, scale.shoppers).await?;
    let stand = Stand::start(&stage).await?;
    let scene = Scene { parties: stage.parties(stand.pid())?, gateway, shop, stand };
    note(&format!("webhook: {} shoppers order for the first time", scale.shoppers));
    scene.welcome_all(scale).await?;
    let mut figures = Vec::new();
    let mut rate = None;
    if wanted(BenchPart::Webhook) || wanted(BenchPart::Visible) {
        let (figure, per_second) = scene.webhooks(scale).await?;
        rate = Some(per_second);
        figures.push(figure);
    }
    if let Some(rate) = rate.filter(|_| wanted(BenchPart::Visible)) {
        figures.extend(visible::measure(&scene, scale, rate / 2).await?);
    }
    if wanted(BenchPart::Read) {
        figures.extend(read::measure(&stage, &scene, scale).await?);
    }
    let Scene { gateway, stand, .. } = scene;
    drop(gateway);
    stand.stop().await?;
    stage.dismantle().await;
    Ok(figures)
}

impl Scene {
    /// Lets every shopper order once, at the door: they are known, and hot where they will be measured.
    async fn welcome_all(&self, scale: Scale) -> anyhow::Result<()> {
        let mut left = usize::try_from(scale.shoppers)?;
        while left > 0 {
            let count = left.min(BODIES_PER_SECOND);
            let script = Script::once(at_the_door(&self.bodies(count)?));
            load(self.stand.address, CONNECTIONS, WELCOME, script, &self.parties).await?;
            left -= count;
        }
        Ok(())
    }

    /// The figure, and the rate it found.
    async fn webhooks(&self, scale: Scale) -> anyhow::Result<(Figure, u64)> {
        let (mut ours, mut reading) = (Turns::default(), Turns::default());
        for round in 1..=scale.rounds {
            note(&format!("webhook: round {round} of {}", scale.rounds));
            let bodies = self.bodies_for(scale.turn)?;
            self.caught_up().await?;
            let script = Script::over_and_over(wired(READ_ONLY, &bodies));
            reading.push(load(self.stand.address, CONNECTIONS, scale.turn, script, &self.parties).await?);
            let script = Script::once(wired(WEBHOOKS, &bodies));
            drop(bodies);
            ours.push(load(self.stand.address, CONNECTIONS, scale.turn, script, &self.parties).await?);
        }
        let figure = Figure::rates(
            "webhook, signed, ≥ 10 KB, 256 connections",
            ours.median(),
            "the same server, verifying and parsing only",
            reading.median(),
            400,
        );
        Ok((figure, ours.median().per_second()))
    }

    /// As many bodies as one turn may take.
    pub fn bodies_for(&self, turn: Duration) -> anyhow::Result<Vec<(String, String)>> {
        self.bodies(BODIES_PER_SECOND * usize::try_from(turn.as_secs().max(1))?)
    }

    /// Bodies with their signatures.
    fn bodies(&self, count: usize) -> anyhow::Result<Vec<(String, String)>> {
        let now: Timestamp = SystemClock.now();
        let bodies: Vec<_> = (0..count).map(|_| self.shop.webhook(now)).collect();
        ensure!(bodies.iter().all(|(body, _)| body.len() >= BODY_BYTES_MIN), "the sample body is too small");
        Ok(bodies)
    }

    /// Waits until the read models have seen everything that is in the log now.
    pub async fn caught_up(&self) -> anyhow::Result<()> {
        let position = self.gateway.journal.last_position().await?;
        for read_model in [Balances::NAME, <Customers as Projection>::NAME, <PointsTransactions as Projection>::NAME] {
            let there = self.gateway.progress.reached(read_model, position, CATCH_UP).await;
            ensure!(there, "the read model {read_model} does not catch up");
        }
        Ok(())
    }
}

/// The same webhooks, at this door.
pub fn wired(path: &str, bodies: &[(String, String)]) -> Vec<Wire> {
    bodies.iter().map(|(body, signature)| webhook(path, SHOP, signature, body)).collect()
}

/// At the product's own door.
pub fn at_the_door(bodies: &[(String, String)]) -> Vec<Wire> {
    wired(WEBHOOKS, bodies)
}
