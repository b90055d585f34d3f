//! A shop that uses the platform: how it is recognised and what it may do.

mod api_key;
mod scope;
mod shop;

use std::cmp::Ordering;

pub use shop::{
    AdminToken, ConnectedShop, Renewal, ShopConnected, ShopDisconnected, ShopReconnectionNeeded, ShopTokenRenewed,
    TokenLife,
};

use serde::{Deserialize, Serialize};

use crate::{
    Aggregate, Context,
    event::{Recorded, events},
    id::GdprRequestId,
    sealed::Sealed,
    time::Timestamp,
};

pub use api_key::{API_KEYS_MAX, ApiKey, ApiKeyId, ApiKeyRevoked, KeyName, NotAnApiKeyId};
pub use scope::{Scope, Scopes};

events! {
    /// What happened to a merchant.
    MerchantEvent {
        Created(MerchantCreated) = "merchant.created" v 1;
        ApiKeyIssued(ApiKey) = "merchant.api_key_issued" v 1;
        /// The shop removed the app: its webhooks end, its data stays until the shop's redact.
        Uninstalled(Uninstalled) = "merchant.uninstalled" v 1;
        /// The merchant's own clock was moved forward; only where the installation allows test clocks.
        ClockAdvanced(ClockAdvanced) = "merchant.clock_advanced" v 1;
        /// About to be forgotten: no key and no signature is accepted any more.
        Fenced(MerchantFenced) = "merchant.fenced" v 1;
        /// Forgotten: nothing that was sealed for this shop opens any more.
        Erased(MerchantErased) = "merchant.erased" v 1;
        /// The shop's Admin API may be used from now on, with this token.
        ShopConnected(ShopConnected) = "merchant.shop_connected" v 1;
        ShopDisconnected(ShopDisconnected) = "merchant.shop_disconnected" v 1;
        ShopTokenRenewed(ShopTokenRenewed) = "merchant.shop_token_renewed" v 1;
        /// No other token is given out: nothing is made in the shop until it is connected again.
        ShopReconnectionNeeded(ShopReconnectionNeeded) = "merchant.shop_reconnection_needed" v 1;
        /// Whoever has the key is let in no more.
        ApiKeyRevoked(ApiKeyRevoked) = "merchant.api_key_revoked" v 1;
        /// An operator takes everybody's keys to another installation, in a file that only its recipient opens.
        KeysExported(KeysExported) = "merchant.keys_exported" v 1;
        /// The shop signs with other secrets from now on.
        WebhookSecretsReplaced(WebhookSecretsReplaced) = "merchant.webhook_secrets_replaced" v 1;
    }
}

/// A shared secret by which a shop signs, never in clear outside memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookSecret {
    pub secret: String,
}

/// Secrets that a shop may sign with at the same time: the new one, and the one before.
pub const WEBHOOK_SECRETS_MAX: usize = 2;
/// Longest secret, in bytes.
const SECRET_BYTES_MAX: usize = 256;

/// A text that nobody can sign with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a webhook secret has 1 to {SECRET_BYTES_MAX} bytes, and neither begins nor ends with a blank")]
pub struct NotASecret;

impl WebhookSecret {
    /// # Errors
    /// [`NotASecret`]: a blank at an end came with copying, and nothing would ever be signed with it.
    pub fn parse(secret: &str) -> Result<Self, NotASecret> {
        let fits = !secret.is_empty() && secret.len() <= SECRET_BYTES_MAX && secret.trim() == secret;
        fits.then(|| WebhookSecret { secret: secret.to_owned() }).ok_or(NotASecret)
    }
}

/// In the place of those that were accepted before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookSecretsReplaced {
    pub webhook_secrets: Vec<Sealed<WebhookSecret>>,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MerchantCreated {
    pub shop: Sealed<ShopDomain>,
    /// Accepted in turn: two while a shop rotates its secret.
    pub webhook_secrets: Vec<Sealed<WebhookSecret>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShopDomain {
    pub domain: String,
}

/// Where the keys of this merchant and of all its people go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeysExported {
    /// SHA-256 of the public key that they are closed under, in hex digits.
    pub recipient: String,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uninstalled {
    pub at: Timestamp,
}

/// The merchant's time is real time plus this much from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockAdvanced {
    pub ahead_micros: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MerchantFenced {
    pub request: GdprRequestId,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MerchantErased {
    pub request: GdprRequestId,
    /// The entry of the deletion journal by which the keys were destroyed.
    pub deletion: u64,
    pub at: Timestamp,
}

#[derive(Debug, Clone)]
pub enum MerchantCommand {
    Create {
        created: MerchantCreated,
        api_key: ApiKey,
    },
    Uninstall {
        at: Timestamp,
    },
    /// The clock is to be this far ahead of real time; not less than it is.
    SetClock {
        ahead_micros: i64,
    },
    /// The clock is to go further by this much, from wherever it is.
    AdvanceClock {
        by_micros: i64,
    },
    Fence(MerchantFenced),
    Erase(MerchantErased),
    /// With another token than before, or the first time.
    ConnectShop(ShopConnected),
    DisconnectShop {
        at: Timestamp,
    },
    /// In the place of the token that came with the commit at `of`; nothing for any other.
    RenewShopToken {
        of: u64,
        renewed: ShopTokenRenewed,
    },
    /// The shop gives none in the place of that token.
    NeedReconnection {
        of: u64,
        at: Timestamp,
    },
    IssueApiKey(ApiKey),
    RevokeApiKey(ApiKeyRevoked),
    ExportKeys(KeysExported),
    ReplaceWebhookSecrets(WebhookSecretsReplaced),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MerchantRefusal {
    #[error("the merchant exists")]
    Exists,
    #[error("no such merchant")]
    Unknown,
    #[error("a test clock only moves forward")]
    ClockBackward,
    #[error("the merchant was erased")]
    Erased,
    /// Erasing begins with a fence.
    #[error("the merchant is not fenced")]
    NotFenced,
    #[error("the merchant has {API_KEYS_MAX} API keys already")]
    TooManyApiKeys,
    #[error("the merchant has no such API key")]
    UnknownApiKey,
    #[error("a shop signs with one secret, or with two while it changes them")]
    NumberOfSecrets,
}

#[derive(Debug, Clone, Default)]
pub struct Merchant {
    /// With the secrets that are accepted now.
    pub created: Option<MerchantCreated>,
    pub api_keys: Vec<ApiKey>,
    pub uninstalled_at: Option<Timestamp>,
    /// How far the merchant's clock is ahead of real time; zero outside tests.
    pub ahead_micros: i64,
    pub fenced_at: Option<Timestamp>,
    pub erased_at: Option<Timestamp>,
    /// How the shop's Admin API is reached; none where the merchant has not allowed it.
    pub shop: Option<ConnectedShop>,
}

impl Merchant {
    /// The key of this hash, as long as it opens anything.
    pub fn key(&self, hash: &[u8; 32]) -> Option<&ApiKey> {
        self.api_keys.iter().find(|key| key.hash == *hash).filter(|_| self.fenced_at.is_none())
    }

    fn issue(&self, key: &ApiKey) -> Result<Vec<MerchantEvent>, MerchantRefusal> {
        if self.api_keys.len() >= API_KEYS_MAX {
            return Err(MerchantRefusal::TooManyApiKeys);
        }
        Ok(vec![MerchantEvent::ApiKeyIssued(key.clone())])
    }

    fn revoke(&self, revoked: &ApiKeyRevoked) -> Result<Vec<MerchantEvent>, MerchantRefusal> {
        match self.api_keys.iter().any(|key| key.id() == revoked.key) {
            true => Ok(vec![MerchantEvent::ApiKeyRevoked(revoked.clone())]),
            false => Err(MerchantRefusal::UnknownApiKey),
        }
    }

    fn replace_secrets(replaced: &WebhookSecretsReplaced) -> Result<Vec<MerchantEvent>, MerchantRefusal> {
        match (1..=WEBHOOK_SECRETS_MAX).contains(&replaced.webhook_secrets.len()) {
            true => Ok(vec![MerchantEvent::WebhookSecretsReplaced(replaced.clone())]),
            false => Err(MerchantRefusal::NumberOfSecrets),
        }
    }

    fn set_clock(&self, ahead_micros: i64) -> Result<Vec<MerchantEvent>, MerchantRefusal> {
        match ahead_micros.cmp(&self.ahead_micros) {
            Ordering::Less => Err(MerchantRefusal::ClockBackward),
            Ordering::Equal => Ok(Vec::new()),
            Ordering::Greater => Ok(vec![MerchantEvent::ClockAdvanced(ClockAdvanced { ahead_micros })]),
        }
    }

    /// The merchant's time, given real time.
    pub fn now(&self, real: Timestamp) -> Timestamp {
        Timestamp(real.0.saturating_add(self.ahead_micros))
    }
}

impl Aggregate for Merchant {
    const CONTEXT: Context = Context::Merchant;
    type Event = MerchantEvent;
    type Command = MerchantCommand;
    type Refusal = MerchantRefusal;

    fn decide(&self, command: &MerchantCommand) -> Result<Vec<MerchantEvent>, MerchantRefusal> {
        match (command, &self.created) {
            (MerchantCommand::Create { created, api_key }, None) => {
                Ok(vec![MerchantEvent::Created(created.clone()), MerchantEvent::ApiKeyIssued(api_key.clone())])
            }
            (MerchantCommand::Create { .. }, Some(_)) => Err(MerchantRefusal::Exists),
            (_, None) => Err(MerchantRefusal::Unknown),
            (MerchantCommand::Fence(_), Some(_)) if self.fenced_at.is_some() => Ok(Vec::new()),
            (MerchantCommand::Fence(fenced), Some(_)) => Ok(vec![MerchantEvent::Fenced(fenced.clone())]),
            (MerchantCommand::Erase(_), Some(_)) if self.erased_at.is_some() => Ok(Vec::new()),
            (MerchantCommand::Erase(_), Some(_)) if self.fenced_at.is_none() => Err(MerchantRefusal::NotFenced),
            (MerchantCommand::Erase(erased), Some(_)) => Ok(vec![MerchantEvent::Erased(erased.clone())]),
            _ if self.fenced_at.is_some() => Err(MerchantRefusal::Erased),
            (MerchantCommand::Uninstall { .. }, Some(_)) if self.uninstalled_at.is_some() => Ok(Vec::new()),
            (MerchantCommand::Uninstall { at }, Some(_)) => {
                Ok(vec![MerchantEvent::Uninstalled(Uninstalled { at: *at })])
            }
            (MerchantCommand::ConnectShop(connected), Some(_)) => {
                Ok(vec![MerchantEvent::ShopConnected(connected.clone())])
            }
            (MerchantCommand::DisconnectShop { .. }, Some(_)) if self.shop.is_none() => Ok(Vec::new()),
            (MerchantCommand::DisconnectShop { at }, Some(_)) => {
                Ok(vec![MerchantEvent::ShopDisconnected(ShopDisconnected { at: *at })])
            }
            (MerchantCommand::RenewShopToken { of, renewed }, Some(_)) => {
                shop::of_connected(self.shop.as_ref(), |shop| shop.renewed(*of, renewed))
            }
            (MerchantCommand::NeedReconnection { of, at }, Some(_)) => {
                shop::of_connected(self.shop.as_ref(), |shop| shop.refused(*of, *at))
            }
            (MerchantCommand::IssueApiKey(key), Some(_)) => self.issue(key),
            (MerchantCommand::RevokeApiKey(revoked), Some(_)) => self.revoke(revoked),
            (MerchantCommand::ExportKeys(exported), Some(_)) => Ok(vec![MerchantEvent::KeysExported(exported.clone())]),
            (MerchantCommand::ReplaceWebhookSecrets(replaced), Some(_)) => Self::replace_secrets(replaced),
            (MerchantCommand::SetClock { ahead_micros }, Some(_)) => self.set_clock(*ahead_micros),
            (MerchantCommand::AdvanceClock { by_micros }, Some(_)) => {
                self.set_clock(self.ahead_micros.saturating_add(*by_micros))
            }
        }
    }

    fn apply(&mut self, event: &MerchantEvent, recorded: &Recorded) {
        match event {
            MerchantEvent::Created(created) => self.created = Some(created.clone()),
            MerchantEvent::ApiKeyIssued(key) => self.api_keys.push(key.clone()),
            MerchantEvent::Uninstalled(event) => self.uninstalled_at = Some(event.at),
            MerchantEvent::ClockAdvanced(event) => self.ahead_micros = event.ahead_micros,
            MerchantEvent::Fenced(event) => self.fenced_at = Some(event.at),
            MerchantEvent::Erased(event) => self.erased_at = Some(event.at),
            MerchantEvent::ShopConnected(event) => {
                self.shop = Some(ConnectedShop::connected(event, recorded.position));
            }
            MerchantEvent::ShopDisconnected(_) => self.shop = None,
            MerchantEvent::ShopTokenRenewed(event) => {
                if let Some(shop) = &mut self.shop {
                    shop.renew(event, recorded.position);
                }
            }
            MerchantEvent::ShopReconnectionNeeded(event) => {
                if let Some(shop) = &mut self.shop {
                    shop.needs_reconnection = Some(event.at);
                }
            }
            MerchantEvent::ApiKeyRevoked(revoked) => self.api_keys.retain(|key| key.id() != revoked.key),
            MerchantEvent::KeysExported(_) => {}
            MerchantEvent::WebhookSecretsReplaced(replaced) => {
                if let Some(created) = &mut self.created {
                    created.webhook_secrets.clone_from(&replaced.webhook_secrets);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
