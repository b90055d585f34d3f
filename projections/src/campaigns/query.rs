//! What campaigns have given.

use std::collections::HashMap;

use aggregates::id::{CampaignId, MerchantId};
use sqlx::PgPool;
use uuid::Uuid;

use crate::{projection::ProjectionError, sql::position};

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
