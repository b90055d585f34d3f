//! Who must not be profiled. This is the one place that knows: whoever is named here has no scores and no segment, whatever
//! they buy, from the next window or order on.

use std::collections::HashSet;

use aggregates::id::{CustomerId, MerchantId};
use sqlx::PgConnection;
use uuid::Uuid;

/// Customers of a merchant that are neither members nor merged into one, and those who are not to be profiled.
pub async fn apart(connection: &mut PgConnection, merchant: MerchantId) -> Result<HashSet<CustomerId>, sqlx::Error> {
    let apart: Vec<Uuid> = sqlx::query_scalar(
        "select customer from read.customers
          where merchant = $1 and (state not in ('member', 'merged') or restricted or objects_to_profiling)",
    )
    .bind(merchant.0)
    .fetch_all(connection)
    .await?;
    Ok(apart.into_iter().map(CustomerId).collect())
}
