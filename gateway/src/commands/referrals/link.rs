//! Links. A code is made from the link's id with the merchant's key: it is the same whenever it is asked for, and stored
//! nowhere but as a keyed hash that leads to its owner and is wiped with them.

use std::sync::Arc;

use aggregates::{
    customer::{Customer, CustomerCommand, ReferralLink},
    id::{CustomerId, MerchantId, ReferralLinkId},
    points::PointsRefusal,
    referral::ReferralCode,
};
use journal::{Subject, Versioned};
use tokio::time::Instant;
use vault::{DirectoryKind, MerchantKeys, VaultError};

use super::{ReferralProblem, evidence::Traces};
use crate::{
    clock::new_id,
    commands::{CommandError, Request, adjust::Idempotency, merchant::PLATFORM},
    gateway::Gateway,
};

/// Profiles behind one owner that are looked at for a link; a longer history of merges is a fault.
const PROFILES_MAX: usize = 64;

/// A link that is on record, now or since an earlier request.
#[derive(Debug, Clone, Copy)]
pub struct LinkDone {
    pub customer: CustomerId,
    pub link: ReferralLink,
    pub code: ReferralCode,
    /// Position of the customer's last commit.
    pub position: u64,
    pub repeated: bool,
}

/// The code of a link.
pub fn code_of(keys: &MerchantKeys, merchant: MerchantId, link: ReferralLinkId) -> ReferralCode {
    ReferralCode::new(merchant, &keys.referral_hash(link.0))
}

impl Gateway {
    /// A customer's link; made if they have none that brings anybody.
    pub async fn issue_referral_link(
        &self,
        request: &Request,
        customer: CustomerId,
        idempotency: &Idempotency,
        traces: &Traces,
    ) -> Result<LinkDone, CommandError> {
        self.key_is_about(request.merchant, customer, idempotency).await?;
        let customer = self.survivor(request.merchant, customer).await?;
        // Nobody who is forgotten gets this far.
        self.vault.person(request.merchant, customer).await?;
        let done = self.link_of(request, customer).await?;
        self.remember_traces(request.merchant, customer, traces).await?;
        Ok(done)
    }

    async fn link_of(&self, request: &Request, customer: CustomerId) -> Result<LinkDone, CommandError> {
        let (merchant, now) = (request.merchant, request.now);
        let subject = Subject::customer(merchant, customer);
        let keys = self.vault.merchant(merchant).await?;
        let done = |link: ReferralLink, position, repeated| LinkDone {
            customer,
            link,
            code: code_of(&keys, merchant, link.link),
            position,
            repeated,
        };
        let known = self.customers.load(subject).await?;
        if let Some(link) = known.state.live_link(now) {
            return Ok(done(*link, known.position, true));
        }
        let lease = self.merchant(merchant).await?;
        let version = lease.program.in_effect_at(now);
        let settings = &version.ok_or_else(no_program)?.settings.referrals;
        if !settings.enabled {
            return Err(ReferralProblem::Off.into());
        }
        let link = ReferralLink {
            link: ReferralLinkId(new_id()),
            at: now,
            expires_at: settings.link_days.map(|days| now.plus_days(days)),
        };
        // Before the event: a link that is on record leads somewhere.
        self.register_code(merchant, customer, code_of(&keys, merchant, link.link)).await?;
        let command = CustomerCommand::IssueReferralLink(link);
        let issued = self.customers.execute(subject, &request.context(), &command).await?;
        let live = issued.state.state.live_link(now).copied();
        let live = live.ok_or_else(|| CommandError::Internal("a link left no trace".to_owned()))?;
        Ok(done(live, issued.state.position, issued.position.is_none()))
    }

    async fn register_code(
        &self,
        merchant: MerchantId,
        customer: CustomerId,
        code: ReferralCode,
    ) -> Result<(), CommandError> {
        let shop = self.vault.register(PLATFORM, DirectoryKind::ReferralShop, code.shop(), merchant.0).await?;
        if shop != merchant.0 {
            return Err(CommandError::Internal("two merchants share the beginning of their codes".to_owned()));
        }
        self.vault.register(merchant, DirectoryKind::ReferralCode, code.as_str(), customer.0).await?;
        // Its orders are looked at from now on, here at once and elsewhere soon.
        self.link_shops.insert(merchant, (Instant::now(), true));
        Ok(())
    }

    /// A key against repetition belongs to the customer it was used for first.
    pub(in crate::commands) async fn key_is_about(
        &self,
        merchant: MerchantId,
        customer: CustomerId,
        idempotency: &Idempotency,
    ) -> Result<(), CommandError> {
        let scope = format!("{}\n{}", idempotency.route, idempotency.key);
        match self.vault.register(merchant, DirectoryKind::IdempotencyKey, &scope, customer.0).await {
            Ok(user) if user != customer.0 => Err(PointsRefusal::KeyReused.into()),
            Ok(_) | Err(VaultError::Destroyed { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Which shop a code is of; none for words that lead nowhere.
    pub async fn shop_of_code(&self, code: ReferralCode) -> Result<Option<MerchantId>, CommandError> {
        match self.vault.find(PLATFORM, DirectoryKind::ReferralShop, code.shop()).await {
            Ok(merchant) => Ok(merchant.map(MerchantId)),
            Err(VaultError::Destroyed { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whose link a code is by now, and the link; none for words that lead nowhere, and for links of somebody forgotten.
    pub async fn link_with_code(
        &self,
        merchant: MerchantId,
        code: ReferralCode,
    ) -> Result<Option<(CustomerId, ReferralLink)>, CommandError> {
        if code.shop() != ReferralCode::shop_of(merchant) {
            return Ok(None);
        }
        let owner = match self.vault.find(merchant, DirectoryKind::ReferralCode, code.as_str()).await {
            Ok(Some(owner)) => CustomerId(owner),
            Ok(None) | Err(VaultError::Destroyed { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let keys = self.vault.merchant(merchant).await?;
        let wanted = |customer: &Customer| {
            customer.referral_links.iter().find(|link| code_of(&keys, merchant, link.link) == code).copied()
        };
        let link = match self.among_profiles(merchant, owner, false, wanted).await? {
            Some(link) => Some(link),
            // Issued elsewhere a moment ago.
            None => self.among_profiles(merchant, owner, true, wanted).await?,
        };
        let Some(link) = link else { return Ok(None) };
        Ok(Some((self.survivor(merchant, owner).await?, link)))
    }

    /// The first that is found in a profile, or in one that was merged into it: links of a profile that lost a merge and
    /// was forgotten lead to its survivor.
    pub(super) async fn among_profiles<T>(
        &self,
        merchant: MerchantId,
        customer: CustomerId,
        confirmed: bool,
        find: impl Fn(&Customer) -> Option<T>,
    ) -> Result<Option<T>, CommandError> {
        let mut profiles = vec![customer];
        let mut next = 0;
        while let Some(profile) = profiles.get(next).filter(|_| next < PROFILES_MAX) {
            let subject = Subject::customer(merchant, *profile);
            let state: Arc<Versioned<Customer>> = match confirmed {
                true => self.customers.load_confirmed(subject).await?,
                false => self.customers.load(subject).await?,
            };
            if let Some(found) = find(&state.state) {
                return Ok(Some(found));
            }
            profiles.extend(&state.state.absorbed);
            next += 1;
        }
        Ok(None)
    }
}

pub(super) fn no_program() -> CommandError {
    CommandError::Internal("the merchant has no program settings".to_owned())
}
