//! `/v1/vip_tiers`: the tiers as a resource of their own. They are a section of the programme's settings, and versioned with
//! them: the ETag is the settings' version.

use std::collections::HashMap;

use aggregates::{
    program::{ProgramSettings, ProgramVersion, TierSettings},
    time::Timestamp,
};
use axum::{Json, extract::State, http::HeaderMap};
use projections::{tiers::answers, vip_tiers::VipTiers};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::settings::{TierDocument, TiersDocument, WindowDocument};
use crate::{
    auth::Caller,
    gateway::Gateway,
    http::{
        AsOf, Freshness,
        body::{JsonBody, Params},
        etag,
    },
    problem::{Code, Problem},
};

/// The tiers, with how many are in each.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VipTiers)]
pub struct VipTiersDocument {
    /// Of the programme's settings.
    pub version: u32,
    pub effective_from: String,
    /// `points_earned`, `spend` or `orders`.
    #[schema(value_type = String)]
    pub measure: aggregates::program::Measure,
    pub window: WindowDocument,
    /// `at_once` or `at_period_end`.
    #[schema(value_type = String)]
    pub downgrade: aggregates::program::Downgrade,
    pub grace_days: u32,
    /// From the lowest to the highest.
    pub tiers: Vec<TierDocument>,
    pub as_of: AsOf,
}

/// What is left out stays as it was.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = VipTiersUpdate)]
pub struct UpdateDocument {
    /// From when on everybody stands by these tiers; now, if not said.
    #[serde(default)]
    pub effective_from: Option<String>,
    #[serde(flatten)]
    pub definition: Definition,
}

/// The section, in a document that may also carry what an answer does: `version`, `as_of`.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = VipTiersDefinition)]
pub struct Definition {
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub measure: Option<aggregates::program::Measure>,
    #[serde(default)]
    pub window: Option<WindowDocument>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub downgrade: Option<aggregates::program::Downgrade>,
    #[serde(default)]
    pub grace_days: Option<u32>,
    #[serde(default)]
    pub tiers: Option<Vec<TierDocument>>,
}

impl From<Definition> for TiersDocument {
    fn from(definition: Definition) -> Self {
        let Definition { measure, window, downgrade, grace_days, tiers } = definition;
        TiersDocument { measure, window, downgrade, grace_days, tiers }
    }
}

/// The tiers that were published last.
#[utoipa::path(
    get, path = "/v1/vip_tiers", tag = "vip_tiers", operation_id = "vip_tiers", security(("api_key" = [])),
    params(Freshness), responses((status = 200, body = VipTiersDocument))
)]
pub async fn get(
    State(gateway): State<Gateway>,
    caller: Caller,
    Params(params): Params<Freshness>,
) -> Result<(HeaderMap, Json<VipTiersDocument>), Problem> {
    gateway.fresh_enough(&caller, VipTiers::NAME, params.min_position).await?;
    let lease = gateway.renew_merchant(caller.merchant()).await?;
    let current = lease.program.current().ok_or_else(|| Problem::of(Code::Internal))?;
    answer(&gateway, &caller, current).await
}

/// Publishes other tiers: everybody's is worked out again from all that they bought.
#[utoipa::path(
    put, path = "/v1/vip_tiers", tag = "vip_tiers", operation_id = "put_vip_tiers", security(("api_key" = [])),
    params(("If-Match" = String, Header)), request_body = UpdateDocument,
    responses((status = 200, body = VipTiersDocument), (status = 412, body = crate::problem::ProblemDocument),
              (status = 422, body = crate::problem::ProblemDocument), (status = 428, body = crate::problem::ProblemDocument))
)]
pub async fn put(
    State(gateway): State<Gateway>,
    caller: Caller,
    headers: HeaderMap,
    JsonBody { value: document, .. }: JsonBody<UpdateDocument>,
) -> Result<(HeaderMap, Json<VipTiersDocument>), Problem> {
    let (_, current) = gateway.seen_program(&caller, &headers).await?;
    // What was read is sent back with other tiers: its old date is not a wish.
    let stated = document.effective_from.as_deref().filter(|text| *text != current.effective_from.to_rfc3339());
    let effective_from = stated
        .map(Timestamp::parse)
        .transpose()
        .map_err(|_| Problem::at("/effective_from", "is not an RFC 3339 time"))?;
    let tiers = TiersDocument::from(document.definition).on_top_of(&current.settings.tiers, "")?;
    publish(&gateway, &caller, &current, tiers, effective_from).await
}

/// Publishes the tiers again that were there before the present ones. Nobody loses anything by going to and fro: tiers
/// follow from what was bought.
#[utoipa::path(
    post, path = "/v1/vip_tiers/undo", tag = "vip_tiers", operation_id = "undo_vip_tiers", security(("api_key" = [])),
    params(("If-Match" = String, Header)),
    responses((status = 200, body = VipTiersDocument), (status = 412, body = crate::problem::ProblemDocument),
              (status = 422, body = crate::problem::ProblemDocument), (status = 428, body = crate::problem::ProblemDocument))
)]
pub async fn undo(
    State(gateway): State<Gateway>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<(HeaderMap, Json<VipTiersDocument>), Problem> {
    let (_, current) = gateway.seen_program(&caller, &headers).await?;
    let lease = gateway.merchant(caller.merchant()).await?;
    let older = (1..current.version).rev().filter_map(|version| lease.program.version(version));
    let before = older.map(|version| &version.settings.tiers).find(|tiers| **tiers != current.settings.tiers);
    let before = before.ok_or_else(|| Problem::saying(Code::Invalid, "there never were any other tiers"))?.clone();
    publish(&gateway, &caller, &current, before, None).await
}

async fn publish(
    gateway: &Gateway,
    caller: &Caller,
    current: &ProgramVersion,
    tiers: TierSettings,
    effective_from: Option<Timestamp>,
) -> Result<(HeaderMap, Json<VipTiersDocument>), Problem> {
    tiers.validate().map_err(|(field, problem)| Problem::at(format!("/{field}"), problem))?;
    let settings = ProgramSettings { tiers, ..current.settings.clone() };
    let published = gateway.publish_settings(&caller.request, current.version, settings, effective_from).await?;
    answer(gateway, caller, &published.0).await
}

async fn answer(
    gateway: &Gateway,
    caller: &Caller,
    version: &ProgramVersion,
) -> Result<(HeaderMap, Json<VipTiersDocument>), Problem> {
    let seen = gateway.caught_up(VipTiers::NAME, None).await?;
    let counts: HashMap<String, u64> = answers::counts(&gateway.db, caller.merchant()).await?.into_iter().collect();
    let tiers = &version.settings.tiers;
    let tier = |tier| {
        let document = TierDocument::of(tier);
        TierDocument { members: Some(counts.get(&document.id).copied().unwrap_or(0)), ..document }
    };
    let document = VipTiersDocument {
        version: version.version,
        effective_from: version.effective_from.to_rfc3339(),
        measure: tiers.measure,
        window: tiers.window.into(),
        downgrade: tiers.downgrade,
        grace_days: tiers.grace_days,
        tiers: tiers.tiers.iter().map(tier).collect(),
        as_of: AsOf { position: seen.position, time: seen.time.to_rfc3339() },
    };
    Ok((etag(version.version), Json(document)))
}
