//! People whose history is here and whose keys are not: they came with an import, and their keys stayed where it came from.

use aggregates::{
    id::{CustomerId, MerchantId},
    time::Timestamp,
};

use crate::{Vault, VaultError};

impl Vault {
    /// Puts on record that these people's keys are not to be had here and never will be: nothing of theirs opens, and
    /// nobody makes them new keys. Whoever has keys keeps them; doing it again changes nothing.
    ///
    /// # Errors
    /// [`VaultError`] if the database does not answer.
    pub async fn register_without_keys(
        &self,
        merchant: MerchantId,
        people: &[CustomerId],
        at: Timestamp,
    ) -> Result<(), VaultError> {
        sqlx::query(
            "insert into vault.person_keys (person, merchant, state, destroyed_at_us)
             select person, $2, 'destroyed', $3 from unnest($1::uuid[]) as absent (person)
             on conflict do nothing",
        )
        .bind(people.iter().map(|person| person.0).collect::<Vec<_>>())
        .bind(merchant.0)
        .bind(at.0)
        .execute(&self.inner.pool)
        .await?;
        Ok(())
    }
}
