//! The rows of `campaigns` in the database.

use aggregates::{
    campaign::{ActionTaken, CampaignDefined, CampaignWithdrawn, Effect},
    id::{BonusId, CustomerId},
    points::OrderAssessed,
    program::BoostSource,
};
use journal::Positioned;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::sql::{bigint, timestamptz};

/// What multiplies orders; other kinds are the words of their actions.
const MULTIPLY: &str = "multiply";

pub async fn define(
    transaction: &mut PgConnection,
    commit: &Positioned,
    defined: &CampaignDefined,
) -> Result<(), sqlx::Error> {
    let kind = match &defined.campaign.effect {
        Effect::Multiply { .. } => MULTIPLY,
        Effect::Reward { action, .. } => action.as_str(),
    };
    let upsert = sqlx::query(
        "insert into campaigns (merchant, campaign, version, kind, starts_at, ends_at, position)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (merchant, campaign) do update
            set version = excluded.version, kind = excluded.kind, starts_at = excluded.starts_at,
                ends_at = excluded.ends_at, position = excluded.position",
    );
    upsert
        .bind(commit.subject.merchant.0)
        .bind(defined.id.0)
        .bind(i64::from(defined.version))
        .bind(kind)
        .bind(timestamptz(defined.campaign.from))
        .bind(defined.campaign.until.map(timestamptz))
        .bind(bigint(commit.position))
        .execute(transaction)
        .await
        .map(drop)
}

pub async fn withdraw(
    transaction: &mut PgConnection,
    commit: &Positioned,
    withdrawn: &CampaignWithdrawn,
) -> Result<(), sqlx::Error> {
    let update =
        sqlx::query("update campaigns set withdrawn_at = $3, position = $4 where merchant = $1 and campaign = $2");
    update
        .bind(commit.subject.merchant.0)
        .bind(withdrawn.id.0)
        .bind(timestamptz(withdrawn.at))
        .bind(bigint(commit.position))
        .execute(transaction)
        .await
        .map(drop)
}

pub async fn take(transaction: &mut PgConnection, commit: &Positioned, taken: &ActionTaken) -> Result<(), sqlx::Error> {
    macro_rules! column {
        ($reward:ident => $value:expr) => {
            taken.rewards.iter().map(|$reward| $value).collect::<Vec<_>>()
        };
    }
    let insert = sqlx::query(
        "insert into campaign_actions
            (merchant, token, customer, action, taken_at, position, granted, campaign, version, points, bonus)
         select $1, $2, $3, $4, $5, $6, false, * from unnest($7::uuid[], $8::bigint[], $9::bigint[], $10::uuid[])",
    );
    insert
        .bind(commit.subject.merchant.0)
        .bind(taken.token.0.to_vec())
        .bind(taken.customer.0)
        .bind(taken.action.as_str().to_owned())
        .bind(timestamptz(taken.at))
        .bind(bigint(commit.position))
        .bind(column!(reward => reward.campaign.0))
        .bind(column!(reward => i64::from(reward.version)))
        .bind(column!(reward => reward.points))
        .bind(column!(reward => reward.bonus(taken.token).0))
        .execute(transaction)
        .await
        .map(drop)
}

/// How far a shard is known.
pub async fn reached(transaction: &mut PgConnection, commit: &Positioned, shard: u8) -> Result<(), sqlx::Error> {
    let upsert = sqlx::query(
        "insert into campaign_shards (merchant, shard, position) values ($1, $2, $3)
         on conflict (merchant, shard) do update set position = excluded.position",
    );
    upsert
        .bind(commit.subject.merchant.0)
        .bind(i16::from(shard))
        .bind(bigint(commit.position))
        .execute(transaction)
        .await
        .map(drop)
}

/// The work is done: the row is off the list.
pub async fn granted(transaction: &mut PgConnection, commit: &Positioned, bonus: BonusId) -> Result<(), sqlx::Error> {
    let update = sqlx::query("update campaign_actions set granted = true where merchant = $1 and bonus = $2");
    update.bind(commit.subject.merchant.0).bind(bonus.0).execute(transaction).await.map(drop)
}

/// An order's first award, by the campaigns that multiplied it.
pub async fn count_order(
    transaction: &mut PgConnection,
    commit: &Positioned,
    event: &OrderAssessed,
) -> Result<(), sqlx::Error> {
    for boost in event.body.iter().flat_map(|body| &body.boosts) {
        let BoostSource::Campaign(campaign) = boost.source else { continue };
        let upsert = sqlx::query(
            "insert into campaign_orders as known (merchant, campaign, orders, points) values ($1, $2, 1, $3)
             on conflict (merchant, campaign) do update
                set orders = known.orders + 1, points = known.points + excluded.points",
        );
        let bound = upsert.bind(commit.subject.merchant.0).bind(campaign.0).bind(event.awarded);
        bound.execute(&mut *transaction).await?;
    }
    Ok(())
}

/// What one profile did, the kept one has done.
pub async fn merge(
    transaction: &mut PgConnection,
    commit: &Positioned,
    loser: Uuid,
    winner: CustomerId,
) -> Result<(), sqlx::Error> {
    let update = sqlx::query("update campaign_actions set customer = $3 where merchant = $1 and customer = $2");
    update.bind(commit.subject.merchant.0).bind(loser).bind(winner.0).execute(transaction).await.map(drop)
}
