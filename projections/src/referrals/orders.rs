//! Which orders of a friend concern their referral. Every order of the shop comes by here; hardly any is a friend's, and of
//! a friend's only those that can change what follows are looked at again.

use std::collections::HashMap;

use aggregates::{points::OrderAssessed, referral::Status, time::Timestamp};
use chrono::{DateTime, Utc};
use journal::Positioned;
use sqlx::{PgConnection, Row, postgres::PgRow};
use uuid::Uuid;

use crate::{
    projection::ProjectionError,
    sql::{bigint, timestamp},
};

const TABLE: &str = "read.referrals";

/// Merchant and customer.
type Key = (Uuid, Uuid);

struct Touch {
    position: i64,
    order: [u8; 16],
    processed_at: Option<Timestamp>,
}

/// Orders of a batch, by whose they are.
#[derive(Default)]
pub(super) struct Touches {
    by_customer: HashMap<Key, Vec<Touch>>,
}

/// As much of a row as decides whether an order concerns it.
struct Standing {
    referral: Uuid,
    status: Status,
    order: Option<Vec<u8>>,
    processed_at: Option<Timestamp>,
}

impl Touches {
    pub fn order(&mut self, commit: &Positioned, customer: Uuid, order: &OrderAssessed) {
        self.by_customer.entry((commit.subject.merchant.0, customer)).or_default().push(Touch {
            position: bigint(commit.position),
            order: order.order.0,
            processed_at: order.body.as_ref().map(|body| body.processed_at),
        });
    }

    pub async fn write(self, transaction: &mut PgConnection) -> Result<(), ProjectionError> {
        if self.by_customer.is_empty() {
            return Ok(());
        }
        let (mut merchants, mut referrals, mut touched) = (Vec::new(), Vec::new(), Vec::new());
        for (key, standing) in self.friends(transaction).await? {
            let orders = self.by_customer.get(&key).into_iter().flatten();
            if let Some(position) = orders.filter(|touch| standing.concerns(touch)).map(|touch| touch.position).max() {
                merchants.push(key.0);
                referrals.push(standing.referral);
                touched.push(position);
            }
        }
        sqlx::query(
            "update referrals r set touched = greatest(r.touched, t.position)
               from unnest($1::uuid[], $2::uuid[], $3::bigint[]) as t (merchant, referral, position)
              where r.merchant = t.merchant and r.referral = t.referral",
        )
        .bind(merchants)
        .bind(referrals)
        .bind(touched)
        .execute(transaction)
        .await?;
        Ok(())
    }

    /// Referrals of these customers that an order may still change.
    async fn friends(&self, transaction: &mut PgConnection) -> Result<Vec<(Key, Standing)>, ProjectionError> {
        let (merchants, customers): (Vec<Uuid>, Vec<Uuid>) = self.by_customer.keys().copied().unzip();
        let rows = sqlx::query(
            "select r.merchant, r.customer, r.referral, r.status, r.order_token, r.order_processed_at
               from unnest($1::uuid[], $2::uuid[]) as asked (merchant, customer)
               join referrals r using (merchant, customer) where not r.closed",
        )
        .bind(merchants)
        .bind(customers)
        .fetch_all(transaction)
        .await?;
        rows.iter().map(|row| Ok(((row.try_get("merchant")?, row.try_get("customer")?), Standing::of(row)?))).collect()
    }
}

impl Standing {
    fn of(row: &PgRow) -> Result<Self, ProjectionError> {
        Ok(Standing {
            referral: row.try_get("referral")?,
            status: Status::parse(row.try_get("status")?).ok_or(ProjectionError::BadRow(TABLE))?,
            order: row.try_get("order_token")?,
            processed_at: row.try_get::<Option<DateTime<Utc>>, _>("order_processed_at")?.map(timestamp),
        })
    }

    /// While no order qualifies, any may. Once one does: news of it, and earlier ones.
    fn concerns(&self, touch: &Touch) -> bool {
        match self.status {
            Status::None | Status::Rejected => false,
            Status::Waiting | Status::Cancelled | Status::ClawedBack | Status::Expired => true,
            Status::Pending | Status::InReview | Status::Completed => {
                let is_it = self.order.as_deref() == Some(touch.order.as_slice());
                let is_earlier = touch.processed_at.is_some_and(|at| self.processed_at.is_none_or(|ours| at < ours));
                is_it || is_earlier
            }
        }
    }
}
