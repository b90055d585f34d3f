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

use super::gifts;
use crate::{
    copied::{self, Fields},
    projection::ProjectionError,
    sql::{timestamp, timestamptz},
};

const BAD: ProjectionError = ProjectionError::BadRow("read.tier_members");

// What a row of everybody's says.
const FACT: i64 = 0;
const GIFT: i64 = 1;
const HELD: i64 = 2;

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
    // The query takes no parameters; both are our own values.
    let query = format!(
        "select customer, {FACT}::bigint as what, processed_at as at, null::timestamptz as until, points,
                case when currency = '{currency}' then net_minor else 0 end as spend_minor,
                (net_minor > 0)::int::bigint as orders, null::text as tier, null::text as giver,
                null::timestamptz as ended_at
           from read.rfm_orders where merchant = '{merchant}'
         union all
         select customer, {FACT}::bigint, occurred_at, null, points, 0, 0, null, null, null
           from read.tier_bonuses where merchant = '{merchant}'
         union all
         select customer, {GIFT}::bigint, given_at, until, 0, 0, 0, tier, giver, ended_at
           from read.tier_gifts where merchant = '{merchant}'
         union all
         select customer, {HELD}::bigint, since, look_again_at, 0, 0, 0, tier, null, null
           from read.tier_members where merchant = '{merchant}'
          order by customer"
    );
    let mut gathering: Option<Assessed> = None;
    copied::read(connection, &query, 10, |fields| {
        let customer = CustomerId(fields.uuid(0)?);
        if gathering.as_ref().is_none_or(|assessed| assessed.customer != customer) {
            gathering.replace(Assessed::nothing_of(customer)).into_iter().for_each(&mut visit);
        }
        let Some(assessed) = gathering.as_mut() else { return Ok(()) };
        let at = fields.timestamp(2)?;
        let until = fields.unless_null(3, Fields::timestamp)?;
        let tier = fields.unless_null(7, Fields::text)?;
        match fields.bigint(1)? {
            HELD => assessed.held = Some(held(tier, at, until)?),
            _ if apart.contains(&customer) => {}
            GIFT => {
                let words = (tier.ok_or(BAD)?, fields.text(8)?);
                let ended_at = fields.unless_null(9, Fields::timestamp)?;
                assessed.given.push(gifts::given(words, at, until, ended_at)?);
            }
            _ => {
                let (points, spend_minor, orders) = (fields.bigint(4)?, fields.bigint(5)?, fields.bigint(6)?);
                assessed.facts.push(Fact { at, points, spend_minor, orders });
            }
        }
        Ok(())
    })
    .await?;
    gathering.into_iter().for_each(visit);
    Ok(())
}

fn held(tier: Option<&str>, since: Timestamp, look_again_at: Option<Timestamp>) -> Result<Held, ProjectionError> {
    let tier = tier.map(|tier| TierId::parse(tier).map_err(|_| BAD)).transpose()?;
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
        assessed.insert(customer.0, Assessed::nothing_of(*customer));
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
    for (customer, given) in gifts::of_some(&mut *connection, merchant, &ids).await? {
        if let Some(of) = assessed.get_mut(&customer.0).filter(|_| !apart.contains(&customer)) {
            of.given.push(given);
        }
    }
    let members = sqlx::query(
        "select customer, tier, since, look_again_at from read.tier_members
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
