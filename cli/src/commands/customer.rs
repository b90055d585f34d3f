//! `loyalnest customer …`: one customer, now or as of any moment. The profile stays sealed; whoever has a reason to read it
//! asks the merchant's API with a key.
//!
//! Standing and points are computed from the log; segment and tier are those on record by then, in the read models.

use aggregates::id::{CustomerId, MerchantId};
use anyhow::Context;
use projections::{
    customers,
    replay::Moment,
    rfm::{Bound, answers as segments},
    tiers::answers as tiers,
};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::log::person_row;
use crate::{
    args::{CustomerCommand, Output},
    composition::Config,
    output,
};

const COLUMNS: [&str; 10] = [
    "id",
    "standing",
    "available",
    "pending",
    "lifetime_earned",
    "lifetime_redeemed",
    "lifetime_expired",
    "segment",
    "vip_tier",
    "position",
];
const LOT_COLUMNS: [&str; 7] = ["id", "source", "granted", "remaining", "earned_at", "available_at", "expires_at"];

pub async fn run(command: CustomerCommand, config: &Config, output: Output) -> anyhow::Result<()> {
    let CustomerCommand::Show { id, as_of } = command;
    let db = config.database().await?;
    let merchant = customers::merchant_of(&db, id).await?;
    let merchant = merchant.with_context(|| format!("nobody is {id}"))?;
    let journal = config.journal().await?;
    let mut row = person_row(&journal, merchant, id, as_of).await?;
    row["merchant_id"] = Value::String(merchant.to_string());
    (row["segment"], row["vip_tier"]) = on_record(&db, (merchant, id), as_of).await?;
    if output == Output::Table {
        output::list(output, &COLUMNS, std::slice::from_ref(&row))?;
        println!();
        return output::list(output, &LOT_COLUMNS, row["lots"].as_array().map_or(&[], Vec::as_slice));
    }
    output::one(output, &COLUMNS, &row)
}

/// Segment and tier; `null` for whoever was in none by then.
async fn on_record(
    db: &PgPool,
    (merchant, id): (MerchantId, CustomerId),
    as_of: Option<Moment>,
) -> anyhow::Result<(Value, Value)> {
    let (segment, tier) = match as_of.map(Bound::from) {
        None => (segments::standing(db, merchant, id).await?, tiers::member(db, merchant, id).await?),
        Some(bound) => (
            segments::standing_at(db, merchant, id, bound).await?,
            tiers::member_at(db, merchant, id, bound).await?.map(|row| row.to),
        ),
    };
    Ok((json!(segment.map(|held| held.segment)), json!(tier.and_then(|member| member.tier))))
}
