//! Whoever is at this command line, as the log knows them.

use aggregates::id::MerchantId;
use gateway::{Gateway, clock::new_id, commands::Request};
use journal::Actor;
use nix::unistd::{User, getuid};

/// On whose behalf commands are carried out. Who it was is said nowhere in the clear.
pub fn actor() -> Actor {
    Actor::Operator("cli".to_owned())
}

/// The name of their account, or its number. Personal: to be sealed.
pub fn name() -> String {
    let id = getuid();
    User::from_uid(id).ok().flatten().map_or_else(|| id.to_string(), |user| user.name)
}

/// A request about a merchant, at this moment of the merchant's clock.
pub async fn request_for(gateway: &Gateway, merchant: MerchantId) -> anyhow::Result<Request> {
    Ok(Request {
        merchant,
        now: gateway.now_of(merchant).await?,
        actor: actor(),
        correlation: new_id(),
        traceparent: None,
    })
}
