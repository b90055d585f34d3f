//! Badges: what there are, who has which, and awarding one by hand.
//!
//! | file | its idea |
//! |---|---|
//! | [`definitions`] | `GET` and `PUT /v1/badges`: the `badges` section of the programme's settings |

pub mod definitions;

use aggregates::badge::{BadgeId, BadgeSettings};
use axum::{Json, extract::State, http::StatusCode};
use projections::badges::{self, BadgeRow, Badges};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Freshness,
    adjustments::replayed,
    body::{JsonBody, Params, Path},
    customer_id,
    gdpr_requests::actions::Reason,
};
use crate::{auth::Caller, gateway::Gateway, problem::Problem};

/// A badge that a customer has.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CustomerBadge)]
pub struct CustomerBadge {
    pub badge_id: String,
    /// By the settings of now; `null` for a badge that they no longer have.
    pub name: Option<String>,
    /// `ever`, or the month or year it was awarded for.
    pub period: String,
    /// `rule` or `hand`.
    pub cause: String,
    /// That it brought.
    pub points: i64,
    pub awarded_at: String,
}

impl CustomerBadge {
    /// `settings` are those of now.
    pub fn of(row: BadgeRow, settings: Option<&BadgeSettings>) -> Self {
        let id = BadgeId::parse(&row.badge).ok();
        let definition = id.and_then(|id| settings?.badge(&id));
        CustomerBadge {
            name: definition.map(|definition| definition.name.clone()),
            badge_id: row.badge,
            period: row.period,
            cause: row.cause,
            points: row.points,
            awarded_at: row.awarded_at.to_rfc3339(),
        }
    }
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CustomerBadges)]
pub struct CustomerBadges {
    pub customer_id: String,
    /// The newest first.
    pub badges: Vec<CustomerBadge>,
}

/// A customer's badges; of a merged profile, those are the survivor's.
#[utoipa::path(
    get, path = "/v1/customers/{id}/badges", tag = "badges", operation_id = "customer_badges", security(("api_key" = [])),
    params(("id" = String, Path), Freshness),
    responses((status = 200, body = CustomerBadges), (status = 404, body = crate::problem::ProblemDocument))
)]
pub async fn list(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
    Params(freshness): Params<Freshness>,
) -> Result<Json<CustomerBadges>, Problem> {
    let customer = customer_id(&id)?;
    gateway.known_customer(&caller, customer).await?;
    gateway.fresh_enough(&caller, Badges::NAME, freshness.min_position).await?;
    let rows = badges::of_customer(&gateway.db, caller.merchant(), customer).await?;
    let settings = caller.lease.program.in_effect_at(caller.request.now).map(|version| &version.settings.badges);
    let badges = rows.into_iter().map(|row| CustomerBadge::of(row, settings));
    Ok(Json(CustomerBadges { customer_id: id, badges: badges.collect() }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAward {
    pub badge_id: String,
    /// Why; sealed like all free text.
    pub reason: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct BadgeAward {
    pub badge_id: String,
    pub period: String,
    /// Of the commit that recorded it.
    pub position: u64,
}

/// Awards a badge by hand, whatever its rule says: once for each stretch of time that it repeats in.
#[utoipa::path(
    post, path = "/v1/customers/{id}/badges", tag = "badges", operation_id = "award_badge", security(("api_key" = [])),
    params(("id" = String, Path)), request_body = NewAward,
    responses((status = 201, body = BadgeAward), (status = 404, body = crate::problem::ProblemDocument),
              (status = 409, body = crate::problem::ProblemDocument), (status = 422, body = crate::problem::ProblemDocument))
)]
pub async fn award(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
    JsonBody { value: new, .. }: JsonBody<NewAward>,
) -> Result<(StatusCode, axum::http::HeaderMap, Json<BadgeAward>), Problem> {
    let customer = customer_id(&id)?;
    gateway.known_customer(&caller, customer).await?;
    let reason = Reason { reason: new.reason };
    let badge = BadgeId::parse(&new.badge_id).map_err(|error| Problem::at("/badge_id", error.to_string()))?;
    let (held, awarded) = gateway.award_badge(&caller.request, customer, &badge, reason.text()?).await?;
    let document =
        BadgeAward { badge_id: held.badge.to_string(), period: held.period.to_string(), position: awarded.position };
    Ok((StatusCode::CREATED, replayed(awarded.repeated), Json(document)))
}
