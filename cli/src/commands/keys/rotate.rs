//! `loyalnest keys rotate`: new keys in the place of old ones, while everything runs. What was cut short is finished first.

use std::collections::BTreeMap;

use aggregates::{
    id::MerchantId,
    time::{Clock, Timestamp},
};
use anyhow::Context;
use gateway::clock::SystemClock;
use serde_json::{Value, json};
use tokio::time::Instant;
use vault::{BucketGeneration, KEY_LEASE, Rotated, Vault};

use crate::{
    args::{Output, RotateArgs},
    composition::{self, Config},
    output,
};

const COLUMNS: [&str; 4] = ["key", "generation", "rewrapped", "old_copies_gone_by"];

pub async fn rotate(what: RotateArgs, config: &Config, output: Output) -> anyhow::Result<()> {
    let vault = composition::open_vault(config, &config.database().await?).await?;
    let mut rows = finish(&vault).await?;
    if let Some(bucket) = what.bucket {
        rows.extend(rows_of(&vault.rotate_bucket(bucket, SystemClock.now()).await?));
    }
    if let Some(merchant) = what.merchant {
        rows.extend(turn(&vault, merchant.parse().context("--merchant")?).await?);
    }
    if what.root {
        let (generation, gone_by) = vault.rotate_root(SystemClock.now()).await?;
        rows.push(row("root", i64::from(generation), None, gone_by));
    }
    output::list(output, &COLUMNS, &rows)
}

/// What erasures, or rotations that were cut short, still wait for.
async fn finish(vault: &Vault) -> anyhow::Result<Vec<Value>> {
    let mut of_merchants = BTreeMap::<MerchantId, Vec<BucketGeneration>>::new();
    for pending in vault.pending_rotations().await? {
        of_merchants.entry(pending.merchant).or_default().push(pending.away_from);
    }
    let mut rows = Vec::new();
    for (merchant, buckets) in of_merchants {
        rows.extend(rotate_all(vault, merchant, &buckets).await?);
    }
    Ok(rows)
}

/// The merchant's own key and all its buckets. The new key seals when every process has heard of it.
async fn turn(vault: &Vault, merchant: MerchantId) -> anyhow::Result<Vec<Value>> {
    let buckets = vault.turn_merchant(merchant).await?;
    let heard_of_everywhere = Instant::now() + KEY_LEASE;
    let mut rows = rotate_all(vault, merchant, &buckets).await?;
    eprintln!("waiting until every process has heard of the new key of {merchant}");
    tokio::time::sleep_until(heard_of_everywhere).await;
    let generation = vault.finish_turning(merchant).await?;
    let gone_by = rows.first().map_or(Value::Null, |row| row["old_copies_gone_by"].clone());
    rows.push(json!({ "key": merchant.to_string(), "generation": generation, "old_copies_gone_by": gone_by }));
    Ok(rows)
}

async fn rotate_all(vault: &Vault, merchant: MerchantId, buckets: &[BucketGeneration]) -> anyhow::Result<Vec<Value>> {
    let mut rows = Vec::new();
    for (done, bucket) in buckets.iter().enumerate() {
        eprintln!("{merchant}: bucket {} of {}", done + 1, buckets.len());
        let rotated = vault.rotate_away(merchant, &[*bucket], SystemClock.now()).await?;
        rows.extend(rows_of(&rotated));
    }
    Ok(rows)
}

fn rows_of(rotated: &Rotated) -> Vec<Value> {
    let bucket = |it: &vault::RotatedBucket| {
        let key = format!("bucket {}", it.to.bucket);
        row(&key, i64::from(it.to.generation), Some(it.rewrapped), rotated.old_copies_gone_by)
    };
    rotated.buckets.iter().map(bucket).collect()
}

fn row(key: &str, generation: i64, rewrapped: Option<u64>, gone_by: Timestamp) -> Value {
    json!({
        "key": key,
        "generation": generation,
        "rewrapped": rewrapped,
        "old_copies_gone_by": gone_by.to_rfc3339(),
    })
}
