//! API keys of a merchant: made with scopes, shown once, and revoked for good.

use aggregates::merchant::{ApiKey, ApiKeyId, ApiKeyRevoked, KeyName, MerchantCommand, Scopes};
use tokio::time::{Instant, sleep_until};

use super::{error::CommandError, request::Request};
use crate::{
    auth::{IssuedKey, issue_key},
    gateway::{Gateway, MERCHANT_LEASE},
};

/// What names of keys are bound to, besides the merchant's key.
pub const NAME_TAG: &str = "merchant.api_key_name";

/// A key as the merchant sees it: everything but what opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedKey {
    pub key: ApiKey,
    /// What the merchant calls it, opened.
    pub name: Option<String>,
}

impl Gateway {
    /// Makes a key for these scopes. Its text is never shown again. Gives the position, too.
    ///
    /// # Errors
    /// [`CommandError::TooManyApiKeys`], or that a server does not answer.
    pub async fn issue_api_key(
        &self,
        request: &Request,
        name: &str,
        scopes: Scopes,
    ) -> Result<(IssuedKey, ApiKey, u64), CommandError> {
        let keys = self.vault.merchant(request.merchant).await?;
        let issued = issue_key(request.merchant).map_err(|_| CommandError::Internal("no randomness".to_owned()))?;
        let name = Some(keys.seal(NAME_TAG, &KeyName { name: name.to_owned() }));
        let key = ApiKey { hash: issued.hash, at: request.now, name, scopes };
        let position = self.tell_merchant(request, MerchantCommand::IssueApiKey(key.clone())).await?;
        Ok((issued, key, position))
    }

    /// Keys that open anything now, the oldest first. Asks the log.
    ///
    /// # Errors
    /// That a server does not answer.
    pub async fn api_keys(&self, request: &Request) -> Result<Vec<ListedKey>, CommandError> {
        let lease = self.renew_merchant(request.merchant).await?;
        let keys = self.vault.merchant(request.merchant).await?;
        let listed = |key: &ApiKey| ListedKey {
            key: key.clone(),
            name: key.name.as_ref().and_then(|name| keys.open(NAME_TAG, name).ok()).map(|name| name.name),
        };
        Ok(lease.merchant.api_keys.iter().map(listed).collect())
    }

    /// Revokes a key. When this answers, no gateway lets it in: each asks the log anew before what it knows of a merchant is as
    /// old as its lease, so the length of one lease is waited for. What was being answered meanwhile is answered.
    ///
    /// # Errors
    /// [`CommandError::UnknownApiKey`] of one that is revoked already, or never was; that a server does not answer.
    pub async fn revoke_api_key(&self, request: &Request, key: ApiKeyId) -> Result<u64, CommandError> {
        let revoked = MerchantCommand::RevokeApiKey(ApiKeyRevoked { key, at: request.now });
        let position = self.tell_merchant(request, revoked).await?;
        sleep_until(Instant::now() + MERCHANT_LEASE).await;
        Ok(position)
    }
}
