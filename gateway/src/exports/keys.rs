//! Keys of a page's people, fetched together: one question to the vault for the whole page, and not one for each row.

use std::{collections::HashMap, sync::Arc};

use aggregates::id::{CustomerId, MerchantId};
use futures::future::join_all;
use vault::{PersonKeys, VaultError};

use crate::{commands::CommandError, gateway::Gateway};

/// Whoever was forgotten is missing.
pub(super) async fn of_people(
    gateway: &Gateway,
    merchant: MerchantId,
    people: impl Iterator<Item = CustomerId>,
) -> Result<HashMap<CustomerId, Arc<PersonKeys>>, CommandError> {
    let mut people: Vec<CustomerId> = people.collect();
    people.sort_unstable();
    people.dedup();
    let found = join_all(people.iter().map(|person| gateway.vault.person(merchant, *person))).await;
    let mut keys = HashMap::with_capacity(people.len());
    for (person, found) in people.into_iter().zip(found) {
        match found {
            Ok(found) => drop(keys.insert(person, found)),
            Err(VaultError::Destroyed { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(keys)
}
