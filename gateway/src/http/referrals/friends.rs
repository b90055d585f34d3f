//! `POST /v1/referrals/{code}/friends`: the storefront names somebody who came through a link.

use std::net::IpAddr;

use aggregates::{referral::Source, time::Timestamp};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use projections::referrals::Referrals;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    code_named,
    documents::{NamedFriendDocument, ReferralDocument},
    referral_document,
};
use crate::{
    auth::Caller,
    commands::referrals::{
        evidence::{StatedTraces, Traces},
        friend::{Arrival, Named, NamedDone},
    },
    gateway::Gateway,
    http::{
        adjustments::replayed,
        body::{JsonBody, Path, idempotency_key},
    },
    problem::{Code, Problem},
};

/// How outside ids of the shop are written; bare ones are taken too.
const SHOPIFY: &str = "shopify:";
/// Characters of an e-mail address, or of the shop's id.
const NAME_CHARACTERS_MAX: usize = 320;

/// By what the friend is known. One of the two names is needed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewReferredFriend)]
pub struct NewFriend {
    /// The shop's id of the customer, such as `shopify:207119551`.
    #[serde(default)]
    pub external_id: Option<String>,
    /// Alone, it names somebody who is a customer, or who orders under that address within 30 days. Of an address that is
    /// nobody's yet, only a keyed hash is kept.
    #[serde(default)]
    pub email: Option<String>,
    /// When they came through the link; now, if not said. Orders from then on count.
    #[serde(default)]
    pub referred_at: Option<String>,
    #[serde(default)]
    pub evidence: Option<EvidenceDocument>,
}

/// What the storefront knows of somebody at this moment. Compared, and kept only as keyed hashes.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReferralTraces)]
pub struct EvidenceDocument {
    #[serde(default)]
    pub ip: Option<String>,
    /// A mark of the browser or the device, made by the storefront.
    #[serde(default)]
    pub device: Option<String>,
    /// A mark of the means of payment, made by the payment provider. Never a number of a card.
    #[serde(default)]
    pub payment: Option<String>,
    #[serde(default)]
    pub address: Option<AddressDocument>,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReferralAddress)]
pub struct AddressDocument {
    pub street: String,
    pub postal_code: String,
    #[serde(default)]
    pub country: String,
}

impl EvidenceDocument {
    pub(super) fn traces(&self) -> Result<Traces, Problem> {
        self.traces_with(None)
    }

    fn traces_with(&self, email: Option<&str>) -> Result<Traces, Problem> {
        let ip = self.ip.as_deref().map(str::parse::<IpAddr>).transpose();
        let ip = ip.map_err(|_| Problem::at("/evidence/ip", "is not an internet address"))?;
        let address = self.address.as_ref();
        Ok(Traces::stated(&StatedTraces {
            email,
            ip,
            device: self.device.as_deref(),
            payment: self.payment.as_deref(),
            address: address.map(|a| (a.street.as_str(), a.postal_code.as_str(), a.country.as_str())),
        }))
    }
}

impl NewFriend {
    fn named(&self) -> Result<Named<'_>, Problem> {
        let too_long = |text: &String| text.chars().count() > NAME_CHARACTERS_MAX;
        if self.external_id.as_ref().is_some_and(too_long) || self.email.as_ref().is_some_and(too_long) {
            return Err(Problem::at("", "a name has more than 320 characters"));
        }
        match (&self.external_id, &self.email) {
            (Some(id), email) => {
                let id = id.strip_prefix(SHOPIFY).unwrap_or(id).trim();
                if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(Problem::at("/external_id", "is not an id of the shop"));
                }
                Ok(Named::ExternalId(id, email.as_deref()))
            }
            (None, Some(email)) => Ok(Named::Email(email)),
            (None, None) => Err(Problem::at("", "give `external_id` or `email`")),
        }
    }
}

/// Somebody has come through the link.
#[utoipa::path(
    post, path = "/v1/referrals/{id}/friends", tag = "referrals", security(("api_key" = [])),
    params(("id" = String, Path, description = "The code of a link, or its id"), ("Idempotency-Key" = String, Header)),
    request_body = NewFriend,
    responses((status = 201, body = ReferralDocument), (status = 202, body = NamedFriendDocument), (status = 400, body = crate::problem::ProblemDocument),
              (status = 404, body = crate::problem::ProblemDocument), (status = 409, body = crate::problem::ProblemDocument),
              (status = 422, body = crate::problem::ProblemDocument))
)]
pub async fn create(
    State(gateway): State<Gateway>,
    caller: Caller,
    headers: HeaderMap,
    Path(id): Path<String>,
    JsonBody { value: new, .. }: JsonBody<NewFriend>,
) -> Result<Response, Problem> {
    // What a repetition would do is done already: nobody is brought twice, by whatever key.
    idempotency_key(&headers)?;
    let code = code_named(&gateway, &caller, &id).await?;
    let named = new.named()?;
    let at = new.referred_at.as_deref().map(Timestamp::parse).transpose();
    let at = at.map_err(|_| Problem::at("/referred_at", "is not an RFC 3339 time"))?;
    let traces = match &new.evidence {
        Some(evidence) => evidence.traces_with(new.email.as_deref())?,
        None => EvidenceDocument::default().traces_with(new.email.as_deref())?,
    };
    let arrival = Arrival { code, source: Source::Api, at: at.unwrap_or(caller.request.now), traces: &traces };
    let done = match gateway.name_friend(&caller.request, named, &arrival).await? {
        NamedDone::Brought(done) => done,
        NamedDone::Expected(expected) => {
            let headers = replayed(expected.repeated);
            return Ok((StatusCode::ACCEPTED, headers, Json(NamedFriendDocument::of(&expected))).into_response());
        }
    };
    if !gateway.progress.reached(Referrals::NAME, done.position, gateway.options.read_patience).await {
        return Err(Problem::of(Code::ReadModelBehind));
    }
    let document = referral_document(&gateway, &caller, done.referral).await?;
    Ok((StatusCode::CREATED, replayed(done.written.is_none()), Json(document)).into_response())
}
