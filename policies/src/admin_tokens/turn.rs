//! Whose turn it is to renew a shop's token: two that renew at once would use up each other's refresh token. A turn ends by
//! itself, so that a worker which died keeps nobody waiting for longer than that.

use std::time::Duration;

use aggregates::id::MerchantId;
use sqlx::PgPool;
use uuid::Uuid;

/// Longer than the shop is waited for, and its answer recorded.
const TURN: Duration = Duration::from_secs(45);

/// False if it is somebody else's.
pub(super) async fn take(db: &PgPool, merchant: MerchantId, holder: Uuid) -> Result<bool, sqlx::Error> {
    let taken = sqlx::query(
        "insert into work.token_renewals (merchant, holder, until) values ($1, $2, now() + make_interval(secs => $3))
         on conflict (merchant) do update set holder = excluded.holder, until = excluded.until
          where token_renewals.until <= now()",
    )
    .bind(merchant.0)
    .bind(holder)
    .bind(TURN.as_secs_f64())
    .execute(db)
    .await?;
    Ok(taken.rows_affected() == 1)
}

pub(super) async fn end(db: &PgPool, merchant: MerchantId, holder: Uuid) -> Result<(), sqlx::Error> {
    let statement = "delete from work.token_renewals where merchant = $1 and holder = $2";
    sqlx::query(statement).bind(merchant.0).bind(holder).execute(db).await.map(drop)
}
