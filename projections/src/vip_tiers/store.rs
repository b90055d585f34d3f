//! Definitions, members and their history in the database.

use aggregates::{
    program::ProgramVersion,
    tier::{TierChange, TiersAssigned},
};
use journal::Positioned;
use sqlx::{PgConnection, Row};

use crate::{
    projection::ProjectionError,
    sql::{bigint, timestamptz},
};

fn name(assigned: &TiersAssigned, place: Option<u16>) -> Option<String> {
    assigned.tiers.get(usize::from(place?)).map(ToString::to_string)
}

/// Takes note of a version in which tiers are others than before. A shop that never had any needs no row.
pub async fn define(
    transaction: &mut PgConnection,
    commit: &Positioned,
    version: &ProgramVersion,
) -> Result<(), ProjectionError> {
    let settings = &version.settings;
    let definition = serde_json::to_string(&settings.tiers).map_err(|_| ProjectionError::BadRow("read.vip_tiers"))?;
    let time_zone = &settings.rfm.time_zone.0;
    let before =
        sqlx::query("select definition, time_zone from vip_tiers where merchant = $1 order by version desc limit 1")
            .bind(commit.subject.merchant.0)
            .fetch_optional(&mut *transaction)
            .await?;
    let differs = match before {
        None => !settings.tiers.tiers.is_empty(),
        Some(row) => (row.try_get::<&str, _>(0)?, row.try_get::<&str, _>(1)?) != (&definition, time_zone),
    };
    if differs {
        sqlx::query(
            "insert into vip_tiers (merchant, version, effective_from, time_zone, definition, position)
             values ($1, $2, $3, $4, $5, $6)",
        )
        .bind(commit.subject.merchant.0)
        .bind(i64::from(version.version))
        .bind(timestamptz(version.effective_from))
        .bind(time_zone)
        .bind(&definition)
        .bind(bigint(commit.position))
        .execute(transaction)
        .await?;
    }
    Ok(())
}

/// Customers as they stand from now on. Nobody's row who is in no tier and of whom nothing is due.
pub async fn stand(
    transaction: &mut PgConnection,
    commit: &Positioned,
    assigned: &TiersAssigned,
) -> Result<(), ProjectionError> {
    let stays = |change: &&TierChange| change.to.is_some() || change.look_again_at.is_some();
    let (standing, gone): (Vec<&TierChange>, Vec<&TierChange>) = assigned.changes.iter().partition(stays);
    macro_rules! column {
        ($change:ident => $value:expr) => {
            standing.iter().map(|$change| $value).collect::<Vec<_>>()
        };
    }
    sqlx::query(
        "insert into tier_members
            (merchant, recorded_at, position, customer, tier, since, look_again_at, measured)
         select $1, $2, $3, * from unnest($4::uuid[], $5::text[], $6::timestamptz[], $7::timestamptz[], $8::bigint[])
         on conflict (merchant, customer) do update
            set recorded_at = excluded.recorded_at, position = excluded.position, tier = excluded.tier,
                since = excluded.since, look_again_at = excluded.look_again_at, measured = excluded.measured",
    )
    .bind(commit.subject.merchant.0)
    .bind(timestamptz(commit.commit.recorded_at))
    .bind(bigint(commit.position))
    .bind(column!(change => change.customer.0))
    .bind(column!(change => name(assigned, change.to)))
    .bind(column!(change => timestamptz(change.since)))
    .bind(column!(change => change.look_again_at.map(timestamptz)))
    .bind(column!(change => change.measured))
    .execute(&mut *transaction)
    .await?;
    sqlx::query("delete from tier_members where merchant = $1 and customer = any($2::uuid[])")
        .bind(commit.subject.merchant.0)
        .bind(gone.iter().map(|change| change.customer.0).collect::<Vec<_>>())
        .execute(transaction)
        .await?;
    Ok(())
}

/// What is worth remembering: not that a look was put off.
pub async fn remember(
    transaction: &mut PgConnection,
    commit: &Positioned,
    assigned: &TiersAssigned,
) -> Result<(), ProjectionError> {
    let moved: Vec<&TierChange> = assigned.changes.iter().filter(|change| change.from != change.to).collect();
    macro_rules! column {
        ($change:ident => $value:expr) => {
            moved.iter().map(|$change| $value).collect::<Vec<_>>()
        };
    }
    sqlx::query(
        "insert into tier_history
            (merchant, recorded_at, position, definition_version, cause, customer, from_tier, tier, since, measured)
         select $1, $2, $3, $4, * from unnest($5::text[], $6::uuid[], $7::text[], $8::text[], $9::timestamptz[],
             $10::bigint[])",
    )
    .bind(commit.subject.merchant.0)
    .bind(timestamptz(commit.commit.recorded_at))
    .bind(bigint(commit.position))
    .bind(i64::from(assigned.definition_version))
    .bind(column!(change => change.cause.as_str()))
    .bind(column!(change => change.customer.0))
    .bind(column!(change => name(assigned, change.from)))
    .bind(column!(change => name(assigned, change.to)))
    .bind(column!(change => timestamptz(change.since)))
    .bind(column!(change => change.measured))
    .execute(transaction)
    .await?;
    Ok(())
}

/// How far these tables know the commits about the merchant's tiers, and by which version everybody stands.
pub async fn reached(
    transaction: &mut PgConnection,
    commit: &Positioned,
    facts_through: u64,
    definition_version: Option<u32>,
) -> Result<(), ProjectionError> {
    sqlx::query(
        "insert into tier_state as known (merchant, position, facts_through, recorded_at, definition_version)
         values ($1, $2, $3, $4, coalesce($5, 0))
         on conflict (merchant) do update
            set position = excluded.position,
                facts_through = greatest(known.facts_through, excluded.facts_through),
                recorded_at = greatest(known.recorded_at, excluded.recorded_at),
                definition_version = coalesce($5, known.definition_version)",
    )
    .bind(commit.subject.merchant.0)
    .bind(bigint(commit.position))
    .bind(bigint(facts_through))
    .bind(timestamptz(commit.commit.recorded_at))
    .bind(definition_version.map(i64::from))
    .execute(transaction)
    .await?;
    Ok(())
}
