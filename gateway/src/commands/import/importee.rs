//! Whom a row is about: somebody the shop knows by an id, somebody known by an address alone, or nobody yet.

use aggregates::{
    customer::{Erasure, Standing},
    id::{CustomerId, MerchantId},
    import::RejectionReason,
};
use journal::Subject;
use uuid::Uuid;
use vault::{DirectoryKind, IndexKind, VaultError};

use crate::{clock::new_id, commands::CommandError, gateway::Gateway, imports::Who, shopify::SeenCustomer};

/// Somebody a row names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Importee {
    New,
    /// Has keys and nothing else: whoever made them died before it went on, or is about to.
    Begun(CustomerId),
    Known(CustomerId),
    TurnedAway(RejectionReason),
}

impl Importee {
    pub(super) const fn person(self) -> Option<CustomerId> {
        match self {
            Importee::Begun(person) | Importee::Known(person) => Some(person),
            Importee::New | Importee::TurnedAway(_) => None,
        }
    }
}

impl Gateway {
    /// Looks for these people, all at once and in their order, each with the e-mail address that is told of them; makes nobody.
    /// What became of whoever is known is not asked: [`Gateway::importee_now`].
    pub(super) async fn importees(
        &self,
        merchant: MerchantId,
        people: &[(&Who, Option<&str>)],
    ) -> Result<Vec<Importee>, CommandError> {
        let asked: Vec<_> = people.iter().map(|(who, email)| identities(who, *email)).collect();
        let found = self.vault.find_each(merchant, &asked.concat()).await?;
        let mut found = found.into_iter();
        let mut importees = Vec::with_capacity(people.len());
        for asked in &asked {
            importees.push(first_known(found.by_ref().take(asked.len()))?);
        }
        self.find_by_address(merchant, people, &mut importees).await?;
        Ok(importees)
    }

    /// The one the shop knows by that address, for those whom a file names by an address that nobody was imported with.
    async fn find_by_address(
        &self,
        merchant: MerchantId,
        people: &[(&Who, Option<&str>)],
        importees: &mut [Importee],
    ) -> Result<(), CommandError> {
        let unknown = people.iter().zip(importees.iter()).enumerate();
        let (places, addresses): (Vec<usize>, Vec<&str>) = unknown
            .filter_map(|(place, ((who, _), importee))| match (who, importee) {
                (Who::Email(email), Importee::New) => Some((place, email.as_str())),
                _ => None,
            })
            .unzip();
        let found = self.vault.search_each(merchant, IndexKind::Email, &addresses).await?;
        for (place, people) in places.into_iter().zip(found) {
            importees[place] = self.only_one_of(merchant, people).await?;
        }
        Ok(())
    }

    async fn only_one_of(&self, merchant: MerchantId, people: Vec<CustomerId>) -> Result<Importee, CommandError> {
        let mut survivors = Vec::new();
        for person in people {
            let survivor = self.survivor(merchant, person).await?;
            if !survivors.contains(&survivor) {
                survivors.push(survivor);
            }
        }
        Ok(match survivors[..] {
            [] => Importee::New,
            [person] => Importee::Known(person),
            _ => Importee::TurnedAway(RejectionReason::AmbiguousEmail),
        })
    }

    /// What has become of somebody who was found.
    pub(super) async fn importee_now(
        &self,
        merchant: MerchantId,
        person: CustomerId,
    ) -> Result<Importee, CommandError> {
        let person = self.survivor(merchant, person).await?;
        let customer = self.customers.load(Subject::customer(merchant, person)).await?;
        Ok(match (customer.state.erasure, customer.state.standing) {
            (Erasure::Fenced { .. } | Erasure::Erased { .. }, _) => {
                Importee::TurnedAway(RejectionReason::CustomerErased)
            }
            (Erasure::None, Standing::Unknown) => Importee::Begun(person),
            (Erasure::None, _) => Importee::Known(person),
        })
    }

    /// Makes somebody new, whom the row names; or gives whoever was made meanwhile.
    pub(super) async fn new_importee(&self, merchant: MerchantId, who: &Who) -> Result<CustomerId, CommandError> {
        let (kind, id) = identity(who);
        Ok(self.vault.person_for(merchant, kind, id, CustomerId(new_id())).await?.0)
    }

    /// Somebody whom an import brought along by their address has no id of the shop's yet. The first time the shop names
    /// that address with an id, the id becomes theirs.
    pub(crate) async fn meet_imported(&self, merchant: MerchantId, seen: &SeenCustomer) -> Result<(), CommandError> {
        let Some(email) = &seen.profile.email else { return Ok(()) };
        match self.vault.find(merchant, DirectoryKind::ShopifyCustomer, &seen.external_id).await {
            Ok(None) => {}
            Ok(Some(_)) | Err(VaultError::Destroyed { .. }) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        let email = email.trim().to_lowercase();
        match self.vault.find(merchant, DirectoryKind::ImportedCustomer, &email).await {
            Ok(Some(person)) => {
                let kind = DirectoryKind::ShopifyCustomer;
                match self.vault.register(merchant, kind, &seen.external_id, person).await {
                    Ok(_) | Err(VaultError::Destroyed { .. }) => Ok(()),
                    Err(error) => Err(error.into()),
                }
            }
            Ok(None) | Err(VaultError::Destroyed { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// What the directory is to know somebody by.
pub(super) fn identity(who: &Who) -> (DirectoryKind, &str) {
    match who {
        Who::Id(id) => (DirectoryKind::ShopifyCustomer, id),
        Who::Email(email) => (DirectoryKind::ImportedCustomer, email),
    }
}

/// Under what somebody may be known: an earlier import may have brought along by their address whom the shop has an id for.
fn identities<'a>(who: &'a Who, email: Option<&'a str>) -> Vec<(DirectoryKind, &'a str)> {
    let by_address = match who {
        Who::Id(_) => email.map(|email| (DirectoryKind::ImportedCustomer, email)),
        Who::Email(_) => None,
    };
    std::iter::once(identity(who)).chain(by_address).collect()
}

/// Whoever the first identity leads to that leads anywhere.
fn first_known(mut found: impl Iterator<Item = Result<Option<Uuid>, VaultError>>) -> Result<Importee, CommandError> {
    let known = found.by_ref().find(|found| !matches!(found, Ok(None)));
    // What is left has been answered, too, and is not the next one's.
    found.for_each(drop);
    match known {
        None | Some(Ok(None)) => Ok(Importee::New),
        Some(Ok(Some(person))) => Ok(Importee::Known(CustomerId(person))),
        Some(Err(VaultError::Destroyed { .. })) => Ok(Importee::TurnedAway(RejectionReason::CustomerErased)),
        Some(Err(error)) => Err(error.into()),
    }
}
