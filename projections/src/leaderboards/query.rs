//! Who is ahead, and where somebody stands. Only those are seen, and counted, who may be shown.

use aggregates::{
    id::{CustomerId, MerchantId},
    rfm::Calendar,
};
use sqlx::{AssertSqlSafe, PgPool};
use uuid::Uuid;

use super::board::Board;
use crate::sql::timestamptz;

/// By what customers are ranked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Points earned, less what went back.
    Points,
    /// Orders that were paid for and kept, at least in part.
    Orders,
}

/// Where somebody stands. Of several with the same score each has the best rank of them, and the ranks behind are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub customer: CustomerId,
    pub rank: u64,
    pub score: i64,
    /// Somebody else has the same score.
    pub tied: bool,
}

/// Customers with a score of at least 1, as `shown`; `$1` is the merchant, `$2` the board, `$3` and `$4` its first and last
/// instant.
fn shown(metric: Metric) -> String {
    let scored = match metric {
        Metric::Points => {
            "select scores.merchant, scores.customer, scores.points as score
               from asked join read.leaderboard_scores as scores using (merchant, board) where scores.points > 0"
        }
        Metric::Orders => {
            "select orders.merchant, orders.customer, count(*) as score
               from asked join read.rfm_orders as orders using (merchant)
              where orders.net_minor > 0
                and (asked.first is null or orders.processed_at between asked.first and asked.last)
              group by orders.merchant, orders.customer"
        }
    };
    format!(
        "with asked (merchant, board, first, last) as (select $1::uuid, $2::text, $3::timestamptz, $4::timestamptz),
              scored as ({scored}),
              shown as (select scored.customer, scored.score from scored
                         where not exists (select from read.leaderboard_apart as apart
                                            where apart.merchant = scored.merchant and apart.customer = scored.customer
                                              and (apart.opted_out or apart.restricted or apart.gone)))"
    )
}

/// The best, in order; those with the same score by their ids. At most `limit`.
pub async fn best(
    db: &PgPool,
    merchant: MerchantId,
    board: Board,
    metric: Metric,
    calendar: &Calendar,
    limit: usize,
) -> Result<Vec<Place>, sqlx::Error> {
    let statement =
        format!("{} select customer, score from shown order by score desc, customer limit $5", shown(metric));
    let span = board.span(calendar);
    let rows: Vec<(Uuid, i64)> = sqlx::query_as(AssertSqlSafe(statement))
        .bind(merchant.0)
        .bind(board.to_string())
        .bind(span.map(|span| timestamptz(span.0)))
        .bind(span.map(|span| timestamptz(span.1)))
        // One more, to know whether the last one is tied.
        .bind(i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1))
        .fetch_all(db)
        .await?;
    let mut places = placed(&rows);
    places.truncate(limit);
    Ok(places)
}

/// Ranks of scores that come in descending order.
fn placed(rows: &[(Uuid, i64)]) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::with_capacity(rows.len());
    for (index, (customer, score)) in rows.iter().enumerate() {
        let ahead = places.last().filter(|ahead| ahead.score == *score).map(|ahead| ahead.rank);
        let behind = rows.get(index + 1).is_some_and(|behind| behind.1 == *score);
        places.push(Place {
            customer: CustomerId(*customer),
            rank: ahead.unwrap_or(index as u64 + 1),
            score: *score,
            tied: ahead.is_some() || behind,
        });
    }
    places
}

/// Where one customer stands; none for who is not shown, or has no score.
pub async fn place_of(
    db: &PgPool,
    merchant: MerchantId,
    board: Board,
    metric: Metric,
    calendar: &Calendar,
    customer: CustomerId,
) -> Result<Option<Place>, sqlx::Error> {
    let statement = format!(
        "{} select own.score, (select count(*) from shown where score > own.score),
                (select count(*) from shown where score = own.score)
           from shown as own where own.customer = $5",
        shown(metric)
    );
    let span = board.span(calendar);
    let row: Option<(i64, i64, i64)> = sqlx::query_as(AssertSqlSafe(statement))
        .bind(merchant.0)
        .bind(board.to_string())
        .bind(span.map(|span| timestamptz(span.0)))
        .bind(span.map(|span| timestamptz(span.1)))
        .bind(customer.0)
        .fetch_optional(db)
        .await?;
    let place = |(score, ahead, same): (i64, i64, i64)| Place {
        customer,
        rank: u64::try_from(ahead).unwrap_or(0) + 1,
        score,
        tied: same > 1,
    };
    Ok(row.map(place))
}

/// What somebody has in each week and month, and altogether, under its name: `2026-W47`, `2026-11`, `all_time`. Points alone; also
/// of who is not shown.
pub async fn scores_of(
    db: &PgPool,
    merchant: MerchantId,
    customer: CustomerId,
) -> Result<Vec<(String, i64)>, sqlx::Error> {
    sqlx::query_as(
        "select board, points from read.leaderboard_scores where merchant = $1 and customer = $2 order by board",
    )
    .bind(merchant.0)
    .bind(customer.0)
    .fetch_all(db)
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_the_same_score_has_the_same_rank_and_the_next_one_is_behind_them_all() {
        let row = |number: u128, score| (Uuid::from_u128(number), score);
        let places = placed(&[row(1, 90), row(2, 50), row(3, 50), row(4, 20)]);
        let read: Vec<(u64, i64, bool)> = places.iter().map(|place| (place.rank, place.score, place.tied)).collect();
        assert_eq!(read, [(1, 90, false), (2, 50, true), (2, 50, true), (4, 20, false)]);
    }
}
