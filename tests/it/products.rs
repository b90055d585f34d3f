//! Products: rules that name them as they were, finding them, and what people may like.

use serde_json::{Value, json};

use crate::support::{Order, Shop, Shopper};

/// A product of the shop, stated at a time.
async fn state(shop: &Shop, id: u64, title: &str, tags: &str, updated_at: &str) {
    let body = json!({
        "id": id, "title": title, "vendor": "Leaf & Co", "product_type": "Drinks", "tags": tags, "status": "active",
        "updated_at": updated_at, "variants": [{ "id": id + 1, "sku": format!("SKU-{id}") }],
    });
    assert!(shop.deliver("products/update", &body.to_string()).await.is_accepted());
}

fn rule(id: &str, more: Value) -> Value {
    let mut rule = json!({ "id": id, "points_per_unit": "1" });
    for (name, value) in more.as_object().unwrap() {
        rule[name] = value.clone();
    }
    rule
}

/// An order whose first line is of this product.
fn order_of<'a>(shopper: Shopper<'a>, product: u64, price_minor: i64) -> Order<'a> {
    shopper.order(price_minor).with(|order| order.product_ids = vec![product])
}

#[tokio::test]
async fn a_rule_asks_how_a_product_was_when_it_was_ordered() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    state(&shop, 100, "Green tea", "new", "2026-01-01T00:00:00Z").await;
    state(&shop, 100, "Green tea", "Sale, Outlet", "2026-06-01T00:00:00Z").await;
    let rules = [rule("orders", json!({ "exclude": { "tags": ["sale"] } }))];
    shop.publish(json!({ "earning_rules": rules, "effective_from": "2026-01-01T00:00:00Z" })).await;

    let before = order_of(ada, 100, 10_00).with(|order| order.processed_at = at("2026-05-31T00:00:00Z"));
    assert!(before.deliver().await.is_accepted());
    assert_eq!(ada.available().await, 10, "no sale yet");
    let during = order_of(ada, 100, 20_00).with(|order| order.processed_at = at("2026-06-02T00:00:00Z"));
    assert!(during.deliver().await.is_accepted());
    assert_eq!(ada.available().await, 10, "on sale: earns nothing");
    let unknown = order_of(ada, 999, 30_00);
    assert!(unknown.deliver().await.is_accepted());
    assert_eq!(ada.available().await, 40, "of this product nothing was ever stated");

    // The refund describes the line, and the product has changed since: what was decided stands.
    state(&shop, 100, "Green tea", "sale", "2026-05-01T00:00:00Z").await;
    assert!(before.full_refund().deliver().await.is_accepted());
    assert!(during.full_refund().deliver().await.is_accepted());
    assert_eq!(ada.available().await, 30);
    ada.books_balance().await;
}

#[tokio::test]
async fn some_goods_earn_more_by_tag_type_vendor_or_collection() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    state(&shop, 200, "Black tea", "Bonus", "2026-01-01T00:00:00Z").await;
    let put = json!({ "collection_ids": ["77"], "from": "2026-01-01T00:00:00Z" });
    let stated = shop.api.put("/v1/products/200/collections", &put).document().await;
    assert!(stated["position"].is_u64());
    assert!(shop.api.put("/v1/products/200/collections", &put).document().await["position"].is_null(), "known already");
    for (only, points) in [
        (json!({ "tags": ["bonus"] }), 20),
        (json!({ "product_types": ["drinks"] }), 20),
        (json!({ "collections": ["77"] }), 20),
        (json!({ "product_ids": ["200"] }), 20),
        (json!({ "tags": ["other"] }), 10),
    ] {
        let rules = [rule("orders", json!({})), rule("double", json!({ "only": only }))];
        shop.publish(json!({ "earning_rules": rules })).await;
        let order = order_of(ada, 200, 10_00);
        let before = ada.find().await;
        let had = if before.is_null() { 0 } else { ada.available().await };
        assert!(order.deliver().await.is_accepted());
        assert_eq!(ada.available().await - had, points, "{only}");
        // The sample of a refund describes its lines without our product.
        let back = match only.get("product_ids") {
            Some(_) => order.cancelled().tell("orders/cancelled").await,
            None => order.full_refund().deliver().await,
        };
        assert!(back.is_accepted());
        assert_eq!(ada.available().await, had, "all of it goes back: {only}");
    }
    let nothing = [rule("orders", json!({ "only": {} }))];
    let answer = shop.api.put("/v1/program_settings", &json!({ "earning_rules": nothing })).header("If-Match", "\"6\"");
    let answer = answer.send().await;
    assert_eq!((answer.status.as_u16(), &answer.body["pointer"]), (422, &json!("/earning_rules/0/only")));
}

#[tokio::test]
async fn products_are_found_also_by_those_who_mistype() {
    let shop = Shop::open().await;
    state(&shop, 1, "Espresso machine", "coffee, steel", "2026-01-01T00:00:00Z").await;
    state(&shop, 2, "Espresso cups", "coffee", "2026-01-01T00:00:00Z").await;
    state(&shop, 3, "Green tea", "tea", "2026-01-01T00:00:00Z").await;
    state(&shop, 3, "Green tea, old name", "tea", "2025-01-01T00:00:00Z").await;
    for (query, expected) in [
        ("espresso machine", vec!["1", "2"]),
        ("expresso mashine", vec!["1"]),
        ("grean tee", vec!["3"]),
        ("bicycle", vec![]),
        ("'; drop table read.products; --", vec![]),
    ] {
        assert_eq!(found(&shop, query).await, expected, "{query}");
    }
    assert_eq!(found(&shop, "SKU-2").await[0], "2", "what has the words comes first");
    let first = shop.api.get("/v1/products").query("query", "coffee").query("limit", 1).document().await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = shop.api.get("/v1/products").query("query", "coffee").query("cursor", cursor).document().await;
    assert_eq!(second["data"].as_array().unwrap().len(), 1);
    assert_ne!(first["data"][0]["id"], second["data"][0]["id"]);
    let tea = shop.api.get("/v1/products").query("query", "tea").document().await;
    assert_eq!(tea["data"][0]["title"], "Green tea", "what was stated later stands");

    assert!(shop.deliver("products/delete", &json!({ "id": 3 }).to_string()).await.is_accepted());
    assert_eq!(found(&shop, "tea").await, Vec::<String>::new());
    assert_eq!(found(&Shop::open().await, "espresso").await, Vec::<String>::new(), "another's products are not there");
}

async fn found(shop: &Shop, query: &str) -> Vec<String> {
    let page = shop.api.get("/v1/products").query("query", query).query("min_position", shop.seen()).document().await;
    page["data"].as_array().unwrap().iter().map(|product| product["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn recommended_is_what_others_who_buy_alike_have_bought() {
    let shop = Shop::open().await;
    for (id, title) in [(10, "Tea"), (20, "Kettle"), (30, "Sugar"), (40, "Secret"), (50, "Cup")] {
        state(&shop, id, title, "", "2026-01-01T00:00:00Z").await;
    }
    let people: Vec<Shopper<'_>> = (0..5).map(|_| shop.shopper()).collect();
    let baskets = [[10, 30], [10, 20], [10, 20], [20, 40], [10, 50]];
    for (person, products) in people.iter().zip(baskets) {
        for product in products {
            assert!(order_of(*person, product, 10_00).deliver().await.is_accepted());
        }
    }
    shop.advance_days(2).await;
    let path = people[0].path("recommendations").await;
    let found = shop.api.get(&path).query("min_position", shop.seen()).document().await;
    assert_eq!(found["profiled"], true);
    let told: Vec<(&str, u64)> = found["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| (found["product"]["id"].as_str().unwrap(), found["buyers"].as_u64().unwrap()))
        .collect();
    assert_eq!(told, [("20", 3)], "not what they have, nor what one other alone has bought: {found}");

    let objection = people[0].path("objection").await;
    assert!(
        shop.api
            .call(reqwest::Method::POST, &objection)
            .json(&json!({ "reason": "no" }))
            .send()
            .await
            .status
            .is_success()
    );
    let found = shop.api.get(&path).query("min_position", shop.seen()).document().await;
    assert_eq!((&found["profiled"], &found["data"]), (&json!(false), &json!([])));
}

fn at(time: &str) -> aggregates::time::Timestamp {
    aggregates::time::Timestamp::parse(time).unwrap()
}
