//! `products`: what the shop sells, as it states it now, to be found by what people call it. What was the case at the time of
//! an order is the business of the journal, not of this table.

mod query;
mod trigrams;

use std::sync::Arc;

use aggregates::{
    Context,
    product::{CollectionsStated, ProductEvent, ProductStated},
};
use journal::Positioned;
use sqlx::PgConnection;

use crate::{
    erasure,
    projection::{Projection, ProjectionError, Tables, events_of},
    sql::{bigint, timestamptz},
};

pub use query::{ProductRow, find_all, list_after, search};

pub struct Products;

const TABLE: &str = "read.products";

impl Products {
    pub const NAME: &'static str = "products";
}

impl Projection for Products {
    const NAME: &'static str = Products::NAME;
    const CONTEXTS: &'static [Context] = &[Context::Product, Context::Merchant];
    const TABLES: Tables = Tables::Own(&[TABLE]);

    async fn apply(&self, transaction: &mut PgConnection, batch: &[Arc<Positioned>]) -> Result<(), ProjectionError> {
        for commit in batch.iter().filter(|commit| commit.subject.context == Context::Product) {
            for event in events_of::<ProductEvent>(commit)? {
                match event {
                    ProductEvent::Stated(stated) => state(transaction, commit, &stated).await?,
                    ProductEvent::CollectionsStated(stated) => put_into(transaction, commit, &stated).await?,
                    ProductEvent::Deleted(deleted) => {
                        sqlx::query(
                            "update products set deleted = true, position = $3
                              where merchant = $1 and product = $2",
                        )
                        .bind(commit.subject.merchant.0)
                        .bind(&deleted.product_id)
                        .bind(bigint(commit.position))
                        .execute(&mut *transaction)
                        .await?;
                    }
                }
            }
        }
        erasure::forget_merchants_of(transaction, &[TABLE], batch).await
    }
}

/// The statement that the shop updated last stands, in whichever order they arrive.
async fn state(
    transaction: &mut PgConnection,
    commit: &Positioned,
    stated: &ProductStated,
) -> Result<(), ProjectionError> {
    let skus: Vec<&str> = stated.variants.iter().filter_map(|variant| variant.sku.as_deref()).collect();
    let called = called(stated, &skus);
    sqlx::query(
        "insert into products as p (merchant, product, title, vendor, product_type, tags, skus, status, updated_at,
                                         words, trigrams, position)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, to_tsvector('simple', $10), $11, $12)
         on conflict (merchant, product) do update
            set title = excluded.title, vendor = excluded.vendor, product_type = excluded.product_type,
                tags = excluded.tags, skus = excluded.skus, status = excluded.status,
                updated_at = excluded.updated_at, words = excluded.words, trigrams = excluded.trigrams,
                deleted = false, position = excluded.position
          where p.updated_at is null or excluded.updated_at is null or p.updated_at <= excluded.updated_at",
    )
    .bind(commit.subject.merchant.0)
    .bind(&stated.product_id)
    .bind(&stated.title)
    .bind(&stated.vendor)
    .bind(&stated.product_type)
    .bind(&stated.tags)
    .bind(&skus)
    .bind(&stated.status)
    .bind(stated.updated_at.map(timestamptz))
    .bind(&called)
    .bind(trigrams::of(&called).into_iter().collect::<Vec<_>>())
    .bind(bigint(commit.position))
    .execute(transaction)
    .await?;
    Ok(())
}

/// Everything a product is called.
fn called(stated: &ProductStated, skus: &[&str]) -> String {
    let names = [Some(stated.title.as_str()), stated.vendor.as_deref(), stated.product_type.as_deref()];
    let names = names.into_iter().flatten().chain(stated.tags.iter().map(String::as_str)).chain(skus.iter().copied());
    names.collect::<Vec<_>>().join(" ")
}

async fn put_into(
    transaction: &mut PgConnection,
    commit: &Positioned,
    stated: &CollectionsStated,
) -> Result<(), ProjectionError> {
    sqlx::query(
        "insert into products (merchant, product, collections, position) values ($1, $2, $3, $4)
         on conflict (merchant, product) do update
            set collections = excluded.collections, position = excluded.position",
    )
    .bind(commit.subject.merchant.0)
    .bind(&stated.product_id)
    .bind(stated.collections.iter().collect::<Vec<_>>())
    .bind(bigint(commit.position))
    .execute(transaction)
    .await?;
    Ok(())
}
