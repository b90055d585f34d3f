//! `loyalnest gdpr inactive`: who has done nothing for so long that there is no reason left to know them. Says who that is;
//! asks to have them forgotten only when told to.

use aggregates::{
    customer::Erasure,
    gdpr::{RequestKind, RequestSource},
    id::{CustomerId, MerchantId},
    time::Timestamp,
};
use anyhow::{Context, ensure};
use chrono::{DateTime, Months};
use gateway::{Gateway, commands::CommandError};
use journal::Subject;
use projections::{balances, customers};
use serde_json::{Value, json};

use super::request_for;
use crate::{args::Output, output};

const COLUMNS: [&str; 4] = ["id", "last_active_at", "available", "request_id"];
/// Customers looked at together.
const PAGE: i64 = 500;

pub(super) async fn run(
    gateway: &Gateway,
    merchant: MerchantId,
    months: u32,
    execute: bool,
    output: Output,
) -> anyhow::Result<()> {
    ensure!(months > 0, "at least one month");
    let request = request_for(gateway, merchant).await?;
    let before = months_before(request.now, months).context("that is before all time")?;
    let mut rows = Vec::new();
    let mut after = None;
    loop {
        let page = customers::list(&gateway.db, merchant, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some((last.enrolled_at, last.id));
        for customer in page.iter().filter(|customer| customer.state == "member" && customer.enrolled_at < before) {
            let Some(row) =
                idle_since(gateway, merchant, customer.id, customer.enrolled_at, before, request.now).await?
            else {
                continue;
            };
            rows.push(row);
        }
    }
    if execute {
        for row in &mut rows {
            let id: CustomerId = row["id"].as_str().unwrap_or_default().parse()?;
            row["request_id"] = ask(gateway, &request, id, before).await?;
        }
    } else {
        eprintln!("{} customers would be forgotten: add --execute", rows.len());
    }
    output::list(output, &COLUMNS, &rows)
}

/// Calendar months, as a policy would be worded.
fn months_before(now: Timestamp, months: u32) -> Option<Timestamp> {
    let now = DateTime::from_timestamp_micros(now.0)?;
    Some(Timestamp(now.checked_sub_months(Months::new(months))?.timestamp_micros()))
}

/// The row of somebody who has neither bought nor spent anything since `before`.
async fn idle_since(
    gateway: &Gateway,
    merchant: MerchantId,
    customer: CustomerId,
    enrolled_at: Timestamp,
    before: Timestamp,
    now: Timestamp,
) -> anyhow::Result<Option<Value>> {
    let balance = balances::find(&gateway.db, merchant, customer).await?;
    let active_at = balance.as_ref().map_or(enrolled_at, |row| row.purse.last_activity.max(enrolled_at));
    let idle = active_at < before;
    Ok(idle.then(|| {
        json!({
            "id": customer.to_string(),
            "last_active_at": active_at.to_rfc3339(),
            "available": balance.map_or(0, |row| row.purse.balance_at(now).available),
            "request_id": null,
        })
    }))
}

/// Looked at once more, in the log itself: somebody may have come back since the tables were read.
async fn ask(
    gateway: &Gateway,
    request: &gateway::commands::Request,
    customer: CustomerId,
    before: Timestamp,
) -> anyhow::Result<Value> {
    let account = gateway.accounts.load_confirmed(Subject::points(request.merchant, customer)).await?;
    let person = gateway.customers.load_confirmed(Subject::customer(request.merchant, customer)).await?;
    if account.state.purse.last_activity >= before || person.state.erasure != Erasure::None {
        return Ok(Value::Null);
    }
    let key = format!("inactive {customer} {before}");
    let asked =
        gateway.ask_for_privacy(request, RequestKind::CustomerRedact, RequestSource::Policy, customer, &key).await;
    match asked {
        Ok(asked) => Ok(asked.id.to_string().into()),
        Err(CommandError::CustomerErased) => Ok(Value::Null),
        Err(error) => Err(error.into()),
    }
}
