//! Finding products.

use aggregates::{id::MerchantId, time::Timestamp};
use chrono::{DateTime, Utc};
use sqlx::{PgPool, Row, postgres::PgRow};

use super::trigrams;
use crate::sql::{position, timestamp};

/// Of ten pieces that were asked for, how many a product must have to be meant.
const PIECES_OF_TEN: i32 = 4;

/// A product as the read model has it.
#[derive(Debug, Clone)]
pub struct ProductRow {
    pub id: String,
    pub title: String,
    pub vendor: Option<String>,
    pub product_type: Option<String>,
    pub tags: Vec<String>,
    pub collections: Vec<String>,
    pub skus: Vec<String>,
    pub status: Option<String>,
    pub deleted: bool,
    pub updated_at: Option<Timestamp>,
    pub position: u64,
}

const COLUMNS: &str =
    "product, title, vendor, product_type, tags, collections, skus, status, deleted, updated_at, position";

/// Products that the words mean, the best first: those that have all of the words, then those whose names are spelled much
/// like them. Behind `offset` of them, at most `limit`.
pub async fn search(
    db: &PgPool,
    merchant: MerchantId,
    words: &str,
    offset: i64,
    limit: i64,
) -> Result<Vec<ProductRow>, sqlx::Error> {
    let pieces: Vec<String> = trigrams::of(words).into_iter().collect();
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "select {COLUMNS} from (
             select p.*, words @@ plainto_tsquery('simple', $2) as has_words,
                    (select count(*) from unnest($3::text[]) piece where piece = any(p.trigrams)) as shared
               from read.products p
              where merchant = $1 and not deleted
                and (words @@ plainto_tsquery('simple', $2) or trigrams && $3)) found
          where has_words or shared * 10 >= cardinality($3) * $4
          order by has_words desc, shared desc, title, product offset $5 limit $6"
    )))
    .bind(merchant.0)
    .bind(words)
    .bind(&pieces)
    .bind(PIECES_OF_TEN)
    .bind(offset)
    .bind(limit)
    .fetch_all(db)
    .await?;
    rows.iter().map(from_row).collect()
}

/// All products of a merchant, also deleted ones, by id, at most `limit`, behind the one given.
pub async fn list_after(
    db: &PgPool,
    merchant: MerchantId,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<ProductRow>, sqlx::Error> {
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "select {COLUMNS} from read.products where merchant = $1 and product > $2 order by product limit $3"
    )))
    .bind(merchant.0)
    .bind(after.unwrap_or_default())
    .bind(limit)
    .fetch_all(db)
    .await?;
    rows.iter().map(from_row).collect()
}

/// Those of these products that are for sale, in no particular order.
pub async fn find_all(db: &PgPool, merchant: MerchantId, products: &[String]) -> Result<Vec<ProductRow>, sqlx::Error> {
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "select {COLUMNS} from read.products
          where merchant = $1 and product = any($2) and not deleted and coalesce(status, 'active') = 'active'"
    )))
    .bind(merchant.0)
    .bind(products)
    .fetch_all(db)
    .await?;
    rows.iter().map(from_row).collect()
}

fn from_row(row: &PgRow) -> Result<ProductRow, sqlx::Error> {
    Ok(ProductRow {
        id: row.try_get("product")?,
        title: row.try_get("title")?,
        vendor: row.try_get("vendor")?,
        product_type: row.try_get("product_type")?,
        tags: row.try_get("tags")?,
        collections: row.try_get("collections")?,
        skus: row.try_get("skus")?,
        status: row.try_get("status")?,
        deleted: row.try_get("deleted")?,
        updated_at: row.try_get::<Option<DateTime<Utc>>, _>("updated_at")?.map(timestamp),
        position: position(row.try_get("position")?),
    })
}
