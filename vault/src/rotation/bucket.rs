//! One bucket, step by step.

use aggregates::id::{CustomerId, MerchantId};
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use super::RotatedBucket;
use crate::{BucketGeneration, Vault, VaultError, database, person, root::Contents};

/// People whose keys one transaction wraps again.
const PEOPLE_AT_ONCE: i64 = 512;

impl Vault {
    pub(super) async fn rotate(
        &self,
        merchant: MerchantId,
        away_from: BucketGeneration,
    ) -> Result<RotatedBucket, VaultError> {
        let to = self.make_next_generation(merchant, away_from).await?;
        self.move_on_to(to).await?;
        let mut rewrapped = 0;
        while self.anybody_is_under_an_older_key(to).await? {
            rewrapped += self.rewrap_some(merchant, to).await?;
        }
        self.forget_generations_before(to).await?;
        self.rotation_is_done(to).await?;
        Ok(RotatedBucket { to, rewrapped })
    }

    /// Step 1.
    async fn make_next_generation(
        &self,
        merchant: MerchantId,
        away_from: BucketGeneration,
    ) -> Result<BucketGeneration, VaultError> {
        let newest = self.inner.root.contents().await?.newest_generation(away_from.bucket);
        match newest.filter(|newest| *newest > away_from.generation) {
            Some(generation) => Ok(BucketGeneration { generation, ..away_from }),
            None => {
                let make = move |contents: &mut Contents| contents.generation_after(merchant, away_from);
                self.inner.root.change_in_background(make).await?
            }
        }
    }

    /// Step 2.
    async fn move_on_to(&self, to: BucketGeneration) -> Result<(), VaultError> {
        sqlx::query("update vault.bucket set generation = $2 where bucket = $1 and generation < $2")
            .bind(to.bucket)
            .bind(to.generation)
            .execute(&self.inner.pool)
            .await?;
        Ok(())
    }

    async fn anybody_is_under_an_older_key(&self, than: BucketGeneration) -> Result<bool, VaultError> {
        let found =
            sqlx::query_scalar("select exists (select from vault.person_keys where bucket = $1 and generation < $2)")
                .bind(than.bucket)
                .bind(than.generation)
                .fetch_one(&self.inner.pool)
                .await?;
        Ok(found)
    }

    /// Step 3, once: gives the number of people it found. It waits for rows that another process is moving, and then does not
    /// find them any more.
    async fn rewrap_some(&self, merchant: MerchantId, to: BucketGeneration) -> Result<u64, VaultError> {
        let mut transaction = database::begin(&self.inner.pool).await?;
        let rows = lock_some(&mut transaction, to).await?;
        if rows.is_empty() {
            return Ok(0);
        }
        let contents = self.inner.root.contents().await?;
        let new_key = contents.bucket(merchant, to)?;
        let (mut people, mut wrapped) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
        for row in &rows {
            let old = BucketGeneration { generation: row.generation, ..to };
            let both = person::unwrap(&contents.bucket(merchant, old)?, merchant, row.person, old, &row.wrapped)?;
            wrapped.push(person::wrap(&new_key, merchant, row.person, to, &both));
            people.push(row.person.0);
        }
        write(&mut transaction, to, people, wrapped).await?;
        transaction.commit().await?;
        Ok(rows.len() as u64)
    }

    /// Step 4. Nobody comes under an older generation any more, so once nobody is found there, nobody ever is.
    async fn forget_generations_before(&self, to: BucketGeneration) -> Result<(), VaultError> {
        let contents = self.inner.root.contents().await?;
        let has_older = (BucketGeneration::FIRST..to.generation)
            .any(|generation| contents.has_bucket(BucketGeneration { generation, ..to }));
        if has_older {
            return Ok(self.inner.root.forget(move |contents| contents.forget_generations_before(to)).await?);
        }
        Ok(self.inner.root.finish_forgetting().await?)
    }

    /// Step 5.
    async fn rotation_is_done(&self, to: BucketGeneration) -> Result<(), VaultError> {
        sqlx::query("delete from vault.rotation where bucket = $1 and generation < $2")
            .bind(to.bucket)
            .bind(to.generation)
            .execute(&self.inner.pool)
            .await?;
        Ok(())
    }
}

/// A living row under an older key.
struct Living {
    person: CustomerId,
    generation: i32,
    wrapped: Vec<u8>,
}

/// Locks in the order in which destructions lock.
async fn lock_some(transaction: &mut PgConnection, to: BucketGeneration) -> Result<Vec<Living>, VaultError> {
    let rows = sqlx::query(
        "select person, generation, wrapped from vault.person_keys
          where bucket = $1 and generation < $2 order by person limit $3 for update",
    )
    .bind(to.bucket)
    .bind(to.generation)
    .bind(PEOPLE_AT_ONCE)
    .fetch_all(transaction)
    .await?;
    let living = rows.iter().map(|row| {
        let person = CustomerId(row.try_get("person")?);
        Ok(Living { person, generation: row.try_get("generation")?, wrapped: row.try_get("wrapped")? })
    });
    Ok(living.collect::<Result<_, sqlx::Error>>()?)
}

async fn write(
    transaction: &mut PgConnection,
    to: BucketGeneration,
    people: Vec<Uuid>,
    wrapped: Vec<Box<[u8]>>,
) -> Result<(), VaultError> {
    sqlx::query(
        "update vault.person_keys k set generation = $1, wrapped = fresh.wrapped
           from unnest($2::uuid[], $3::bytea[]) as fresh (person, wrapped) where k.person = fresh.person",
    )
    .bind(to.generation)
    .bind(people)
    .bind(wrapped)
    .execute(transaction)
    .await?;
    Ok(())
}
