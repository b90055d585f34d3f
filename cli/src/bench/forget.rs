//! Forgetting people, as far as the vault has to do with it: the entry in the deletion journal, the end of the keys, and the
//! rotation that makes old copies useless. One person beside many others costs what it costs beside few.

use std::time::Duration;

use aggregates::{
    id::{CustomerId, GdprRequestId, MerchantId},
    time::Clock,
};
use gateway::{
    Gateway,
    clock::{SystemClock, new_id},
};
use tokio::time::Instant;
use vault::{DeletionEntry, DeletionJournal, DeletionSubject};

use super::{
    Scale,
    bare::Bare,
    cpu::Spent,
    figure::{Figure, Permille},
    note,
    run::Run,
    shop::Shop,
    stage::Stage,
};
use crate::composition;

/// Shoppers of the shop whose people are forgotten: its buckets are as full at the end as at the beginning.
const SHOPPERS: u64 = 4_000;
/// People forgotten one by one, each time.
const ONE_BY_ONE: usize = 50;
/// People forgotten together.
const TOGETHER: usize = 1_000;
const OTHER_SHOP: &str = "beside-the-bench.myshopify.com";
/// Accounts that the rest of the log belongs to.
const OTHERS: u64 = 100_000;
/// Among a hundred times as many others it may take twice as long.
const AT_MOST: Permille = 2_000;

pub async fn measure(scale: Scale) -> anyhow::Result<Vec<Figure>> {
    let stage = Stage::build().await?;
    let measured = measure_on(&stage, scale).await;
    stage.dismantle().await;
    let Measured { among_few, among_many, together } = measured?;
    let one = Figure::latencies(
        &format!("one person forgotten by the vault, among {} commits, p50", scale.log_messages),
        among_many.percentile(50),
        &format!("the same among {SHOPPERS}"),
        among_few.percentile(50),
        AT_MOST,
    );
    Ok(vec![one, Figure::latency(&format!("{TOGETHER} people forgotten together by the vault"), together)])
}

struct Measured {
    among_few: Run,
    among_many: Run,
    together: Duration,
}

async fn measure_on(stage: &Stage, scale: Scale) -> anyhow::Result<Measured> {
    let gateway = stage.gateway().await?;
    let deletions = composition::deletions::open(&stage.config, &gateway.vault)?;
    let shop = Shop::open(&gateway, SHOPPERS).await?;
    shop.welcome_all(&gateway).await?;
    let people = shop.customers(&gateway).await?;
    let forgetting = Forgetting { gateway: &gateway, deletions: &deletions, merchant: shop.merchant };

    note("forget: among few");
    let (some, rest) = people.split_at(ONE_BY_ONE);
    let among_few = forgetting.one_by_one(some).await?;
    note(&format!("forget: {} shoppers and {} messages are written", scale.customers, scale.log_messages));
    Shop::open_as(&gateway, OTHER_SHOP, scale.customers).await?.welcome_all(&gateway).await?;
    Bare::in_the_journal(&gateway, OTHERS).await?.fill(scale.log_messages).await?;
    note("forget: among many");
    let (some, rest) = rest.split_at(ONE_BY_ONE);
    let among_many = forgetting.one_by_one(some).await?;
    let together = forgetting.forget(&rest[..TOGETHER]).await?;
    Ok(Measured { among_few, among_many, together })
}

struct Forgetting<'a> {
    gateway: &'a Gateway,
    deletions: &'a DeletionJournal,
    merchant: MerchantId,
}

impl Forgetting<'_> {
    async fn one_by_one(&self, people: &[CustomerId]) -> anyhow::Result<Run> {
        let mut latencies = Vec::with_capacity(people.len());
        for person in people {
            latencies.push(self.forget(&[*person]).await?);
        }
        Ok(Run::new(latencies.iter().sum(), latencies, Spent::default()))
    }

    /// In one go.
    async fn forget(&self, people: &[CustomerId]) -> anyhow::Result<Duration> {
        let (vault, merchant, now) = (&self.gateway.vault, self.merchant, SystemClock.now());
        let started = Instant::now();
        let entry = |person: &CustomerId| DeletionEntry {
            request: GdprRequestId(new_id()),
            merchant,
            subject: DeletionSubject::Person(*person),
            keys: vec![person.to_string()],
            at: now,
        };
        self.deletions.append(people.iter().map(entry).collect()).await?;
        let destroyed = vault.destroy_people(merchant, people, now).await?;
        vault.rotate_away(merchant, &destroyed.hung_from, now).await?;
        Ok(started.elapsed())
    }
}
