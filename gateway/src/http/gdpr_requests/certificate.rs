//! What was done about a request, for whoever asks for proof. Nothing is written down for it: it is what the log says, read
//! aloud. Ids, positions, numbers and times; nothing personal.

mod page;

use aggregates::{
    gdpr::{BucketKey, Evidence, GdprRequest, Outcome, Scope, Stage, Step, StepRecord},
    id::{CustomerId, GdprRequestId, MerchantId},
    time::Timestamp,
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, header},
    response::{Html, IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::request_id;
use crate::{
    auth::Caller,
    gateway::Gateway,
    http::{audit_proofs::proof::InclusionProof, body::Path},
    problem::{Code, Problem},
};

/// A certificate of erasure.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Certificate {
    /// The form of this document.
    pub version: u32,
    pub request_id: String,
    pub merchant_id: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub source: String,
    /// `erased`, or why nothing had to be: `stranger`, `stale`, `already_erased`.
    pub outcome: String,
    /// `person`, `merged_profile` or `merchant`; `null` where nothing had to be erased.
    pub scope: Option<&'static str>,
    /// Whose keys were destroyed: our ids, which lead nowhere any more.
    pub customer_ids: Vec<String>,
    pub received_at: String,
    pub received_position: u64,
    pub completed_at: String,
    /// What was done, in this order.
    pub steps: Vec<CertifiedStep>,
    /// The keys that were destroyed. Each bears the id of whom it belonged to.
    pub key_ids: Vec<String>,
    /// The keys above them, which were destroyed so that old copies of the database open nothing.
    pub bucket_keys: Vec<String>,
    /// The entry of the deletion journal.
    pub deletion_sequence: Option<u64>,
    /// By then copies of the key store that the operator keeps are gone; until then they still open copies of the database
    /// from before.
    pub old_key_copies_gone_by: Option<String>,
    /// What stays, and why.
    pub kept: &'static str,
    /// A signed checkpoint of the log that covers all of the above; `null` until there is one, which takes a minute at most.
    pub checkpoint: Option<String>,
    /// That the last step is in that log.
    pub inclusion_proof: Option<InclusionProof>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CertifiedStep)]
pub struct CertifiedStep {
    pub step: &'static str,
    pub at: String,
    /// Of the commit that recorded it.
    pub position: u64,
    /// Numbers, positions and times, by step.
    #[schema(value_type = Object)]
    pub evidence: Value,
}

/// What an erasure leaves, on purpose.
const KEPT: &str = "Amounts, times and random ids in the log and in the ledger, so that the books still add up and every \
                    proof of the log still holds. Nothing of it opens, and no order or customer of the shop can be found by it.";

impl Certificate {
    /// `None` while the request is open, or was not about erasing.
    pub fn of(merchant: MerchantId, id: GdprRequestId, state: &GdprRequest) -> Option<Self> {
        let (received, received_position) = state.received.as_ref()?;
        let Stage::Completed(outcome) = state.stage else { return None };
        if outcome == Outcome::Answered {
            return None;
        }
        let evidence = |step| state.evidence(step).map(|record| &record.evidence);
        let (keys, buckets, with_shop) = match evidence(Step::DestroyKeys) {
            Some(Evidence::KeysDestroyed { keys, buckets, old_copies_gone_by }) => {
                (keys.as_slice(), buckets.as_slice(), *old_copies_gone_by)
            }
            _ => (&[][..], &[][..], None),
        };
        let rotated = match evidence(Step::Rotate) {
            Some(Evidence::Rotated { old_copies_gone_by }) => Some(*old_copies_gone_by),
            _ => None,
        };
        Some(Certificate {
            version: 1,
            request_id: id.to_string(),
            merchant_id: merchant.to_string(),
            kind: received.kind.as_str().to_owned(),
            source: received.source.as_str().to_owned(),
            outcome: outcome.as_str().to_owned(),
            scope: state.execution.as_ref().map(|begun| begun.scope.as_str()),
            customer_ids: state
                .execution
                .iter()
                .flat_map(|begun| begun.people.iter().map(CustomerId::to_string))
                .collect(),
            received_at: received.received_at.to_rfc3339(),
            received_position: *received_position,
            completed_at: state.closed_at.map(Timestamp::to_rfc3339).unwrap_or_default(),
            steps: state.steps.iter().map(certified).collect(),
            key_ids: keys.iter().map(|key| key_id(state, *key)).collect(),
            bucket_keys: buckets.iter().map(bucket_key).collect(),
            deletion_sequence: match evidence(Step::Journal) {
                Some(Evidence::Journaled { sequence }) => Some(*sequence),
                _ => None,
            },
            old_key_copies_gone_by: rotated.or(with_shop).map(Timestamp::to_rfc3339),
            kept: KEPT,
            checkpoint: None,
            inclusion_proof: None,
        })
    }
}

impl Certificate {
    /// With the proof that its last step is in the signed log, as soon as that is so.
    ///
    /// # Errors
    /// If the database does not answer, or the trees are damaged.
    pub async fn proven(self, gateway: &Gateway, merchant: MerchantId) -> Result<Self, Problem> {
        let Some(position) = self.steps.last().map(|step| step.position) else { return Ok(self) };
        match gateway.inclusion_proof(merchant, position).await {
            Ok(proof) => {
                Ok(Certificate { checkpoint: Some(proof.checkpoint.clone()), inclusion_proof: Some(proof), ..self })
            }
            Err(Problem { code: Code::NotFound | Code::ReadModelBehind, .. }) => Ok(self),
            Err(problem) => Err(problem),
        }
    }
}

fn key_id(state: &GdprRequest, key: uuid::Uuid) -> String {
    match state.execution.as_ref().map(|begun| begun.scope) {
        Some(Scope::Merchant) => MerchantId(key).to_string(),
        _ => CustomerId(key).to_string(),
    }
}

fn bucket_key(key: &BucketKey) -> String {
    format!("{} generation {}", key.bucket.as_hyphenated(), key.generation)
}

fn certified(record: &StepRecord) -> CertifiedStep {
    CertifiedStep {
        step: record.evidence.step().as_str(),
        at: record.at.to_rfc3339(),
        position: record.position,
        evidence: evidence(&record.evidence),
    }
}

fn evidence(evidence: &Evidence) -> Value {
    match evidence {
        Evidence::Fenced { position } => json!({ "fence_position": position }),
        Evidence::Forfeited { points, codes } => json!({ "points_forfeited": points, "codes_disabled": codes }),
        Evidence::HandedOver { orders, codes } => json!({ "orders": orders, "codes": codes }),
        Evidence::Journaled { sequence } => json!({ "sequence": sequence }),
        Evidence::KeysDestroyed { keys, buckets, .. } => {
            json!({ "keys": keys.len(), "bucket_keys": buckets.iter().map(bucket_key).collect::<Vec<_>>() })
        }
        Evidence::Rotated { old_copies_gone_by } => json!({ "old_copies_gone_by": old_copies_gone_by.to_rfc3339() }),
        Evidence::Scrubbed { rows } => {
            let rows = rows.iter().map(|(table, rows)| (table.clone(), Value::from(*rows)));
            json!({ "rows": rows.collect::<serde_json::Map<_, _>>() })
        }
        Evidence::CachesDropped { since } => json!({ "since": since.to_rfc3339() }),
        Evidence::Erased { position } => json!({ "erased_position": position }),
        Evidence::Verified { places } => json!({ "places_looked_at": places, "found": 0 }),
    }
}

/// The certificate of a completed redact; a readable page for whoever asks for `text/html`.
#[utoipa::path(
    get, path = "/v1/gdpr_requests/{id}/certificate", tag = "privacy", security(("api_key" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = Certificate), (status = 404, body = crate::problem::ProblemDocument),
              (status = 409, body = crate::problem::ProblemDocument))
)]
pub async fn get(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = request_id(&id)?;
    let state = gateway.privacy_request(&caller.request, id).await?;
    let certificate = Certificate::of(caller.merchant(), id, &state.state)
        .ok_or_else(|| Problem::saying(Code::RequestNotOpen, "there is no certificate before it is completed"))?;
    let certificate = certificate.proven(&gateway, caller.merchant()).await?;
    let wants_page = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    Ok(match wants_page.is_some_and(|accept| accept.contains("text/html")) {
        true => Html(page::of(&certificate)).into_response(),
        false => Json(certificate).into_response(),
    })
}
