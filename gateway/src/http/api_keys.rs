//! `/v1/api_keys`: a merchant's keys and what each may be used for. A key's text is shown once, where it is made.

use aggregates::merchant::{ApiKey, Scope, Scopes};
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Page,
    body::{JsonBody, Path},
};
use crate::{
    auth::Caller,
    gateway::Gateway,
    problem::{Code, Problem},
};

/// Characters of a key's name.
pub const NAME_MAX: usize = 60;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub struct ApiKeyDocument {
    /// The audit log names whoever used the key by the digits of this.
    pub id: String,
    /// `null` for the key that came with the merchant.
    pub name: Option<String>,
    /// `read`, `personal_data`, `write`, `settings`, `privacy`, `audit`, `operations` and `keys`, as far as it has them.
    pub scopes: Vec<&'static str>,
    /// It may be used for everything, also for what later versions add.
    pub everything: bool,
    pub created_at: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApiKey {
    /// What you call it, such as who uses it: from 1 to 60 characters. Kept sealed.
    pub name: String,
    /// What it may be used for: only what the key that asks has itself.
    pub scopes: Vec<String>,
}

/// A key that was just made.
#[derive(Debug, Serialize, ToSchema)]
pub struct MadeApiKey {
    pub id: String,
    pub name: String,
    pub scopes: Vec<&'static str>,
    pub created_at: String,
    /// The key itself, this once.
    pub key: String,
    pub position: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RevokedApiKey {
    pub id: String,
    pub revoked_at: String,
    pub position: u64,
}

fn words(scopes: &Scopes) -> Vec<&'static str> {
    scopes.each().map(Scope::as_str).collect()
}

fn document(key: &ApiKey, name: Option<String>) -> ApiKeyDocument {
    ApiKeyDocument {
        id: key.id().to_string(),
        name,
        scopes: words(&key.scopes),
        everything: key.scopes.are_everything(),
        created_at: key.at.to_rfc3339(),
    }
}

/// Keys that are in use, the oldest first; there are 100 at most.
#[utoipa::path(
    get, path = "/v1/api_keys", tag = "api_keys", operation_id = "list_api_keys", security(("api_key" = [])),
    responses((status = 200, body = Page<ApiKeyDocument>))
)]
pub async fn list(State(gateway): State<Gateway>, caller: Caller) -> Result<Json<Page<ApiKeyDocument>>, Problem> {
    let keys = gateway.api_keys(&caller.request).await?;
    let data = keys.into_iter().map(|listed| document(&listed.key, listed.name)).collect();
    Ok(Json(Page { data, has_more: false, next_cursor: None }))
}

/// Makes a key. Asked again, it makes another one.
#[utoipa::path(
    post, path = "/v1/api_keys", tag = "api_keys", operation_id = "create_api_key", security(("api_key" = [])),
    request_body = NewApiKey,
    responses((status = 201, body = MadeApiKey), (status = 422, body = crate::problem::ProblemDocument))
)]
pub async fn create(
    State(gateway): State<Gateway>,
    caller: Caller,
    JsonBody { value: new, .. }: JsonBody<NewApiKey>,
) -> Result<(StatusCode, Json<MadeApiKey>), Problem> {
    let name = new.name.trim();
    if name.is_empty() || name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
        return Err(Problem::at("/name", "must have from 1 to 60 characters, on one line"));
    }
    let scopes = scopes_of(&new.scopes)?;
    if !scopes.are_within(&caller.scopes) {
        return Err(Problem::saying(Code::InsufficientScope, "a key gives only the scopes that it has itself"));
    }
    let (issued, key, position) = gateway.issue_api_key(&caller.request, name, scopes).await?;
    let made = MadeApiKey {
        id: key.id().to_string(),
        name: name.to_owned(),
        scopes: words(&key.scopes),
        created_at: key.at.to_rfc3339(),
        key: issued.text,
        position,
    };
    Ok((StatusCode::CREATED, Json(made)))
}

fn scopes_of(words: &[String]) -> Result<Scopes, Problem> {
    let scope = |(index, word): (usize, &String)| {
        Scope::parse(word).ok_or_else(|| Problem::at(format!("/scopes/{index}"), "there is no such scope"))
    };
    let scopes = words.iter().enumerate().map(scope).collect::<Result<Vec<Scope>, Problem>>()?;
    Scopes::only(scopes).ok_or_else(|| Problem::at("/scopes", "name at least one"))
}

/// Revokes a key, for good. When this is answered, no gateway accepts it any more.
#[utoipa::path(
    delete, path = "/v1/api_keys/{id}", tag = "api_keys", operation_id = "revoke_api_key", security(("api_key" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = RevokedApiKey), (status = 404, body = crate::problem::ProblemDocument))
)]
pub async fn revoke(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<RevokedApiKey>, Problem> {
    let key = id.parse().map_err(|_| Problem::of(Code::NotFound))?;
    let position = gateway.revoke_api_key(&caller.request, key).await?;
    Ok(Json(RevokedApiKey { id, revoked_at: caller.request.now.to_rfc3339(), position }))
}
