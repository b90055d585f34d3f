//! What campaigns have given.

use std::collections::HashMap;

use aggregates::{
    id::{CampaignId, CustomerId, MerchantId},
    time::Timestamp,
};
use chrono::{DateTime, Utc};
use sqlx::PgPool;
use uuid::Uuid;

use crate::{
    projection::ProjectionError,
    sql::{bigint, position, timestamp},
};

/// What one campaign has given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Given {
    /// Orders that it multiplied.
    pub orders: u64,
    /// What these were awarded in all, not only by it.
    pub order_points: i64,
    pub actions: u64,
    /// Different customers who acted.
    pub customers: u64,
    pub action_points: i64,
}

/// What each campaign of a merchant has given.
///
/// # Errors
/// [`ProjectionError::Database`]
pub async fn given(db: &PgPool, merchant: MerchantId) -> Result<HashMap<CampaignId, Given>, ProjectionError> {
    let mut given: HashMap<CampaignId, Given> = HashMap::new();
    let orders: Vec<(Uuid, i64, i64)> =
        sqlx::query_as("select campaign, orders, points from read.campaign_orders where merchant = $1")
            .bind(merchant.0)
            .fetch_all(db)
            .await?;
    for (campaign, orders, points) in orders {
        let of = given.entry(CampaignId(campaign)).or_default();
        (of.orders, of.order_points) = (position(orders), points);
    }
    let actions: Vec<(Uuid, i64, i64, i64)> = sqlx::query_as(
        "select campaign, count(*), count(distinct customer), sum(points)::bigint from read.campaign_actions
          where merchant = $1 group by campaign",
    )
    .bind(merchant.0)
    .fetch_all(db)
    .await?;
    for (campaign, actions, customers, points) in actions {
        let of = given.entry(CampaignId(campaign)).or_default();
        (of.actions, of.customers, of.action_points) = (position(actions), position(customers), points);
    }
    Ok(given)
}

/// Something that a customer did, and what one campaign gives for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionRow {
    pub campaign: CampaignId,
    /// `review`, `birthday`, or a name of the merchant's own.
    pub action: String,
    pub points: i64,
    pub taken_at: Timestamp,
    /// The points are theirs by now.
    pub granted: bool,
    pub position: u64,
}

/// What a customer did that campaigns reward, newest first, at most `limit`, before the one given by its position and campaign.
///
/// # Errors
/// [`ProjectionError::Database`]
pub async fn actions_of(
    db: &PgPool,
    merchant: MerchantId,
    customer: CustomerId,
    before: Option<(u64, CampaignId)>,
    limit: i64,
) -> Result<Vec<ActionRow>, ProjectionError> {
    let (before, campaign) = before.unwrap_or((u64::MAX, CampaignId(Uuid::max())));
    let rows: Vec<(Uuid, String, i64, DateTime<Utc>, bool, i64)> = sqlx::query_as(
        "select campaign, action, points, taken_at, granted, position from read.campaign_actions
          where merchant = $1 and customer = $2 and (position, campaign) < ($3, $4)
          order by position desc, campaign desc limit $5",
    )
    .bind(merchant.0)
    .bind(customer.0)
    .bind(bigint(before))
    .bind(campaign.0)
    .bind(limit)
    .fetch_all(db)
    .await?;
    let row = |(campaign, action, points, taken_at, granted, at)| ActionRow {
        campaign: CampaignId(campaign),
        action,
        points,
        taken_at: timestamp(taken_at),
        granted,
        position: position(at),
    };
    Ok(rows.into_iter().map(row).collect())
}
