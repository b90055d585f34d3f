//! Tiers by hand: given for a time, and taken back. Who is in which tier is worked out by a policy, from this as from
//! everything else.

use aggregates::{
    customer::{CustomerCommand, CustomerRefusal},
    id::CustomerId,
    points::StaffNote,
    program::{Program, Tier, TierId, TierSettings},
    sealed::Sealed,
    tier::{Gift, Giver, TierGiven, TierTakenBack, given::REASON_TAG},
    time::Timestamp,
};
use journal::{ExecuteError, Subject};

use super::{error::CommandError, request::Request};
use crate::gateway::Gateway;

/// How often a command follows merges that happen while it is being carried out.
const REDIRECTS_MAX: usize = 8;

/// A tier as staff wants it given.
#[derive(Debug, Clone, Copy)]
pub struct WantedTier<'a> {
    pub tier: &'a TierId,
    /// Its end; without one it is kept as long as if it had been bought now.
    pub until: Option<Timestamp>,
    pub reason: &'a str,
}

/// What is on record of somebody's gifts after a command.
#[derive(Debug, Clone)]
pub struct GiftDone {
    pub customer: CustomerId,
    pub gifts: Vec<Gift>,
    /// Of the customer's last commit.
    pub position: u64,
    /// It was so already.
    pub repeated: bool,
}

impl Gateway {
    /// Gives a tier of the programme in effect, whatever was bought. What was given before is over.
    ///
    /// # Errors
    /// [`CommandError::UnknownTier`]
    pub async fn give_tier(
        &self,
        request: &Request,
        customer: CustomerId,
        wanted: WantedTier<'_>,
    ) -> Result<GiftDone, CommandError> {
        let lease = self.renew_merchant(request.merchant).await?;
        let tiers = tiers_in_effect(&lease.program, request.now).ok_or(CommandError::UnknownTier)?;
        let tier = tiers.tiers.iter().find(|tier| tier.id == *wanted.tier).ok_or(CommandError::UnknownTier)?;
        let gift = Gift { tier: tier.id.clone(), giver: Giver::Hand, at: request.now, until: wanted.until };
        self.change_gifts(request, customer, wanted.reason, |reason| {
            CustomerCommand::GiveTier(TierGiven { gift: gift.clone(), reason: Some(reason) })
        })
        .await
    }

    /// Ends whatever tier was given, also by an import: the rules alone decide from now on.
    pub async fn take_tier_back(
        &self,
        request: &Request,
        customer: CustomerId,
        reason: &str,
    ) -> Result<GiftDone, CommandError> {
        self.change_gifts(request, customer, reason, |reason| {
            CustomerCommand::TakeTierBack(TierTakenBack { reason: Some(reason), at: request.now })
        })
        .await
    }

    async fn change_gifts(
        &self,
        request: &Request,
        customer: CustomerId,
        reason: &str,
        command: impl Fn(Sealed<StaffNote>) -> CustomerCommand,
    ) -> Result<GiftDone, CommandError> {
        let mut addressed = customer;
        for _ in 0..REDIRECTS_MAX {
            addressed = self.survivor(request.merchant, addressed).await?;
            let subject = Subject::customer(request.merchant, addressed);
            let keys = self.vault.person(request.merchant, addressed).await?;
            let command = command(keys.seal(REASON_TAG, &StaffNote { reason: reason.to_owned() }));
            match self.customers.execute(subject, &request.context(), &command).await {
                Err(ExecuteError::Refused(CustomerRefusal::Merged { .. })) => {
                    self.customers.load_confirmed(subject).await?;
                }
                Err(error) => return Err(error.into()),
                Ok(done) => {
                    return Ok(GiftDone {
                        customer: addressed,
                        gifts: done.state.state.gifts().to_vec(),
                        position: done.state.position,
                        repeated: done.position.is_none(),
                    });
                }
            }
        }
        Err(CommandError::Contended)
    }
}

fn tiers_in_effect(program: &Program, now: Timestamp) -> Option<&TierSettings> {
    program.in_effect_at(now).map(|version| &version.settings.tiers)
}

/// The tier of this programme that is called so, by its id or its name, in whatever case.
pub(super) fn tier_called<'a>(program: &'a Program, now: Timestamp, name: &str) -> Option<&'a Tier> {
    let same = |word: &str| word.to_lowercase() == name.trim().to_lowercase();
    tiers_in_effect(program, now)?.tiers.iter().find(|tier| same(tier.id.as_str()) || same(&tier.name))
}
