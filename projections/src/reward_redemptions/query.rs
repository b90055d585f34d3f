//! Reading redemptions of a merchant, newest first, page by page.

use aggregates::id::{CustomerId, MerchantId, RewardId};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use uuid::Uuid;

use super::{
    row::{RedemptionRow, RedemptionState},
    store::from_row,
};
use crate::{projection::ProjectionError, sql::bigint};

/// Which redemptions; whatever is not said does not matter.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    pub state: Option<RedemptionState>,
    /// In whose account they are now.
    pub customer: Option<CustomerId>,
    pub reward: Option<RewardId>,
}

/// Where a redemption stands among all of a merchant's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub created_position: u64,
    pub redemption: Uuid,
}

impl Place {
    pub fn of(row: &RedemptionRow) -> Self {
        Place { created_position: row.created_position, redemption: row.id.0 }
    }
}

/// The newest first, behind the place given, at most `limit`.
///
/// # Errors
/// [`ProjectionError`]
pub async fn list(
    db: &PgPool,
    merchant: MerchantId,
    filter: Filter,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<RedemptionRow>, ProjectionError> {
    let rows = sqlx::query(
        "select * from read.reward_redemptions
          where merchant = $1 and created_position <= $2
            and (created_position < $2 or redemption > $3)
            and ($4::text is null or state = $4) and ($5::uuid is null or customer = $5)
            and ($6::uuid is null or reward = $6)
          order by created_position desc, redemption limit $7",
    )
    .bind(merchant.0)
    .bind(after.map_or(i64::MAX, |place| bigint(place.created_position)))
    .bind(after.map_or(Uuid::nil(), |place| place.redemption))
    .bind(filter.state.map(RedemptionState::as_str))
    .bind(filter.customer.map(|customer| customer.0))
    .bind(filter.reward.map(|reward| reward.0))
    .bind(limit)
    .fetch_all(db)
    .await?;
    rows.iter().map(from_row).collect()
}
