//! Every redemption of a shop is listed, with whose it is and what has become of it.

use serde_json::{Value, json};

use super::kit::{connected, five_off, offered, stand_in, take, time_passes, with_points};
use crate::{
    privacy::kit::{ask_to_forget, completed_at},
    support::{Answer, Fault, Installation, Shop},
};

async fn listed(shop: &Shop, asked: &[(&str, &str)]) -> Answer {
    let call = shop.api.get("/v1/redemptions").query("min_position", shop.seen());
    asked.iter().fold(call, |call, (name, value)| call.query(name, value)).send().await
}

/// `(id, state, returned points)`, as they are listed.
async fn states(shop: &Shop, asked: &[(&str, &str)]) -> Vec<(String, String, i64)> {
    let page = listed(shop, asked).await;
    assert!(page.status.is_success(), "{}", page.body);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let row = |row: &Value| (text(&row["id"]), text(&row["state"]), row["returned_points"].as_i64().unwrap());
    page.body["data"].as_array().unwrap().iter().map(row).collect()
}

#[tokio::test]
async fn redemptions_are_listed_with_what_has_become_of_each() {
    let shop = Shop::open().await;
    let (ada, bob) = (with_points(&shop, 100).await, with_points(&shop, 100).await);
    let (first, second, third) = (ada.redeem(10).await, ada.redeem(20).await, bob.redeem(40).await);
    assert!(ada.cancel(&first).await.status.is_success());
    let order = bob.order(0).with_code(&third.code).with(|order| order.lines = vec![(10_00, 1), (30_00, 1)]);
    assert!(order.deliver().await.is_accepted());
    assert!(order.refund_of(&[(0, 1)]).deliver().await.is_accepted());
    let row = |id: &str, state: &str, returned: i64| (id.to_owned(), state.to_owned(), returned);
    let expected = [row(&third.id, "used", 10), row(&second.id, "active", 0), row(&first.id, "cancelled", 10)];
    assert_eq!(states(&shop, &[]).await, expected);
    assert_eq!(states(&shop, &[("state", "active")]).await, expected[1..2]);
    assert_eq!(states(&shop, &[("customer_id", &ada.id().await)]).await, expected[1..]);

    let page = listed(&shop, &[("limit", "2")]).await.body;
    assert_eq!((&page["has_more"], &page["incomplete"]), (&json!(true), &json!(false)));
    let used = &page["data"][0];
    assert_eq!(
        (&used["code"], &used["points"], &used["customer_id"]),
        (&json!(third.code), &json!(40), &json!(bob.id().await))
    );
    assert!(used["used_at"].is_string() && used["returned_at"].is_string() && used["ended_at"].is_null(), "{used}");
    assert_eq!((&used["value"]["amount_minor"], &used["reward_id"]), (&json!(40), &Value::Null));
    let rest = states(&shop, &[("limit", "2"), ("cursor", page["next_cursor"].as_str().unwrap())]).await;
    assert_eq!(rest, expected[2..]);

    let nonsense = listed(&shop, &[("state", "open")]).await;
    assert_eq!((nonsense.status.as_u16(), &nonsense.body["pointer"]), (422, &json!("/state")));
    let stranger = Shop::open().await;
    let foreign = listed(&stranger, &[("customer_id", &ada.id().await)]).await;
    assert_eq!((foreign.status.as_u16(), foreign.code()), (404, "not_found"));
    assert_eq!(states(&stranger, &[]).await, []);
}

#[tokio::test]
async fn a_merge_takes_redemptions_along() {
    let shop = Shop::open().await;
    let (a, b) = (with_points(&shop, 100).await, with_points(&shop, 100).await);
    let (theirs, own) = (a.redeem(10).await, b.redeem(20).await);
    let gone = a.id().await;
    assert!(shop.merge(b, a).await.is_accepted());
    for id in [gone, b.id().await] {
        let found = states(&shop, &[("customer_id", &id)]).await;
        assert_eq!(found.iter().map(|row| row.0.as_str()).collect::<Vec<_>>(), [own.id.as_str(), theirs.id.as_str()]);
    }
    assert!(b.cancel(&theirs).await.status.is_success());
    assert_eq!(states(&shop, &[("state", "cancelled")]).await, [(theirs.id, "cancelled".to_owned(), 10)]);
}

#[tokio::test]
async fn what_the_shop_has_to_make_is_pending_until_it_has() {
    let shop = connected(Shop::open().await).await;
    let ada = with_points(&shop, 150).await;
    let reward = offered(&shop, five_off(json!({}))).await;
    stand_in().await.fails(&shop.domain, [Fault::BadGateway]);
    assert_eq!(take(ada, &reward).await.status, 201);
    let pending = listed(&shop, &[("state", "pending"), ("reward_id", &reward)]).await.body;
    let row = &pending["data"][0];
    assert_eq!((&row["reward_id"], &row["reward_version"]), (&json!(reward), &json!(1)), "{pending}");
    time_passes(&shop, 2).await;
    let active = listed(&shop, &[("state", "active")]).await.body;
    assert!(active["data"][0]["delivered_at"].is_string(), "{active}");
}

#[tokio::test]
async fn with_its_owner_a_code_is_forgotten() {
    let installation = Installation::own().await;
    let shop = Shop::open_at(&installation).await;
    let ada = with_points(&shop, 100).await;
    ada.redeem(10).await;
    let asked = ask_to_forget(&shop, &ada.id().await).await;
    completed_at(&installation, &shop, asked.body["id"].as_str().unwrap()).await;
    shop.has_seen_everything_of(&installation).await;
    let disabled = listed(&shop, &[("state", "disabled")]).await.body;
    assert!(disabled["data"][0]["ended_at"].is_string(), "{disabled}");
    assert_eq!(disabled["data"][0]["returned_points"], 0);
}
