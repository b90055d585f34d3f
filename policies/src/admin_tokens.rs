//! What opens a shop's own API, kept fresh. A token that is about to end is renewed before it is used: by one worker at a time,
//! and the new pair is on record, sealed, before anybody uses it. So whoever dies in between leaves a pair that still renews.
//!
//! | file | its idea |
//! |---|---|
//! | this one | a token that lives long enough, or why there is none |
//! | [`turn`] | whose turn it is to renew |
//! | [`keep`] | a shop in which nothing is made for weeks keeps its connection |
//!
//! Where the shop gives out no other token, that is on record too: the connection says `needs_reconnection`, and what is to be
//! made there waits for it.

mod keep;
mod turn;

use std::{sync::Arc, time::Duration};

use aggregates::{
    id::MerchantId,
    merchant::{
        AdminToken, ConnectedShop, Merchant, MerchantCommand, MerchantRefusal, Renewal, ShopDomain, ShopTokenRenewed,
        TokenLife,
    },
    time::Timestamp,
};
use journal::{Aggregates, CommandContext, ExecuteError, Subject, executor::LoadError};
use sqlx::PgPool;
use uuid::Uuid;
use vault::{SealError, Vault, VaultError};

use crate::{
    delivery::{ADMIN_TOKEN_TAG, SHOP_TAG},
    shopify_admin::{AdminError, RenewalError, ShopifyAdmin, TokenPair},
    tasks::{Outcome, TaskError, TaskQueue},
};

pub use keep::{KEEP, KeepToken};

/// How long what is to be made in a shop waits for somebody to connect it again, from when its token was refused.
const HELD_DAYS: u32 = 7;
/// Between two looks whether somebody has.
const HELD_LOOK: Duration = Duration::from_secs(10);
/// Between two looks at what another worker is renewing.
const RENEWAL_LOOK: Duration = Duration::from_millis(500);
/// A token younger than this is not renewed because the shop does not take it: another would be no better.
const TRUSTED_SECONDS: i64 = 60;

/// Why a shop cannot be called.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    #[error("the log does not answer")]
    LogUnavailable,
    #[error("others were always faster")]
    Contended,
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("vault: {0}")]
    Vault(#[from] VaultError),
    #[error("a secret does not open: {0}")]
    Sealed(#[from] SealError),
    #[error(transparent)]
    Task(#[from] TaskError),
    #[error(transparent)]
    Shop(#[from] AdminError),
    /// Another worker has the renewal in hand.
    #[error("the shop's token is being renewed")]
    Renewing,
    /// Somebody has to connect the shop again; `held` as long as it is waited for.
    #[error("the shop has to be connected again")]
    Reconnection { held: bool },
    /// Something that should be impossible.
    #[error("the log refused a commit: {0}")]
    Refused(String),
}

impl From<LoadError> for AccessError {
    fn from(_: LoadError) -> Self {
        AccessError::LogUnavailable
    }
}

impl From<ExecuteError<MerchantRefusal>> for AccessError {
    fn from(error: ExecuteError<MerchantRefusal>) -> Self {
        match error {
            ExecuteError::Contended => AccessError::Contended,
            ExecuteError::Unavailable | ExecuteError::Unknown => AccessError::LogUnavailable,
            other => AccessError::Refused(other.to_string()),
        }
    }
}

impl From<AccessError> for Outcome {
    /// What the queue does about it.
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Renewing => Outcome::Wait(RENEWAL_LOOK),
            AccessError::Reconnection { held: true } => Outcome::Hold(HELD_LOOK),
            AccessError::Shop(AdminError::Throttled { wait }) => Outcome::Wait(wait),
            error => Outcome::retry(error.to_string()),
        }
    }
}

/// What a shop is called with. In memory only.
pub struct Access {
    pub domain: String,
    pub token: String,
    issued_by: u64,
    issued_at: Timestamp,
    renewal: Option<Renewal>,
}

/// Everything that tokens are kept with.
pub struct Parts {
    pub merchants: Aggregates<Merchant>,
    pub vault: Vault,
    pub db: PgPool,
    pub tasks: TaskQueue,
    pub admin: ShopifyAdmin,
    pub new_id: fn() -> Uuid,
}

/// Keeps tokens. Cheap to clone.
#[derive(Clone)]
pub struct AdminTokens(Arc<Parts>);

impl AdminTokens {
    pub fn new(parts: Parts) -> Self {
        AdminTokens(Arc::new(parts))
    }

    /// What opens the shop for as long as a call takes; `None` where the merchant has not connected it.
    ///
    /// # Errors
    /// [`AccessError`]
    pub async fn access(&self, context: &CommandContext, merchant: MerchantId) -> Result<Option<Access>, AccessError> {
        let Some((shop, access)) = self.current(merchant).await? else { return Ok(None) };
        let now = context.recorded_at;
        if let Some(since) = shop.needs_reconnection {
            return Err(AccessError::Reconnection { held: now < since.plus_days(HELD_DAYS) });
        }
        if access.renewal.is_none() || !shop.is_ending(now) {
            return Ok(Some(access));
        }
        self.renew(context, merchant, &access).await?;
        Ok(self.current(merchant).await?.map(|(_, access)| access))
    }

    /// The shop does not take the token, although its time has not come. Gives whether there is another by now.
    ///
    /// # Errors
    /// [`AccessError`]
    pub async fn not_taken(
        &self,
        context: &CommandContext,
        merchant: MerchantId,
        access: &Access,
    ) -> Result<bool, AccessError> {
        let is_fresh = context.recorded_at < access.issued_at.plus_seconds(TRUSTED_SECONDS);
        if access.renewal.is_none() || is_fresh {
            return Ok(false);
        }
        self.renew(context, merchant, access).await?;
        Ok(true)
    }

    async fn current(&self, merchant: MerchantId) -> Result<Option<(ConnectedShop, Access)>, AccessError> {
        let state = self.0.merchants.load_confirmed(Subject::merchant(merchant)).await?;
        let (Some(created), Some(shop)) = (&state.state.created, &state.state.shop) else { return Ok(None) };
        let keys = self.0.vault.merchant(merchant).await?;
        let domain: ShopDomain = keys.open(SHOP_TAG, &created.shop)?;
        let token: AdminToken = keys.open(ADMIN_TOKEN_TAG, &shop.token)?;
        let access = Access {
            domain: domain.domain,
            token: token.token,
            issued_by: shop.issued_by,
            issued_at: shop.issued_at,
            renewal: token.renewal,
        };
        Ok(Some((shop.clone(), access)))
    }

    /// Has the shop give out another pair in the place of this one, unless somebody already has.
    async fn renew(&self, context: &CommandContext, merchant: MerchantId, access: &Access) -> Result<(), AccessError> {
        let holder = (self.0.new_id)();
        if !turn::take(&self.0.db, merchant, holder).await? {
            return Err(AccessError::Renewing);
        }
        let renewed = self.renew_in_turn(context, merchant, access.issued_by).await;
        if let Err(error) = turn::end(&self.0.db, merchant, holder).await {
            // It ends by itself.
            tracing::warn!(%merchant, %error, "the turn to renew a token was not ended");
        }
        renewed
    }

    async fn renew_in_turn(&self, context: &CommandContext, merchant: MerchantId, of: u64) -> Result<(), AccessError> {
        let Some((shop, access)) = self.current(merchant).await? else { return Ok(()) };
        let Some(renewal) = access.renewal.filter(|_| shop.issued_by == of) else { return Ok(()) };
        let (subject, now) = (Subject::merchant(merchant), context.recorded_at);
        let pair = match self.0.admin.renew(&access.domain, &renewal).await {
            Ok(pair) => pair,
            Err(RenewalError::Shop(error)) => return Err(count("failed", error.into())),
            Err(RenewalError::Refused(status)) => {
                tracing::warn!(%merchant, status, "the shop gives out no other token: it has to be connected again");
                let needed = MerchantCommand::NeedReconnection { of, at: now };
                self.0.merchants.execute(subject, context, &needed).await?;
                return Err(count("refused", AccessError::Reconnection { held: true }));
            }
        };
        let (token, life) = renewed_pair(pair, renewal, now);
        let token = self.0.vault.merchant(merchant).await?.seal(ADMIN_TOKEN_TAG, &token);
        let renewed = ShopTokenRenewed { token, life, at: now };
        self.0.merchants.execute(subject, context, &MerchantCommand::RenewShopToken { of, renewed }).await?;
        metrics::counter!("loyalty_shop_token_renewals_total", "outcome" => "renewed").increment(1);
        self.keep(context, merchant).await
    }
}

fn count(outcome: &'static str, error: AccessError) -> AccessError {
    metrics::counter!("loyalty_shop_token_renewals_total", "outcome" => outcome).increment(1);
    error
}

fn renewed_pair(pair: TokenPair, renewal: Renewal, now: Timestamp) -> (AdminToken, TokenLife) {
    let life = TokenLife {
        expires_at: now.plus_seconds(i64::from(pair.expires_in)),
        renewable_until: pair.refresh_token_expires_in.map(|seconds| now.plus_seconds(i64::from(seconds))),
    };
    let renewal = Renewal { refresh_token: pair.refresh_token, ..renewal };
    (AdminToken { token: pair.access_token, renewal: Some(renewal) }, life)
}
