//! What counts towards tiers.

use std::collections::{HashMap, HashSet};

use aggregates::{
    id::{CustomerId, MerchantId},
    money::Currency,
    program::TierId,
    tier::{Assessed, Fact, Held},
    time::Timestamp,
};
use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool, Row, postgres::PgRow};
use uuid::Uuid;

use crate::{
    copied,
    projection::ProjectionError,
    sql::{timestamp, timestamptz},
};

/// Microseconds from 1970 to 2000, where Postgres counts from.
const POSTGRES_EPOCH_MICROS: i64 = 946_684_800_000_000;
/// How the database says that there is no such instant.
const NEVER: i64 = i64::MAX;
const BAD: ProjectionError = ProjectionError::BadRow("read.tier_members");

/// Everybody who has something that counts, or is on record, one after the other in the order of their ids.
pub(super) async fn everybody(
    connection: &mut PgConnection,
    merchant: MerchantId,
    currency: Option<Currency>,
    apart: &HashSet<CustomerId>,
    mut visit: impl FnMut(Assessed),
) -> Result<(), ProjectionError> {
    let (merchant, currency) =
        (merchant.0.as_hyphenated(), currency.map_or(String::new(), |of| of.as_str().to_owned()));
    // The statement takes no parameters; both are our own values.
    let statement = format!(
        "select customer, 0::bigint as held, processed_at as at, processed_at as until, points,
                      case when currency = '{currency}' then net_minor else 0 end as spend_minor,
                      (net_minor > 0)::int::bigint as orders, '' as tier
                 from read.rfm_orders where merchant = '{merchant}'
               union all
               select customer, 0, occurred_at, occurred_at, points, 0, 0, ''
                 from read.tier_bonuses where merchant = '{merchant}'
               union all
               select customer, 1, since, coalesce(look_again_at, 'infinity'), 0, 0, 0, coalesce(tier, '')
                 from read.tier_members where merchant = '{merchant}'
                order by customer"
    );
    let mut gathering: Option<Assessed> = None;
    copied::read(connection, &statement, 8, |fields| {
        let customer = CustomerId(fields.uuid(0)?);
        if gathering.as_ref().is_none_or(|assessed| assessed.customer != customer) {
            gathering.replace(Assessed { customer, facts: Vec::new(), held: None }).into_iter().for_each(&mut visit);
        }
        let Some(assessed) = gathering.as_mut() else { return Ok(()) };
        let at = instant(fields.bigint(2)?);
        if fields.bigint(1)? == 1 {
            let until = fields.bigint(3)?;
            let tier = fields.text(7)?;
            assessed.held = Some(held(tier, at, (until != NEVER).then(|| instant(until)))?);
        } else if !apart.contains(&customer) {
            let (points, spend_minor, orders) = (fields.bigint(4)?, fields.bigint(5)?, fields.bigint(6)?);
            assessed.facts.push(Fact { at, points, spend_minor, orders });
        }
        Ok(())
    })
    .await?;
    gathering.into_iter().for_each(visit);
    Ok(())
}

fn instant(micros: i64) -> Timestamp {
    Timestamp(micros.saturating_add(POSTGRES_EPOCH_MICROS))
}

fn held(tier: &str, since: Timestamp, look_again_at: Option<Timestamp>) -> Result<Held, ProjectionError> {
    let tier = if tier.is_empty() { None } else { Some(TierId::parse(tier).map_err(|_| BAD)?) };
    Ok(Held { tier, since, look_again_at })
}

/// These customers, whether anything counts for them or not.
pub(super) async fn some(
    connection: &mut PgConnection,
    merchant: MerchantId,
    customers: &[CustomerId],
    currency: Option<Currency>,
    apart: &HashSet<CustomerId>,
) -> Result<Vec<Assessed>, ProjectionError> {
    let ids: Vec<Uuid> = customers.iter().map(|customer| customer.0).collect();
    let mut assessed: HashMap<Uuid, Assessed> = HashMap::with_capacity(ids.len());
    for customer in customers {
        assessed.insert(customer.0, Assessed { customer: *customer, facts: Vec::new(), held: None });
    }
    let facts = sqlx::query(FACTS)
        .bind(merchant.0)
        .bind(&ids)
        .bind(currency.map(|currency| currency.as_str().to_owned()))
        .bind(DateTime::<Utc>::MAX_UTC)
        .fetch_all(&mut *connection)
        .await?;
    for row in &facts {
        let customer: Uuid = row.try_get("customer")?;
        if let Some(of) = assessed.get_mut(&customer).filter(|_| !apart.contains(&CustomerId(customer))) {
            of.facts.push(fact(row)?);
        }
    }
    let members = sqlx::query(
        "select customer, coalesce(tier, '') as tier, since, look_again_at from read.tier_members
          where merchant = $1 and customer = any($2::uuid[])",
    )
    .bind(merchant.0)
    .bind(&ids)
    .fetch_all(connection)
    .await?;
    for row in &members {
        if let Some(of) = assessed.get_mut(&row.try_get::<Uuid, _>("customer")?) {
            let since = timestamp(row.try_get::<DateTime<Utc>, _>("since")?);
            let look_again_at = row.try_get::<Option<DateTime<Utc>>, _>("look_again_at")?.map(timestamp);
            of.held = Some(held(row.try_get("tier")?, since, look_again_at)?);
        }
    }
    let mut assessed: Vec<Assessed> = assessed.into_values().collect();
    assessed.sort_unstable_by_key(|of| of.customer);
    Ok(assessed)
}

/// Facts of `$2` in the currency `$3` that happened before `$4`. One look into the index for each customer: left to choose,
/// the planner may read whole tables.
const FACTS: &str = "select asked.customer, fact.*
       from unnest($2::uuid[]) as asked (customer)
      cross join lateral (
            select processed_at as at, points, case when currency = $3 then net_minor else 0 end as spend_minor,
                   (net_minor > 0)::int::bigint as orders
              from read.rfm_orders where merchant = $1 and customer = asked.customer and processed_at < $4
            union all
            select occurred_at, points, 0, 0
              from read.tier_bonuses where merchant = $1 and customer = asked.customer and occurred_at < $4) as fact";

fn fact(row: &PgRow) -> Result<Fact, ProjectionError> {
    Ok(Fact {
        at: timestamp(row.try_get::<DateTime<Utc>, _>("at")?),
        points: row.try_get("points")?,
        spend_minor: row.try_get("spend_minor")?,
        orders: row.try_get("orders")?,
    })
}

/// What counted for one customer before an instant, with spending in this currency.
///
/// # Errors
/// [`ProjectionError::Database`]
pub async fn before(
    db: &PgPool,
    merchant: MerchantId,
    customer: CustomerId,
    currency: Currency,
    instant: Timestamp,
) -> Result<Vec<Fact>, ProjectionError> {
    let rows = sqlx::query(FACTS)
        .bind(merchant.0)
        .bind(vec![customer.0])
        .bind(currency.as_str().to_owned())
        .bind(timestamptz(instant))
        .fetch_all(db)
        .await?;
    rows.iter().map(fact).collect()
}
