//! `POST /v1/vip_tiers/preview`: what other tiers would do. Nothing is saved.

use axum::{Json, extract::State};
use policies::tiers::{Moved, TierPreview};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::settings::TiersDocument;
use crate::{
    auth::Caller,
    commands::CommandError,
    gateway::Gateway,
    http::body::JsonBody,
    problem::{Code, Problem},
};

/// Days whose orders are looked at for the costs, unless said.
const COST_DAYS: u32 = 90;
/// The most that can be asked for: ten years.
const COST_DAYS_MAX: u32 = 3_650;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VipTierPreviewRequest)]
pub struct PreviewRequest {
    /// What is left out stays as it is.
    pub vip_tiers: TiersDocument,
    /// Days whose orders are looked at for the costs; 90, if not said.
    #[serde(default)]
    pub days: Option<u32>,
}

/// Everybody's tier as these settings would make it now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VipTierPreview)]
pub struct PreviewDocument {
    /// Members of each tier, from the lowest to the highest.
    pub tiers: Vec<MembersDocument>,
    /// Who would move, counted.
    pub moves: Vec<MoveDocument>,
    /// Of all that would move, the first 100 in the order of their ids.
    pub customers: Vec<MovedDocument>,
    pub cost: CostDocument,
    /// The last position of the journal at which anything was recorded of tiers.
    pub position: u64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VipTierMembers)]
pub struct MembersDocument {
    pub id: String,
    pub name: String,
    pub members: u64,
}

/// `null` is no tier.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VipTierMove)]
pub struct MoveDocument {
    pub from: Option<String>,
    pub to: Option<String>,
    pub customers: u64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VipTierMovedCustomer)]
pub struct MovedDocument {
    pub customer_id: String,
    pub from: Option<String>,
    pub to: Option<String>,
    /// Points, minor units or orders, as these settings measure.
    pub measured: i64,
}

/// What the multipliers would have cost.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VipTierCost)]
pub struct CostDocument {
    pub days: u32,
    /// Orders of these days.
    pub orders: u64,
    /// Points that these orders would have earned more than by the tiers in effect; less, if negative.
    pub extra_points: i64,
    /// What these points buy at the present rate; minor units.
    pub extra_value_minor: i64,
}

impl From<Moved> for MovedDocument {
    fn from(moved: Moved) -> Self {
        MovedDocument {
            customer_id: moved.customer.to_string(),
            from: moved.from,
            to: moved.to,
            measured: moved.measured,
        }
    }
}

/// Who would move if these tiers were in effect, and what they would have cost.
#[utoipa::path(
    post, path = "/v1/vip_tiers/preview", tag = "vip_tiers", operation_id = "vip_tiers_preview",
    security(("api_key" = [])), request_body = PreviewRequest,
    responses((status = 200, body = PreviewDocument), (status = 422, body = crate::problem::ProblemDocument))
)]
pub async fn create(
    State(gateway): State<Gateway>,
    caller: Caller,
    JsonBody { value: asked, .. }: JsonBody<PreviewRequest>,
) -> Result<Json<PreviewDocument>, Problem> {
    let days = asked.days.unwrap_or(COST_DAYS);
    if !(1..=COST_DAYS_MAX).contains(&days) {
        return Err(Problem::at("/days", "must be from 1 to 3650"));
    }
    let now = caller.request.now;
    let lease = gateway.renew_merchant(caller.merchant()).await?;
    let settings = &lease.program.current().ok_or_else(|| Problem::of(Code::Internal))?.settings;
    let proposed = asked.vip_tiers.on_top_of(&settings.tiers, "/vip_tiers")?;
    proposed.validate().map_err(|(field, problem)| Problem::at(format!("/vip_tiers/{field}"), problem))?;
    let _turn = gateway.previews.acquire().await.map_err(|_| Problem::of(Code::Unavailable))?;
    let costs_from = now.plus_seconds(-86_400 * i64::from(days));
    // Boxed: everybody is looked at, and no other request needs the room for it.
    let keeper = gateway.tier_keeper();
    let looking = Box::pin(keeper.preview(caller.merchant(), &proposed, &settings.rfm.time_zone, costs_from, now));
    let TierPreview { members, moves, moved, extra_points, orders, position } =
        looking.await.map_err(CommandError::from)?;
    let of_tier = |tier: &aggregates::program::Tier| MembersDocument {
        id: tier.id.to_string(),
        name: tier.name.clone(),
        members: members.get(tier.id.as_str()).copied().unwrap_or(0),
    };
    Ok(Json(PreviewDocument {
        tiers: proposed.tiers.iter().map(of_tier).collect(),
        moves: moves.into_iter().map(|((from, to), customers)| MoveDocument { from, to, customers }).collect(),
        customers: moved.into_iter().map(MovedDocument::from).collect(),
        cost: CostDocument {
            days,
            orders,
            extra_points,
            extra_value_minor: settings.redemption.value_of(extra_points),
        },
        position,
    }))
}
