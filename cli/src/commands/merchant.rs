//! `loyalnest merchant …`

use anyhow::Context;
use gateway::{Options, shopify::normalise_shop};
use journal::Actor;
use serde_json::json;

use crate::{
    args::{MerchantCommand, Output},
    composition::{self, Config},
    output,
};

pub async fn run(command: MerchantCommand, config: &Config, output: Output) -> anyhow::Result<()> {
    let MerchantCommand::Create { shop, webhook_secrets } = command;
    let shop = normalise_shop(&shop).context("a shop is named like demo.myshopify.com")?;
    let gateway = composition::assemble(config, Options::default()).await?;
    let (merchant, key) = gateway.create_merchant(&shop, &webhook_secrets, Actor::Operator("cli".to_owned())).await?;
    let row = json!({ "merchant_id": merchant.to_string(), "api_key": key.text });
    output::one(output, &["merchant_id", "api_key"], &row)
}
