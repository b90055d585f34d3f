//! A friend is named by an address that is nobody's yet. A keyed hash of it waits in the vault, for a bounded time; whoever
//! orders under that address has come through that link, from the moment at which they were named.

use aggregates::{
    id::{CustomerId, MerchantId},
    referral::{ReferralRefusal, Source},
};
use vault::{NamedFriend, Naming};

use super::{
    ReferralProblem,
    evidence::Traces,
    friend::{Arrival, FriendDone},
    link::code_of,
};
use crate::{
    commands::{CommandError, Request},
    gateway::Gateway,
};

/// Somebody who may come.
#[derive(Debug, Clone, Copy)]
pub struct Expected {
    pub advocate: CustomerId,
    pub named: NamedFriend,
    /// They were named before.
    pub repeated: bool,
}

impl Gateway {
    /// Remembers an address. Nothing of it is written to the log; nothing else that is known of its owner is kept.
    pub(super) async fn expect_friend(
        &self,
        request: &Request,
        email: &str,
        arrival: &Arrival<'_>,
    ) -> Result<Expected, CommandError> {
        let merchant = request.merchant;
        let (advocate, link) =
            self.link_with_code(merchant, arrival.code).await?.ok_or(ReferralProblem::UnknownLink)?;
        if !link.is_live(arrival.at) {
            return Err(ReferralProblem::LinkEnded.into());
        }
        let lease = self.merchant(merchant).await?;
        let version = lease.program.in_effect_at(arrival.at).ok_or_else(super::link::no_program)?;
        if !version.settings.referrals.enabled {
            return Err(ReferralProblem::Off.into());
        }
        match self.vault.name_friend(merchant, email, (link.link, arrival.at), request.now).await? {
            Naming::Named(named) => Ok(Expected { advocate, named, repeated: false }),
            Naming::Known(named) if named.link == link.link => Ok(Expected { advocate, named, repeated: true }),
            Naming::Known(_) => Err(ReferralRefusal::ReferredByAnother.into()),
            Naming::TooMany => Err(ReferralProblem::TooManyNamed.into()),
            Naming::Nobody => Err(ReferralProblem::NotAnAddress.into()),
        }
    }

    /// Somebody of this address is there. If they were named by it, they have come through that link. Gives the referral that
    /// this has made, or added to; none where nobody had named them, or where what was said leads nowhere any more.
    pub(super) async fn honour_naming(
        &self,
        request: &Request,
        person: CustomerId,
        email: Option<&str>,
        traces: &Traces,
    ) -> Result<Option<FriendDone>, CommandError> {
        let Some(email) = email else { return Ok(None) };
        let merchant = request.merchant;
        let Some(named) = self.vault.named_friend(merchant, email, request.now).await? else { return Ok(None) };
        let code = code_of(&*self.vault.merchant(merchant).await?, merchant, named.link);
        let arrival = Arrival { code, source: Source::Api, at: named.named_at, traces };
        let brought = match self.identify_friend(request, person, &arrival).await {
            Ok(done) => Some(done),
            // Their own link, one that has ended, or somebody brought otherwise: there is nothing to wait for.
            Err(CommandError::Referral(_)) => None,
            Err(error) => return Err(error),
        };
        self.vault.forget_named_friend(merchant, email).await?;
        Ok(brought)
    }

    /// Whether the vault knows somebody by this address.
    pub(super) async fn known_by(&self, merchant: MerchantId, email: &str) -> Result<Option<CustomerId>, CommandError> {
        let found = self.vault.search(merchant, vault::IndexKind::Email, email).await?;
        match found.first() {
            Some(person) => Ok(Some(self.survivor(merchant, *person).await?)),
            None => Ok(None),
        }
    }
}
