//! `loyalnest customer …`: one customer, now or as of any moment. The profile stays sealed; whoever has a reason to read it
//! asks the merchant's API with a key.

use anyhow::Context;
use projections::customers;
use serde_json::Value;

use super::log::person_row;
use crate::{
    args::{CustomerCommand, Output},
    composition::Config,
    output,
};

const COLUMNS: [&str; 8] =
    ["id", "standing", "available", "pending", "lifetime_earned", "lifetime_redeemed", "lifetime_expired", "position"];
const LOT_COLUMNS: [&str; 7] = ["id", "source", "granted", "remaining", "earned_at", "available_at", "expires_at"];

pub async fn run(command: CustomerCommand, config: &Config, output: Output) -> anyhow::Result<()> {
    let CustomerCommand::Show { id, as_of } = command;
    let merchant = customers::merchant_of(&config.database().await?, id).await?;
    let merchant = merchant.with_context(|| format!("nobody is {id}"))?;
    let journal = config.journal().await?;
    let mut row = person_row(&journal, merchant, id, as_of).await?;
    row["merchant_id"] = Value::String(merchant.to_string());
    if output == Output::Table {
        output::list(output, &COLUMNS, std::slice::from_ref(&row))?;
        println!();
        return output::list(output, &LOT_COLUMNS, row["lots"].as_array().map_or(&[], Vec::as_slice));
    }
    output::one(output, &COLUMNS, &row)
}
