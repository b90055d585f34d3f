//! `loyalnest merchant …`

use aggregates::merchant::AdminToken;
use anyhow::Context;
use gateway::{Options, clock::new_id, commands::Request, shopify::normalise_shop};
use journal::Actor;
use serde_json::json;

use crate::{
    args::{MerchantCommand, Output},
    composition::{self, Config},
    output,
};

pub async fn run(command: MerchantCommand, config: &Config, output: Output) -> anyhow::Result<()> {
    let MerchantCommand::Create { shop, webhook_secrets, admin_token } = command;
    let shop = normalise_shop(&shop).context("a shop is named like demo.myshopify.com")?;
    let gateway = composition::assemble(config, Options::default()).await?;
    let (merchant, key) = gateway.create_merchant(&shop, &webhook_secrets, Actor::Operator("cli".to_owned())).await?;
    if let Some(token) = admin_token {
        let request = Request {
            merchant,
            now: gateway.now_of(merchant).await?,
            actor: Actor::Operator("cli".to_owned()),
            correlation: new_id(),
            traceparent: None,
        };
        let token = AdminToken { token: token.trim().to_owned(), renewal: None };
        gateway.connect_shop(&request, &token, None).await?;
    }
    let row = json!({ "merchant_id": merchant.to_string(), "api_key": key.text });
    output::one(output, &["merchant_id", "api_key"], &row)
}
