//! Two thousand friends of two hundred advocates, told twice and in any order: everybody is paid for exactly once. A shop
//! that converts seventy thousand friends an hour has as many in less than two minutes.

use futures::{StreamExt, stream};
use serde_json::{Value, json};

use super::kit::*;
use crate::support::{Installation, Shop, Shopper, on_shared_runtime};

const ADVOCATES: usize = 200;
const FRIENDS: usize = 2_000;
const AT_ONCE: usize = 32;

#[tokio::test]
async fn two_thousand_friends_are_paid_for_once_each() {
    let shop = Shop::open().await;
    shop.publish(json!({ "referrals": { "hold_days": 0, "velocity": { "referrals": 1000, "days": 1 } } })).await;
    let advocates: Vec<(Shopper<'_>, Value)> =
        stream::iter(0..ADVOCATES).map(|_| advocate(&shop)).buffer_unordered(AT_ONCE).collect().await;
    let friends: Vec<Shopper<'_>> = (0..FRIENDS).map(|_| shop.shopper()).collect();
    let orders: Vec<_> = friends
        .iter()
        .zip(advocates.iter().cycle())
        .map(|(friend, (_, link))| order_through(*friend, link, 50_00))
        .collect();
    for told in [orders.iter().collect::<Vec<_>>(), orders.iter().rev().collect()] {
        stream::iter(told)
            .for_each_concurrent(AT_ONCE, |order| async move {
                assert!(order.deliver().await.status.is_success());
            })
            .await;
    }
    shop.settle().await;
    let (db, merchant) = (Installation::shared().gateway.db.clone(), shop.merchant);
    let (completed, given, taken): (i64, i64, i64) = on_shared_runtime(async move {
        sqlx::query_as(
            "select (select count(*) from read.referrals where merchant = $1 and status = 'completed'),
                    (select sum(points)::bigint from read.points_transactions
                      where merchant = $1 and reference_kind = 'referral' and points > 0),
                    (select count(*) from read.points_transactions
                      where merchant = $1 and reference_kind = 'referral' and points < 0)",
        )
        .bind(merchant.0)
        .fetch_one(&db)
        .await
        .unwrap()
    })
    .await;
    assert_eq!(completed, i64::try_from(FRIENDS).unwrap());
    assert_eq!((given, taken), (2 * REWARD * completed, 0));
    let each = REWARD * i64::try_from(FRIENDS / ADVOCATES).unwrap();
    for (advocate, _) in advocates.iter().step_by(40) {
        assert_eq!(rewarded(*advocate).await, each);
    }
}
