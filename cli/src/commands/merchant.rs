//! `loyalnest merchant …`

use aggregates::{
    id::MerchantId,
    merchant::{AdminToken, WEBHOOK_SECRETS_MAX, WebhookSecret},
    program::Program,
};
use anyhow::{Context, ensure};
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
        MerchantCommand::WebhookSecrets { id, webhook_secrets } => {
            replace_secrets(id, &webhook_secrets, config, output).await
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
    let webhook_secrets = parsed(webhook_secrets)?;
    let gateway = composition::assemble(config, Options::default()).await?;
    let (merchant, key) = gateway.create_merchant(&shop, &webhook_secrets, operator::actor()).await?;
    if let Some(token) = admin_token {
        let request = operator::request_for(&gateway, merchant).await?;
        let token = AdminToken { token: token.trim().to_owned(), renewal: None };
        gateway.connect_shop(&request, &token, None).await?;
    }
    let row = json!({ "merchant_id": merchant.to_string(), "api_key": key.text });
    output::one(output, &["merchant_id", "api_key"], &row)
}

/// Parsed here and not with the arguments, whose errors repeat what was given.
fn parsed(secrets: &[String]) -> anyhow::Result<Vec<WebhookSecret>> {
    let parsed: Vec<WebhookSecret> =
        secrets.iter().map(|secret| WebhookSecret::parse(secret)).collect::<Result<_, _>>()?;
    ensure!(parsed.len() <= WEBHOOK_SECRETS_MAX, "a shop signs with one secret, or with two while it changes them");
    Ok(parsed)
}

async fn replace_secrets(id: MerchantId, secrets: &[String], config: &Config, output: Output) -> anyhow::Result<()> {
    let secrets = parsed(secrets)?;
    let gateway = composition::assemble(config, Options::default()).await?;
    let request = operator::request_for(&gateway, id).await?;
    let position = gateway.replace_webhook_secrets(&request, &secrets).await?;
    let row = json!({ "merchant_id": id.to_string(), "webhook_secrets": secrets.len(), "position": position });
    output::one(output, &["merchant_id", "webhook_secrets", "position"], &row)
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
