//! Whom a row is about: somebody the shop knows by an id, somebody known by an address alone, or nobody yet.

use aggregates::{
    customer::Erasure,
    id::{CustomerId, MerchantId},
    import::RejectionReason,
};
use journal::Subject;
use vault::{DirectoryKind, IndexKind, VaultError};

use crate::{clock::new_id, commands::CommandError, gateway::Gateway, imports::Who, shopify::SeenCustomer};

/// Somebody a row names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Importee {
    New,
    Known(CustomerId),
    TurnedAway(RejectionReason),
}

impl Gateway {
    /// Looks for the person; makes nobody.
    pub(super) async fn importee(
        &self,
        merchant: MerchantId,
        who: &Who,
        email: Option<&str>,
    ) -> Result<Importee, CommandError> {
        let known = match who {
            Who::Id(id) => match self.known_as(merchant, DirectoryKind::ShopifyCustomer, id).await? {
                Importee::New => match email {
                    Some(email) => self.known_as(merchant, DirectoryKind::ImportedCustomer, email).await?,
                    None => Importee::New,
                },
                known => known,
            },
            Who::Email(email) => match self.known_as(merchant, DirectoryKind::ImportedCustomer, email).await? {
                Importee::New => self.known_by_address(merchant, email).await?,
                known => known,
            },
        };
        let Importee::Known(person) = known else { return Ok(known) };
        let person = self.survivor(merchant, person).await?;
        let erasure = self.customers.load(Subject::customer(merchant, person)).await?.state.erasure;
        Ok(match erasure {
            Erasure::None => Importee::Known(person),
            Erasure::Fenced { .. } | Erasure::Erased { .. } => Importee::TurnedAway(RejectionReason::CustomerErased),
        })
    }

    async fn known_as(&self, merchant: MerchantId, kind: DirectoryKind, id: &str) -> Result<Importee, CommandError> {
        match self.vault.find(merchant, kind, id).await {
            Ok(found) => Ok(found.map_or(Importee::New, |person| Importee::Known(CustomerId(person)))),
            Err(VaultError::Destroyed { .. }) => Ok(Importee::TurnedAway(RejectionReason::CustomerErased)),
            Err(error) => Err(error.into()),
        }
    }

    /// The shop's customer with this address, if there is one and only one.
    async fn known_by_address(&self, merchant: MerchantId, email: &str) -> Result<Importee, CommandError> {
        let mut people = Vec::new();
        for person in self.vault.search(merchant, IndexKind::Email, email).await? {
            let survivor = self.survivor(merchant, person).await?;
            if !people.contains(&survivor) {
                people.push(survivor);
            }
        }
        Ok(match people[..] {
            [] => Importee::New,
            [person] => Importee::Known(person),
            _ => Importee::TurnedAway(RejectionReason::AmbiguousEmail),
        })
    }

    /// Makes somebody new, whom the row names.
    pub(super) async fn new_importee(&self, merchant: MerchantId, who: &Who) -> Result<CustomerId, CommandError> {
        let (kind, id) = match who {
            Who::Id(id) => (DirectoryKind::ShopifyCustomer, id),
            Who::Email(email) => (DirectoryKind::ImportedCustomer, email),
        };
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
