//! Customers: first sight, profile, deletion in the shop.

use aggregates::{
    customer::{Customer, CustomerCommand, CustomerRefusal, Profile, SeenProfile, Standing},
    id::{CustomerId, MerchantId},
    time::Timestamp,
};
use journal::{ExecuteError, Executed, Subject};
use vault::{DirectoryKind, IndexKind, PersonKeys, VaultError};

use super::{
    error::CommandError,
    request::{Done, Request},
};
use crate::{clock::new_id, gateway::Gateway, shopify::SeenCustomer};

/// What the sealed profile is bound to.
pub const PROFILE_TAG: &str = "customer.profile";

/// Merges that one customer can be behind; a chain longer than this is a fault, not a history.
const MERGES_FOLLOWED_MAX: usize = 64;

impl Gateway {
    /// The customer into whom this one's merges lead; itself if there were none.
    pub(crate) async fn survivor(
        &self,
        merchant: MerchantId,
        customer: CustomerId,
    ) -> Result<CustomerId, CommandError> {
        let mut customer = customer;
        for _ in 0..MERGES_FOLLOWED_MAX {
            match self.customers.load(Subject::customer(merchant, customer)).await?.state.standing {
                Standing::MergedInto(into) => customer = into,
                Standing::Member | Standing::Unknown => return Ok(customer),
            }
        }
        Err(CommandError::Internal("a chain of merges does not end".to_owned()))
    }

    /// The person behind a shop's customer id, made if never seen; `None` if that person was erased.
    pub(crate) async fn person_of(
        &self,
        merchant: MerchantId,
        external_id: &str,
    ) -> Result<Option<CustomerId>, CommandError> {
        let fresh = CustomerId(new_id());
        match self.vault.person_for(merchant, DirectoryKind::ShopifyCustomer, external_id, fresh).await {
            Ok((person, _)) => Ok(Some(person)),
            Err(VaultError::Destroyed { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes the person a member on first sight. Gives the position if that was now.
    pub(crate) async fn enrol(
        &self,
        request: &Request,
        person: CustomerId,
        seen: &SeenCustomer,
    ) -> Result<Option<u64>, CommandError> {
        let subject = Subject::customer(request.merchant, person);
        if self.customers.load(subject).await?.state.standing != Standing::Unknown {
            return Ok(None);
        }
        let keys = self.vault.person(request.merchant, person).await?;
        let seen = self.seal_profile(request.merchant, &keys, &seen.profile, seen.updated_at).await?;
        let command = CustomerCommand::Enrol { seen, now: request.now };
        match self.customers.execute(subject, &request.context(), &command).await {
            Ok(done) => Ok(done.position),
            // Merged away at another gateway: known, then.
            Err(ExecuteError::Refused(CustomerRefusal::Merged { .. })) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Seals a profile and makes its person findable by it.
    async fn seal_profile(
        &self,
        merchant: MerchantId,
        keys: &PersonKeys,
        profile: &Profile,
        updated_at: Option<Timestamp>,
    ) -> Result<SeenProfile, CommandError> {
        for (kind, value) in [(IndexKind::Email, &profile.email), (IndexKind::Phone, &profile.phone)] {
            if let Some(value) = value {
                self.vault.index(merchant, keys.id(), kind, value).await?;
            }
        }
        let content =
            postcard::to_stdvec(&(profile, updated_at)).map_err(|error| CommandError::Internal(error.to_string()))?;
        Ok(SeenProfile {
            profile: keys.seal(PROFILE_TAG, profile),
            updated_at,
            fingerprint: keys.fingerprint(&content),
        })
    }

    /// The shop states a customer's profile.
    pub async fn state_customer(&self, request: &Request, seen: &SeenCustomer) -> Result<Done, CommandError> {
        let Some(person) = self.person_of(request.merchant, &seen.external_id).await? else {
            return Ok(Done::Ignored);
        };
        if self.survivor(request.merchant, person).await? != person {
            return Ok(Done::Ignored);
        }
        let keys = self.vault.person(request.merchant, person).await?;
        let profile = self.seal_profile(request.merchant, &keys, &seen.profile, seen.updated_at).await?;
        let fingerprint = profile.fingerprint;
        let subject = Subject::customer(request.merchant, person);
        let command = CustomerCommand::StateProfile { seen: profile, now: request.now };
        let done: Executed<Customer> = match self.customers.execute(subject, &request.context(), &command).await {
            Err(ExecuteError::Refused(CustomerRefusal::Merged { .. })) => return Ok(Done::Ignored),
            done => done?,
        };
        let state = &done.state.state;
        Ok(Done::of(done.position, state.position_of(fingerprint).or(Some(state.last_position))))
    }

    /// The shop deleted a customer. Somebody never seen stays so.
    pub async fn delete_customer_in_shop(&self, request: &Request, external_id: &str) -> Result<Done, CommandError> {
        let found = match self.vault.find(request.merchant, DirectoryKind::ShopifyCustomer, external_id).await {
            Ok(found) => found,
            Err(VaultError::Destroyed { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        let Some(person) = found.map(CustomerId) else { return Ok(Done::Ignored) };
        let subject = Subject::customer(request.merchant, person);
        let standing = self.customers.load(subject).await?.state.standing;
        if standing != Standing::Member {
            return Ok(Done::Ignored);
        }
        let command = CustomerCommand::DeleteInShop { now: request.now };
        let done = match self.customers.execute(subject, &request.context(), &command).await {
            Err(ExecuteError::Refused(CustomerRefusal::Merged { .. })) => return Ok(Done::Ignored),
            done => done?,
        };
        Ok(Done::of(done.position, Some(done.state.state.last_position)))
    }
}
