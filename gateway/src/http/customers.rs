//! Customers: found by the shop's id, by e-mail or phone, or one by one.
//!
//! | file | its idea |
//! |---|---|
//! | this one | reading and searching |
//! | [`create`] | stating one before the shop does |

pub mod create;

use super::{
    Freshness, Page,
    body::{JsonBody, Params, Path},
    customer_id,
};
use crate::{
    auth::Caller,
    commands::CommandError,
    cursor,
    gateway::Gateway,
    problem::{Code, Problem},
};
use aggregates::{
    customer::{PROFILE_TAG, Profile},
    id::CustomerId,
    time::Timestamp,
};
use axum::{Json, extract::State};
use journal::Subject;
use projections::customers::{self, CustomerRow};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vault::{DirectoryKind, IndexKind, OrderOwner, VaultError};

/// How outside ids of the shop are written: `shopify:207119551`.
const SHOPIFY: &str = "shopify:";

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Customer)]
pub struct CustomerDocument {
    pub id: String,
    /// `shopify:` and the shop's own id; `null` once erased. Like everything else of the profile it is `null`, and the header
    /// `personal-data: withheld` says so, for a key without the scope `personal_data`.
    pub external_id: Option<String>,
    /// `member`, `merged`, `erasing` (nothing is shown or accepted any more) or `erased`.
    pub state: String,
    pub merged_into: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub locale: Option<String>,
    pub deleted_in_shop: bool,
    /// Their data may be kept and not used: no segments, no mail.
    pub restricted: bool,
    /// They object to being profiled: no segments.
    pub objects_to_profiling: bool,
    pub erased_at: Option<String>,
    pub created_at: String,
    /// Position of the last commit about this customer's profile.
    pub position: u64,
    /// `parked`: something about this customer cannot be read, and this is from before. `null` otherwise.
    pub stale: Option<&'static str>,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// `shopify:` and the shop's id of the customer. Someone merged away is found as who they are now.
    pub external_id: Option<String>,
    pub limit: Option<u32>,
    pub cursor: Option<String>,
    /// Answer only once the read model has seen this position.
    pub min_position: Option<u64>,
}

/// Customers, newest first, or the one with an outside id.
#[utoipa::path(
    get, path = "/v1/customers", tag = "customers", security(("api_key" = [])), params(ListParams),
    responses((status = 200, body = Page<CustomerDocument>), (status = 400, body = crate::problem::ProblemDocument))
)]
pub async fn list(
    State(gateway): State<Gateway>,
    caller: Caller,
    Params(params): Params<ListParams>,
) -> Result<Json<Page<CustomerDocument>>, Problem> {
    gateway.fresh_enough(&caller, customers::Customers::NAME, params.min_position).await?;
    if let Some(external_id) = &params.external_id {
        let found = by_external_id(&gateway, &caller, external_id).await?;
        return Ok(Json(Page { data: found.into_iter().collect(), has_more: false, next_cursor: None }));
    }
    let limit = cursor::limit(params.limit);
    let before = cursor::decode::<(Timestamp, CustomerId)>(params.cursor.as_deref())?;
    let rows = customers::list(&gateway.db, caller.merchant(), before, rows_wanted(limit)).await?;
    let page = Page::cut(rows, limit, |row| cursor::encode(&(row.enrolled_at, row.id)));
    let mut data = Vec::with_capacity(page.data.len());
    for row in page.data {
        data.push(open(&gateway, &caller, row).await?);
    }
    Ok(Json(Page { data, has_more: page.has_more, next_cursor: page.next_cursor }))
}

/// One more than the page holds.
pub(super) fn rows_wanted(limit: usize) -> i64 {
    i64::try_from(limit + 1).unwrap_or(i64::MAX)
}

async fn by_external_id(
    gateway: &Gateway,
    caller: &Caller,
    external_id: &str,
) -> Result<Option<CustomerDocument>, Problem> {
    let merchant = caller.merchant();
    let id = external_id
        .strip_prefix(SHOPIFY)
        .ok_or_else(|| Problem::saying(Code::MalformedRequest, "external_id begins with `shopify:`"))?;
    let person = match gateway.vault.find(merchant, DirectoryKind::ShopifyCustomer, id).await {
        Ok(Some(person)) => CustomerId(person),
        Ok(None) | Err(VaultError::Destroyed { .. }) => return Ok(None),
        Err(error) => return Err(CommandError::from(error).into()),
    };
    as_known_now(gateway, caller, person).await
}

/// Somebody whom the vault knows, or into whom they were merged.
async fn as_known_now(
    gateway: &Gateway,
    caller: &Caller,
    person: CustomerId,
) -> Result<Option<CustomerDocument>, Problem> {
    let merchant = caller.merchant();
    let mut survivor = gateway.survivor(merchant, person).await?;
    // The vault knows people before the read model does.
    let written =
        gateway.customers.load(Subject::customer(merchant, survivor)).await.map_err(CommandError::from)?.position;
    gateway.caught_up(customers::Customers::NAME, Some(written)).await?;
    while let Some(row) = customers::find(&gateway.db, merchant, survivor).await? {
        // A merge that another gateway has made, and this one has not heard of.
        match row.merged_into {
            Some(into) if into != survivor => survivor = into,
            _ => return Ok(Some(open(gateway, caller, row).await?)),
        }
    }
    Ok(None)
}

pub(super) async fn open(gateway: &Gateway, caller: &Caller, row: CustomerRow) -> Result<CustomerDocument, Problem> {
    let keys = gateway.keys_for(caller, row.id).await?;
    let profile: Option<Profile> =
        row.profile.as_ref().and_then(|profile| keys.as_deref()?.open(PROFILE_TAG, profile).ok());
    // Whom an import brought along by their address alone has no id of the shop's yet.
    let external_id = profile.as_ref().map(|profile| &profile.external_id).filter(|id| !id.is_empty());
    let external_id = external_id.map(|id| format!("{SHOPIFY}{id}"));
    let profile = profile.unwrap_or_default();
    Ok(CustomerDocument {
        stale: gateway.progress.stale(customers::Customers::NAME, caller.merchant(), row.id).map(|_| "parked"),
        id: row.id.to_string(),
        external_id,
        state: row.state,
        merged_into: row.merged_into.map(|into| into.to_string()),
        email: profile.email,
        phone: profile.phone,
        first_name: profile.first_name,
        last_name: profile.last_name,
        locale: profile.locale,
        deleted_in_shop: row.deleted_in_shop,
        restricted: row.limits.restricted,
        objects_to_profiling: row.limits.objects_to_profiling,
        erased_at: row.erased_at.map(Timestamp::to_rfc3339),
        created_at: row.enrolled_at.to_rfc3339(),
        position: row.position,
    })
}

/// One customer.
#[utoipa::path(
    get, path = "/v1/customers/{id}", tag = "customers", security(("api_key" = [])),
    params(("id" = String, Path), Freshness),
    responses((status = 200, body = CustomerDocument), (status = 404, body = crate::problem::ProblemDocument))
)]
pub async fn get(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
    Params(freshness): Params<Freshness>,
) -> Result<Json<CustomerDocument>, Problem> {
    gateway.fresh_enough(&caller, customers::Customers::NAME, freshness.min_position).await?;
    let row = customers::find(&gateway.db, caller.merchant(), customer_id(&id)?).await?;
    let row = row.ok_or_else(|| Problem::of(Code::NotFound))?;
    Ok(Json(open(&gateway, &caller, row).await?))
}

/// What to search by. In the body, because an address in a URL ends up in logs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Search {
    pub email: Option<String>,
    pub phone: Option<String>,
    /// As in `GET /v1/customers?external_id=`: `shopify:` and the shop's id of the customer.
    pub external_id: Option<String>,
    /// The shop's id of an order: whose order it is.
    pub order_id: Option<String>,
}

/// Customers with exactly this e-mail address, phone number or id in the shop, or whose order it is.
#[utoipa::path(
    post, path = "/v1/customers/search", tag = "customers", security(("api_key" = [])), params(Freshness),
    request_body = Search,
    responses((status = 200, body = Page<CustomerDocument>), (status = 422, body = crate::problem::ProblemDocument))
)]
pub async fn search(
    State(gateway): State<Gateway>,
    caller: Caller,
    Params(freshness): Params<Freshness>,
    JsonBody { value: search, .. }: JsonBody<Search>,
) -> Result<Json<Page<CustomerDocument>>, Problem> {
    gateway.fresh_enough(&caller, customers::Customers::NAME, freshness.min_position).await?;
    let data = match (&search.email, &search.phone, &search.external_id, &search.order_id) {
        (Some(email), None, None, None) => by_index(&gateway, &caller, IndexKind::Email, email).await?,
        (None, Some(phone), None, None) => by_index(&gateway, &caller, IndexKind::Phone, phone).await?,
        (None, None, Some(id), None) => by_external_id(&gateway, &caller, id).await?.into_iter().collect(),
        (None, None, None, Some(order)) => by_order(&gateway, &caller, order).await?.into_iter().collect(),
        _ => return Err(Problem::at("", "give exactly one of `email`, `phone`, `external_id` and `order_id`")),
    };
    Ok(Json(Page { data, has_more: false, next_cursor: None }))
}

async fn by_index(
    gateway: &Gateway,
    caller: &Caller,
    kind: IndexKind,
    value: &str,
) -> Result<Vec<CustomerDocument>, Problem> {
    let found = gateway.vault.search(caller.merchant(), kind, value).await.map_err(CommandError::from)?;
    let mut data = Vec::with_capacity(found.len());
    for person in found {
        if let Some(row) = customers::find(&gateway.db, caller.merchant(), person).await? {
            data.push(open(gateway, caller, row).await?);
        }
    }
    Ok(data)
}

async fn by_order(gateway: &Gateway, caller: &Caller, order_id: &str) -> Result<Option<CustomerDocument>, Problem> {
    let owner = gateway.vault.order_owner(caller.merchant(), order_id).await.map_err(CommandError::from)?;
    match owner {
        Some(OrderOwner::Account { account, .. }) => as_known_now(gateway, caller, account).await,
        Some(OrderOwner::Waiting | OrderOwner::Erased { .. }) | None => Ok(None),
    }
}
