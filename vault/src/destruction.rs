//! The end of people's keys, and of everything in the vault that leads to them: one transaction.
//!
//! What this leaves is a tombstone, so that nobody of that name ever gets keys again, and a note that the bucket's key has to
//! go ([`rotation`](crate::rotation)): copies of the row from before still open under it.

mod leads;
mod merchant;

use aggregates::{
    id::{CustomerId, MerchantId},
    time::Timestamp,
};
use sqlx::{PgConnection, Row, postgres::PgRow};
use uuid::Uuid;

use crate::{BucketGeneration, KEY_LEASE, Vault, VaultError, database};

pub use merchant::DestroyedMerchant;

/// People destroyed by one transaction; more of them are several transactions.
const PEOPLE_AT_ONCE: usize = 1_000;

/// What a destruction has ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DestroyedKeys {
    /// Whose keys are gone, in the order of their ids. A person's keys bear the person's id.
    pub people: Vec<CustomerId>,
    /// What their keys hung from: as long as the root key store has these, old copies open. For [`Vault::rotate_away`].
    pub hung_from: Vec<BucketGeneration>,
}

/// On whose word keys are destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Authority {
    /// A request: respects holds, and knows only people whom the vault knows.
    Request,
    /// The deletion journal: the point of no return was passed before this database was copied or restored. A hold in it is
    /// older than that, and so is not knowing somebody.
    Journal,
}

impl Vault {
    /// Destroys the keys of these people, with everything in the vault that leads to them: directory entries and order owners
    /// become tombstones of time `at`, what they were found by in a search vanishes, and so do facts that waited for their
    /// orders. Doing it again wipes what a process that still held a lease has written since, and keeps the first date.
    ///
    /// Old copies of the rows still open until [`Vault::rotate_away`] is done with `hung_from`, and other processes may use
    /// the keys until [`Vault::caches_end`].
    ///
    /// # Errors
    /// [`VaultError::Held`] and [`VaultError::NeverMade`]; then nobody of the same thousand was destroyed.
    pub async fn destroy_people(
        &self,
        merchant: MerchantId,
        people: &[CustomerId],
        at: Timestamp,
    ) -> Result<DestroyedKeys, VaultError> {
        self.destroy(merchant, people, at, Authority::Request).await
    }

    /// When the last process has let go of what was destroyed at `at`, whatever that process is doing: nothing uses a key
    /// for longer than [`KEY_LEASE`] without asking again.
    pub fn caches_end(at: Timestamp) -> Timestamp {
        const SECONDS: i64 = KEY_LEASE.as_secs().cast_signed();
        at.plus_seconds(SECONDS)
    }

    pub(crate) async fn destroy(
        &self,
        merchant: MerchantId,
        people: &[CustomerId],
        at: Timestamp,
        authority: Authority,
    ) -> Result<DestroyedKeys, VaultError> {
        let mut people = people.to_vec();
        people.sort_unstable();
        people.dedup();
        let mut destroyed = DestroyedKeys::default();
        for some in people.chunks(PEOPLE_AT_ONCE) {
            let mut transaction = database::begin(&self.inner.pool).await?;
            let hung_from = destroy_some(&mut transaction, merchant, some, at, authority).await?;
            transaction.commit().await?;
            destroyed.people.extend(some);
            destroyed.hung_from.extend(hung_from);
        }
        destroyed.hung_from.sort_unstable();
        destroyed.hung_from.dedup();
        self.let_go_of(&people);
        Ok(destroyed)
    }

    /// Drops what this process keeps at hand of these people, who are sorted.
    fn let_go_of(&self, people: &[CustomerId]) {
        people.iter().for_each(|person| self.inner.people.remove(person));
        self.inner.lookups.retain(|_, subject| people.binary_search(&CustomerId(*subject)).is_err());
    }
}

/// Gives what their keys hung from.
async fn destroy_some(
    transaction: &mut PgConnection,
    merchant: MerchantId,
    people: &[CustomerId],
    at: Timestamp,
    authority: Authority,
) -> Result<Vec<BucketGeneration>, VaultError> {
    let ids: Vec<Uuid> = people.iter().map(|person| person.0).collect();
    if authority == Authority::Journal {
        insert_tombstones(transaction, merchant, &ids, at).await?;
    }
    may_be_destroyed(&lock(transaction, merchant, &ids).await?, people, authority)?;
    let hung_from = destroy_keys(transaction, &ids, at).await?;
    leads::wipe(transaction, &ids, at).await?;
    Ok(hung_from)
}

/// For people of whom this database has not heard: they came, and went, after it was copied.
async fn insert_tombstones(
    transaction: &mut PgConnection,
    merchant: MerchantId,
    ids: &[Uuid],
    at: Timestamp,
) -> Result<(), VaultError> {
    sqlx::query(
        "insert into vault.person_keys (person, merchant, state, destroyed_at_us)
         select person, $2, 'destroyed', $3 from unnest($1::uuid[]) as person order by person on conflict do nothing",
    )
    .bind(ids)
    .bind(merchant.0)
    .bind(at.0)
    .execute(transaction)
    .await?;
    Ok(())
}

/// Rows of these people, locked in the order in which rotation locks them, so that the two never wait in a circle.
async fn lock(transaction: &mut PgConnection, merchant: MerchantId, ids: &[Uuid]) -> Result<Vec<PgRow>, VaultError> {
    let rows = sqlx::query(
        "select person, state from vault.person_keys where person = any($1) and merchant = $2
         order by person for update",
    )
    .bind(ids)
    .bind(merchant.0)
    .fetch_all(transaction)
    .await?;
    Ok(rows)
}

fn may_be_destroyed(rows: &[PgRow], people: &[CustomerId], authority: Authority) -> Result<(), VaultError> {
    if rows.len() < people.len() {
        return Err(VaultError::NeverMade);
    }
    for row in rows {
        if authority == Authority::Request && row.try_get::<&str, _>("state")? == "held" {
            return Err(VaultError::Held { person: CustomerId(row.try_get("person")?) });
        }
    }
    Ok(())
}

/// Turns the rows into tombstones and notes what has to be rotated away for it. Gives what the keys hung from, of those who
/// were destroyed earlier as well.
async fn destroy_keys(
    transaction: &mut PgConnection,
    ids: &[Uuid],
    at: Timestamp,
) -> Result<Vec<BucketGeneration>, VaultError> {
    sqlx::query(
        "with gone as (
             update vault.person_keys set state = 'destroyed', destroyed_at_us = $2, wrapped = null,
                    hung_bucket = bucket, hung_generation = generation, bucket = null, generation = null
              where person = any($1) and state <> 'destroyed'
             returning merchant, hung_bucket, hung_generation
         )
         insert into vault.rotation (bucket, generation, merchant)
         select distinct hung_bucket, hung_generation, merchant from gone order by 1, 2 on conflict do nothing",
    )
    .bind(ids)
    .bind(at.0)
    .execute(&mut *transaction)
    .await?;
    let rows = sqlx::query(
        "select distinct hung_bucket, hung_generation from vault.person_keys
          where person = any($1) and hung_bucket is not null",
    )
    .bind(ids)
    .fetch_all(transaction)
    .await?;
    let hung_from =
        rows.iter().map(|row| Ok(BucketGeneration { bucket: row.try_get(0)?, generation: row.try_get(1)? }));
    Ok(hung_from.collect::<Result<_, sqlx::Error>>()?)
}
