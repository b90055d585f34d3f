//! Profiles become one: links and referrals go with them.

use std::{sync::Arc, time::Duration};

use aggregates::{
    id::{CustomerId, ReferralId},
    referral::{Cause, ReferralEvent},
};
use gateway::clock::SystemClock;
use journal::Subject;
use projections::{projection::events_of, referrals::Referrals, set_paused};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::kit::*;
use crate::support::{Installation, Shop, Shopper, on_shared_runtime};

/// Looks at the log until a decision is there: half a minute.
const LOOKS_MAX: usize = 600;
const LOOK_EVERY: Duration = Duration::from_millis(50);

#[tokio::test]
async fn an_advocates_links_and_friends_go_to_whoever_they_are_by_now() {
    let shop = Shop::open().await;
    let (advocate, link) = advocate(&shop).await;
    let (kept, friend, later) = (shop.shopper(), shop.shopper(), shop.shopper());
    assert!(kept.order(10_00).deliver().await.is_accepted());
    assert!(order_through(friend, &link, 50_00).deliver().await.is_accepted());
    shop.settle().await;
    assert!(shop.merge(kept, advocate).await.is_accepted());
    assert!(order_through(later, &link, 50_00).deliver().await.is_accepted());
    shop.advance_days(WINDOW_DAYS).await;
    assert_eq!(rewarded(kept).await, 2 * REWARD);
    assert_eq!((rewarded(friend).await, rewarded(later).await), (REWARD, REWARD));
    let of_kept = shop.api.get(&kept.path("referrals").await).query("min_position", shop.seen()).document().await;
    assert_eq!((&of_kept["links"][0]["id"], of_kept["data"].as_array().unwrap().len()), (&link["id"], 2));
}

#[tokio::test]
async fn a_friend_who_was_a_customer_under_another_profile_is_not_new() {
    let shop = Shop::open().await;
    let (advocate, link) = advocate(&shop).await;
    let (old, friend) = (shop.shopper(), shop.shopper());
    assert!(old.order(10_00).deliver().await.is_accepted());
    shop.advance_days(1).await;
    assert!(order_through(friend, &link, 50_00).deliver().await.is_accepted());
    shop.advance_days(WINDOW_DAYS).await;
    assert_eq!(both_rewarded(advocate, friend).await, (REWARD, REWARD));
    let id = id_of(friend).await;
    assert!(shop.merge(old, friend).await.is_accepted());
    shop.settle().await;
    let referral = shop.api.get(&format!("/v1/referrals/{id}")).query("min_position", shop.seen()).document().await;
    assert_eq!((&referral["status"], &referral["cause"]), (&json!("clawed_back"), &json!("not_new")));
    assert_eq!((rewarded(advocate).await, old.available().await), (0, 10 + 50));
    old.books_balance().await;
}

#[tokio::test]
async fn an_advocate_and_a_friend_who_turn_out_to_be_one_person_keep_nothing() {
    let shop = Shop::open().await;
    let (advocate, link) = advocate(&shop).await;
    let friend = shop.shopper();
    assert!(order_through(friend, &link, 50_00).deliver().await.is_accepted());
    shop.advance_days(WINDOW_DAYS).await;
    assert_eq!(both_rewarded(advocate, friend).await, (REWARD, REWARD));
    assert!(shop.merge(advocate, friend).await.is_accepted());
    shop.settle().await;
    assert_eq!(advocate.available().await, 10 + 50);
    advocate.books_balance().await;
}

#[tokio::test]
async fn two_brought_profiles_that_are_one_person_were_brought_once() {
    let shop = Shop::open().await;
    let (first, link) = advocate(&shop).await;
    let (second, other_link) = advocate(&shop).await;
    let (one, two) = (shop.shopper(), shop.shopper());
    let ids = (one, two);
    assert_eq!(name_friend(&shop, &link, &json!({ "external_id": one.external_id.to_string() })).await.status, 201);
    shop.advance_days(1).await;
    assert_eq!(
        name_friend(&shop, &other_link, &json!({ "external_id": two.external_id.to_string() })).await.status,
        201
    );
    assert!(shop.merge(one, two).await.is_accepted());
    assert!(ids.0.order(50_00).deliver().await.is_accepted());
    shop.advance_days(WINDOW_DAYS).await;
    shop.settle().await;
    assert_eq!((rewarded(first).await, rewarded(second).await, rewarded(one).await), (REWARD, 0, REWARD));
}

/// The first decision of a referral that is made of its own accord: what follows who came and what was found of them.
async fn decision_about(installation: &Installation, shop: &Shop, friend: CustomerId) -> ReferralEvent {
    let (journal, subject) =
        (installation.gateway.journal.clone(), Subject::referral(shop.merchant, ReferralId(friend.0)));
    let watched = async move {
        for _ in 0..LOOKS_MAX {
            for commit in journal.read_confirmed(&subject, 0).await.unwrap() {
                let decided = events_of::<ReferralEvent>(&commit)
                    .unwrap()
                    .into_iter()
                    .find(|event| matches!(event, ReferralEvent::Completed(_) | ReferralEvent::Rejected(_)));
                if let Some(decided) = decided {
                    return Some(decided);
                }
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        None
    };
    on_shared_runtime(watched).await.expect("it is decided about in half a minute")
}

#[tokio::test]
async fn nobody_is_paid_twice_for_one_person_while_a_merge_is_on_its_way_to_the_read_model() {
    let installation = Installation::own_without_policies().await;
    let shop = Shop::open_at(&installation).await;
    shop.is_read_by(&installation).await;
    let current = shop.api.get("/v1/referral_settings").send().await;
    let at_once = shop.api.put("/v1/referral_settings", &json!({ "hold_days": 0 }));
    assert_eq!(at_once.header("If-Match", current.header("etag")).send().await.status, 200);
    let (_, link) = advocate(&shop).await;
    let (_, other_link) = advocate(&shop).await;
    let (one, two): (Shopper<'_>, Shopper<'_>) = (shop.shopper(), shop.shopper());
    for (friend, link) in [(one, &link), (two, &other_link)] {
        let named = name_friend(&shop, link, &json!({ "external_id": friend.external_id.to_string() })).await;
        assert_eq!(named.status, 201, "{}", named.body);
    }
    assert!(one.order(50_00).deliver().await.is_accepted());
    shop.has_seen_everything_of(&installation).await;
    let ids = [one.id().await, two.id().await].map(|id| id.parse::<CustomerId>().unwrap());
    referral_of(two).await;

    let db = installation.gateway.db.clone();
    let paused = on_shared_runtime(async move { set_paused(&db, Referrals::NAME, true).await }).await;
    assert!(paused.unwrap());
    // Whoever was brought later is kept: the row of the other still names who they were.
    assert!(shop.merge(two, one).await.is_accepted());

    let (worker, stop) = (installation.another_process().await.referrer(), CancellationToken::new());
    let working = worker.run(Arc::new(SystemClock), stop.clone());
    on_shared_runtime(async move { drop(tokio::spawn(working)) }).await;
    let [first, second] =
        [decision_about(&installation, &shop, ids[0]).await, decision_about(&installation, &shop, ids[1]).await];
    stop.cancel();
    assert!(matches!(first, ReferralEvent::Completed(_)), "{first:?}");
    assert!(matches!(second, ReferralEvent::Rejected(rejected) if rejected.cause == Cause::BroughtBefore));
}
