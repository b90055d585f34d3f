//! Carrying out again what the deletion journal says, in a database that was restored from before.

use std::collections::HashSet;

use aggregates::{
    id::{CustomerId, MerchantId},
    time::Timestamp,
};
use sqlx::Row;
use uuid::Uuid;

use super::{DeletionHead, DeletionJournal, DeletionSubject, RecordedDeletion};
use crate::{BucketGeneration, Vault, VaultError, destruction::Authority};

/// Entries looked at together.
const ENTRIES_AT_ONCE: usize = 1_000;

/// What had to be done again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CarriedOut {
    pub people: usize,
    pub merchants: usize,
    /// Buckets that were moved to their next key for it.
    pub rotated: usize,
}

impl Vault {
    /// Names of the keys of these people, and of what they hang from, for the deletion journal.
    pub async fn key_ids(&self, merchant: MerchantId, people: &[CustomerId]) -> Result<Vec<String>, VaultError> {
        let rows = sqlx::query(
            "select distinct coalesce(bucket, hung_bucket) as bucket, coalesce(generation, hung_generation) as generation
               from vault.person_keys where person = any($1) and merchant = $2 and coalesce(bucket, hung_bucket) is not null",
        )
        .bind(people.iter().map(|person| person.0).collect::<Vec<Uuid>>())
        .bind(merchant.0)
        .fetch_all(&self.inner.pool)
        .await?;
        let mut names: Vec<String> = people.iter().map(CustomerId::to_string).collect();
        for row in rows {
            let above = BucketGeneration { bucket: row.try_get("bucket")?, generation: row.try_get("generation")? };
            names.push(above.to_string());
        }
        Ok(names)
    }

    /// Carries out again whatever of the journal this database, or the root key store, does not know to have happened, and
    /// finishes rotations that were cut short, as far as that can be done. Before anybody is served. Doing it again does
    /// nothing.
    ///
    /// # Errors
    /// [`VaultError::OtherDeletions`] if this database has carried out another journal than this one; what the journal and
    /// the vault say otherwise.
    pub async fn carry_out(&self, journal: &DeletionJournal, now: Timestamp) -> Result<CarriedOut, VaultError> {
        let mut done = self.carried_out_up_to().await?;
        let mut again = CarriedOut::default();
        if done.sequence > 0 {
            self.is_the_same_journal(journal, done).await?;
        }
        loop {
            let entries = journal.entries_after(done.sequence, ENTRIES_AT_ONCE).await?;
            let Some(last) = entries.last() else { break };
            let some = self.reapply(&entries).await?;
            again.people += some.people;
            again.merchants += some.merchants;
            done = DeletionHead { sequence: last.sequence, hash: last.hash };
            self.note_carried_out(done).await?;
        }
        again.rotated = self.finish_rotations(now).await?;
        Ok(again)
    }

    /// Destroys again whom these entries name, if anything of theirs has come back, whatever holds there were. People of whom
    /// this database has never heard become tombstones: they came and went after it was copied.
    pub async fn reapply(&self, entries: &[RecordedDeletion]) -> Result<CarriedOut, VaultError> {
        let mut again = CarriedOut::default();
        let gone = self.those_gone(entries).await?;
        for RecordedDeletion { entry, .. } in entries {
            match entry.subject {
                DeletionSubject::Person(person) if gone.contains(&person) => {}
                DeletionSubject::Person(person) => {
                    self.destroy(entry.merchant, &[person], entry.at, Authority::Journal).await?;
                    again.people += 1;
                }
                DeletionSubject::Merchant => {
                    let ended = self.end_merchant(entry.merchant, entry.at, Authority::Journal).await?;
                    again.merchants += usize::from(!ended.buckets.is_empty() || ended.people + ended.rows > 0);
                }
            }
        }
        Ok(again)
    }

    /// Tombstones already. Nobody alive becomes one but by a destruction, which leaves nothing else of them.
    async fn those_gone(&self, entries: &[RecordedDeletion]) -> Result<HashSet<CustomerId>, VaultError> {
        let people = entries.iter().filter_map(|recorded| match recorded.entry.subject {
            DeletionSubject::Person(person) => Some(person.0),
            DeletionSubject::Merchant => None,
        });
        let gone: Vec<Uuid> =
            sqlx::query_scalar("select person from vault.person_keys where person = any($1) and state = 'destroyed'")
                .bind(people.collect::<Vec<_>>())
                .fetch_all(&self.inner.pool)
                .await?;
        Ok(gone.into_iter().map(CustomerId).collect())
    }

    async fn carried_out_up_to(&self) -> Result<DeletionHead, VaultError> {
        let row = sqlx::query("select sequence, hash from vault.deletions").fetch_optional(&self.inner.pool).await?;
        let head = row.map(|row| {
            let sequence = row.try_get::<i64, _>("sequence")?.cast_unsigned();
            Ok::<_, sqlx::Error>(DeletionHead { sequence, hash: row.try_get("hash")? })
        });
        Ok(head.transpose()?.unwrap_or(DeletionHead { sequence: 0, hash: [0; 32] }))
    }

    async fn is_the_same_journal(&self, journal: &DeletionJournal, done: DeletionHead) -> Result<(), VaultError> {
        let found = journal.entries_after(done.sequence - 1, 1).await?;
        match found.first() {
            Some(entry) if entry.hash == done.hash => Ok(()),
            _ => Err(VaultError::OtherDeletions { sequence: done.sequence }),
        }
    }

    async fn note_carried_out(&self, head: DeletionHead) -> Result<(), VaultError> {
        sqlx::query(
            "insert into vault.deletions (sequence, hash) values ($1, $2)
             on conflict (only_row) do update set sequence = excluded.sequence, hash = excluded.hash
             where deletions.sequence < excluded.sequence",
        )
        .bind(head.sequence.cast_signed())
        .bind(head.hash)
        .execute(&self.inner.pool)
        .await?;
        Ok(())
    }
}
