//! Customers: first sight, profile, deletion in the shop.

use super::{
    error::CommandError,
    request::{Done, Request},
};
use crate::{clock::new_id, gateway::Gateway, shopify::SeenCustomer};
use aggregates::{
    customer::{
        Customer, CustomerCommand, CustomerEvent, CustomerRefusal, PROFILE_TAG, Profile, SeenProfile, Standing,
    },
    id::{CustomerId, Fingerprint, MerchantId},
    time::Timestamp,
};
use journal::{ExecuteError, Executed, Subject};
use projections::projection::events_of;
use vault::{DirectoryKind, IndexKind, PersonKeys, VaultError};

/// How often a profile that is no longer the newest is followed by the one that is.
const INDEXING_ATTEMPTS_MAX: usize = 8;

/// Merges that one customer can be behind; a chain longer than this is a fault, not a history.
pub(crate) const MERGES_FOLLOWED_MAX: usize = 64;

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

    /// The person behind a shop's customer id who did something at `acted_at`, made if never seen. `None` if that was done by
    /// somebody who is forgotten; whoever acts after that is somebody new.
    pub(crate) async fn person_acting(
        &self,
        merchant: MerchantId,
        external_id: &str,
        acted_at: Timestamp,
    ) -> Result<Option<CustomerId>, CommandError> {
        let fresh = CustomerId(new_id());
        let kind = DirectoryKind::ShopifyCustomer;
        match self.vault.person_acting(merchant, kind, external_id, fresh, acted_at).await {
            Ok((person, _)) => Ok(Some(person)),
            Err(VaultError::Destroyed { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
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
        // Before their first event: a repetition finds them enrolled, and would not come to this.
        self.vault.reindex_person(request.merchant, person, &findable_by(&seen.profile)).await?;
        let seen = seal_profile(&keys, &seen.profile, seen.updated_at)?;
        let command = CustomerCommand::Enrol { seen, now: request.now };
        match self.customers.execute(subject, &request.context(), &command).await {
            Ok(done) => Ok(done.position),
            // Merged away at another gateway, or about to be forgotten: known, then.
            Err(ExecuteError::Refused(CustomerRefusal::Merged { .. } | CustomerRefusal::Erased)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The shop states a customer's profile.
    pub async fn state_customer(&self, request: &Request, seen: &SeenCustomer) -> Result<Done, CommandError> {
        self.meet_imported(request.merchant, seen).await?;
        let Some(person) = self.person_of(request.merchant, &seen.external_id).await? else {
            return Ok(Done::Ignored);
        };
        if self.survivor(request.merchant, person).await? != person {
            return Ok(Done::Ignored);
        }
        let keys = match self.vault.person(request.merchant, person).await {
            Err(VaultError::Destroyed { .. }) => return Ok(Done::Ignored),
            keys => keys?,
        };
        let profile = seal_profile(&keys, &seen.profile, seen.updated_at)?;
        let fingerprint = profile.fingerprint;
        let subject = Subject::customer(request.merchant, person);
        let command = CustomerCommand::StateProfile { seen: profile, now: request.now };
        let done: Executed<Customer> = match self.customers.execute(subject, &request.context(), &command).await {
            Err(ExecuteError::Refused(CustomerRefusal::Merged { .. } | CustomerRefusal::Erased)) => {
                return Ok(Done::Ignored);
            }
            done => done?,
        };
        let state = &done.state.state;
        // Also for a repetition: the first delivery may have ended between the two.
        if state.newest_profile() == Some(fingerprint) {
            self.find_by_newest(request.merchant, &keys, &seen.profile, fingerprint).await?;
        }
        Ok(Done::of(done.position, state.position_of(fingerprint).or(Some(state.last_position))))
    }

    /// Makes a person findable by their newest profile and by nothing of an older one. Two gateways may each have one that was
    /// the newest a moment ago: whoever finds after its own writing that it no longer is, writes what is.
    async fn find_by_newest(
        &self,
        merchant: MerchantId,
        keys: &PersonKeys,
        profile: &Profile,
        fingerprint: Fingerprint,
    ) -> Result<(), CommandError> {
        let subject = Subject::customer(merchant, keys.id());
        let (mut profile, mut written) = (profile.clone(), fingerprint);
        for _ in 0..INDEXING_ATTEMPTS_MAX {
            self.vault.reindex_person(merchant, keys.id(), &findable_by(&profile)).await?;
            let newest = self.customers.load_confirmed(subject).await?.state.newest_profile();
            if newest.is_none() || newest == Some(written) {
                return Ok(());
            }
            let Some((stated, fingerprint)) = self.newest_profile(subject, keys).await? else { return Ok(()) };
            (profile, written) = (stated, fingerprint);
        }
        Err(CommandError::Contended)
    }

    /// The newest profile as the log has it.
    pub(super) async fn newest_profile(
        &self,
        subject: Subject,
        keys: &PersonKeys,
    ) -> Result<Option<(Profile, Fingerprint)>, CommandError> {
        let internal = |error: &dyn std::fmt::Display| CommandError::Internal(error.to_string());
        for commit in self.journal.read_confirmed(&subject, 0).await?.iter().rev() {
            let events = events_of::<CustomerEvent>(commit).map_err(|error| internal(&error))?;
            let stated = events.into_iter().rev().find_map(|event| match event {
                CustomerEvent::Enrolled(event) => Some((event.profile, event.fingerprint)),
                CustomerEvent::ProfileUpdated(event) => Some((event.profile, event.fingerprint)),
                _ => None,
            });
            if let Some((sealed, fingerprint)) = stated {
                let profile = keys.open(PROFILE_TAG, &sealed).map_err(|error| internal(&error))?;
                return Ok(Some((profile, fingerprint)));
            }
        }
        Ok(None)
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
            Err(ExecuteError::Refused(CustomerRefusal::Merged { .. } | CustomerRefusal::Erased)) => {
                return Ok(Done::Ignored);
            }
            done => done?,
        };
        Ok(Done::of(done.position, Some(done.state.state.last_position)))
    }
}

pub(super) fn seal_profile(
    keys: &PersonKeys,
    profile: &Profile,
    updated_at: Option<Timestamp>,
) -> Result<SeenProfile, CommandError> {
    let content =
        postcard::to_stdvec(&(profile, updated_at)).map_err(|error| CommandError::Internal(error.to_string()))?;
    Ok(SeenProfile { profile: keys.seal(PROFILE_TAG, profile), updated_at, fingerprint: keys.fingerprint(&content) })
}

/// What a search finds the person of this profile by.
pub(super) fn findable_by(profile: &Profile) -> Vec<(IndexKind, &str)> {
    let email = profile.email.as_deref().map(|email| (IndexKind::Email, email));
    let phone = profile.phone.as_deref().map(|phone| (IndexKind::Phone, phone));
    email.into_iter().chain(phone).collect()
}
