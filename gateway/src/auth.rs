//! Who is asking: API keys of merchants.
//!
//! A key is `ln_{merchant}_{secret}`: it names its merchant, so that one look at that merchant's state decides. Only its
//! hash is stored; the secret has 256 random bits, which need neither salt nor stretching.

use std::sync::Arc;

use aggregates::id::MerchantId;
use aws_lc_rs::{
    digest::{SHA256, digest},
    rand::fill,
};
use axum::{
    extract::FromRequestParts,
    http::{header::AUTHORIZATION, request::Parts},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use journal::Actor;
use uuid::Uuid;

use crate::{
    clock::new_id,
    commands::Request,
    gateway::{Gateway, MerchantLease},
    problem::{Code, Problem},
    telemetry,
};

const PREFIX: &str = "ln_";
const SECRET_BYTES: usize = 32;

/// A key that was just made: shown once.
pub struct IssuedKey {
    pub text: String,
    pub hash: [u8; 32],
}

/// No randomness was to be had.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the system gave no randomness")]
pub struct NoRandomness;

pub fn issue_key(merchant: MerchantId) -> Result<IssuedKey, NoRandomness> {
    let mut secret = [0; SECRET_BYTES];
    fill(&mut secret).map_err(|_| NoRandomness)?;
    let text = format!("{PREFIX}{}_{}", merchant.0.simple(), URL_SAFE_NO_PAD.encode(secret));
    Ok(IssuedKey { hash: hash(&text), text })
}

fn hash(key: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, key.as_bytes()).as_ref());
    hash
}

fn merchant_of(key: &str) -> Option<MerchantId> {
    let (merchant, _) = key.strip_prefix(PREFIX)?.split_once('_')?;
    Uuid::try_parse(merchant).ok().map(MerchantId)
}

/// The id under which a request is answered, logged and put on record.
#[derive(Debug, Clone, Copy)]
pub struct RequestId(pub Uuid);

/// A caller who has shown a merchant's key.
pub struct Caller {
    pub request: Request,
    pub lease: Arc<MerchantLease>,
}

impl Caller {
    pub fn merchant(&self) -> MerchantId {
        self.request.merchant
    }
}

impl FromRequestParts<Gateway> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Problem> {
        let bearer = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let key = bearer.and_then(|value| value.split_once(' '));
        let key = key.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, key)| key.trim());
        let key = key.ok_or_else(|| Problem::of(Code::Unauthorized))?;
        let merchant = merchant_of(key).ok_or_else(|| Problem::of(Code::Unauthorized))?;
        let hash = hash(key);
        let mut lease = gateway.merchant(merchant).await?;
        if !lease.merchant.accepts_key(&hash) {
            lease = Box::pin(gateway.renew_merchant(merchant)).await?;
        }
        if !lease.merchant.accepts_key(&hash) {
            return Err(Problem::of(Code::Unauthorized));
        }
        let request = Request {
            merchant,
            now: lease.merchant.now(gateway.clock.now()),
            actor: Actor::ApiKey { id: short_id(&hash) },
            correlation: parts.extensions.get::<RequestId>().map_or_else(new_id, |id| id.0),
            traceparent: telemetry::traceparent(),
        };
        Ok(Caller { request, lease })
    }
}

/// Tells keys of one merchant apart in the log, without telling the key.
fn short_id(hash: &[u8; 32]) -> u64 {
    let mut first = [0; 8];
    first.copy_from_slice(&hash[..8]);
    u64::from_be_bytes(first)
}
