//! Two profiles become one, in the middle of everything else.

use futures::future::join_all;
use gateway::shopify::sample::CustomerSample;
use serde_json::{Value, json};

use crate::support::{Installation, Shop};

#[tokio::test]
async fn the_kept_profile_has_everything_and_answers_for_what_the_other_gives_back() {
    let shop = Shop::open().await;
    let (a, b) = (shop.shopper(), shop.shopper());
    let order = a.order(50_00);
    let older = a.order(0).with(|order| order.lines = vec![(10_00, 1), (20_00, 1)]);
    let own = b.order(30_00);
    for order in [&order, &older, &own] {
        assert!(order.deliver().await.is_accepted());
    }
    assert!(older.refund_of(&[(0, 1)]).deliver().await.is_accepted());
    let code = a.redeem(15).await.code;
    let gone = a.id().await;

    let merged = shop.merge(b, a).await;
    assert!(merged.is_accepted(), "{merged:?}");
    assert_eq!(b.available().await, 50 + 20 - 15 + 30);
    assert_eq!(a.id().await, b.id().await, "the deleted id leads to the kept profile");
    let loser = shop.api.get(&format!("/v1/customers/{gone}")).document().await;
    assert_eq!((&loser["state"], &loser["merged_into"]), (&Value::from("merged"), &Value::from(b.id().await)));

    let repeated = shop.merge(b, a).await;
    assert!(repeated.is_duplicate(), "{repeated:?}");
    assert_eq!(repeated.position, merged.position);

    // An order of A that by now names B is the same order.
    let renamed = order.later(|order| order.customer_id = Some(b.external_id));
    renamed.tell("orders/updated").await;
    assert_eq!(b.available().await, 85, "not awarded twice");
    assert!(order.full_refund().deliver().await.is_accepted());
    assert_eq!(b.available().await, 35, "A's order is reversed on B");
    let explanation = b.explanation().await;
    let lot = explanation.lot_of(order.id());
    assert_eq!((lot.source.reversed, lot.remaining + lot.redeemed), (Some(50), 15));

    // A's code is B's now: what was bought with it and comes back, comes back to B.
    let bought = b.order(10_00).with_code(&code);
    assert!(bought.deliver().await.is_accepted());
    assert_eq!(b.available().await, 45);
    assert!(bought.full_refund().deliver().await.is_accepted());
    assert_eq!(b.available().await, 50, "the order's 10 went, the 15 of the code came back, 10 of them owed");
    b.books_balance().await;
}

#[tokio::test]
async fn the_books_of_both_tell_the_transfer_and_old_ids_of_redemptions_still_lead_to_them() {
    let shop = Shop::open().await;
    let (a, b) = (shop.shopper(), shop.shopper());
    assert!(a.order(50_00).deliver().await.is_accepted());
    assert!(b.order(30_00).deliver().await.is_accepted());
    let redemption = a.redeem(20).await;
    let gone = a.path("").await;
    assert!(shop.merge(b, a).await.is_accepted());

    assert_eq!(b.ledger().await[0], ("transfer_in".to_owned(), 30));
    let left = shop.api.get(&format!("{gone}points_transactions")).query("min_position", shop.seen()).document().await;
    assert_eq!((&left["data"][0]["type"], &left["data"][0]["points"]), (&"transfer_out".into(), &Value::from(-30)));
    assert_eq!(left["data"][0]["reference"]["id"], Value::from(b.id().await));

    let cancel = format!("{gone}reward_redemptions/{}/cancel", redemption.id);
    let cancelled = shop.api.post(&cancel, &json!({})).send().await;
    assert_eq!(cancelled.status, 201, "{}", cancelled.body);
    shop.has_seen(cancelled.body["position"].as_u64());
    assert_eq!(b.available().await, 80);
    b.books_balance().await;
}

#[tokio::test]
async fn chains_of_merges_end_in_one_account() {
    let shop = Shop::open().await;
    let people = [shop.shopper(), shop.shopper(), shop.shopper(), shop.shopper()];
    let [a, b, c, d] = people;
    let orders: Vec<_> = people.iter().map(|person| person.order(10_00)).collect();
    for order in &orders {
        assert!(order.deliver().await.is_accepted());
    }
    assert!(shop.merge(b, a).await.is_accepted());
    assert!(shop.merge(c, b).await.is_accepted());
    assert!(shop.merge(d, c).await.is_accepted());
    assert_eq!(d.available().await, 40);
    let ids: Vec<String> = join_all(people.iter().map(|person| person.id())).await;
    assert!(ids.iter().all(|id| *id == ids[3]), "{ids:?}");

    for (order, left) in orders.iter().zip([30, 20, 10, 0]) {
        assert!(order.full_refund().deliver().await.is_accepted());
        assert_eq!(d.available().await, left);
    }
    let explanation = d.explanation().await;
    assert_eq!(explanation.lots.len(), 4);
    assert!(
        explanation.lots.iter().all(|lot| lot.source.id.is_some() && !lot.movements.is_empty()),
        "{explanation:#?}"
    );
}

#[tokio::test]
async fn two_chains_may_grow_together_at_once() {
    let shop = Shop::open().await;
    let people: Vec<_> = (0..6).map(|_| shop.shopper()).collect();
    for person in &people {
        assert!(person.order(10_00).deliver().await.is_accepted());
    }
    let merges = people.windows(2).map(|pair| shop.merge(pair[1], pair[0]));
    let merged = join_all(merges).await;
    assert!(merged.iter().all(|delivery| delivery.is_accepted() || delivery.is_duplicate()), "{merged:#?}");
    assert_eq!(people[5].available().await, 60);
}

#[tokio::test]
async fn a_profile_that_was_never_seen_merges_before_its_first_order() {
    let shop = Shop::open().await;
    let (unseen, kept) = (shop.shopper(), shop.shopper());
    assert!(kept.order(30_00).deliver().await.is_accepted());
    let merged = shop.merge(kept, unseen).await;
    assert!(merged.is_accepted() && merged.position.is_some(), "{merged:?}");
    let repeated = shop.merge(kept, unseen).await;
    assert!(repeated.is_duplicate(), "{repeated:?}");
    assert_eq!(repeated.position, merged.position);
    // A late first order under the deleted id.
    assert!(unseen.order(50_00).deliver().await.is_accepted());
    assert_eq!(kept.available().await, 80);
    assert_eq!(unseen.id().await, kept.id().await);
}

#[tokio::test]
async fn what_is_told_late_of_a_deleted_profile_changes_nothing_of_the_kept_one() {
    let shop = Shop::open().await;
    let (seen, unseen, kept) = (shop.shopper(), shop.shopper(), shop.shopper());
    let profile = |external_id| CustomerSample { updated_at: shop.now(), ..CustomerSample::new(external_id) }.body();
    for known in [seen, kept] {
        assert!(shop.deliver("customers/create", &profile(known.external_id)).await.is_accepted());
    }
    for deleted in [seen, unseen] {
        assert!(shop.merge(kept, deleted).await.is_accepted());
        let before = kept.find().await;
        assert_eq!(before["external_id"], format!("shopify:{}", kept.external_id));
        let updated = shop.deliver("customers/update", &profile(deleted.external_id)).await;
        assert!(updated.is("ignored"), "{updated:?}");
        let removed = shop.deliver("customers/delete", &json!({ "id": deleted.external_id }).to_string()).await;
        assert!(removed.is("ignored"), "{removed:?}");
        shop.has_seen_everything_of(Installation::shared()).await;
        assert_eq!(kept.find().await, before);
    }
}

#[tokio::test]
async fn neither_profile_was_ever_seen() {
    let shop = Shop::open().await;
    let (deleted, kept) = (shop.shopper(), shop.shopper());
    let merged = shop.merge(kept, deleted).await;
    assert!(merged.is_accepted(), "{merged:?}");
    assert_eq!(shop.merge(kept, deleted).await.position, merged.position);
    assert!(deleted.order(20_00).deliver().await.is_accepted());
    assert!(kept.order(30_00).deliver().await.is_accepted());
    assert_eq!(kept.available().await, 50);
}

#[tokio::test]
async fn a_late_order_of_the_deleted_profile_is_the_kept_ones() {
    let shop = Shop::open().await;
    let (a, b) = (shop.shopper(), shop.shopper());
    let late = a.order(20_00);
    for order in [a.order(10_00), b.order(30_00)] {
        assert!(order.deliver().await.is_accepted());
    }
    assert!(shop.merge(b, a).await.is_accepted());
    assert!(late.deliver().await.is_accepted());
    assert_eq!(b.available().await, 60);
    assert!(late.full_refund().deliver().await.is_accepted());
    assert_eq!(b.available().await, 40);
}

#[tokio::test]
async fn the_deleted_profiles_account_takes_no_more_commands_of_its_own() {
    let shop = Shop::open().await;
    let (a, b) = (shop.shopper(), shop.shopper());
    assert!(a.order(10_00).deliver().await.is_accepted());
    let path = a.path("points_adjustments").await;
    assert!(shop.merge(b, a).await.is_accepted());
    let document = json!({ "points": 5, "reason": "late" });
    let answer = shop.api.post_once(&path, &document).send().await;
    // Whoever still holds the old id reaches the person they mean.
    assert_eq!(answer.status, 201, "{}", answer.body);
    shop.has_seen(answer.body["position"].as_u64());
    assert_eq!(answer.body["balance"]["customer_id"], Value::from(b.id().await));
    assert_eq!(b.available().await, 15);
}
