//! `loyalnest merchant …`

use aggregates::{id::MerchantId, merchant::AdminToken, program::Program};
use anyhow::Context;
use gateway::{Options, http::program_settings::SettingsDocument, shopify::normalise_shop};
use journal::Subject;
use projections::replay::{self, Moment};
use serde_json::json;

use super::operator;
use crate::{
    args::{MerchantCommand, Output},
    composition::{self, Config},
    output,
};

pub async fn run(command: MerchantCommand, config: &Config, output: Output) -> anyhow::Result<()> {
    match command {
        MerchantCommand::Create { shop, webhook_secrets, admin_token } => {
            create((&shop, &webhook_secrets), admin_token, config, output).await
        }
        MerchantCommand::Settings { id, as_of, version } => settings(id, as_of, version, config, output).await,
    }
}

async fn create(
    (shop, webhook_secrets): (&str, &[String]),
    admin_token: Option<String>,
    config: &Config,
    output: Output,
) -> anyhow::Result<()> {
    let shop = normalise_shop(shop).context("a shop is named like demo.myshopify.com")?;
    let gateway = composition::assemble(config, Options::default()).await?;
    let (merchant, key) = gateway.create_merchant(&shop, webhook_secrets, operator::actor()).await?;
    if let Some(token) = admin_token {
        let request = operator::request_for(&gateway, merchant).await?;
        let token = AdminToken { token: token.trim().to_owned(), renewal: None };
        gateway.connect_shop(&request, &token, None).await?;
    }
    let row = json!({ "merchant_id": merchant.to_string(), "api_key": key.text });
    output::one(output, &["merchant_id", "api_key"], &row)
}

/// As a document: the same that `GET /v1/program_settings` answers.
async fn settings(
    id: MerchantId,
    as_of: Option<Moment>,
    version: Option<u32>,
    config: &Config,
    output: Output,
) -> anyhow::Result<()> {
    let moment = as_of.unwrap_or(Moment::Position(u64::MAX));
    let past = replay::as_of::<Program>(&config.journal().await?, Subject::program(id), moment).await?;
    let found = version.map_or(past.state.current(), |version| past.state.version(version));
    let document = SettingsDocument::of(found.with_context(|| format!("{id} had no such settings by then"))?);
    let row = serde_json::to_value(document)?;
    output::one(output, &["version", "effective_from", "earning_rules", "hold", "expiry", "redemption"], &row)
}
