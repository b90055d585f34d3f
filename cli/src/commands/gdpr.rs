//! `loyalnest gdpr …`: privacy requests, for operators.

mod inactive;
mod lines;

use std::time::Duration;

use aggregates::{
    gdpr::Stage,
    id::{GdprRequestId, MerchantId},
};
use anyhow::{Context, anyhow, bail, ensure};
use gateway::{
    Gateway, Options,
    commands::Request,
    http::gdpr_requests::{GdprRequest, certificate::Certificate},
};
use projections::gdpr_requests;
use serde_json::{Value, json};

use super::operator::request_for;
use crate::{
    args::{GdprCommand, Output},
    composition::{self, Config},
    output,
};

const COLUMNS: [&str; 8] = ["id", "merchant_id", "type", "source", "state", "urgency", "due_at", "customer_id"];
/// Rows of a list.
const LIST_MAX: i64 = 1_000;
/// Longest pause between two looks at a request that waits for leases to run out.
const LOOK_PAUSE: Duration = Duration::from_secs(5);

pub async fn run(command: GdprCommand, config: &Config, output: Output) -> anyhow::Result<()> {
    let gateway = composition::assemble(config, Options::default()).await?;
    match command {
        GdprCommand::List => list(&gateway, output).await,
        GdprCommand::Show { id } => show(&gateway, &id, output).await,
        GdprCommand::Execute { id, reason, yes } => {
            ensure!(yes, "what is forgotten cannot be brought back: add --yes");
            execute(&gateway, &id, &reason, output).await
        }
        GdprCommand::Certificate { id } => certificate(&gateway, &id).await,
        GdprCommand::Hold { id, reason } => {
            let asked = Asked::find(&gateway, &id).await?;
            gateway.hold_request(&asked.request, asked.id, &reason).await?;
            show(&gateway, &id, output).await
        }
        GdprCommand::Release { id } => {
            let asked = Asked::find(&gateway, &id).await?;
            gateway.release_request(&asked.request, asked.id).await?;
            show(&gateway, &id, output).await
        }
        GdprCommand::Refuse { id, reason, yes } => {
            ensure!(yes, "a refused request is closed: add --yes");
            let asked = Asked::find(&gateway, &id).await?;
            gateway.refuse_request(&asked.request, asked.id, &reason).await?;
            show(&gateway, &id, output).await
        }
        GdprCommand::Inactive { merchant, months, execute } => {
            inactive::run(&gateway, merchant.parse()?, months, execute, output).await
        }
    }
}

/// A request that somebody names, and in whose merchant's name it is looked at.
struct Asked {
    merchant: MerchantId,
    id: GdprRequestId,
    request: Request,
}

impl Asked {
    async fn find(gateway: &Gateway, id: &str) -> anyhow::Result<Self> {
        let row = gdpr_requests::find(&gateway.db, id.parse()?).await?;
        let row = row.with_context(|| format!("there is no privacy request {id}"))?;
        Ok(Asked { merchant: row.merchant, id: row.id, request: request_for(gateway, row.merchant).await? })
    }

    async fn document(&self, gateway: &Gateway) -> anyhow::Result<Value> {
        let state = gateway.privacy_request(&self.request, self.id).await?;
        let document = GdprRequest::of_state(self.id, &state.state, self.request.now);
        let mut shown = serde_json::to_value(document.context("the request is not on record")?)?;
        shown["merchant_id"] = self.merchant.to_string().into();
        shown["steps"] = lines::of(&state.state);
        Ok(shown)
    }
}

async fn list(gateway: &Gateway, output: Output) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    for row in gdpr_requests::list_everywhere(&gateway.db, LIST_MAX).await? {
        let merchant = row.merchant.to_string();
        let now = gateway.now_of(row.merchant).await?;
        let mut document = serde_json::to_value(GdprRequest::of_row(row, now))?;
        document["merchant_id"] = merchant.into();
        rows.push(document);
    }
    output::list(output, &COLUMNS, &rows)
}

async fn show(gateway: &Gateway, id: &str, output: Output) -> anyhow::Result<()> {
    let shown = Asked::find(gateway, id).await?.document(gateway).await?;
    output::one(output, &[&COLUMNS[..], &["outcome", "rests_until", "steps"]].concat(), &shown)
}

/// Ends the rest and stays until it is done. What is cut short here, the worker completes.
async fn execute(gateway: &Gateway, id: &str, reason: &str, output: Output) -> anyhow::Result<()> {
    let asked = Asked::find(gateway, id).await?;
    gateway.expedite_request(&asked.request, asked.id, reason).await?;
    while let Some(waits) = gateway.eraser.advance(asked.merchant, asked.id).await? {
        eprintln!("waiting {} s for the last process to let go of the keys", waits.as_secs() + 1);
        tokio::time::sleep(waits.min(LOOK_PAUSE)).await;
    }
    let state = gateway.privacy_request(&asked.request, asked.id).await?;
    if !matches!(state.state.stage, Stage::Completed(_)) {
        bail!("{id} is {}: a legal hold may stand against it", state.state.stage.as_str());
    }
    show(gateway, id, output).await
}

/// As JSON, whatever is asked for: a certificate is a document.
async fn certificate(gateway: &Gateway, id: &str) -> anyhow::Result<()> {
    let asked = Asked::find(gateway, id).await?;
    let state = gateway.privacy_request(&asked.request, asked.id).await?;
    let certificate = Certificate::of(asked.merchant, asked.id, &state.state);
    let certificate = certificate.context("there is no certificate before the request is completed")?;
    let certificate = certificate.proven(gateway, asked.merchant).await;
    let certificate = certificate.map_err(|problem| anyhow!("{}", problem.code.title()))?;
    output::one(Output::Json, &[], &json!(certificate))
}
