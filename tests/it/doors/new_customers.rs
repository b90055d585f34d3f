//! A customer whom the merchant states is the one whom the shop names later.

use gateway::shopify::sample::CustomerSample;
use serde_json::{Value, json};

use crate::{
    privacy::kit::forget,
    support::{Answer, Shop, Shopper},
};

/// As often as the gateway says that it cannot answer now.
async fn state(shop: &Shop, stated: Value) -> Answer {
    loop {
        let answer = shop.api.post("/v1/customers", &stated).send().await;
        shop.has_seen(answer.body["position"].as_u64());
        if answer.status != 503 {
            return answer;
        }
    }
}

fn external(shopper: Shopper<'_>) -> String {
    format!("shopify:{}", shopper.external_id)
}

/// An address that nobody else has.
fn address() -> String {
    format!("ada-{}@example.com", gateway::clock::new_id().simple())
}

async fn named_by_the_shop(shopper: Shopper<'_>, email: &str) {
    let sample = CustomerSample {
        email: Some(email.to_owned()),
        updated_at: shopper.shop.now(),
        ..CustomerSample::new(shopper.external_id)
    };
    assert!(shopper.shop.deliver("customers/create", &sample.body()).await.is_accepted());
}

#[tokio::test]
async fn somebody_is_made_once_and_the_shops_orders_are_theirs() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let email = address();
    let stated = json!({
        "external_id": external(ada), "email": email.to_uppercase(), "phone": "+12025550143", "first_name": "Ada",
        "last_name": "Lovelace", "locale": "en-GB", "birthday": { "month": 12, "day": 10 },
    });
    let made = state(&shop, stated.clone()).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let shown = ["external_id", "email", "phone", "first_name", "last_name", "locale", "state"];
    let shown = shown.map(|name| made.body[name].as_str().unwrap().to_owned());
    assert_eq!(shown, [&external(ada), &email, "+12025550143", "Ada", "Lovelace", "en-GB", "member"]);
    let again = state(&shop, stated).await;
    assert_eq!((again.status.as_u16(), &again.body["id"]), (200, &made.body["id"]));
    let other_name = state(&shop, json!({ "external_id": external(ada), "first_name": "Eve" })).await;
    assert_eq!((other_name.status.as_u16(), &other_name.body["first_name"]), (200, &json!("Ada")));

    assert!(ada.order(42_00).deliver().await.is_accepted());
    assert_eq!((ada.id().await.as_str(), ada.available().await), (made.body["id"].as_str().unwrap(), 42));
    let found = shop.api.post("/v1/customers/search", &json!({ "email": email })).document().await;
    assert_eq!(found["data"].as_array().unwrap().len(), 1);
    let entries = shop.api.get("/v1/audit_logs").query("min_position", shop.seen()).query("target_id", ada.id().await);
    let entries = entries.document().await;
    let told: Vec<_> =
        entries["data"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert!(told.contains(&"customer.birthday_told"), "{told:?}");
    assert_eq!(told.iter().filter(|action| **action == "customer.enrolled").count(), 1, "{told:?}");
}

#[tokio::test]
async fn who_came_by_an_address_is_met_by_the_shops_id() {
    let shop = Shop::open().await;
    let (ada, bob) = (shop.shopper(), shop.shopper());
    let (adas, bobs) = (address(), address());
    let made = state(&shop, json!({ "email": adas })).await;
    assert_eq!((made.status.as_u16(), &made.body["external_id"]), (201, &Value::Null), "{}", made.body);
    assert_eq!(state(&shop, json!({ "email": adas.to_uppercase() })).await.body["id"], made.body["id"]);
    named_by_the_shop(ada, &adas).await;
    assert_eq!(ada.id().await, made.body["id"].as_str().unwrap());

    let made = state(&shop, json!({ "email": bobs, "first_name": "Bob" })).await;
    let met = state(&shop, json!({ "email": bobs, "external_id": external(bob) })).await;
    assert_eq!((met.status.as_u16(), &met.body["id"]), (200, &made.body["id"]), "{}", met.body);
    assert_eq!((&met.body["external_id"], &met.body["first_name"]), (&json!(external(bob)), &json!("Bob")));
    assert!(bob.order(10_00).deliver().await.is_accepted());
    assert_eq!((bob.id().await.as_str(), bob.available().await), (made.body["id"].as_str().unwrap(), 10));
}

#[tokio::test]
async fn identities_of_two_people_are_refused() {
    let shop = Shop::open().await;
    let (ada, bob, new) = (shop.shopper(), shop.shopper(), shop.shopper());
    let (adas, bobs) = (address(), address());
    named_by_the_shop(ada, &adas).await;
    named_by_the_shop(bob, &bobs).await;
    for stated in
        [json!({ "external_id": external(ada), "email": bobs }), json!({ "external_id": external(new), "email": bobs })]
    {
        let refused = state(&shop, stated).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (409, "identities_conflict"));
    }
    assert_eq!(new.find().await, Value::Null, "nobody was made for it");
    let known = state(&shop, json!({ "email": bobs })).await;
    assert_eq!((known.status.as_u16(), known.body["id"].as_str().unwrap()), (200, bob.id().await.as_str()));
    assert!(shop.merge(ada, bob).await.is_accepted());
    let merged = state(&shop, json!({ "external_id": external(bob), "email": bobs })).await;
    assert_eq!((merged.status.as_u16(), merged.body["id"].as_str().unwrap()), (200, ada.id().await.as_str()));
}

#[tokio::test]
async fn many_requests_at_once_make_one_customer() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let stated = json!({ "external_id": external(ada), "first_name": "Ada" });
    let answers = futures::future::join_all((0..20).map(|_| state(&shop, stated.clone()))).await;
    // Whoever made them may have been told to come back, and finds them there.
    assert!(answers.iter().filter(|answer| answer.status == 201).count() <= 1);
    assert!(answers.iter().all(|answer| answer.body["id"] == answers[0].body["id"]));
    let enrolled = shop.api.get("/v1/audit_logs").query("min_position", shop.seen()).document().await;
    let enrolled = enrolled["data"].as_array().unwrap().iter().filter(|entry| entry["action"] == "customer.enrolled");
    assert_eq!(enrolled.count(), 1);
}

#[tokio::test]
async fn somebody_who_was_forgotten_is_not_made_again() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let stated = json!({ "external_id": external(ada), "email": address() });
    let made = state(&shop, stated.clone()).await;
    forget(&shop, made.body["id"].as_str().unwrap()).await;
    let refused = state(&shop, stated).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (409, "customer_erased"), "{}", refused.body);
}

#[tokio::test]
async fn what_cannot_be_read_is_named() {
    let shop = Shop::open().await;
    let with = |name: &str, value: Value| {
        let mut stated = json!({ "external_id": "1" });
        stated[name] = value;
        stated
    };
    for (stated, pointer) in [
        (json!({}), ""),
        (json!({ "phone": "+12025550143" }), ""),
        (with("external_id", json!("magento:1")), "/external_id"),
        (with("email", json!("ada")), "/email"),
        (with("first_name", json!("A\nda")), "/first_name"),
        (with("last_name", json!("x".repeat(256))), "/last_name"),
        (with("locale", json!("english")), "/locale"),
        (with("birthday", json!({ "month": 2, "day": 30 })), "/birthday/day"),
    ] {
        let refused = state(&shop, stated).await;
        assert_eq!((refused.status.as_u16(), &refused.body["pointer"]), (422, &json!(pointer)), "{}", refused.body);
    }
}
