//! Customers with the lots they hold, in the schema that imports read: a row for each lot with anything left in it, one for
//! what is owed, and one for whoever has neither.

use super::{Export, ExportRow, PAGE_ROWS, keys};
use crate::{commands::import::REFERRAL_TAG, cursor, gateway::Gateway, problem::Problem};
use aggregates::{
    customer::{PROFILE_TAG, Profile},
    id::CustomerId,
    points::{Lot, LotExpiry, Purse},
};
use futures::future::join_all;
use projections::customers::{self, CustomerRow};
use serde_json::{Value, json};
use vault::PersonKeys;

pub(super) const COLUMNS: &[&str] = &[
    "external_id",
    "email",
    "phone",
    "first_name",
    "last_name",
    "locale",
    "lot",
    "points",
    "earned_at",
    "available_at",
    "expires_at",
    "last_activity_at",
    "tier",
    "referral_code",
    "customer_id",
];

/// What the row of a debt is called among a customer's lots.
const DEBT: &str = "debt";

pub(super) async fn page(gateway: &Gateway, export: Export, after: Option<&str>) -> Result<Vec<ExportRow>, Problem> {
    let mut after = cursor::decode::<Place>(after)?;
    loop {
        let wanted = after.map(|(customer, within)| (customer, within.is_some()));
        let rows = customers::members_after(&gateway.db, export.merchant, wanted, PAGE_ROWS).await?;
        let Some(last) = rows.last().map(|row| row.id) else { return Ok(Vec::new()) };
        let page = rows_after(gateway, export, after, rows).await?;
        if !page.is_empty() {
            return Ok(page);
        }
        // All of them were forgotten since they were read: it goes on behind them.
        after = Some((last, None));
    }
}

async fn rows_after(
    gateway: &Gateway,
    export: Export,
    after: Option<Place>,
    rows: Vec<CustomerRow>,
) -> Result<Vec<ExportRow>, Problem> {
    // Asked for together: each is one question to the database for the whole page.
    let purses = join_all(rows.iter().map(|row| gateway.balances.find(export.merchant, row.id)));
    let keys = keys::of_people(gateway, export.merchant, rows.iter().map(|row| row.id));
    let (purses, keys) = futures::join!(purses, keys);
    let keys = keys?;
    let mut page = Vec::with_capacity(rows.len());
    for (row, standing) in rows.into_iter().zip(purses) {
        // Whoever has none was forgotten since the page was read.
        let Some(keys) = keys.get(&row.id) else { continue };
        let purse = standing?.map(|standing| standing.purse.settled_at(export.now)).unwrap_or_default();
        let done = match after {
            Some((customer, Some(done))) if customer == row.id => done,
            _ => 0,
        };
        page.extend(rows_of(&row, keys, &purse).into_iter().skip(usize::from(done)));
    }
    Ok(page)
}

/// Behind which customer, and behind how many of their rows if not behind all.
type Place = (CustomerId, Option<u16>);

fn rows_of(row: &CustomerRow, keys: &PersonKeys, purse: &Purse) -> Vec<ExportRow> {
    let profile: Option<Profile> = row.profile.as_ref().and_then(|profile| keys.open(PROFILE_TAG, profile).ok());
    let profile = profile.unwrap_or_default();
    let referral = row.imported_referral.as_ref().and_then(|code| keys.open(REFERRAL_TAG, code).ok());
    let external_id = Some(&profile.external_id).filter(|id| !id.is_empty()).map(|id| format!("shopify:{id}"));
    let last_activity = (!purse.lots.is_empty()).then(|| purse.last_activity.to_rfc3339());
    let person = [
        json!(external_id),
        json!(profile.email),
        json!(profile.phone),
        json!(profile.first_name),
        json!(profile.last_name),
        json!(profile.locale),
    ];
    let rest = [
        json!(last_activity),
        json!(row.imported_tier),
        json!(referral.map(|referral| referral.code)),
        json!(row.id.to_string()),
    ];
    let mut lots: Vec<[Value; 5]> = purse.lots.iter().filter(|lot| lot.remaining > 0).map(lot_of).collect();
    if purse.debt > 0 {
        lots.push([json!(DEBT), json!(-purse.debt), Value::Null, Value::Null, Value::Null]);
    }
    if lots.is_empty() {
        lots.push([const { Value::Null }; 5]);
    }
    let last = lots.len() - 1;
    let row = |(place, lot): (usize, [Value; 5])| {
        let within = (place < last).then(|| u16::try_from(place + 1).unwrap_or(u16::MAX));
        ExportRow {
            values: person.iter().cloned().chain(lot).chain(rest.iter().cloned()).collect(),
            cursor: cursor::encode::<Place>(&(row.id, within)),
        }
    };
    lots.into_iter().enumerate().map(row).collect()
}

fn lot_of(lot: &Lot) -> [Value; 5] {
    let expiry = match lot.expiry {
        LotExpiry::Never => "never".to_owned(),
        LotExpiry::At(end) => end.to_rfc3339(),
        LotExpiry::Inactivity { days } => format!("inactivity:{days}"),
    };
    [
        json!(lot.id.to_string()),
        json!(lot.remaining),
        json!(lot.earned_at.to_rfc3339()),
        json!(lot.available_at.to_rfc3339()),
        json!(expiry),
    ]
}
