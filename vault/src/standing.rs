//! What may be done with a person's keys: nothing yet, everything, everything but destroying them, nothing ever again.

use std::collections::HashSet;

use aggregates::{
    id::{CustomerId, MerchantId},
    time::Timestamp,
};
use sqlx::Row;
use uuid::Uuid;

use crate::{Vault, VaultError};

/// Where a person's keys stand. The three ways of having none are told apart: whoever took "destroyed" for "not made yet"
/// would make new keys for somebody who was erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// This merchant's person never had keys.
    NeverMade,
    Active,
    /// Under a legal hold: the keys work, and may not be destroyed.
    Held,
    Destroyed {
        at: Timestamp,
    },
}

impl Vault {
    /// Where a person's keys stand now; asks the database, whatever is leased.
    pub async fn key_state(&self, merchant: MerchantId, person: CustomerId) -> Result<KeyState, VaultError> {
        let row =
            sqlx::query("select state, destroyed_at_us from vault.person_keys where person = $1 and merchant = $2")
                .bind(person.0)
                .bind(merchant.0)
                .fetch_optional(&self.inner.pool)
                .await?;
        let Some(row) = row else { return Ok(KeyState::NeverMade) };
        Ok(match row.try_get("destroyed_at_us")? {
            Some(at) => KeyState::Destroyed { at: Timestamp(at) },
            None if row.try_get::<&str, _>("state")? == "held" => KeyState::Held,
            None => KeyState::Active,
        })
    }

    /// Which of these owners of keys, people or merchants, were destroyed.
    pub async fn destroyed_among(&self, owners: &[Uuid]) -> Result<HashSet<Uuid>, VaultError> {
        let people: Vec<Uuid> =
            sqlx::query_scalar("select person from vault.person_keys where person = any($1) and state = 'destroyed'")
                .bind(owners)
                .fetch_all(&self.inner.pool)
                .await?;
        let contents = self.inner.root.contents().await?;
        let merchants = contents.merchants().filter(|(_, destroyed_at)| destroyed_at.is_some());
        Ok(people.into_iter().chain(merchants.map(|(merchant, _)| merchant.0)).collect())
    }

    /// Puts a person's keys under a legal hold. Doing it again changes nothing.
    ///
    /// # Errors
    /// [`VaultError::Destroyed`] and [`VaultError::NeverMade`]: there is nothing to hold.
    pub async fn hold_person(&self, merchant: MerchantId, person: CustomerId) -> Result<(), VaultError> {
        self.set_state(merchant, person, "held").await
    }

    /// Lifts the legal hold. Doing it again changes nothing.
    ///
    /// # Errors
    /// As [`Vault::hold_person`].
    pub async fn release_person(&self, merchant: MerchantId, person: CustomerId) -> Result<(), VaultError> {
        self.set_state(merchant, person, "active").await
    }

    async fn set_state(&self, merchant: MerchantId, person: CustomerId, state: &str) -> Result<(), VaultError> {
        let changed = sqlx::query(
            "update vault.person_keys set state = $3 where person = $1 and merchant = $2 and state <> 'destroyed'",
        )
        .bind(person.0)
        .bind(merchant.0)
        .bind(state)
        .execute(&self.inner.pool)
        .await?;
        self.inner.people.remove(&person);
        if changed.rows_affected() == 1 {
            return Ok(());
        }
        match self.key_state(merchant, person).await? {
            KeyState::Destroyed { at } => Err(VaultError::Destroyed { at }),
            _ => Err(VaultError::NeverMade),
        }
    }
}
