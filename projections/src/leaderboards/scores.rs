//! Points by board and customer, added up for a batch and then written.

use std::collections::BTreeMap;

use aggregates::rfm::Day;
use journal::Positioned;
use sqlx::PgConnection;
use uuid::Uuid;

use super::board::Board;
use crate::sql::bigint;

type Key = (Uuid, String, Uuid);

/// What a batch adds, and where that was last.
#[derive(Default)]
pub(super) struct Scores(BTreeMap<Key, (i64, u64)>);

impl Scores {
    pub fn add(&mut self, commit: &Positioned, customer: Uuid, day: Day, points: i64) {
        for board in Board::of(day) {
            let score = self.0.entry((commit.subject.merchant.0, board.to_string(), customer)).or_default();
            *score = (score.0.saturating_add(points), commit.position);
        }
    }

    pub async fn write(&mut self, transaction: &mut PgConnection) -> Result<(), sqlx::Error> {
        let scores = std::mem::take(&mut self.0);
        if scores.is_empty() {
            return Ok(());
        }
        sqlx::query(
            "insert into leaderboard_scores as known (merchant, board, customer, points, position)
             select * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::bigint[], $5::bigint[])
             on conflict (merchant, board, customer) do update
                set points = known.points + excluded.points, position = excluded.position",
        )
        .bind(scores.keys().map(|key| key.0).collect::<Vec<_>>())
        .bind(scores.keys().map(|key| key.1.clone()).collect::<Vec<_>>())
        .bind(scores.keys().map(|key| key.2).collect::<Vec<_>>())
        .bind(scores.values().map(|score| score.0).collect::<Vec<_>>())
        .bind(scores.values().map(|score| bigint(score.1)).collect::<Vec<_>>())
        .execute(transaction)
        .await
        .map(drop)
    }
}

/// What one account has scored becomes another's.
pub(super) async fn merge(
    transaction: &mut PgConnection,
    commit: &Positioned,
    loser: Uuid,
    survivor: Uuid,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "with moved as (delete from leaderboard_scores where merchant = $1 and customer = $2 returning *)
         insert into leaderboard_scores as known (merchant, board, customer, points, position)
         select merchant, board, $3, points, $4 from moved
         on conflict (merchant, board, customer) do update
            set points = known.points + excluded.points, position = excluded.position",
    )
    .bind(commit.subject.merchant.0)
    .bind(loser)
    .bind(survivor)
    .bind(bigint(commit.position))
    .execute(transaction)
    .await
    .map(drop)
}
