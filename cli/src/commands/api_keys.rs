//! `loyalnest api-keys …`: keys of a merchant, made and revoked by an operator on the merchant's behalf.

use aggregates::merchant::{Scope, Scopes};
use anyhow::{Context, ensure};
use gateway::Options;
use serde_json::{Value, json};

use super::operator::request_for;
use crate::{
    args::{ApiKeysCommand, Output},
    composition::{self, Config},
    output,
};

const COLUMNS: [&str; 4] = ["id", "name", "scopes", "created_at"];

pub async fn run(command: ApiKeysCommand, config: &Config, output: Output) -> anyhow::Result<()> {
    let gateway = composition::assemble(config, Options::default()).await?;
    match command {
        ApiKeysCommand::Create { merchant, name, scopes } => {
            let scopes = if scopes.is_empty() { Some(Scopes::everything()) } else { Scopes::only(scopes) };
            let scopes = scopes.context("a key has at least one scope")?;
            let request = request_for(&gateway, merchant).await?;
            let (issued, key, position) = gateway.issue_api_key(&request, &name, scopes).await?;
            let row = json!({
                "id": key.id().to_string(),
                "name": name,
                "scopes": words(&key.scopes),
                "api_key": issued.text,
                "position": position,
            });
            output::one(output, &["id", "name", "scopes", "api_key"], &row)
        }
        ApiKeysCommand::List { merchant } => {
            let request = request_for(&gateway, merchant).await?;
            let rows = gateway.api_keys(&request).await?.into_iter().map(|listed| {
                json!({
                    "id": listed.key.id().to_string(),
                    "name": listed.name,
                    "scopes": words(&listed.key.scopes),
                    "everything": listed.key.scopes.are_everything(),
                    "created_at": listed.key.at.to_rfc3339(),
                })
            });
            output::list(output, &COLUMNS, &rows.collect::<Vec<Value>>())
        }
        ApiKeysCommand::Revoke { id, merchant, yes } => {
            ensure!(yes, "whoever uses the key is let in no more: add --yes");
            let request = request_for(&gateway, merchant).await?;
            let position = gateway.revoke_api_key(&request, id).await?;
            output::one(output, &["id", "position"], &json!({ "id": id.to_string(), "position": position }))
        }
    }
}

fn words(scopes: &Scopes) -> Vec<&'static str> {
    scopes.each().map(Scope::as_str).collect()
}
