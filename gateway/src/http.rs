//! REST under `/v1`: one file per resource, with its documents, its handlers and what they refuse.

pub mod adjustments;
pub mod api_keys;
pub mod audit_logs;
pub mod audit_proofs;
pub mod badges;
pub mod balance;
pub mod body;
pub mod books;
pub mod campaigns;
pub mod choices;
pub mod customers;
pub mod daily_totals;
pub mod data_report;
pub mod explanation;
pub mod exports;
pub mod gdpr_requests;
pub mod history;
pub mod imports;
pub mod integrations;
pub mod leaderboards;
pub mod limits;
pub mod mail;
pub mod pos;
pub mod products;
pub mod program_preview;
pub mod program_settings;
pub mod read_models;
pub mod redemptions;
pub mod referrals;
pub mod rewards;
pub mod rfm;
pub mod tasks;
pub mod test_clock;
pub mod tiers;
pub mod transactions;

use std::{sync::Arc, time::Duration};

use aggregates::{id::CustomerId, program::ProgramVersion};
use axum::http::{HeaderMap, HeaderValue, header};
use journal::Follow;
use projections::progress;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    auth::Caller,
    commands::CommandError,
    gateway::{Gateway, MerchantLease},
    problem::{Code, Problem},
};

/// How long a list waits for the caller's own last write to show in it.
const OWN_WRITE_PATIENCE: Duration = Duration::from_millis(500);

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    pub data: Vec<T>,
    pub has_more: bool,
    /// Continues the list; `null` at its end.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// From one row more than the page holds.
    pub fn cut(mut rows: Vec<T>, limit: usize, place: impl Fn(&T) -> String) -> Self {
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| has_more).map(place);
        Page { data: rows, has_more, next_cursor }
    }
}

/// Where in a list to go on, and how far.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// Rows of the page; 50 unless said, at most 250.
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// Answer only once the read model has seen this position.
    pub min_position: Option<u64>,
}

/// How far a read has to see.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Freshness {
    /// Answer only once the read model has seen this position.
    pub min_position: Option<u64>,
}

/// The journal's position and time of which an answer speaks.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AsOf {
    pub position: u64,
    /// RFC 3339, UTC.
    pub time: String,
}

/// Money: integer minor units with their currency, where it is known.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Money {
    pub amount_minor: i64,
    pub currency: Option<String>,
}

/// Which earlier version is brought back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VersionWanted {
    pub version: u32,
}

impl VersionWanted {
    pub(crate) fn unknown() -> Problem {
        Problem::at("/version", "there is no such version")
    }
}

/// An id from the path; one of another kind does not exist here.
pub(crate) fn customer_id(text: &str) -> Result<CustomerId, Problem> {
    text.parse().map_err(|_| Problem::of(Code::NotFound))
}

/// Of which moment rows about one customer speak.
pub(crate) struct Standing {
    pub as_of: AsOf,
    /// `parked`, where the read model goes on without them.
    pub word: Option<&'static str>,
}

/// Says which version an answer is of.
pub(crate) fn etag(version: u32) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        headers.insert(header::ETAG, tag);
    }
    headers
}

/// Whoever changes something has to have seen it as it is.
pub(crate) fn is_current(seen: Option<u32>, current: u32) -> Result<(), Problem> {
    if seen == Some(current) {
        return Ok(());
    }
    Err(Problem::saying(Code::StaleSettings, format!("the current version is {current}")))
}

/// The version the caller has seen; `None` for a tag that is not one of ours.
pub(crate) fn if_match(headers: &HeaderMap) -> Result<Option<u32>, Problem> {
    let tag = headers.get(header::IF_MATCH).ok_or_else(|| Problem::of(Code::MissingIfMatch))?;
    let tag = tag.to_str().unwrap_or_default().trim();
    Ok(tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"').parse().ok())
}

impl Gateway {
    /// The programme, and its current version, which the caller has to have seen.
    pub(crate) async fn seen_program(
        &self,
        caller: &Caller,
        headers: &HeaderMap,
    ) -> Result<(Arc<MerchantLease>, ProgramVersion), Problem> {
        let seen = if_match(headers)?;
        let lease = self.renew_merchant(caller.merchant()).await?;
        let current = lease.program.current().ok_or_else(|| Problem::of(Code::Internal))?.clone();
        is_current(seen, current.version)?;
        Ok((lease, current))
    }

    /// Rows about a customer that a read model goes on without are of the moment at which it stopped to take them in.
    pub(crate) fn stale(&self, read_model: &str, caller: &Caller, customer: CustomerId, as_of: AsOf) -> Standing {
        match self.progress.stale(read_model, caller.merchant(), customer) {
            Some(position) => {
                Standing { as_of: AsOf { position: position.min(as_of.position), ..as_of }, word: Some("parked") }
            }
            None => Standing { as_of, word: None },
        }
    }

    /// Whoever is not a customer of the caller's merchant does not exist for the caller.
    pub(crate) async fn known_customer(&self, caller: &Caller, customer: CustomerId) -> Result<(), Problem> {
        let subject = journal::Subject::customer(caller.merchant(), customer);
        let state = Box::pin(self.customers.load(subject)).await.map_err(CommandError::from)?;
        let mut known = state.position > 0;
        if !known {
            let newest = Box::pin(self.customers.load_confirmed(subject)).await;
            known = newest.map_err(CommandError::from)?.position > 0;
        }
        known.then_some(()).ok_or_else(|| Problem::of(Code::NotFound))
    }

    /// Waits until the read model has seen what the caller demands, and says how far that is.
    pub(crate) async fn caught_up(
        &self,
        read_model: &str,
        min_position: Option<u64>,
    ) -> Result<progress::AsOf, Problem> {
        let wanted = min_position.unwrap_or(0);
        if self.progress.of(read_model).position < wanted
            && !self.progress.reached(read_model, wanted, self.options.read_patience).await
        {
            return Err(Problem::of(Code::ReadModelBehind));
        }
        Ok(self.progress.of(read_model))
    }

    /// For lists: without a demand, what the merchant has just written is still worth a moment's wait, because whoever
    /// writes and then reads expects to see it. A read model that stands still is then read as it is.
    pub(crate) async fn fresh_enough(
        &self,
        caller: &Caller,
        read_model: &str,
        min_position: Option<u64>,
    ) -> Result<(), Problem> {
        if min_position.is_some() {
            caller.reads_as_of(self.caught_up(read_model, min_position).await?);
            return Ok(());
        }
        let written = self.journal.last_position_of(Follow::Merchant(caller.merchant())).await;
        let written = written.map_err(CommandError::from)?;
        self.progress.reached(read_model, written, OWN_WRITE_PATIENCE).await;
        caller.reads_as_of(self.progress.of(read_model));
        Ok(())
    }
}
