//! `GET /v1/customers/{id}/points_transactions`: the ledger, newest first.

use aggregates::{points::OrderReference, time::Timestamp};
use axum::{Json, extract::State};
use projections::points_transactions::{self, LedgerLine, PointsTransactions};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use vault::PersonKeys;

use super::{
    AsOf, Page, Standing,
    body::{Params, Path},
    customer_id,
    customers::rows_wanted,
};
use crate::{
    auth::Caller,
    commands::{adjust::REASON_TAG, order::REFERENCE_TAG},
    cursor,
    gateway::Gateway,
    problem::Problem,
};

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PointsTransaction {
    pub id: String,
    /// `earn`, `redeem`, `refund` (of a redemption), `reversal` (of an order), `adjustment`, `expire`, `forfeit`,
    /// `transfer_in`, `transfer_out` or `import`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Signed.
    pub points: i64,
    /// `pending` while on hold, `available` once spendable, `settled` for everything that is not an award.
    pub status: &'static str,
    pub occurred_at: String,
    pub recorded_at: String,
    pub reference: TransactionReference,
    /// Why, where somebody said so.
    pub reason: Option<String>,
    pub position: u64,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TransactionReference {
    /// `order`, `reward_redemption`, `points_adjustment`, `customer`, `gdpr_request`, `import`, `referral`, `campaign`, `badge`,
    /// `vip_tier` or `lot`.
    pub kind: String,
    /// The shop's id of an order, or ours of the other kinds; `null` once it was erased, and for a key without the scope
    /// `personal_data`.
    pub id: Option<String>,
    /// What people call it, such as `#1071`.
    pub name: Option<String>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = TransactionPage)]
pub struct TransactionPage {
    pub data: Vec<PointsTransaction>,
    pub has_more: bool,
    /// Continues the list; `null` at its end.
    pub next_cursor: Option<String>,
    pub as_of: AsOf,
    /// `parked`: something about this customer cannot be read, and this is from before. `null` otherwise.
    pub stale: Option<&'static str>,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TransactionParams {
    pub limit: Option<u32>,
    pub cursor: Option<String>,
    /// Answer only once the read model has seen this position.
    pub min_position: Option<u64>,
}

/// The ledger of a customer.
#[utoipa::path(
    get, path = "/v1/customers/{id}/points_transactions", tag = "points", security(("api_key" = [])),
    params(("id" = String, Path), TransactionParams),
    responses((status = 200, body = TransactionPage), (status = 404, body = crate::problem::ProblemDocument))
)]
pub async fn list(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
    Params(params): Params<TransactionParams>,
) -> Result<Json<TransactionPage>, Problem> {
    let customer = customer_id(&id)?;
    gateway.known_customer(&caller, customer).await?;
    gateway.fresh_enough(&caller, PointsTransactions::NAME, params.min_position).await?;
    let limit = cursor::limit(params.limit);
    let page =
        points_transactions::Page { limit: rows_wanted(limit), before: cursor::decode(params.cursor.as_deref())? };
    let rows = points_transactions::list(&gateway.db, caller.merchant(), customer, page).await?;
    let page = Page::cut(rows, limit, |line| cursor::encode(&(line.position, line.line)));
    let keys = gateway.keys_for(&caller, customer).await?;
    let now = caller.request.now;
    let data = page.data.into_iter().map(|line| document(line, keys.as_deref(), now)).collect();
    let seen = gateway.progress.of(PointsTransactions::NAME);
    let as_of = AsOf { position: seen.position, time: seen.time.to_rfc3339() };
    let Standing { as_of, word } = gateway.stale(PointsTransactions::NAME, &caller, customer, as_of);
    Ok(Json(TransactionPage { data, has_more: page.has_more, next_cursor: page.next_cursor, as_of, stale: word }))
}

pub(super) fn document(line: LedgerLine, keys: Option<&PersonKeys>, now: Timestamp) -> PointsTransaction {
    let status = match (line.kind.as_str(), line.available_at) {
        ("earn" | "import", Some(available_at)) if available_at > now => "pending",
        ("earn" | "import", _) => "available",
        _ => "settled",
    };
    let reason = line.reason.as_ref().and_then(|reason| keys?.open(REASON_TAG, reason).ok()).map(|note| note.reason);
    PointsTransaction {
        id: format!("ptx_{}", line.id.as_hyphenated()),
        reference: reference(&line, keys),
        kind: line.kind,
        points: line.points,
        status,
        occurred_at: line.occurred_at.to_rfc3339(),
        recorded_at: line.recorded_at.to_rfc3339(),
        reason,
        position: line.position,
    }
}

fn reference(line: &LedgerLine, keys: Option<&PersonKeys>) -> TransactionReference {
    let opened: Option<OrderReference> =
        line.reference.as_ref().and_then(|reference| keys?.open(REFERENCE_TAG, reference).ok());
    let own = |id: Uuid| match line.reference_kind.as_str() {
        "reward_redemption" => aggregates::id::RedemptionId(id).to_string(),
        "gdpr_request" => aggregates::id::GdprRequestId(id).to_string(),
        "import" => aggregates::id::ImportId(id).to_string(),
        "referral" => aggregates::id::ReferralId(id).to_string(),
        "campaign" => aggregates::id::CampaignId(id).to_string(),
        "customer" => aggregates::id::CustomerId(id).to_string(),
        // Badges and tiers have words for names; this only tells one from another.
        _ => id.to_string(),
    };
    TransactionReference {
        kind: line.reference_kind.clone(),
        id: opened.as_ref().map(|order| order.order_id.clone()).or(line.reference_id.map(own)),
        name: opened.map(|order| order.name).filter(|name| !name.is_empty()),
    }
}
