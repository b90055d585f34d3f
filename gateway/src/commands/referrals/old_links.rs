//! Links of other programmes. The word in one leads to its owner's link here: whoever follows it is sent on with our own code,
//! and everything else goes as if they had followed that. A word has one owner, whoever claims it first, over all shops:
//! `/r/{word}` says nothing about the shop.

use aggregates::{
    customer::{Customer, ReferralLink},
    id::{CustomerId, MerchantId, ReferralLinkId},
    referral::{AliasCode, ReferralCode},
    time::Timestamp,
};
use tokio::time::Instant;
use uuid::Uuid;
use vault::{DirectoryKind, VaultError};

use super::link::{code_of, no_program};
use crate::{
    clock::new_id,
    commands::{CommandError, merchant::PLATFORM},
    gateway::Gateway,
};

const ALIAS: DirectoryKind = DirectoryKind::ReferralAlias;

impl Gateway {
    /// For each word, whether somebody else has it than the one it is wanted for, as far as is known by now. Nobody is wanted
    /// for who is not there yet.
    pub(in crate::commands) async fn old_links_taken(
        &self,
        merchant: MerchantId,
        wanted: &[(&AliasCode, Option<CustomerId>)],
    ) -> Result<Vec<bool>, CommandError> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let asked: Vec<_> = wanted.iter().map(|(code, _)| (ALIAS, code.as_str())).collect();
        let shops = self.vault.find_each(PLATFORM, &asked).await?;
        let owners = self.vault.find_each(merchant, &asked).await?;
        let mut taken = Vec::with_capacity(wanted.len());
        for (((code, person), shop), owner) in wanted.iter().zip(shops).zip(owners) {
            let elsewhere = subject(shop)?.is_some_and(|shop| shop != Some(merchant.0));
            let is_taken = elsewhere
                || self.is_our_own(code).await?
                || self.is_anothers(merchant, subject(owner)?, *person).await?;
            taken.push(is_taken);
        }
        Ok(taken)
    }

    /// Whether `/r/{word}` leads to one of our own links already.
    async fn is_our_own(&self, code: &AliasCode) -> Result<bool, CommandError> {
        match ReferralCode::parse(code.as_str()) {
            Some(code) => Ok(self.shop_of_code(code).await?.is_some()),
            None => Ok(false),
        }
    }

    /// `owner` is who has the word by now: nobody, if none; somebody forgotten, if none inside.
    async fn is_anothers(
        &self,
        merchant: MerchantId,
        owner: Option<Option<Uuid>>,
        person: Option<CustomerId>,
    ) -> Result<bool, CommandError> {
        let Some(owner) = owner else { return Ok(false) };
        let (Some(owner), Some(person)) = (owner, person) else { return Ok(true) };
        let owner = CustomerId(owner);
        Ok(owner != person && self.survivor(merchant, owner).await? != self.survivor(merchant, person).await?)
    }

    /// Claims each word for somebody; gives for each whether it is theirs now, or was before.
    pub(in crate::commands) async fn claim_old_links(
        &self,
        merchant: MerchantId,
        claims: &[(&AliasCode, CustomerId)],
    ) -> Result<Vec<bool>, CommandError> {
        let of_shop: Vec<_> = claims.iter().map(|(code, _)| (code.as_str(), merchant.0)).collect();
        let of_people: Vec<_> = claims.iter().map(|(code, person)| (code.as_str(), person.0)).collect();
        let shops = self.vault.register_each(PLATFORM, ALIAS, &of_shop).await?;
        let mut is_theirs = Vec::with_capacity(claims.len());
        let owners = self.vault.register_each(merchant, ALIAS, &of_people).await?;
        for (((_, person), shop), owner) in claims.iter().zip(shops).zip(owners) {
            let is_here = subject(shop.map(Some))? == Some(Some(merchant.0));
            let owner = subject(owner.map(Some))?;
            is_theirs.push(is_here && !self.is_anothers(merchant, owner, Some(*person)).await?);
        }
        Ok(is_theirs)
    }

    /// A new link for each of these people. Their codes lead somewhere when this returns; the links themselves are to go on
    /// record with whatever they were made for.
    pub(in crate::commands) async fn new_links(
        &self,
        merchant: MerchantId,
        people: &[CustomerId],
        now: Timestamp,
    ) -> Result<Vec<ReferralLink>, CommandError> {
        let lease = self.merchant(merchant).await?;
        let version = lease.program.in_effect_at(now).ok_or_else(no_program)?;
        let expires_at = version.settings.referrals.link_days.map(|days| now.plus_days(days));
        let links: Vec<ReferralLink> =
            people.iter().map(|_| ReferralLink { link: ReferralLinkId(new_id()), at: now, expires_at }).collect();
        let keys = self.vault.merchant(merchant).await?;
        let codes: Vec<String> = links.iter().map(|link| code_of(&keys, merchant, link.link).to_string()).collect();
        let shop = ReferralCode::shop_of(merchant);
        let registered = self.vault.register(PLATFORM, DirectoryKind::ReferralShop, &shop, merchant.0).await?;
        if registered != merchant.0 {
            return Err(CommandError::Internal("two merchants share the beginning of their codes".to_owned()));
        }
        let owners: Vec<_> = codes.iter().zip(people).map(|(code, person)| (code.as_str(), person.0)).collect();
        for owner in self.vault.register_each(merchant, DirectoryKind::ReferralCode, &owners).await? {
            owner?;
        }
        self.link_shops.insert(merchant, (Instant::now(), true));
        Ok(links)
    }

    /// The code of the link that an old one's word leads to; none for words that lead nowhere. With `only`, of that shop.
    pub async fn code_behind(
        &self,
        only: Option<MerchantId>,
        alias: &AliasCode,
    ) -> Result<Option<ReferralCode>, CommandError> {
        let shop = subject(self.vault.find(PLATFORM, ALIAS, alias.as_str()).await)?.flatten().map(MerchantId);
        let Some(merchant) = shop.filter(|shop| only.is_none_or(|only| only == *shop)) else { return Ok(None) };
        let owner = subject(self.vault.find(merchant, ALIAS, alias.as_str()).await)?.flatten();
        let Some(owner) = owner.map(CustomerId) else { return Ok(None) };
        let newest = |customer: &Customer| customer.referral_links.last().copied();
        let survivor = self.survivor(merchant, owner).await?;
        let link = match self.among_profiles(merchant, survivor, false, newest).await? {
            Some(link) => Some(link),
            None => self.among_profiles(merchant, survivor, true, newest).await?,
        };
        let keys = self.vault.merchant(merchant).await?;
        Ok(link.map(|link| code_of(&keys, merchant, link.link)))
    }
}

/// Who is found: nobody, if none; somebody who is gone, if none inside.
fn subject(found: Result<Option<Uuid>, VaultError>) -> Result<Option<Option<Uuid>>, CommandError> {
    match found {
        Ok(found) => Ok(found.map(Some)),
        Err(VaultError::Destroyed { .. }) => Ok(Some(None)),
        Err(error) => Err(error.into()),
    }
}
