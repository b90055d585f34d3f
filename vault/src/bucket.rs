//! Buckets: which group of people a new person's keys are wrapped with. Destroying somebody means wrapping the rest of
//! their bucket again under its next key, so buckets are bounded; and they are chosen at random, so that a bucket says
//! nothing about when its people came.

use std::sync::Arc;

use aggregates::id::MerchantId;
use sqlx::{PgConnection, Row};

use crate::{BucketGeneration, RootKeyStore, VaultError, root::Contents};

/// People in one bucket at most: what one rotation has to wrap again.
pub const BUCKET_CAPACITY: i32 = 1_024;
/// Buckets opened together, for new people to be spread over.
const OPENED_TOGETHER: usize = 4;

/// Adds buckets to the store's contents; they take people once they are registered.
pub(crate) fn add_some(contents: &mut Contents, merchant: MerchantId) -> Result<(), VaultError> {
    for _ in 0..OPENED_TOGETHER {
        contents.add_bucket(merchant)?;
    }
    Ok(())
}

/// Makes buckets known to the database. Those it knows stay as they are.
pub(crate) async fn register(
    connection: &mut PgConnection,
    merchant: MerchantId,
    buckets: &[BucketGeneration],
) -> Result<(), VaultError> {
    let (ids, generations): (Vec<_>, Vec<_>) = buckets.iter().map(|id| (id.bucket, id.generation)).unzip();
    sqlx::query(
        "insert into vault.bucket (bucket, merchant, generation)
         select bucket, $1, max(generation) from unnest($2::uuid[], $3::integer[]) as made (bucket, generation)
         group by bucket order by bucket
         on conflict do nothing",
    )
    .bind(merchant.0)
    .bind(ids)
    .bind(generations)
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes places for `people` in one of the merchant's buckets, opening new ones when all are full. Until the
/// transaction ends, no rotation can begin there: whoever is wrapped now is wrapped under the newest key.
pub(crate) async fn take_places(
    transaction: &mut PgConnection,
    root: &Arc<RootKeyStore>,
    merchant: MerchantId,
    people: i32,
) -> Result<BucketGeneration, VaultError> {
    if let Some(bucket) = take_open_places(transaction, merchant, people).await? {
        return Ok(bucket);
    }
    let all = root.change_in_background(move |contents| {
        add_some(contents, merchant)?;
        Ok::<_, VaultError>(contents.buckets_of(merchant))
    });
    register(transaction, merchant, &all.await??).await?;
    let opened = take_open_places(transaction, merchant, people).await?;
    tracing::info!(%merchant, "opened new key buckets");
    Ok(opened.expect("buckets just opened in this transaction have room"))
}

async fn take_open_places(
    transaction: &mut PgConnection,
    merchant: MerchantId,
    people: i32,
) -> Result<Option<BucketGeneration>, VaultError> {
    let taken = sqlx::query(
        "update vault.bucket set people = people + $2
         where bucket = (select bucket from vault.bucket
                         where merchant = $1 and people + $2 <= $3
                         order by random() limit 1 for update)
         returning bucket, generation",
    )
    .bind(merchant.0)
    .bind(people)
    .bind(BUCKET_CAPACITY)
    .fetch_optional(transaction)
    .await?;
    taken.map(|row| Ok(BucketGeneration { bucket: row.try_get(0)?, generation: row.try_get(1)? })).transpose()
}
