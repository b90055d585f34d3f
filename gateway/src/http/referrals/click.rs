//! `GET /r/{code}`: a shopper follows a link, also one of another programme, and is sent on to the shop with the code. It says nothing about whose link it
//! is, and keeps nothing about who followed it.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::{
    gateway::Gateway,
    http::body::Path,
    problem::{Code, Problem},
};

/// Words that lead nowhere are not found; what they would have led to, nobody is told.
pub async fn follow(State(gateway): State<Gateway>, Path(code): Path<String>) -> Result<Response, Problem> {
    let target = gateway.follow(&code).await?.ok_or_else(|| Problem::of(Code::NotFound))?;
    let target = HeaderValue::from_str(&target).map_err(|_| Problem::of(Code::Internal))?;
    let mut headers = HeaderMap::new();
    headers.insert(header::LOCATION, target);
    // Every click is to come here, and the shop need not learn where from.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok((StatusCode::FOUND, headers).into_response())
}
