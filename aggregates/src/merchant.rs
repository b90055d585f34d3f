//! A shop that uses the platform: how it is recognised and what it may do.

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
    }
}

/// A shared secret by which a shop signs, never in clear outside memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookSecret {
    pub secret: String,
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

/// A key by its hash: SHA-256 of a random secret of 256 bits, which needs no salt and no stretching.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    pub hash: [u8; 32],
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
}

#[derive(Debug, Clone, Default)]
pub struct Merchant {
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
    pub fn accepts_key(&self, hash: &[u8; 32]) -> bool {
        self.fenced_at.is_none() && self.api_keys.iter().any(|key| key.hash == *hash)
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
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn told(merchant: &mut Merchant, command: MerchantCommand) -> Result<usize, MerchantRefusal> {
        let events = merchant.decide(&command)?;
        events.iter().for_each(|event| merchant.apply(event, &Recorded { position: 1, at: Timestamp(0) }));
        Ok(events.len())
    }

    #[test]
    fn a_forgotten_shop_is_let_in_no_more_and_nothing_happens_to_it() {
        let key = ApiKey { hash: [7; 32], at: Timestamp(0) };
        let created = MerchantCreated { shop: Sealed::from_ciphertext(*b"a shop"), webhook_secrets: Vec::new() };
        let create = MerchantCommand::Create { created, api_key: key };
        let request = GdprRequestId(Uuid::from_u128(1));
        let fence = MerchantCommand::Fence(MerchantFenced { request, at: Timestamp(5) });
        let erase = MerchantCommand::Erase(MerchantErased { request, deletion: 1, at: Timestamp(6) });
        let mut merchant = Merchant::default();
        assert_eq!(told(&mut merchant, fence.clone()), Err(MerchantRefusal::Unknown));
        told(&mut merchant, create.clone()).unwrap();
        assert!(merchant.accepts_key(&[7; 32]));
        assert_eq!(told(&mut merchant, erase.clone()), Err(MerchantRefusal::NotFenced));
        assert_eq!(told(&mut merchant, fence.clone()), Ok(1));
        assert!(!merchant.accepts_key(&[7; 32]));
        assert_eq!(told(&mut merchant, erase.clone()), Ok(1));
        assert_eq!((told(&mut merchant, fence), told(&mut merchant, erase)), (Ok(0), Ok(0)), "once");
        assert_eq!(told(&mut merchant, MerchantCommand::Uninstall { at: Timestamp(7) }), Err(MerchantRefusal::Erased));
        assert_eq!(told(&mut merchant, MerchantCommand::SetClock { ahead_micros: 9 }), Err(MerchantRefusal::Erased));
        assert_eq!(told(&mut merchant, create), Err(MerchantRefusal::Exists));
    }

    fn sealed(token: &str) -> Sealed<AdminToken> {
        Sealed::from_ciphertext(token.as_bytes().to_vec())
    }

    #[test]
    fn a_pair_of_tokens_counts_only_in_the_place_of_the_one_it_was_given_out_for() {
        let life = |seconds: i64| TokenLife { expires_at: Timestamp(0).plus_seconds(seconds), renewable_until: None };
        let mut merchant = Merchant::default();
        let created = MerchantCreated { shop: Sealed::from_ciphertext(*b"a shop"), webhook_secrets: Vec::new() };
        let api_key = ApiKey { hash: [7; 32], at: Timestamp(0) };
        told(&mut merchant, MerchantCommand::Create { created, api_key }).unwrap();
        let at_position = |merchant: &mut Merchant, position, command: MerchantCommand| {
            let events = merchant.decide(&command).unwrap();
            let recorded = Recorded { position, at: Timestamp(0) };
            events.iter().for_each(|event| merchant.apply(event, &recorded));
            events.len()
        };
        let connect = |token: &str| {
            let (token, life) = (sealed(token), Some(life(3_600)));
            MerchantCommand::ConnectShop(ShopConnected { token, life, at: Timestamp(0) })
        };
        let renew = |of, token: &str| {
            let renewed = ShopTokenRenewed { token: sealed(token), life: life(7_200), at: Timestamp(1) };
            MerchantCommand::RenewShopToken { of, renewed }
        };
        assert_eq!(at_position(&mut merchant, 4, renew(3, "of nothing")), 0);
        assert_eq!(at_position(&mut merchant, 5, connect("first")), 1);
        let shop = |merchant: &Merchant| merchant.shop.clone().unwrap();
        let ends = Timestamp(0).plus_seconds(3_600);
        assert!(!shop(&merchant).is_ending(Timestamp(0)) && shop(&merchant).is_ending(ends.plus_seconds(-60)));
        assert_eq!(at_position(&mut merchant, 6, renew(5, "second")), 1);
        assert_eq!(at_position(&mut merchant, 7, renew(5, "late")), 0, "another worker was faster");
        assert_eq!((shop(&merchant).token, shop(&merchant).issued_by), (sealed("second"), 6));
        assert!(!shop(&merchant).is_ending(ends));

        let refused = |of| MerchantCommand::NeedReconnection { of, at: Timestamp(9) };
        assert_eq!(at_position(&mut merchant, 8, refused(5)), 0, "of the one before");
        assert_eq!(at_position(&mut merchant, 8, refused(6)), 1);
        assert_eq!(at_position(&mut merchant, 9, refused(6)), 0, "once");
        assert_eq!(shop(&merchant).needs_reconnection, Some(Timestamp(9)));
        at_position(&mut merchant, 10, connect("anew"));
        assert_eq!(shop(&merchant).needs_reconnection, None);
        at_position(&mut merchant, 11, MerchantCommand::DisconnectShop { at: Timestamp(10) });
        assert_eq!(at_position(&mut merchant, 12, renew(10, "after the end")), 0);
    }
}
