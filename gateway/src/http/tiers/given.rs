//! `POST /v1/customers/{id}/vip_tier`: a tier by hand, and its undo.

use aggregates::{
    id::CustomerId,
    program::{ProgramVersion, TierId},
    tier::{Gift, Given, Ladder},
    time::Timestamp,
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    auth::Caller,
    commands::tiers::{GiftDone, WantedTier},
    gateway::Gateway,
    http::{
        adjustments::replayed,
        body::{JsonBody, Path},
        customer_id,
        gdpr_requests::actions::Reason,
    },
    problem::{Code, Problem},
};

/// A tier that somebody was given.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = GivenVipTier)]
pub struct GivenDocument {
    pub tier_id: String,
    /// `hand` or `import`.
    pub by: String,
    pub given_at: String,
    /// When it ends; `null` for never. Of one that was given without an end, as the settings have it now.
    pub until: Option<String>,
}

impl GivenDocument {
    /// By the tiers of these settings.
    fn of(gift: &Gift, ladder: &Ladder) -> Self {
        GivenDocument {
            tier_id: gift.tier.to_string(),
            by: gift.giver.as_str().to_owned(),
            given_at: gift.at.to_rfc3339(),
            until: ladder.end_of_gift(gift).map(Timestamp::to_rfc3339),
        }
    }

    /// The highest that holds at `now`, if any does.
    pub(super) fn in_force(given: &[Given], ladder: &Ladder, now: Timestamp) -> Option<Self> {
        let lasts = |given: &&Given| {
            given.ended_at.is_none() && ladder.end_of_gift(&given.gift).is_none_or(|until| now < until)
        };
        let place = |given: &&Given| ladder.settings.tiers.iter().position(|tier| tier.id == given.gift.tier);
        let highest = given.iter().filter(lasts).filter(|given| place(given).is_some()).max_by_key(place);
        highest.map(|given| GivenDocument::of(&given.gift, ladder))
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewVipTierGift)]
pub struct NewGift {
    /// Its id.
    pub tier: String,
    /// Why; sealed like all free text.
    pub reason: String,
    /// RFC 3339, in the future. Without it the tier is kept as long as if it had been bought now.
    #[serde(default)]
    pub until: Option<String>,
}

/// What was given, and is in force or was a moment ago.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VipTierGift)]
pub struct GiftDocument {
    pub customer_id: String,
    /// `null` once it was taken back.
    pub given: Option<GivenDocument>,
    /// Of the commit that recorded it.
    pub position: u64,
}

/// Gives a customer a tier, whatever they have bought. Nobody falls below it while it lasts; whoever has bought enough for
/// more has more. What was given before is over. Doing it again changes nothing.
#[utoipa::path(
    post, path = "/v1/customers/{id}/vip_tier", tag = "vip_tiers", operation_id = "give_vip_tier", security(("api_key" = [])),
    params(("id" = String, Path)), request_body = NewGift,
    responses((status = 201, body = GiftDocument), (status = 404, body = crate::problem::ProblemDocument),
              (status = 409, body = crate::problem::ProblemDocument), (status = 422, body = crate::problem::ProblemDocument))
)]
pub async fn give(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
    JsonBody { value: new, .. }: JsonBody<NewGift>,
) -> Result<(StatusCode, HeaderMap, Json<GiftDocument>), Problem> {
    let customer = known(&gateway, &caller, &id).await?;
    let tier = TierId::parse(&new.tier).map_err(|error| Problem::at("/tier", error.to_string()))?;
    let until = new.until.as_deref().map(Timestamp::parse).transpose();
    let until = until.map_err(|_| Problem::at("/until", "is not an RFC 3339 time"))?;
    if until.is_some_and(|until| until <= caller.request.now) {
        return Err(Problem::at("/until", "must lie in the future"));
    }
    let reason = Reason { reason: new.reason };
    let wanted = WantedTier { tier: &tier, until, reason: reason.text()? };
    let done = gateway.give_tier(&caller.request, customer, wanted).await?;
    answer(&gateway, &caller, &done).await
}

/// Takes back whatever tier a customer was given, by staff or by an import: the rules alone decide from now on. Doing it again
/// changes nothing.
#[utoipa::path(
    post, path = "/v1/customers/{id}/vip_tier/undo", tag = "vip_tiers", operation_id = "take_vip_tier_back",
    security(("api_key" = [])), params(("id" = String, Path)), request_body = Reason,
    responses((status = 201, body = GiftDocument), (status = 404, body = crate::problem::ProblemDocument),
              (status = 409, body = crate::problem::ProblemDocument), (status = 422, body = crate::problem::ProblemDocument))
)]
pub async fn take_back(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
    JsonBody { value: reason, .. }: JsonBody<Reason>,
) -> Result<(StatusCode, HeaderMap, Json<GiftDocument>), Problem> {
    let customer = known(&gateway, &caller, &id).await?;
    let done = gateway.take_tier_back(&caller.request, customer, reason.text()?).await?;
    answer(&gateway, &caller, &done).await
}

async fn known(gateway: &Gateway, caller: &Caller, id: &str) -> Result<CustomerId, Problem> {
    let customer = customer_id(id)?;
    gateway.known_customer(caller, customer).await?;
    Ok(customer)
}

async fn answer(
    gateway: &Gateway,
    caller: &Caller,
    done: &GiftDone,
) -> Result<(StatusCode, HeaderMap, Json<GiftDocument>), Problem> {
    let lease = gateway.merchant(caller.merchant()).await?;
    let internal = || Problem::of(Code::Internal);
    let version = lease.program.in_effect_at(caller.request.now).ok_or_else(internal)?;
    let ladder = ladder_of(version)?;
    let document = GiftDocument {
        customer_id: done.customer.to_string(),
        given: done.gifts.first().map(|gift| GivenDocument::of(gift, &ladder)),
        position: done.position,
    };
    Ok((StatusCode::CREATED, replayed(done.repeated), Json(document)))
}

/// The tiers of one version of a programme.
pub(super) fn ladder_of(version: &ProgramVersion) -> Result<Ladder, Problem> {
    Ladder::of(&version.settings.tiers, &version.settings.rfm.time_zone).map_err(|_| Problem::of(Code::Internal))
}
