//! Redemptions in the database.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, Row, postgres::PgRow};
use uuid::Uuid;

use aggregates::{
    id::{CustomerId, MerchantId, RedemptionId, RewardId},
    time::Timestamp,
};

use super::{
    RewardRedemptions,
    row::{Happening, RedemptionRow, RedemptionState},
};
use crate::{
    projection::ProjectionError,
    sql::{bigint, position, timestamp, timestamptz},
};

const BAD: ProjectionError = ProjectionError::BadRow(RewardRedemptions::NAME);

/// Those that are named, and all of accounts that are given away.
pub async fn load(
    transaction: &mut PgConnection,
    happened: &[Happening],
) -> Result<Vec<RedemptionRow>, ProjectionError> {
    let named: BTreeSet<(Uuid, Uuid)> = happened
        .iter()
        .flat_map(|happening| happening.named().iter().map(|redemption| (happening.merchant.0, redemption.0)))
        .collect();
    let closed: BTreeSet<(Uuid, Uuid)> = happened
        .iter()
        .filter_map(|happening| happening.closed().map(|account| (happening.merchant.0, account.0)))
        .collect();
    let mut rows = Vec::new();
    if !named.is_empty() {
        let (merchants, redemptions): (Vec<Uuid>, Vec<Uuid>) = named.into_iter().unzip();
        // One look into the index for each: left to choose, the planner may read the whole table.
        let found = sqlx::query(
            "select row.* from unnest($1::uuid[], $2::uuid[]) as asked (merchant, redemption)
              cross join lateral (
                    select * from reward_redemptions
                     where merchant = asked.merchant and redemption = asked.redemption limit 1) as row",
        )
        .bind(merchants)
        .bind(redemptions);
        rows.extend(found.fetch_all(&mut *transaction).await?);
    }
    if !closed.is_empty() {
        let (merchants, accounts): (Vec<Uuid>, Vec<Uuid>) = closed.into_iter().unzip();
        let found = sqlx::query(
            "select row.* from unnest($1::uuid[], $2::uuid[]) as asked (merchant, customer)
              cross join lateral (
                    select * from reward_redemptions
                     where merchant = asked.merchant and customer = asked.customer offset 0) as row",
        )
        .bind(merchants)
        .bind(accounts);
        rows.extend(found.fetch_all(&mut *transaction).await?);
    }
    rows.iter().map(from_row).collect()
}

/// All columns in one statement, whatever of them has changed.
pub async fn save(transaction: &mut PgConnection, rows: Vec<&RedemptionRow>) -> Result<(), ProjectionError> {
    macro_rules! column {
        ($row:ident => $value:expr) => {
            rows.iter().map(|$row| $value).collect::<Vec<_>>()
        };
    }
    sqlx::query(
        "insert into reward_redemptions
            (merchant, redemption, customer, reward, reward_version, points, returned_points, value_minor, state,
             created_at, delivered_at, used_at, returned_at, ended_at, created_position, position)
         select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::integer[], $6::bigint[],
            $7::bigint[], $8::bigint[], $9::text[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[],
            $13::timestamptz[], $14::timestamptz[], $15::bigint[], $16::bigint[])
         on conflict (merchant, redemption) do update
            set customer = excluded.customer, returned_points = excluded.returned_points, state = excluded.state,
                delivered_at = excluded.delivered_at, used_at = excluded.used_at,
                returned_at = excluded.returned_at, ended_at = excluded.ended_at, position = excluded.position",
    )
    .bind(column!(row => row.merchant.0))
    .bind(column!(row => row.id.0))
    .bind(column!(row => row.customer.0))
    .bind(column!(row => row.reward.map(|(reward, _)| reward.0)))
    .bind(column!(row => row.reward.map(|(_, version)| i32::try_from(version).unwrap_or(i32::MAX))))
    .bind(column!(row => row.points))
    .bind(column!(row => row.returned))
    .bind(column!(row => row.value_minor))
    .bind(column!(row => row.state.as_str()))
    .bind(column!(row => timestamptz(row.created_at)))
    .bind(column!(row => row.delivered_at.map(timestamptz)))
    .bind(column!(row => row.used_at.map(timestamptz)))
    .bind(column!(row => row.returned_at.map(timestamptz)))
    .bind(column!(row => row.ended_at.map(timestamptz)))
    .bind(column!(row => bigint(row.created_position)))
    .bind(column!(row => bigint(row.position)))
    .execute(transaction)
    .await?;
    Ok(())
}

pub fn from_row(row: &PgRow) -> Result<RedemptionRow, ProjectionError> {
    let reward: Option<Uuid> = row.try_get("reward")?;
    let version: Option<i32> = row.try_get("reward_version")?;
    let instant = |column| -> Result<Option<Timestamp>, ProjectionError> {
        Ok(row.try_get::<Option<DateTime<Utc>>, _>(column)?.map(timestamp))
    };
    Ok(RedemptionRow {
        merchant: MerchantId(row.try_get("merchant")?),
        id: RedemptionId(row.try_get("redemption")?),
        customer: CustomerId(row.try_get("customer")?),
        reward: reward.map(|reward| (RewardId(reward), version.and_then(|v| u32::try_from(v).ok()).unwrap_or(0))),
        points: row.try_get("points")?,
        returned: row.try_get("returned_points")?,
        value_minor: row.try_get("value_minor")?,
        state: RedemptionState::of(row.try_get("state")?).ok_or(BAD)?,
        created_at: timestamp(row.try_get::<DateTime<Utc>, _>("created_at")?),
        delivered_at: instant("delivered_at")?,
        used_at: instant("used_at")?,
        returned_at: instant("returned_at")?,
        ended_at: instant("ended_at")?,
        created_position: position(row.try_get("created_position")?),
        position: position(row.try_get("position")?),
    })
}
