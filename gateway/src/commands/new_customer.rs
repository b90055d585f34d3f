//! A customer whom the merchant states, instead of the shop. They go by the same directory as those of webhooks and files, so
//! that whatever names them later finds them: the shop's id, or an address that nobody else has.

use aggregates::{
    customer::{Birthday, Profile},
    id::{CustomerId, MerchantId},
    mail::EmailAddress,
};
use journal::Subject;
use vault::{DirectoryKind, IndexKind, VaultError};

use super::{error::CommandError, request::Request};
use crate::{clock::new_id, gateway::Gateway, shopify::SeenCustomer};

/// Somebody as they are stated. At least one of the two identities is there.
#[derive(Debug, Clone)]
pub struct StatedCustomer {
    /// The shop's id, bare.
    pub external_id: Option<String>,
    pub email: Option<EmailAddress>,
    pub phone: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub locale: Option<String>,
    pub birthday: Option<Birthday>,
}

/// A customer who is on record, now or since before.
#[derive(Debug, Clone, Copy)]
pub struct CustomerDone {
    pub customer: CustomerId,
    /// Of the last commit about them.
    pub position: u64,
    pub is_new: bool,
}

impl Gateway {
    /// Makes somebody a member, or finds that they are one: then nothing of theirs changes, but a birthday that nobody knew yet.
    ///
    /// # Errors
    /// [`CommandError::IdentitiesConflict`] if the identities lead to two people; [`CommandError::CustomerErased`] of somebody
    /// who was forgotten: who comes back does so by what they do in the shop.
    pub async fn create_customer(
        &self,
        request: &Request,
        stated: &StatedCustomer,
    ) -> Result<CustomerDone, CommandError> {
        let merchant = request.merchant;
        let person = match self.identified(request, stated).await? {
            Some(person) => person,
            None => self.made(merchant, stated).await?,
        };
        let enrolled = self.enrol(request, person, &stated.seen()).await?;
        let customer = self.survivor(merchant, person).await?;
        let subject = Subject::customer(merchant, customer);
        let known = self.customers.load_confirmed(subject).await?;
        if known.state.is_forgotten() {
            return Err(CommandError::CustomerErased);
        }
        // Also when a request that was cut short is repeated.
        if let Some(birthday) = stated.birthday.filter(|_| !known.state.knows_birthday()) {
            Box::pin(self.tell_birthday(request, customer, Some(birthday))).await?;
        }
        let position = self.customers.load(subject).await?.position;
        Ok(CustomerDone { customer, position, is_new: enrolled.is_some() })
    }

    /// Whom the identities name; none if that is nobody yet.
    async fn identified(&self, request: &Request, stated: &StatedCustomer) -> Result<Option<CustomerId>, CommandError> {
        let merchant = request.merchant;
        let by_address = match &stated.email {
            Some(email) => self.with_address(merchant, email.as_str()).await?,
            None => Vec::new(),
        };
        let by_id = match &stated.external_id {
            Some(id) => self.registered(merchant, DirectoryKind::ShopifyCustomer, id).await?,
            None => None,
        };
        match (by_id, &by_address[..]) {
            (Some(person), []) => Ok(Some(person)),
            (Some(person), others) if others.contains(&person) => Ok(Some(person)),
            (None, []) => Ok(None),
            (None, [person]) if stated.external_id.is_none() => Ok(Some(*person)),
            // An id that nobody has, and somebody who has none: it is theirs from now on.
            (None, [person]) if self.gets_id(request, *person, stated).await? => Ok(Some(*person)),
            _ => Err(CommandError::IdentitiesConflict),
        }
    }

    /// Everybody who has this address, as who they are by now.
    async fn with_address(&self, merchant: MerchantId, email: &str) -> Result<Vec<CustomerId>, CommandError> {
        let imported = self.registered(merchant, DirectoryKind::ImportedCustomer, email).await?;
        let mut people: Vec<CustomerId> = imported.into_iter().collect();
        for person in self.vault.search(merchant, IndexKind::Email, email).await? {
            let survivor = self.survivor(merchant, person).await?;
            if !people.contains(&survivor) {
                people.push(survivor);
            }
        }
        Ok(people)
    }

    /// Who has this outside identity, as who they are by now.
    async fn registered(
        &self,
        merchant: MerchantId,
        kind: DirectoryKind,
        id: &str,
    ) -> Result<Option<CustomerId>, CommandError> {
        match self.vault.find(merchant, kind, id).await? {
            Some(person) => Ok(Some(self.survivor(merchant, CustomerId(person)).await?)),
            None => Ok(None),
        }
    }

    /// Somebody who came by their address alone gets the shop's id that is stated with it, as if the shop had named both. Says
    /// whether they are such a one.
    async fn gets_id(
        &self,
        request: &Request,
        person: CustomerId,
        stated: &StatedCustomer,
    ) -> Result<bool, CommandError> {
        let merchant = request.merchant;
        if self.vault.has_identity(merchant, DirectoryKind::ShopifyCustomer, person.0).await? {
            return Ok(false);
        }
        let keys = self.vault.person(merchant, person).await?;
        let newest = self.newest_profile(Subject::customer(merchant, person), &keys).await?;
        let Some((known, _)) = newest else { return Ok(false) };
        let seen = stated.seen();
        let profile = Profile { external_id: seen.external_id.clone(), ..known };
        let kind = DirectoryKind::ShopifyCustomer;
        if self.vault.register(merchant, kind, &seen.external_id, person.0).await? != person.0 {
            // The shop has named it a moment ago.
            return Ok(false);
        }
        self.state_customer(request, &SeenCustomer { profile, ..seen }).await?;
        Ok(true)
    }

    /// Somebody new under the first of the identities.
    async fn made(&self, merchant: MerchantId, stated: &StatedCustomer) -> Result<CustomerId, CommandError> {
        let (kind, id) = match (&stated.external_id, &stated.email) {
            (Some(id), _) => (DirectoryKind::ShopifyCustomer, id.as_str()),
            (None, Some(email)) => (DirectoryKind::ImportedCustomer, email.as_str()),
            (None, None) => return Err(CommandError::Internal("a customer without an identity".to_owned())),
        };
        match self.vault.person_for(merchant, kind, id, CustomerId(new_id())).await {
            Ok((person, _)) => Ok(person),
            Err(VaultError::Destroyed { .. }) => Err(CommandError::CustomerErased),
            Err(error) => Err(error.into()),
        }
    }
}

impl StatedCustomer {
    fn seen(&self) -> SeenCustomer {
        let external_id = self.external_id.clone().unwrap_or_default();
        let profile = Profile {
            external_id: external_id.clone(),
            email: self.email.as_ref().map(|email| email.as_str().to_owned()),
            phone: self.phone.clone(),
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
            locale: self.locale.clone(),
        };
        SeenCustomer { external_id, profile, updated_at: None }
    }
}
