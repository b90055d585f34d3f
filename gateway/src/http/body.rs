//! Reading requests so that whatever is wrong with them is answered as a problem, never in the framework's own words.

mod misfit;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, request::Parts},
};
use serde::de::DeserializeOwned;

use crate::{
    nul,
    problem::{Code, Problem},
};

/// Longest idempotency key, in bytes.
const IDEMPOTENCY_KEY_MAX: usize = 255;

/// A body as it came in.
pub struct RawBody(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for RawBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        Bytes::from_request(request, state).await.map(RawBody).map_err(|rejection| match rejection.status() {
            axum::http::StatusCode::PAYLOAD_TOO_LARGE => Problem::of(Code::PayloadTooLarge),
            _ => Problem::of(Code::MalformedRequest),
        })
    }
}

/// A JSON body, with the bytes it came in.
pub struct JsonBody<T> {
    pub value: T,
    pub raw: Bytes,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let RawBody(raw) = RawBody::from_request(request, state).await?;
        if raw.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
            // The reader of documents would take an array for a document without names.
            return Err(Problem::saying(Code::Invalid, "the document is an object, not an array"));
        }
        let value = misfit::read(&raw)?;
        Ok(JsonBody { value, raw })
    }
}

/// Ids in a path. Whatever cannot be read there names nothing.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        if nul::is_in_url(parts.uri.path()) {
            return Err(Problem::of(Code::NotFound));
        }
        axum::extract::Path::<T>::from_request_parts(parts, state)
            .await
            .map(|path| Path(path.0))
            .map_err(|_| Problem::of(Code::NotFound))
    }
}

/// Query parameters.
pub struct Params<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        misfit::read_query(parts.uri.query().unwrap_or_default()).map(Params)
    }
}

/// The client's key against repetition; required where points move. Quoted and bare forms are the same key.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<String, Problem> {
    let missing = || Problem::of(Code::MissingIdempotencyKey);
    let key = headers.get("idempotency-key").and_then(|value| value.to_str().ok()).ok_or_else(missing)?;
    let key = key.trim().trim_matches('"');
    if key.is_empty() {
        return Err(missing());
    }
    if key.len() > IDEMPOTENCY_KEY_MAX {
        return Err(Problem::saying(Code::Invalid, "Idempotency-Key has more than 255 bytes"));
    }
    Ok(key.to_owned())
}
