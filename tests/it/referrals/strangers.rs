//! A friend is named by an address that is nobody's yet: they have come once they order under it.

use serde_json::{Value, json};

use super::kit::*;
use crate::{
    privacy::kit::forget,
    support::{Installation, Order, Shop, Shopper, on_shared_runtime},
};

const BOB: &str = "bob.norman@example.com";

fn by(email: &str) -> Value {
    json!({ "email": email })
}

fn order_under<'a>(friend: Shopper<'a>, email: &str) -> Order<'a> {
    friend.order(50_00).with(|order| order.email = Some(email.to_owned()))
}

/// Addresses that wait, of all shops.
async fn waiting(shop: &Shop) -> i64 {
    let (db, merchant) = (Installation::shared().gateway.db.clone(), shop.merchant);
    let counted = "select count(*) from vault.named_friends where merchant = $1";
    let counted = async move { sqlx::query_scalar(counted).bind(merchant.0).fetch_one(&db).await };
    on_shared_runtime(counted).await.unwrap()
}

#[tokio::test]
async fn whoever_orders_under_an_address_that_was_named_has_come_through_that_link() {
    let shop = Shop::open().await;
    let (advocate, link) = advocate(&shop).await;
    let named = name_friend(&shop, &link, &by(BOB)).await;
    assert_eq!((named.status.as_u16(), &named.body["status"]), (202, &json!("named")), "{}", named.body);
    assert_eq!((&named.body["link_id"], waiting(&shop).await), (&link["id"], 1));
    let again = name_friend(&shop, &link, &by(" Bob.Norman@Example.com")).await;
    assert_eq!((again.status.as_u16(), again.header("idempotent-replayed")), (202, "true"));

    let friend = shop.shopper();
    shop.advance_days(2).await;
    assert!(order_under(friend, BOB).deliver().await.is_accepted());
    assert_eq!(waiting(&shop).await, 0, "they are somebody now");
    let referral = referral_of(friend).await;
    assert_eq!((&referral["referred_at"], &referral["source"]), (&named.body["referred_at"], &json!("api")));
    shop.advance_days(WINDOW_DAYS).await;
    assert_eq!(both_rewarded(advocate, friend).await, (REWARD, REWARD));
}

#[tokio::test]
async fn whoever_names_an_address_first_is_the_one() {
    let shop = Shop::open().await;
    let (first, link) = advocate(&shop).await;
    let (second, other_link) = advocate(&shop).await;
    assert_eq!(name_friend(&shop, &link, &by(BOB)).await.status, 202);
    let late = name_friend(&shop, &other_link, &by(BOB)).await;
    assert_eq!((late.status.as_u16(), late.code()), (409, "referred_by_another"));

    // Nor does the code in the cart, or the storefront that knows more by now.
    let friend = shop.shopper();
    let known = json!({ "external_id": friend.external_id.to_string(), "email": BOB });
    let late = name_friend(&shop, &other_link, &known).await;
    assert_eq!((late.status.as_u16(), late.code()), (409, "referred_by_another"));
    let order = order_under(friend, BOB).with(|order| {
        order.note_attributes = vec![("ref".to_owned(), code(&other_link).to_owned())];
    });
    assert!(order.deliver().await.is_accepted());
    shop.advance_days(WINDOW_DAYS).await;
    assert_eq!((rewarded(first).await, rewarded(second).await, rewarded(friend).await), (REWARD, 0, REWARD));
}

#[tokio::test]
async fn an_address_is_remembered_for_thirty_days() {
    let shop = Shop::open().await;
    let (_, link) = advocate(&shop).await;
    assert_eq!(name_friend(&shop, &link, &by(BOB)).await.status, 202);
    shop.advance_days(31).await;
    let friend = shop.shopper();
    assert!(order_under(friend, BOB).deliver().await.is_accepted());
    let of_friend = shop.api.get(&friend.path("referrals").await).query("min_position", shop.seen()).document().await;
    assert_eq!(of_friend["data"], json!([]));
}

#[tokio::test]
async fn nobody_brings_themselves_and_an_earlier_customer_is_not_new() {
    let shop = Shop::open().await;
    let (advocate, link) = advocate(&shop).await;
    assert_eq!(name_friend(&shop, &link, &by(BOB)).await.status, 202);
    assert!(order_under(advocate, BOB).deliver().await.is_accepted());
    assert_eq!(waiting(&shop).await, 0, "it is the advocate's own");

    let old = shop.shopper();
    assert!(old.order(10_00).deliver().await.is_accepted());
    assert_eq!(name_friend(&shop, &link, &by("old@example.com")).await.status, 202);
    assert!(order_under(old, "old@example.com").deliver().await.is_accepted());
    shop.advance_days(WINDOW_DAYS).await;
    assert_eq!((rewarded(advocate).await, status_of(old).await.as_str()), (0, "rejected"));
}

#[tokio::test]
async fn an_advocate_who_is_forgotten_brings_nobody() {
    let shop = Shop::open().await;
    let (advocate, link) = advocate(&shop).await;
    assert_eq!(name_friend(&shop, &link, &by(BOB)).await.status, 202);
    forget(&shop, &advocate.id().await).await;
    let friend = shop.shopper();
    assert!(order_under(friend, BOB).deliver().await.is_accepted());
    assert_eq!(waiting(&shop).await, 0);
    let of_friend = shop.api.get(&friend.path("referrals").await).query("min_position", shop.seen()).document().await;
    assert_eq!(of_friend["data"], json!([]));
}
