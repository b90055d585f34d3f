//! How the shop's own API is reached: with a token that lives for ever, or with one that lives for an hour and is renewed.

use serde::{Deserialize, Serialize};

use super::{MerchantEvent, MerchantRefusal};
use crate::{sealed::Sealed, time::Timestamp};

/// How long before its end a token is renewed, in seconds: no call that begins with it outlives it.
const RENEWED_AHEAD_SECONDS: i64 = 300;

/// What the shop's Admin API is used with, never in clear outside memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdminToken {
    pub token: String,
    /// Of a token that expires.
    pub renewal: Option<Renewal>,
}

/// With what a shop gives another token out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renewal {
    /// Of the app, as the platform knows it.
    pub client_id: String,
    pub client_secret: String,
    /// Used up by a renewal, which gives another one.
    pub refresh_token: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShopConnected {
    pub token: Sealed<AdminToken>,
    /// None for a token that lives until it is revoked.
    pub life: Option<TokenLife>,
    pub at: Timestamp,
}

/// How long a pair of tokens lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenLife {
    pub expires_at: Timestamp,
    /// Up to when it can be renewed; not known of every shop.
    pub renewable_until: Option<Timestamp>,
}

/// Another pair of tokens. Recorded before it is used: who dies in between still has the pair before, which a shop takes until
/// the new one is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShopTokenRenewed {
    pub token: Sealed<AdminToken>,
    pub life: TokenLife,
    pub at: Timestamp,
}

/// The shop gives out no other token: somebody has to connect it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShopReconnectionNeeded {
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShopDisconnected {
    pub at: Timestamp,
}

/// A shop whose API may be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectedShop {
    pub connected_at: Timestamp,
    pub token: Sealed<AdminToken>,
    pub life: Option<TokenLife>,
    /// When the token was given to us.
    pub issued_at: Timestamp,
    /// Position of the commit that brought the token: which of all tokens it is.
    pub issued_by: u64,
    /// Since when nothing opens the shop any more.
    pub needs_reconnection: Option<Timestamp>,
}

impl ConnectedShop {
    pub(super) fn connected(event: &ShopConnected, position: u64) -> Self {
        ConnectedShop {
            connected_at: event.at,
            token: event.token.clone(),
            life: event.life,
            issued_at: event.at,
            issued_by: position,
            needs_reconnection: None,
        }
    }

    pub(super) fn renew(&mut self, event: &ShopTokenRenewed, position: u64) {
        self.token = event.token.clone();
        (self.life, self.issued_at, self.issued_by) = (Some(event.life), event.at, position);
        self.needs_reconnection = None;
    }

    /// Whether the token is about to end.
    pub fn is_ending(&self, now: Timestamp) -> bool {
        self.life.is_some_and(|life| life.expires_at <= now.plus_seconds(RENEWED_AHEAD_SECONDS))
    }

    /// Another pair counts only in the place of the one it was given out for: somebody may have connected the shop anew.
    pub(super) fn renewed(&self, of: u64, renewed: &ShopTokenRenewed) -> Vec<MerchantEvent> {
        match self.issued_by == of {
            true => vec![MerchantEvent::ShopTokenRenewed(renewed.clone())],
            false => Vec::new(),
        }
    }

    /// Said once of a token.
    pub(super) fn refused(&self, of: u64, at: Timestamp) -> Vec<MerchantEvent> {
        match self.issued_by == of && self.needs_reconnection.is_none() {
            true => vec![MerchantEvent::ShopReconnectionNeeded(ShopReconnectionNeeded { at })],
            false => Vec::new(),
        }
    }
}

/// What is decided about the tokens of a shop that is not connected any more: nothing.
pub(super) fn of_connected(
    shop: Option<&ConnectedShop>,
    decide: impl FnOnce(&ConnectedShop) -> Vec<MerchantEvent>,
) -> Result<Vec<MerchantEvent>, MerchantRefusal> {
    Ok(shop.map(decide).unwrap_or_default())
}
