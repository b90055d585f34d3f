//! Buyers with what they bought and how they stand.

use std::collections::HashSet;

use aggregates::{
    id::{CustomerId, MerchantId},
    money::Currency,
    rfm::{Before, Buyer, Calendar, Day, Names, Purchases, Standing},
};
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgConnection, Row};

use super::{cell, literal};
use crate::{copied, projection::ProjectionError, rfm_segments::day_of, sql::timestamp};

/// Days from 1970 to 2000, where Postgres counts from.
const POSTGRES_EPOCH_DAYS: i32 = 10_957;

/// The currency of most of a shop's orders that count. A shop has one currency; where it was changed, sums over both would
/// mean nothing, so the orders in the rarer one are left out. Of two that are equally frequent, the first by alphabet.
pub async fn currency(
    connection: &mut PgConnection,
    merchant: MerchantId,
) -> Result<Option<Currency>, ProjectionError> {
    let code: Option<String> = sqlx::query_scalar(
        "select currency from read.rfm_orders where merchant = $1 and net_minor > 0
          group by currency order by count(*) desc, currency limit 1",
    )
    .bind(merchant.0)
    .fetch_optional(connection)
    .await?;
    let parse = |code: String| Currency::parse(&code).map_err(|_| ProjectionError::BadRow("read.rfm_orders"));
    code.map(parse).transpose()
}

/// What everybody has bought in this currency, in no order.
pub(super) async fn purchases(
    connection: &mut PgConnection,
    merchant: MerchantId,
    currency: Currency,
    calendar: &Calendar,
) -> Result<Vec<(CustomerId, Purchases)>, ProjectionError> {
    let query = format!(
        "select customer, max(processed_at), count(*), sum(net_minor)::bigint from read.rfm_orders
          where merchant = {} and currency = '{}' and net_minor > 0 group by customer",
        literal(merchant),
        currency.as_str(),
    );
    let mut bought = Vec::new();
    copied::read(connection, &query, 4, |fields| {
        let purchases = Purchases {
            last_order_day: calendar.day_of(fields.timestamp(1)?),
            orders: orders(fields.bigint(2)?),
            spend_minor: fields.bigint(3)?,
        };
        bought.push((CustomerId(fields.uuid(0)?), purchases));
        Ok(())
    })
    .await?;
    Ok(bought)
}

fn orders(count: i64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// How everybody stands, in no order.
pub(super) async fn standings(
    connection: &mut PgConnection,
    merchant: MerchantId,
    names: &mut Names,
) -> Result<Vec<(CustomerId, Before)>, ProjectionError> {
    let query = format!(
        "select customer, last_order_day, orders, spend_minor, scores, segment from read.customer_segments
          where merchant = {}",
        literal(merchant),
    );
    let mut stood = Vec::new();
    copied::read(connection, &query, 6, |fields| {
        let segment = fields.text(5)?;
        let last_order_day = i32::from_be_bytes(fields.fixed(1)?).saturating_add(POSTGRES_EPOCH_DAYS);
        let purchases = Purchases {
            last_order_day: Day(last_order_day),
            orders: orders(fields.bigint(2)?),
            spend_minor: fields.bigint(3)?,
        };
        let standing = Standing { cell: cell(fields.smallint(4)?)?, purchases };
        let before = Before { standing, segment: names.number_of(segment) };
        stood.push((CustomerId(fields.uuid(0)?), before));
        Ok(())
    })
    .await?;
    Ok(stood)
}

/// Everybody who is in either list, in the order of their ids.
pub(super) fn joined(mut bought: Vec<(CustomerId, Purchases)>, mut stood: Vec<(CustomerId, Before)>) -> Vec<Buyer> {
    bought.sort_unstable_by_key(|(customer, _)| *customer);
    stood.sort_unstable_by_key(|(customer, _)| *customer);
    let mut buyers = Vec::with_capacity(bought.len().max(stood.len()));
    let (mut bought, mut stood) = (bought.into_iter().peekable(), stood.into_iter().peekable());
    loop {
        let next = [bought.peek().map(|(customer, _)| *customer), stood.peek().map(|(customer, _)| *customer)];
        let Some(customer) = next.into_iter().flatten().min() else { return buyers };
        buyers.push(Buyer {
            customer,
            purchases: bought.next_if(|(other, _)| *other == customer).map(|(_, purchases)| purchases),
            before: stood.next_if(|(other, _)| *other == customer).map(|(_, before)| before),
        });
    }
}

/// Which buyers are wanted.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub merchant: MerchantId,
    pub customers: &'a [CustomerId],
    pub currency: Option<Currency>,
}

/// These buyers, whether they have bought anything or not.
pub async fn some(
    connection: &mut PgConnection,
    asked: Asked<'_>,
    calendar: &Calendar,
    apart: &HashSet<CustomerId>,
    names: &mut Names,
) -> Result<Vec<Buyer>, ProjectionError> {
    // One look into the index for each: left to choose, the planner may read the whole table.
    let rows = sqlx::query(
        "select asked.customer, bought.*, stood.*
           from unnest($2::uuid[]) as asked (customer)
          cross join lateral (
                select max(processed_at) as last_order_at, count(*) as orders, sum(net_minor)::bigint as spend_minor
                  from read.rfm_orders
                 where merchant = $1 and customer = asked.customer and currency = $3 and net_minor > 0) as bought
           left join lateral (
                select segment, scores, last_order_day, orders as stood_orders, spend_minor as stood_spend_minor
                  from read.customer_segments where merchant = $1 and customer = asked.customer) as stood on true
          order by asked.customer",
    )
    .bind(asked.merchant.0)
    .bind(asked.customers.iter().map(|customer| customer.0).collect::<Vec<_>>())
    .bind(asked.currency.map(|currency| currency.as_str().to_owned()))
    .fetch_all(connection)
    .await?;
    let mut buyers = Vec::with_capacity(rows.len());
    for row in &rows {
        let customer = CustomerId(row.try_get("customer")?);
        let purchases = bought(row, calendar)?.filter(|_| !apart.contains(&customer));
        buyers.push(Buyer { customer, purchases, before: stood(row, names)? });
    }
    Ok(buyers)
}

fn bought(row: &sqlx::postgres::PgRow, calendar: &Calendar) -> Result<Option<Purchases>, ProjectionError> {
    let Some(last) = row.try_get::<Option<DateTime<Utc>>, _>("last_order_at")? else { return Ok(None) };
    Ok(Some(Purchases {
        last_order_day: calendar.day_of(timestamp(last)),
        orders: orders(row.try_get("orders")?),
        spend_minor: row.try_get("spend_minor")?,
    }))
}

fn stood(row: &sqlx::postgres::PgRow, names: &mut Names) -> Result<Option<Before>, ProjectionError> {
    let Some(segment) = row.try_get::<Option<&str>, _>("segment")? else { return Ok(None) };
    let purchases = Purchases {
        last_order_day: day_of(row.try_get::<NaiveDate, _>("last_order_day")?),
        orders: orders(row.try_get("stood_orders")?),
        spend_minor: row.try_get("stood_spend_minor")?,
    };
    let standing = Standing { cell: cell(row.try_get("scores")?)?, purchases };
    Ok(Some(Before { standing, segment: names.number_of(segment) }))
}
