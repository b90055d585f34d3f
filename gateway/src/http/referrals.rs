//! Referrals: links to bring friends by, the friends, and what becomes of each.
//!
//! | file | its idea |
//! |---|---|
//! | this one | making a link, reading and listing |
//! | [`documents`] | how links and referrals look |
//! | [`friends`] | the storefront names somebody who came through a link |
//! | [`decisions`] | the merchant approves or rejects |
//! | [`click`] | a shopper follows a link |
//! | [`settings`] | the `referrals` section of the programme's settings |

pub mod click;
pub mod decisions;
pub mod documents;
pub mod friends;
pub mod settings;

use aggregates::{
    id::{CustomerId, ReferralId, ReferralLinkId},
    referral::{AliasCode, ReferralCode, Status},
    time::Timestamp,
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use projections::referrals::{self as model, Filter, Referrals};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Freshness, Page,
    adjustments::replayed,
    body::{JsonBody, Params, Path, idempotency_key},
    customer_id,
    customers::rows_wanted,
};
use crate::{
    auth::Caller,
    commands::{CommandError, adjust::Idempotency},
    cursor,
    gateway::Gateway,
    problem::{Code, Problem},
};
use documents::{LinkDocument, ReferralDocument, ReferralOrLink};
use friends::EvidenceDocument;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReferral {
    /// Who is to bring friends.
    pub customer_id: String,
    /// What the storefront knows of them at this moment; compared with what is known of friends, and kept as keyed hashes.
    #[serde(default)]
    pub evidence: Option<EvidenceDocument>,
}

/// A link for a customer to bring friends by: the one they have, or a new one.
#[utoipa::path(
    post, path = "/v1/referrals", tag = "referrals", security(("api_key" = [])),
    params(("Idempotency-Key" = String, Header)), request_body = NewReferral,
    responses((status = 201, body = LinkDocument), (status = 400, body = crate::problem::ProblemDocument),
              (status = 404, body = crate::problem::ProblemDocument), (status = 409, body = crate::problem::ProblemDocument),
              (status = 422, body = crate::problem::ProblemDocument))
)]
pub async fn create(
    State(gateway): State<Gateway>,
    caller: Caller,
    headers: HeaderMap,
    JsonBody { value: new, .. }: JsonBody<NewReferral>,
) -> Result<(StatusCode, HeaderMap, Json<LinkDocument>), Problem> {
    let key = idempotency_key(&headers)?;
    let customer = customer_id(&new.customer_id)?;
    gateway.known_customer(&caller, customer).await?;
    let traces = new.evidence.unwrap_or_default().traces()?;
    let idempotency = Idempotency { route: "referrals", key, content: Vec::new() };
    let done = gateway.issue_referral_link(&caller.request, customer, &idempotency, &traces).await?;
    let document = LinkDocument::issued(&gateway, &caller, &headers, &done).await?;
    Ok((StatusCode::CREATED, replayed(done.repeated), Json(document)))
}

/// A referral, or a link with what it has brought.
#[utoipa::path(
    get, path = "/v1/referrals/{id}", tag = "referrals", security(("api_key" = [])),
    params(("id" = String, Path, description = "Of a referral (`ref_…`) or of a link (`rlk_…`)"), Freshness),
    responses((status = 200, body = ReferralOrLink), (status = 404, body = crate::problem::ProblemDocument))
)]
pub async fn get(
    State(gateway): State<Gateway>,
    caller: Caller,
    headers: HeaderMap,
    Path(id): Path<String>,
    Params(freshness): Params<Freshness>,
) -> Result<Json<ReferralOrLink>, Problem> {
    gateway.fresh_enough(&caller, Referrals::NAME, freshness.min_position).await?;
    if let Ok(referral) = id.parse::<ReferralId>() {
        return Ok(Json(ReferralOrLink::Referral(Box::new(referral_document(&gateway, &caller, referral).await?))));
    }
    let link = id.parse::<ReferralLinkId>().map_err(|_| Problem::of(Code::NotFound))?;
    let row = model::find_link(&gateway.db, caller.merchant(), link).await?;
    let row = row.ok_or_else(|| Problem::of(Code::NotFound))?;
    Ok(Json(ReferralOrLink::Link(Box::new(LinkDocument::of(&gateway, &caller, &headers, &row).await?))))
}

/// One referral with its evidence.
pub(super) async fn referral_document(
    gateway: &Gateway,
    caller: &Caller,
    referral: ReferralId,
) -> Result<ReferralDocument, Problem> {
    let row = model::find(&gateway.db, caller.merchant(), referral).await?;
    let row = row.ok_or_else(|| Problem::of(Code::NotFound))?;
    let evidence = gateway.evidence_of(caller.merchant(), referral).await?;
    Ok(ReferralDocument::of(row).with_evidence(evidence))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// `waiting`, `pending`, `in_review`, `completed`, `cancelled`, `clawed_back`, `rejected` or `expired`.
    pub status: Option<String>,
    /// Who brought.
    pub advocate_id: Option<String>,
    /// Who was brought.
    pub friend_id: Option<String>,
    pub limit: Option<u32>,
    pub cursor: Option<String>,
    /// Answer only once the read model has seen this position.
    pub min_position: Option<u64>,
}

/// Referrals, newest first.
#[utoipa::path(
    get, path = "/v1/referrals", tag = "referrals", security(("api_key" = [])), params(ListParams),
    responses((status = 200, body = Page<ReferralDocument>), (status = 400, body = crate::problem::ProblemDocument),
              (status = 422, body = crate::problem::ProblemDocument))
)]
pub async fn list(
    State(gateway): State<Gateway>,
    caller: Caller,
    Params(params): Params<ListParams>,
) -> Result<Json<Page<ReferralDocument>>, Problem> {
    gateway.fresh_enough(&caller, Referrals::NAME, params.min_position).await?;
    let status = match params.status.as_deref().map(Status::parse) {
        Some(None) => return Err(Problem::at("/status", "is no status of a referral")),
        Some(Some(status)) => Some(status.as_str()),
        None => None,
    };
    let customer = |text: &Option<String>| text.as_deref().map(customer_id).transpose();
    let filter = Filter {
        status,
        advocate: customer(&params.advocate_id)?,
        friend: customer(&params.friend_id)?,
        ..Filter::default()
    };
    page(&gateway, &caller, filter, params.limit, params.cursor.as_deref()).await.map(Json)
}

async fn page(
    gateway: &Gateway,
    caller: &Caller,
    filter: Filter<'_>,
    limit: Option<u32>,
    place: Option<&str>,
) -> Result<Page<ReferralDocument>, Problem> {
    let limit = cursor::limit(limit);
    let before = cursor::decode::<(Timestamp, ReferralId)>(place)?;
    let rows = model::list(&gateway.db, caller.merchant(), filter, before, rows_wanted(limit)).await?;
    let page = Page::cut(rows, limit, |row| cursor::encode(&(row.identified_at, row.id)));
    let data = page.data.into_iter().map(ReferralDocument::of).collect();
    Ok(Page { data, has_more: page.has_more, next_cursor: page.next_cursor })
}

/// A customer's links, and the referrals they have part in.
#[derive(Debug, Serialize, ToSchema)]
pub struct CustomerReferrals {
    /// Newest first.
    pub links: Vec<LinkDocument>,
    /// As advocate and as friend, newest first.
    pub data: Vec<ReferralDocument>,
    pub has_more: bool,
    pub next_cursor: Option<String>,
}

/// What a customer has to do with referrals.
#[utoipa::path(
    get, path = "/v1/customers/{id}/referrals", tag = "referrals", security(("api_key" = [])),
    params(("id" = String, Path), super::Paging),
    responses((status = 200, body = CustomerReferrals), (status = 404, body = crate::problem::ProblemDocument))
)]
pub async fn of_customer(
    State(gateway): State<Gateway>,
    caller: Caller,
    headers: HeaderMap,
    Path(id): Path<String>,
    Params(paging): Params<super::Paging>,
) -> Result<Json<CustomerReferrals>, Problem> {
    let customer = customer_id(&id)?;
    gateway.known_customer(&caller, customer).await?;
    gateway.fresh_enough(&caller, Referrals::NAME, paging.min_position).await?;
    let mut links = Vec::new();
    for row in model::links_of(&gateway.db, caller.merchant(), customer).await? {
        links.push(LinkDocument::of(&gateway, &caller, &headers, &row).await?);
    }
    let filter = Filter { customer: Some(customer), ..Filter::default() };
    let page = page(&gateway, &caller, filter, paging.limit, paging.cursor.as_deref()).await?;
    Ok(Json(CustomerReferrals { links, data: page.data, has_more: page.has_more, next_cursor: page.next_cursor }))
}

/// Whose link a path names: by its code, by its id, or by the word of another programme.
pub(super) async fn code_named(gateway: &Gateway, caller: &Caller, named: &str) -> Result<ReferralCode, Problem> {
    if let Ok(link) = named.parse::<ReferralLinkId>() {
        let keys = gateway.vault.merchant(caller.merchant()).await.map_err(CommandError::from)?;
        return Ok(crate::commands::referrals::link::code_of(&keys, caller.merchant(), link));
    }
    if let Some(code) =
        ReferralCode::parse(named).filter(|code| code.shop() == ReferralCode::shop_of(caller.merchant()))
    {
        return Ok(code);
    }
    let not_found = || Problem::of(Code::NotFound);
    let alias = AliasCode::parse(named).ok_or_else(not_found)?;
    gateway.code_behind(Some(caller.merchant()), &alias).await?.ok_or_else(not_found)
}

/// Ids of people in documents.
fn shown(customer: CustomerId) -> String {
    customer.to_string()
}
