//! Durable award commands, from the command to its acknowledgement, the claim of the order included.
//!
//! Beside them stand, in the same round: the same bytes under the same guards, written by the client library alone; the
//! ledger that a team would write in SQL; and what both servers can do at most when nobody decides anything.

mod floor;
mod ledger;

use std::time::Duration;

use gateway::Gateway;
use tokio::time::Instant;

use self::{floor::Floor, ledger::Ledger};
use super::{
    Scale,
    bare::Bare,
    cpu::Parties,
    crowd::crowd,
    figure::{Figure, Target},
    note,
    run::Turns,
    shop::Shop,
    stage::Stage,
};

/// A busy hour, an ordinary one.
const MANY: usize = 1_024;
const SOME: usize = 64;
/// Connections of the ledger; the better of the two counts.
const LEDGER_CONNECTIONS: [usize; 2] = [16, 64];

/// The turns of everybody who takes part.
#[derive(Default)]
struct Contest {
    many: Turns,
    some: Turns,
    one: Turns,
    bare_batches: Turns,
    bare_some: Turns,
    bare_one: Turns,
    bare_insert: Turns,
    ledger: [Turns; 2],
    floor: Turns,
}

/// Who takes part besides us.
struct Rivals {
    bare: Bare,
    ledger: Ledger,
    floor: Floor,
}

pub async fn measure(scale: Scale) -> anyhow::Result<Vec<Figure>> {
    let stage = Stage::build().await?;
    let figures = on(&stage, scale).await?;
    stage.dismantle().await;
    Ok(figures)
}

async fn on(stage: &Stage, scale: Scale) -> anyhow::Result<Vec<Figure>> {
    let gateway = stage.gateway().await?;
    let parties = stage.parties(None)?;
    let shop = Shop::open(&gateway, scale.customers).await?;
    note(&format!("award: {} shoppers order for the first time", scale.customers));
    let started = Instant::now();
    shop.welcome_all(&gateway).await?;
    note(&format!("award: they took {:.1?}", started.elapsed()));
    let bare = Bare::beside_the_journal(&gateway, scale.customers).await?;
    let ledger = Ledger::prepare(&stage.config.database_url, scale.customers, bare.payload().clone()).await?;
    let floor = Floor::prepare(&stage.config.database_url, bare.clone()).await?;
    let rivals = Rivals { bare, ledger, floor };
    let mut contest = Contest::default();
    for round in 1..=scale.rounds {
        note(&format!("award: round {round} of {}", scale.rounds));
        contest.round(scale.turn, &parties, &gateway, &shop, &rivals).await?;
    }
    Ok(contest.figures())
}

impl Contest {
    async fn round(
        &mut self,
        turn: Duration,
        parties: &Parties,
        gateway: &Gateway,
        shop: &Shop,
        Rivals { bare, ledger, floor }: &Rivals,
    ) -> anyhow::Result<()> {
        let ours = {
            let (gateway, shop) = (gateway.clone(), shop.clone());
            move || {
                let (gateway, shop) = (gateway.clone(), shop.clone());
                async move { shop.order(&gateway).await }
            }
        };
        self.many.push(crowd(MANY, turn, parties, ours.clone()).await?);
        self.bare_batches.push(bare.batches(turn, parties).await?);
        for (turns, connections) in self.ledger.iter_mut().zip(LEDGER_CONNECTIONS) {
            turns.push(ledger.race(connections, turn, parties).await?);
        }
        self.floor.push(floor.race(turn, parties).await?);
        self.some.push(crowd(SOME, turn, parties, ours.clone()).await?);
        self.bare_some.push(bare.singles(SOME, turn, parties).await?);
        self.one.push(crowd(1, turn, parties, ours).await?);
        self.bare_one.push(bare.singles(1, turn, parties).await?);
        self.bare_insert.push(ledger.insert_alone(turn, parties).await?);
        Ok(())
    }

    fn figures(&self) -> Vec<Figure> {
        let median = |turns: &Turns| turns.median_by(|run| run.percentile(50)).percentile(50);
        let alone = median(&self.bare_one) + median(&self.bare_insert);
        let [few, more] = &self.ledger;
        let ledger = if few.median().per_second() >= more.median().per_second() { few } else { more };
        vec![
            Figure::rates(
                "award, 1,024 in flight",
                self.many.median(),
                "bare guarded batches of 1,000",
                self.bare_batches.median(),
                500,
            ),
            Figure::rates(
                "award, 1,024 in flight",
                self.many.median(),
                "one-statement SQL ledger, best of 16 and 64 connections",
                ledger.median(),
                3_000,
            ),
            Figure {
                target: Target::None,
                ..Figure::rates(
                    "award, 1,024 in flight",
                    self.many.median(),
                    "a thousand bare claims, then a bare batch, twice at once",
                    self.floor.median(),
                    0,
                )
            },
            Figure::rates(
                "award, 64 in flight",
                self.some.median(),
                "bare guarded publishing, 64 in flight",
                self.bare_some.median(),
                750,
            ),
            Figure::latencies(
                "award, one alone, p50",
                median(&self.one),
                "one bare guarded publish + one bare insert",
                alone,
                3_000,
            ),
            Figure::latency(
                "award, 1,024 in flight, p99",
                self.many.median_by(|run| run.percentile(99)).percentile(99),
            ),
        ]
    }
}
