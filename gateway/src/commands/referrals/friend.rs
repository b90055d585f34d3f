//! Somebody has come through a link. The storefront says so, or their order carries the code ([`super::order`]); either way
//! there is one referral of them, of whoever was named first.

use aggregates::{
    customer::Profile,
    id::{CustomerId, MerchantId, ReferralId},
    referral::{FriendIdentified, ReferralCode, ReferralCommand, ReferralRefusal, Source},
    time::Timestamp,
};
use journal::Subject;

use super::{ReferralProblem, evidence::Traces, link::no_program, stranger::Expected};
use crate::{
    commands::{CommandError, Request},
    gateway::Gateway,
    shopify::SeenCustomer,
};

/// Who the friend is, as the storefront knows them.
#[derive(Debug, Clone, Copy)]
pub enum Named<'a> {
    /// The shop's id, and the e-mail address where it is known.
    ExternalId(&'a str, Option<&'a str>),
    /// Somebody who is a customer already, or will be.
    Email(&'a str),
}

/// What has come of naming somebody.
#[derive(Debug, Clone, Copy)]
pub enum NamedDone {
    Brought(FriendDone),
    /// Nobody is known by that address yet.
    Expected(Expected),
}

/// Somebody comes through a link.
pub struct Arrival<'a> {
    pub code: ReferralCode,
    pub source: Source,
    /// From when on an order of theirs can qualify.
    pub at: Timestamp,
    pub traces: &'a Traces,
}

/// A referral that is on record, now or since earlier.
#[derive(Debug, Clone, Copy)]
pub struct FriendDone {
    pub referral: ReferralId,
    /// Position of the referral's last commit.
    pub position: u64,
    /// Of what this has written, if it has.
    pub written: Option<u64>,
}

impl Gateway {
    /// The storefront names a friend.
    pub async fn name_friend(
        &self,
        request: &Request,
        named: Named<'_>,
        arrival: &Arrival<'_>,
    ) -> Result<NamedDone, CommandError> {
        if arrival.at > request.now {
            return Err(ReferralProblem::InTheFuture.into());
        }
        // Before anybody is enrolled for it.
        self.link_with_code(request.merchant, arrival.code).await?.ok_or(ReferralProblem::UnknownLink)?;
        let friend = match named {
            Named::ExternalId(external_id, email) => {
                let person = self.person_of(request.merchant, external_id).await?;
                let person = person.ok_or(CommandError::CustomerErased)?;
                let friend = self.survivor(request.merchant, person).await?;
                let profile = Profile {
                    external_id: external_id.to_owned(),
                    email: email.map(str::to_lowercase),
                    ..Profile::default()
                };
                let seen = SeenCustomer { external_id: external_id.to_owned(), profile, updated_at: None };
                self.enrol(request, friend, &seen).await?;
                // Whoever named that address first is the one.
                self.honour_naming(request, friend, email, arrival.traces).await?;
                friend
            }
            Named::Email(email) => {
                if !is_address(email) {
                    return Err(ReferralProblem::NotAnAddress.into());
                }
                match self.known_by(request.merchant, email).await? {
                    None => return Ok(NamedDone::Expected(self.expect_friend(request, email, arrival).await?)),
                    Some(friend) => {
                        self.honour_naming(request, friend, Some(email), arrival.traces).await?;
                        friend
                    }
                }
            }
        };
        Ok(NamedDone::Brought(self.identify_friend(request, friend, arrival).await?))
    }

    pub(super) async fn identify_friend(
        &self,
        request: &Request,
        friend: CustomerId,
        arrival: &Arrival<'_>,
    ) -> Result<FriendDone, CommandError> {
        let merchant = request.merchant;
        let (advocate, link) =
            self.link_with_code(merchant, arrival.code).await?.ok_or(ReferralProblem::UnknownLink)?;
        if !link.is_live(arrival.at) {
            return Err(ReferralProblem::LinkEnded.into());
        }
        if advocate == friend {
            return Err(ReferralRefusal::SamePerson.into());
        }
        let lease = self.merchant(merchant).await?;
        let version = lease.program.in_effect_at(arrival.at).ok_or_else(no_program)?;
        let settings = &version.settings.referrals;
        let known = self.referral_of(merchant, friend).await?;
        if known.is_none() && !settings.enabled {
            return Err(ReferralProblem::Off.into());
        }
        self.remember_traces(merchant, friend, arrival.traces).await?;
        let evidence = self.compare(merchant, advocate, friend, arrival.traces).await?;
        let referral = known.unwrap_or(ReferralId(friend.0));
        let subject = Subject::referral(merchant, referral);
        // A merge since may have made somebody else the advocate of the same link: it is theirs that is meant.
        let named = self.referrals.load(subject).await?.state.origin.map(|origin| origin.advocate);
        let advocate = match named {
            Some(named) if self.survivor(merchant, named).await? == advocate => named,
            _ => advocate,
        };
        let command = ReferralCommand::Identify(Box::new(FriendIdentified {
            advocate,
            friend,
            link: link.link,
            source: arrival.source,
            at: arrival.at,
            order_by: arrival.at.plus_days(settings.order_within_days),
            recorded_at: request.now,
            program_version: version.version,
            evidence,
        }));
        let done = self.referrals.execute(subject, &request.context(), &command).await?;
        Ok(FriendDone { referral, position: done.state.position, written: done.position })
    }

    /// Under which id somebody was brought: their own, or that of a profile that was merged into theirs.
    pub(super) async fn referral_of(
        &self,
        merchant: MerchantId,
        friend: CustomerId,
    ) -> Result<Option<ReferralId>, CommandError> {
        let customer = self.customers.load(Subject::customer(merchant, friend)).await?;
        for profile in std::iter::once(&friend).chain(&customer.state.absorbed) {
            let referral = ReferralId(profile.0);
            if self.referrals.load(Subject::referral(merchant, referral)).await?.state.origin.is_some() {
                return Ok(Some(referral));
            }
        }
        Ok(None)
    }
}

/// Something with an `@` in it, and something on both sides of that.
fn is_address(text: &str) -> bool {
    text.trim().split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
}
