//! `loyalnest keys status`: numbers and names, no key and no path.

use aggregates::time::Timestamp;
use serde_json::{Value, json};
use vault::{DeletionHead, DeletionJournal, MerchantSurvey, Vault};

use crate::{
    args::Output,
    composition::{self, Config},
    output,
};

const COLUMNS: [&str; 8] =
    ["merchant", "state", "generation", "bucket", "bucket_generations", "people", "destroyed", "rotation_due"];

pub async fn status(config: &Config, output: Output) -> anyhow::Result<()> {
    let vault = composition::open_vault(config, &config.database().await?).await?;
    let deletions = deletions(config, &vault).await;
    let survey = vault.survey().await?;
    let pending = vault.pending_rotations().await?.len();
    let rows: Vec<Value> = survey.merchants.iter().flat_map(rows).collect();
    if output == Output::Table {
        eprintln!(
            "root key store {} · kept by {} · root key {} · {} days of items · {pending} rotations due",
            survey.store, survey.root_kept_by, survey.root_generation, survey.item_days,
        );
        eprintln!("deletion journal: {}", sentence(&deletions));
        return output::list(output, &COLUMNS, &rows);
    }
    let status = json!({
        "root_key_store": {
            "id": survey.store,
            "kept_by": survey.root_kept_by,
            "generation": survey.root_generation,
            "item_days": survey.item_days,
        },
        "pending_rotations": pending,
        "deletion_journal": deletions,
        "buckets": rows,
    });
    output::one(output, &[], &status)
}

/// One row for each bucket; one for a merchant that has none any more.
fn rows(merchant: &MerchantSurvey) -> Vec<Value> {
    let state = if merchant.destroyed_at.is_some() { "destroyed" } else { "active" };
    let destroyed_at = merchant.destroyed_at.map(Timestamp::to_rfc3339);
    if merchant.buckets.is_empty() {
        return vec![
            json!({ "merchant": merchant.merchant.to_string(), "state": state, "destroyed_at": destroyed_at }),
        ];
    }
    let bucket = |bucket: &vault::BucketSurvey| {
        json!({
            "merchant": merchant.merchant.to_string(),
            "state": state,
            "generation": merchant.generation,
            "bucket": bucket.bucket,
            "bucket_generations": bucket.generations,
            "people": bucket.people,
            "destroyed": bucket.destroyed,
            "rotation_due": bucket.rotation_due,
        })
    };
    merchant.buckets.iter().map(bucket).collect()
}

/// A journal that cannot be trusted is part of the answer: whoever asks wants to know.
async fn deletions(config: &Config, vault: &Vault) -> Value {
    let head = async {
        let journal: DeletionJournal = composition::deletions::open(config, vault)?;
        anyhow::Ok(journal.verify().await?)
    };
    match head.await {
        Ok(DeletionHead { sequence, hash }) => {
            json!({ "state": "genuine", "entries": sequence, "hash": hex::encode(hash), "places": 2 })
        }
        Err(error) => json!({ "state": "refused", "reason": format!("{error:#}") }),
    }
}

fn sentence(deletions: &Value) -> String {
    match deletions["entries"].as_u64() {
        Some(entries) => format!("{entries} entries, genuine and the same in both places"),
        None => deletions["reason"].as_str().unwrap_or("refused").to_owned(),
    }
}
