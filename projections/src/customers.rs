//! `customers`: who is a member, since when, and the sealed profile.

use std::sync::Arc;

use aggregates::{
    Context,
    customer::{CustomerEvent, Limits, Profile, ReferralCode},
    id::{CustomerId, MerchantId},
    sealed::Sealed,
    time::Timestamp,
};
use chrono::{DateTime, Utc};
use journal::{Positioned, SubjectId};
use sqlx::{PgConnection, PgPool, Row};
use uuid::Uuid;

use crate::{
    erasure,
    projection::{Projection, ProjectionError, Tables, events_of},
    sql::{bigint, position, timestamp, timestamptz},
};

pub struct Customers;

const TABLE: &str = "read.customers";

impl Customers {
    pub const NAME: &'static str = "customers";
}

impl Projection for Customers {
    const NAME: &'static str = Customers::NAME;
    const CONTEXTS: &'static [Context] = &[Context::Customer, Context::Merchant];
    const TABLES: Tables = Tables::Own(&[TABLE]);

    async fn apply(&self, transaction: &mut PgConnection, batch: &[Arc<Positioned>]) -> Result<(), ProjectionError> {
        for commit in batch {
            let (Context::Customer, SubjectId::Uuid(customer)) = (commit.subject.context, commit.subject.id) else {
                continue;
            };
            for event in events_of::<CustomerEvent>(commit)? {
                take_in(transaction, commit, customer, &event).await?;
            }
        }
        erasure::forget_merchants_of(transaction, &[TABLE], batch).await
    }
}

async fn take_in(
    transaction: &mut PgConnection,
    commit: &Positioned,
    customer: Uuid,
    event: &CustomerEvent,
) -> Result<(), sqlx::Error> {
    let merchant = commit.subject.merchant.0;
    let position = bigint(commit.position);
    let change = match event {
        CustomerEvent::Enrolled(event) => sqlx::query(
            "insert into customers (merchant, customer, position, state, profile, enrolled_at)
             values ($1, $2, $3, 'member', $4, $5)",
        )
        .bind(merchant)
        .bind(customer)
        .bind(position)
        .bind(event.profile.ciphertext().to_vec())
        .bind(timestamptz(event.at)),
        CustomerEvent::ProfileUpdated(event) => sqlx::query(
            "update customers set position = $3, profile = $4, deleted_in_shop = false
              where merchant = $1 and customer = $2",
        )
        .bind(merchant)
        .bind(customer)
        .bind(position)
        .bind(event.profile.ciphertext().to_vec()),
        CustomerEvent::DeletedInShop(_) => sqlx::query(
            "update customers set position = $3, deleted_in_shop = true where merchant = $1 and customer = $2",
        )
        .bind(merchant)
        .bind(customer)
        .bind(position),
        CustomerEvent::MergedInto(event) => sqlx::query(
            "update customers set position = $3, state = 'merged', merged_into = $4
              where merchant = $1 and customer = $2",
        )
        .bind(merchant)
        .bind(customer)
        .bind(position)
        .bind(event.winner.0),
        CustomerEvent::Absorbed(_) | CustomerEvent::BirthdayTold(_) | CustomerEvent::ReferralLinkIssued(_) => {
            sqlx::query("update customers set position = $3 where merchant = $1 and customer = $2")
                .bind(merchant)
                .bind(customer)
                .bind(position)
        }
        CustomerEvent::Imported(event) => sqlx::query(
            "update customers set position = $3, imported_tier = $4, imported_referral = $5
              where merchant = $1 and customer = $2",
        )
        .bind(merchant)
        .bind(customer)
        .bind(position)
        .bind(event.tier.clone())
        .bind(event.referral.as_ref().map(|referral| referral.ciphertext().to_vec())),
        CustomerEvent::Fenced(_) => sqlx::query(
            "update customers set position = $3, state = 'erasing', profile = null, imported_referral = null
              where merchant = $1 and customer = $2",
        )
        .bind(merchant)
        .bind(customer)
        .bind(position),
        CustomerEvent::Erased(event) => sqlx::query(
            "update customers set position = $3, state = 'erased', profile = null, imported_referral = null, erased_at = $4
              where merchant = $1 and customer = $2",
        )
        .bind(merchant)
        .bind(customer)
        .bind(position)
        .bind(timestamptz(event.at)),
        CustomerEvent::Restricted(_) | CustomerEvent::RestrictionLifted(_) => {
            sqlx::query("update customers set position = $3, restricted = $4 where merchant = $1 and customer = $2")
                .bind(merchant)
                .bind(customer)
                .bind(position)
                .bind(matches!(event, CustomerEvent::Restricted(_)))
        }
        CustomerEvent::Objected(_) | CustomerEvent::ObjectionWithdrawn(_) => sqlx::query(
            "update customers set position = $3, objects_to_profiling = $4 where merchant = $1 and customer = $2",
        )
        .bind(merchant)
        .bind(customer)
        .bind(position)
        .bind(matches!(event, CustomerEvent::Objected(_))),
        CustomerEvent::BadgeAwarded(_)
        | CustomerEvent::MailChosen(_)
        | CustomerEvent::LeaderboardChosen(_)
        | CustomerEvent::TierGiven(_)
        | CustomerEvent::TierTakenBack(_) => {
            sqlx::query("update customers set position = $3 where merchant = $1 and customer = $2")
                .bind(merchant)
                .bind(customer)
                .bind(position)
        }
    };
    change.execute(transaction).await.map(|_| ())
}

/// A customer as the read model has it.
#[derive(Debug, Clone)]
pub struct CustomerRow {
    pub id: CustomerId,
    pub state: String,
    pub merged_into: Option<CustomerId>,
    /// None of somebody who is being forgotten, or was.
    pub profile: Option<Sealed<Profile>>,
    pub limits: Limits,
    pub erased_at: Option<Timestamp>,
    pub deleted_in_shop: bool,
    pub enrolled_at: Timestamp,
    /// Tier and referral link of another programme, as an import brought them along.
    pub imported_tier: Option<String>,
    pub imported_referral: Option<Sealed<ReferralCode>>,
    pub position: u64,
}

const COLUMNS: &str = "customer, state, merged_into, profile, restricted, objects_to_profiling, erased_at,
     deleted_in_shop, enrolled_at, imported_tier, imported_referral, position";

pub async fn find(db: &PgPool, merchant: MerchantId, customer: CustomerId) -> Result<Option<CustomerRow>, sqlx::Error> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!(
        "select {COLUMNS} from read.customers where merchant = $1 and customer = $2"
    )))
    .bind(merchant.0)
    .bind(customer.0)
    .fetch_optional(db)
    .await?;
    row.as_ref().map(from_row).transpose()
}

/// Customers of a merchant, newest first, at most `limit`, enrolled before the one given.
pub async fn list(
    db: &PgPool,
    merchant: MerchantId,
    before: Option<(Timestamp, CustomerId)>,
    limit: i64,
) -> Result<Vec<CustomerRow>, sqlx::Error> {
    let (enrolled_at, customer) = before.unwrap_or((Timestamp(i64::MAX), CustomerId(Uuid::max())));
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "select {COLUMNS} from read.customers where merchant = $1 and (enrolled_at, customer) < ($2, $3)
          order by enrolled_at desc, customer desc limit $4"
    )))
    .bind(merchant.0)
    .bind(timestamptz(enrolled_at))
    .bind(customer.0)
    .bind(limit)
    .fetch_all(db)
    .await?;
    rows.iter().map(from_row).collect()
}

/// Members of a merchant in the order of their ids, at most `limit`, behind the one given; from that one on, if it says so.
pub async fn members_after(
    db: &PgPool,
    merchant: MerchantId,
    after: Option<(CustomerId, bool)>,
    limit: i64,
) -> Result<Vec<CustomerRow>, sqlx::Error> {
    let (customer, inclusive) = after.unwrap_or((CustomerId(Uuid::nil()), true));
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "select {COLUMNS} from read.customers
          where merchant = $1 and (customer > $2 or (customer = $2 and $3)) and state = 'member'
          order by customer limit $4"
    )))
    .bind(merchant.0)
    .bind(customer.0)
    .bind(inclusive)
    .bind(limit)
    .fetch_all(db)
    .await?;
    rows.iter().map(from_row).collect()
}

/// Somebody who is in this read model and has no keys in the vault of the same database, not even destroyed ones.
pub async fn without_keys(db: &PgPool) -> Result<Option<CustomerId>, sqlx::Error> {
    let customer: Option<Uuid> = sqlx::query_scalar(
        "select customer from read.customers c
          where not exists (select from vault.person_keys k where k.person = c.customer and k.merchant = c.merchant)
          limit 1",
    )
    .fetch_optional(db)
    .await?;
    Ok(customer.map(CustomerId))
}

/// Whose customer this is, for operators: their commands do not name a merchant. Looks through all of them.
pub async fn merchant_of(db: &PgPool, customer: CustomerId) -> Result<Option<MerchantId>, sqlx::Error> {
    let merchant: Option<Uuid> = sqlx::query_scalar("select merchant from read.customers where customer = $1 limit 1")
        .bind(customer.0)
        .fetch_optional(db)
        .await?;
    Ok(merchant.map(MerchantId))
}

/// Merchants that have customers, for operators where there is only one.
///
/// # Errors
/// The database's.
pub async fn merchants(db: &PgPool) -> Result<Vec<MerchantId>, sqlx::Error> {
    let merchants: Vec<Uuid> =
        sqlx::query_scalar("select distinct merchant from read.customers order by merchant").fetch_all(db).await?;
    Ok(merchants.into_iter().map(MerchantId).collect())
}

fn from_row(row: &sqlx::postgres::PgRow) -> Result<CustomerRow, sqlx::Error> {
    Ok(CustomerRow {
        id: CustomerId(row.try_get("customer")?),
        state: row.try_get("state")?,
        merged_into: row.try_get::<Option<Uuid>, _>("merged_into")?.map(CustomerId),
        profile: row.try_get::<Option<Vec<u8>>, _>("profile")?.map(Sealed::from_ciphertext),
        limits: Limits {
            restricted: row.try_get("restricted")?,
            objects_to_profiling: row.try_get("objects_to_profiling")?,
        },
        erased_at: row.try_get::<Option<DateTime<Utc>>, _>("erased_at")?.map(timestamp),
        deleted_in_shop: row.try_get("deleted_in_shop")?,
        enrolled_at: timestamp(row.try_get::<DateTime<Utc>, _>("enrolled_at")?),
        imported_tier: row.try_get("imported_tier")?,
        imported_referral: row.try_get::<Option<Vec<u8>>, _>("imported_referral")?.map(Sealed::from_ciphertext),
        position: position(row.try_get("position")?),
    })
}
