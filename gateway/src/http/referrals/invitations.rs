//! `POST /v1/referrals/{id}/invitations`: an advocate invites a friend by mail.

use aggregates::mail::{EmailAddress, Language};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::code_named;
use crate::{
    auth::Caller,
    gateway::Gateway,
    http::{
        adjustments::replayed,
        body::{JsonBody, Path, idempotency_key},
    },
    problem::Problem,
};

/// Whom to invite.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewReferralInvitation)]
pub struct NewInvitation {
    /// The friend's address. Let go of when the mail is sent, and after 30 days at the latest.
    pub email: String,
    /// In which the friend is written to, such as `de`; the shop's own, if not said.
    #[serde(default)]
    pub language: Option<String>,
}

/// An invitation. What came of it is among `GET /v1/email_events` of the advocate.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReferralInvitation)]
pub struct InvitationDocument {
    /// Of the task by which it is sent.
    pub id: String,
    /// Who invites.
    pub advocate_id: String,
    pub referral_link_id: String,
    /// Of the commit that put it on the queue; `null` where that was an earlier request's.
    pub position: Option<u64>,
}

/// Invites a friend: one mail, however often it is asked for. Nobody gets it who is a customer or wants no invitations, and no
/// answer here tells who that is.
#[utoipa::path(
    post, path = "/v1/referrals/{id}/invitations", tag = "referrals", operation_id = "invite_friend",
    security(("api_key" = [])),
    params(("id" = String, Path, description = "The code of a link, or its id"), ("Idempotency-Key" = String, Header)),
    request_body = NewInvitation,
    responses((status = 201, body = InvitationDocument), (status = 400, body = crate::problem::ProblemDocument),
              (status = 404, body = crate::problem::ProblemDocument), (status = 409, body = crate::problem::ProblemDocument),
              (status = 422, body = crate::problem::ProblemDocument), (status = 429, body = crate::problem::ProblemDocument))
)]
pub async fn create(
    State(gateway): State<Gateway>,
    caller: Caller,
    headers: HeaderMap,
    Path(id): Path<String>,
    JsonBody { value: new, .. }: JsonBody<NewInvitation>,
) -> Result<(StatusCode, HeaderMap, Json<InvitationDocument>), Problem> {
    // What a repetition would do is done already: nobody is invited twice by the same advocate, by whatever key.
    idempotency_key(&headers)?;
    let code = code_named(&gateway, &caller, &id).await?;
    let friend = EmailAddress::parse(&new.email).map_err(|error| Problem::at("/email", error.to_string()))?;
    let language = new.language.as_deref().map(Language::parse).transpose();
    let language = language.map_err(|error| Problem::at("/language", error.to_string()))?;
    let done = gateway.invite_friend(&caller.request, code, &friend, language).await?;
    let document = InvitationDocument {
        id: done.mail.to_string(),
        advocate_id: done.advocate.to_string(),
        referral_link_id: done.link.to_string(),
        position: done.position,
    };
    Ok((StatusCode::CREATED, replayed(done.position.is_none()), Json(document)))
}
