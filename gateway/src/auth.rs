//! Who is asking, and what they may ask: API keys of merchants, each with its scopes.
//!
//! A key is `ln_{merchant}_{secret}`: it names its merchant, so that one look at that merchant's state decides. Only its
//! hash is stored; the secret has 256 random bits, which need neither salt nor stretching. Which scope a route needs is said
//! in [`crate::scopes`], and asked for here, so that no handler can forget to.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use aggregates::{
    id::{CustomerId, MerchantId},
    merchant::{ApiKeyId, Scope, Scopes},
};
use aws_lc_rs::{
    digest::{SHA256, digest},
    rand::fill,
};
use axum::{
    extract::{FromRequestParts, MatchedPath},
    http::{header::AUTHORIZATION, request::Parts},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use journal::Actor;
use projections::progress::AsOf;
use uuid::Uuid;
use vault::{PersonKeys, VaultError};

use crate::{
    clock::new_id,
    commands::{CommandError, Request},
    gateway::{Gateway, MerchantLease},
    problem::{Code, Problem},
    scopes, telemetry,
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

/// What is said beside the document of an answer, in its headers.
#[derive(Debug, Clone, Default)]
pub struct Aside(Arc<Noted>);

#[derive(Debug, Default)]
struct Noted {
    withheld: AtomicBool,
    as_of: Mutex<Option<AsOf>>,
}

impl Aside {
    /// Whether something was kept from the caller that another key would have been shown.
    pub fn was_withheld(&self) -> bool {
        self.0.withheld.load(Ordering::Relaxed)
    }

    /// Of which moment the answer speaks, where it was read from read models; of several, the one that is furthest behind.
    pub fn as_of(&self) -> Option<AsOf> {
        *self.0.as_of.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A caller who has shown a merchant's key that has the scope of the route.
pub struct Caller {
    pub request: Request,
    pub lease: Arc<MerchantLease>,
    pub scopes: Scopes,
    aside: Aside,
}

impl Caller {
    pub fn merchant(&self) -> MerchantId {
        self.request.merchant
    }

    /// Whether anything that is sealed may be opened for this caller. Where not, the answer says that something was withheld.
    pub fn reads_personal_data(&self) -> bool {
        let reads = self.scopes.contain(Scope::PersonalData);
        if !reads {
            self.aside.0.withheld.store(true, Ordering::Relaxed);
        }
        reads
    }

    /// What the answer is read from stands here.
    pub(crate) fn reads_as_of(&self, as_of: AsOf) {
        let mut noted = self.aside.0.as_of.lock().unwrap_or_else(PoisonError::into_inner);
        *noted = Some(noted.map_or(as_of, |noted| if noted.position <= as_of.position { noted } else { as_of }));
    }
}

impl Gateway {
    /// A person's keys, to open for this caller what is sealed under them; none once they are gone, and none for a caller
    /// without the scope. The one way in which the doors open anything about a person.
    pub(crate) async fn keys_for(
        &self,
        caller: &Caller,
        person: CustomerId,
    ) -> Result<Option<Arc<PersonKeys>>, Problem> {
        if !caller.reads_personal_data() {
            return Ok(None);
        }
        match self.vault.person(caller.merchant(), person).await {
            Ok(keys) => Ok(Some(keys)),
            Err(VaultError::Destroyed { .. }) => Ok(None),
            Err(error) => Err(CommandError::from(error).into()),
        }
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
        if lease.merchant.key(&hash).is_none() {
            lease = Box::pin(gateway.renew_merchant(merchant)).await?;
        }
        let scopes = lease.merchant.key(&hash).map(|key| key.scopes.clone());
        let scopes = scopes.ok_or_else(|| Problem::of(Code::Unauthorized))?;
        opens(&scopes, parts)?;
        let request = Request {
            merchant,
            now: lease.merchant.now(gateway.clock.now()),
            actor: Actor::ApiKey { id: ApiKeyId::of(&hash).0 },
            correlation: parts.extensions.get::<RequestId>().map_or_else(new_id, |id| id.0),
            traceparent: telemetry::traceparent(),
        };
        let aside = parts.extensions.get::<Aside>().cloned().unwrap_or_default();
        Ok(Caller { request, lease, scopes, aside })
    }
}

/// Whether these scopes open the door that was knocked at. A door of which nobody has said what it needs opens to the
/// merchant's own key alone.
fn opens(scopes: &Scopes, parts: &Parts) -> Result<(), Problem> {
    let path = parts.extensions.get::<MatchedPath>();
    match path.and_then(|path| scopes::needed(&parts.method, path.as_str())) {
        Some(needed) if scopes.contain(needed) => Ok(()),
        Some(needed) => Err(Problem::lacking(needed)),
        None if scopes.are_everything() => Ok(()),
        None => Err(Problem::of(Code::InsufficientScope)),
    }
}
