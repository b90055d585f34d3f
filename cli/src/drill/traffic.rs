//! What a shop sends, in stories whose outcome is known beforehand whatever order their parts arrive in: every part is
//! sent at once, everything is repeated until it is answered, and some of it once more after that.

mod stories;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::atomic::{AtomicU64, Ordering},
};

use aggregates::time::Timestamp;
use anyhow::ensure;
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::{
    dice::Dice,
    shop::{Receipt, Shop},
};

/// Regular customers: few, so that commands on one account meet.
const REGULARS: u64 = 12;
/// Their ids in the shop; newcomers of the stories come after them.
const FIRST_CUSTOMER: u64 = 5_100_000_000_000;
/// What every regular is given at first, so that no redemption is refused.
const STARTING_POINTS: i64 = 1_000_000;
/// One in so many deliveries is made again although it was answered.
const AGAIN_ONE_IN: u64 = 8;
/// Everything is asked once more at the end, so many at a time.
const ASKED_AT_ONCE: usize = 32;
/// Of very many, the newest are. A body has about 12 KB.
const REMEMBERED_MAX: usize = 8_192;

/// A webhook that was taken.
struct Delivered {
    topic: &'static str,
    body: String,
    receipt: Receipt,
}

/// A call that was answered.
struct Made {
    path: String,
    key: String,
    body: Value,
    id: Value,
}

/// Everything that was sent, and what must have come of it.
pub struct Traffic {
    shop: Shop,
    next_id: AtomicU64,
    delivered: Mutex<VecDeque<Delivered>>,
    made: Mutex<VecDeque<Made>>,
    /// Our ids of the regulars who have been welcomed, by the shop's.
    regulars: Mutex<BTreeMap<u64, String>>,
    /// Points that must be available, by the shop's customer id.
    expected: Mutex<BTreeMap<u64, i64>>,
}

impl Traffic {
    pub fn new(shop: Shop) -> Self {
        Traffic {
            shop,
            next_id: AtomicU64::new(1),
            delivered: Mutex::default(),
            made: Mutex::default(),
            regulars: Mutex::default(),
            expected: Mutex::default(),
        }
    }

    pub fn shop(&self) -> &Shop {
        &self.shop
    }

    /// Available points of every customer, as they must be now that everything is answered.
    pub async fn expected(&self) -> BTreeMap<u64, i64> {
        self.expected.lock().await.clone()
    }

    /// One story after another until it is enough. The one under way is finished.
    ///
    /// # Errors
    /// If anything is refused that must not be.
    pub async fn send_until(&self, enough: &CancellationToken, sender: u64, mut dice: Dice) -> anyhow::Result<()> {
        if sender == 0 {
            self.welcome_regulars().await?;
        }
        while !enough.is_cancelled() {
            self.story(&mut dice).await?;
        }
        Ok(())
    }

    /// Sends everything once more. Nothing is new any more, and what was made is the same.
    ///
    /// # Errors
    /// Names the first that is not known, or not as it was.
    pub async fn ask_again(&self) -> anyhow::Result<()> {
        let delivered = self.delivered.lock().await;
        let known = delivered.iter().map(|one| async move {
            let again = self.shop.deliver(one.topic, &one.body).await?;
            let told = (one.receipt.position, again.position);
            ensure!(again.outcome == "duplicate", "{} {told:?} came again and was {}", one.topic, again.outcome);
            anyhow::Ok(())
        });
        stream::iter(known).buffer_unordered(ASKED_AT_ONCE).try_collect::<()>().await?;
        let made = self.made.lock().await;
        let same = made.iter().map(|one| async move {
            let again = self.shop.make(&one.path, &one.key, &one.body).await?;
            ensure!(again["id"] == one.id, "{} under the same key gave {} and {}", one.path, one.id, again["id"]);
            anyhow::Ok(())
        });
        stream::iter(same).buffer_unordered(ASKED_AT_ONCE).try_collect::<()>().await
    }

    /// Sends a webhook and remembers it.
    async fn deliver(&self, topic: &'static str, body: String, again: bool) -> anyhow::Result<Option<u64>> {
        let receipt = self.shop.deliver(topic, &body).await?;
        ensure!(matches!(receipt.outcome.as_str(), "accepted" | "duplicate"), "{topic} was {}", receipt.outcome);
        if again {
            self.shop.deliver(topic, &body).await?;
        }
        let position = receipt.position;
        remember(&self.delivered, Delivered { topic, body, receipt }).await;
        Ok(position)
    }

    /// Makes something by the API and remembers it.
    async fn make(&self, path: String, body: Value) -> anyhow::Result<Value> {
        let key = format!("drill-{}", self.fresh());
        let made = self.shop.make(&path, &key, &body).await?;
        remember(&self.made, Made { path, key, body, id: made["id"].clone() }).await;
        Ok(made)
    }

    async fn adjust(&self, customer: u64, id: &str, points: i64) -> anyhow::Result<()> {
        let path = format!("/v1/customers/{id}/points_adjustments");
        self.make(path, json!({ "points": points, "reason": "drill" })).await?;
        self.expect(customer, points).await;
        Ok(())
    }

    /// Our id of a regular who has been welcomed.
    async fn regular(&self, customer: u64) -> Option<String> {
        self.regulars.lock().await.get(&customer).cloned()
    }

    async fn expect(&self, customer: u64, points: i64) {
        *self.expected.lock().await.entry(customer).or_default() += points;
    }

    fn fresh(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }
}

async fn remember<T>(memory: &Mutex<VecDeque<T>>, one: T) {
    let mut memory = memory.lock().await;
    if memory.len() == REMEMBERED_MAX {
        memory.pop_front();
    }
    memory.push_back(one);
}

/// When everything in this shop happens, so many seconds after its opening.
fn at(seconds: i64) -> Timestamp {
    Timestamp::parse("2026-11-01T09:00:00Z").unwrap_or_default().plus_seconds(seconds)
}
