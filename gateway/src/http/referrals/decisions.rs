//! What the merchant decides about a referral: each answers the referral as it is then.

use aggregates::id::ReferralId;
use axum::{Json, extract::State, http::StatusCode};
use projections::referrals::Referrals;

use super::{documents::ReferralDocument, referral_document};
use crate::{
    auth::Caller,
    gateway::Gateway,
    http::{
        body::{JsonBody, Path},
        gdpr_requests::actions::Reason,
    },
    problem::{Code, Problem},
};

/// Approves of it: it is paid when its return window is over, whatever the signals say.
#[utoipa::path(
    post, path = "/v1/referrals/{id}/approve", tag = "referrals", security(("api_key" = [])),
    params(("id" = String, Path)), request_body = Reason,
    responses((status = 201, body = ReferralDocument), (status = 404, body = crate::problem::ProblemDocument),
              (status = 409, body = crate::problem::ProblemDocument))
)]
pub async fn approve(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
    JsonBody { value: reason, .. }: JsonBody<Reason>,
) -> Result<(StatusCode, Json<ReferralDocument>), Problem> {
    let referral = referral_id(&id)?;
    let position = gateway.approve_referral(&caller.request, referral, reason.text()?).await?;
    decided(&gateway, &caller, referral, position).await
}

/// Rejects it. What was paid already goes back on both sides.
#[utoipa::path(
    post, path = "/v1/referrals/{id}/reject", tag = "referrals", security(("api_key" = [])),
    params(("id" = String, Path)), request_body = Reason,
    responses((status = 201, body = ReferralDocument), (status = 404, body = crate::problem::ProblemDocument),
              (status = 409, body = crate::problem::ProblemDocument))
)]
pub async fn reject(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
    JsonBody { value: reason, .. }: JsonBody<Reason>,
) -> Result<(StatusCode, Json<ReferralDocument>), Problem> {
    let referral = referral_id(&id)?;
    let position = gateway.reject_referral(&caller.request, referral, reason.text()?).await?;
    decided(&gateway, &caller, referral, position).await
}

fn referral_id(text: &str) -> Result<ReferralId, Problem> {
    text.parse().map_err(|_| Problem::of(Code::NotFound))
}

async fn decided(
    gateway: &Gateway,
    caller: &Caller,
    referral: ReferralId,
    position: u64,
) -> Result<(StatusCode, Json<ReferralDocument>), Problem> {
    if !gateway.progress.reached(Referrals::NAME, position, gateway.options.read_patience).await {
        return Err(Problem::of(Code::ReadModelBehind));
    }
    Ok((StatusCode::CREATED, Json(referral_document(gateway, caller, referral).await?)))
}
