//! Customers are found by what the merchant knows of them.

use gateway::shopify::sample::CustomerSample;
use serde_json::{Value, json};

use crate::support::{Shop, Shopper};

async fn enrolled<'a>(shop: &'a Shop, email: &str, phone: &str) -> Shopper<'a> {
    let shopper = shop.shopper();
    let profile = CustomerSample {
        email: Some(email.to_owned()),
        phone: Some(phone.to_owned()),
        updated_at: shop.now(),
        ..CustomerSample::new(shopper.external_id)
    };
    assert!(shop.deliver("customers/create", &profile.body()).await.is_accepted());
    shopper
}

#[tokio::test]
async fn by_the_shops_id_by_e_mail_and_by_phone() {
    let shop = Shop::open().await;
    let ada = enrolled(&shop, "Ada.Lovelace@example.com", "+12025550143").await;
    enrolled(&shop, "bob@example.com", "+12025550144").await;
    let found = ada.find().await;
    assert_eq!(found["external_id"], format!("shopify:{}", ada.external_id));
    assert_eq!((&found["state"], &found["email"]), (&json!("member"), &json!("ada.lovelace@example.com")));
    assert_eq!(shop.api.get(&format!("/v1/customers/{}", ada.id().await)).document().await, found);

    for search in [
        json!({ "email": "ada.lovelace@example.com" }),
        json!({ "email": " ADA.Lovelace@Example.com " }),
        json!({ "phone": "+12025550143" }),
    ] {
        let page = shop.api.post("/v1/customers/search", &search).document().await;
        assert_eq!(page["data"], json!([found]), "{search}");
    }
    let order = ada.order(10_00);
    assert!(order.deliver().await.is_accepted());
    for search in [
        json!({ "external_id": format!("shopify:{}", ada.external_id) }),
        json!({ "order_id": order.id().to_string() }),
    ] {
        let page = shop.api.post("/v1/customers/search", &search).document().await;
        assert_eq!(page["data"][0]["id"], found["id"], "{search}");
    }
    let unheard_of = shop.api.post("/v1/customers/search", &json!({ "order_id": "77" })).document().await;
    assert_eq!(unheard_of["data"], json!([]));
    let nobody = shop.api.post("/v1/customers/search", &json!({ "email": "ada@example.com" })).document().await;
    assert_eq!(nobody["data"], json!([]), "only the whole address finds");
    let both = shop.api.post("/v1/customers/search", &json!({ "email": "a", "phone": "b" })).send().await;
    assert_eq!((both.status.as_u16(), both.code()), (422, "invalid"));
}

#[tokio::test]
async fn whoever_the_shop_never_named_is_nobody() {
    let shop = Shop::open().await;
    assert_eq!(shop.shopper().find().await, Value::Null);
    let elsewhere = shop.api.get("/v1/customers").query("external_id", "magento:1").send().await;
    assert_eq!((elsewhere.status.as_u16(), elsewhere.code()), (400, "malformed_request"));
    for id in ["cus_5c1ad9ea-0000-4000-8000-000000000000", "mer_5c1ad9ea-0000-4000-8000-000000000000", "ada"] {
        for what in ["", "/balance", "/points_transactions", "/balance/explanation"] {
            let answer = shop.api.get(&format!("/v1/customers/{id}{what}")).send().await;
            assert_eq!((answer.status.as_u16(), answer.code()), (404, "not_found"), "{id}{what}");
        }
    }
}
