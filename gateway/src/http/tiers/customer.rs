//! `GET /v1/customers/{id}/vip_tier`: one customer's tier, what it takes for the next one, and until when this one is safe.

use aggregates::{
    id::CustomerId,
    program::{Measure, ProgramVersion, Tier},
    tier::{Assessed, Ladder, Way},
};
use axum::{Json, extract::State};
use projections::{
    replay::Moment,
    rfm::Bound,
    rfm_orders::RfmOrders,
    tiers::{MemberRow, Sheet, answers},
    vip_tiers::VipTiers,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    given::{GivenDocument, ladder_of},
    settings::TierDocument,
};
use crate::{
    auth::Caller,
    gateway::Gateway,
    http::{
        AsOf,
        body::{Params, Path},
        customer_id, history,
        rfm::{calendar, past, segments::PastParams},
    },
    problem::{Code, Problem},
};

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerVipTier)]
pub struct CustomerTier {
    /// Somebody merged away by then is answered for as who they were merged into.
    pub customer_id: String,
    /// `null` for somebody who is in none.
    pub tier: Option<TierDocument>,
    /// The tier's id also where the settings no longer have it.
    pub tier_id: Option<String>,
    pub since: Option<String>,
    /// When this was recorded.
    pub recorded_at: Option<String>,
    /// `points_earned`, `spend` or `orders`.
    #[schema(value_type = String)]
    pub measure: Measure,
    /// What counts now; of a past moment, what counted when the tier was recorded.
    pub measured: i64,
    /// What the next tier takes; `null` in the highest, and of past moments.
    pub next: Option<NextTier>,
    /// Until when the tier is kept if nothing more is bought and nothing goes back; `null` for ever, and of past moments.
    pub safe_until: Option<String>,
    /// Too little is left for this tier: unless more comes, it ends then.
    pub ends_at: Option<String>,
    /// The tier that they were given and do not fall below, if it is in force; `null` otherwise, and of past moments.
    pub given: Option<GivenDocument>,
    /// The same in a sentence.
    pub reason: String,
    pub definition_version: u32,
    pub as_of: AsOf,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NextVipTier)]
pub struct NextTier {
    pub id: String,
    pub name: String,
    pub entry: i64,
    /// Points, minor units or orders.
    pub missing: i64,
}

/// A customer's tier.
#[utoipa::path(
    get, path = "/v1/customers/{id}/vip_tier", tag = "vip_tiers", operation_id = "customer_vip_tier",
    security(("api_key" = [])), params(("id" = String, Path), PastParams),
    responses((status = 200, body = CustomerTier), (status = 400, body = crate::problem::ProblemDocument),
              (status = 404, body = crate::problem::ProblemDocument))
)]
pub async fn get(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
    Params(params): Params<PastParams>,
) -> Result<Json<CustomerTier>, Problem> {
    let customer = customer_id(&id)?;
    gateway.known_customer(&caller, customer).await?;
    gateway.fresh_enough(&caller, VipTiers::NAME, params.min_position).await?;
    gateway.fresh_enough(&caller, RfmOrders::NAME, params.min_position).await?;
    let bound = params.as_of.as_deref().map(|as_of| past::parse(as_of, &calendar(&caller)?)).transpose()?;
    let customer = Box::pin(history::whose(&gateway, &caller, customer, bound.map(Moment::from))).await?;
    match bound {
        None => Box::pin(now(&gateway, &caller, customer)).await.map(Json),
        Some(bound) => then(&gateway, &caller, customer, bound).await.map(Json),
    }
}

async fn now(gateway: &Gateway, caller: &Caller, customer: CustomerId) -> Result<CustomerTier, Problem> {
    let seen = gateway.caught_up(VipTiers::NAME, None).await?;
    let (db, merchant, instant) = (&gateway.db, caller.merchant(), caller.request.now);
    let sheet = Sheet::open(db, merchant).await?;
    let version = version(caller, sheet.definition_version)?;
    let ladder = ladder_of(version)?;
    let assessed = sheet.some(&[customer]).await?.pop().unwrap_or(Assessed::nothing_of(customer));
    let held = answers::member(db, merchant, customer).await?;
    let way = ladder.way(&assessed.facts, &assessed.given, instant);
    let mut document = CustomerTier::of(customer, version, held.as_ref());
    document.measured = way.standing.measured;
    document.next = next(&ladder, document.tier_id.as_deref(), way.standing.measured);
    document.safe_until = way.safe_until.map(aggregates::time::Timestamp::to_rfc3339);
    document.ends_at = way.standing.falls_at.map(aggregates::time::Timestamp::to_rfc3339);
    document.given = GivenDocument::in_force(&assessed.given, &ladder, instant);
    document.reason = reason(&document, &way);
    document.as_of = AsOf { position: seen.position, time: seen.time.to_rfc3339() };
    Ok(document)
}

async fn then(gateway: &Gateway, caller: &Caller, customer: CustomerId, bound: Bound) -> Result<CustomerTier, Problem> {
    let seen = gateway.caught_up(VipTiers::NAME, None).await?;
    let row = answers::member_at(&gateway.db, caller.merchant(), customer, bound).await?;
    let version = version(caller, row.as_ref().map_or(0, |row| row.definition_version))?;
    let mut document = CustomerTier::of(customer, version, row.as_ref().map(|row| &row.to));
    document.reason = match &row {
        None => "Nothing was on record by then.".to_owned(),
        Some(row) => match row.cause.as_str() {
            "by_hand" => format!("As recorded with {} measured: by hand.", row.to.measured),
            "import" => format!("As recorded with {} measured: brought along by an import.", row.to.measured),
            _ => format!("As recorded with {} measured.", row.to.measured),
        },
    };
    document.as_of = Box::pin(past::as_of(gateway, caller, seen, Some(bound))).await?;
    Ok(document)
}

/// By which everybody stands, or would.
fn version(caller: &Caller, number: u32) -> Result<&ProgramVersion, Problem> {
    let program = &caller.lease.program;
    let stands = program.version(number).or_else(|| program.in_effect_at(caller.request.now));
    stands.ok_or_else(|| Problem::of(Code::Internal))
}

impl CustomerTier {
    fn of(customer: CustomerId, version: &ProgramVersion, held: Option<&MemberRow>) -> Self {
        let held = held.filter(|held| held.tier.is_some());
        let tier_id = held.and_then(|held| held.tier.clone());
        let tiers = &version.settings.tiers;
        let tier = tiers.tiers.iter().find(|tier| Some(tier.id.as_str()) == tier_id.as_deref());
        CustomerTier {
            customer_id: customer.to_string(),
            tier: tier.map(TierDocument::of),
            tier_id,
            since: held.map(|held| held.since.to_rfc3339()),
            recorded_at: held.map(|held| held.recorded_at.to_rfc3339()),
            measure: tiers.measure,
            measured: held.map_or(0, |held| held.measured),
            next: None,
            safe_until: None,
            ends_at: None,
            given: None,
            reason: String::new(),
            definition_version: version.version,
            as_of: AsOf { position: 0, time: String::new() },
        }
    }
}

fn next(ladder: &Ladder, held: Option<&str>, measured: i64) -> Option<NextTier> {
    let tiers = &ladder.settings.tiers;
    let place = tiers.iter().position(|tier| Some(tier.id.as_str()) == held);
    let tier: &Tier = tiers.get(place.map_or(0, |place| place + 1))?;
    Some(NextTier {
        id: tier.id.to_string(),
        name: tier.name.clone(),
        entry: tier.entry,
        missing: (tier.entry - measured).max(0),
    })
}

fn reason(document: &CustomerTier, way: &Way) -> String {
    let what = match document.measure {
        Measure::PointsEarned => "points earned",
        Measure::Spend => "spent, in minor units",
        Measure::Orders => "orders",
    };
    let measured = way.standing.measured;
    let stands = match &document.tier {
        None => format!("{measured} {what} are not enough for a tier yet."),
        Some(tier) => format!(
            "{measured} {what}; {} takes {} to enter and {} to stay.",
            tier.name,
            tier.entry,
            tier.retention.unwrap_or(tier.entry),
        ),
    };
    let stands = match &document.given {
        None => stands,
        Some(given) => format!("{stands} {}", in_words(given)),
    };
    match (&document.ends_at, &document.safe_until) {
        (Some(ends_at), _) => format!("{stands} It ends on {ends_at} unless more comes."),
        (None, Some(safe_until)) => format!("{stands} It is safe until {safe_until}."),
        (None, None) => stands,
    }
}

fn in_words(given: &GivenDocument) -> String {
    let GivenDocument { tier_id, by, until, .. } = given;
    let whence = if by == "hand" { "by hand" } else { "by an import" };
    match until {
        Some(until) => format!("Never below {tier_id} until {until}: given {whence}."),
        None => format!("Never below {tier_id}: given {whence}."),
    }
}
