use gateway::shopify::sample::CustomerSample;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::kit::{ask_to_forget, customer, forget, request};
use crate::support::Shop;

#[tokio::test]
async fn a_forgotten_customer_has_no_profile_no_points_and_books_that_balance() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let email = format!("ada-{}@example.com", ada.external_id);
    let profile =
        CustomerSample { email: Some(email.clone()), updated_at: shop.now(), ..CustomerSample::new(ada.external_id) };
    assert!(shop.deliver("customers/create", &profile.body()).await.is_accepted());
    let order = ada.order(10_000);
    assert!(order.deliver().await.is_accepted());
    assert_eq!(ada.adjust(25, "sorry, Ada Lovelace").await.status, StatusCode::CREATED);
    let code = ada.redeem(40).await.code;
    let id = ada.id().await;

    let asked = forget(&shop, &id).await;
    let done = request(&shop, &asked).await;
    assert_eq!(
        (&done["state"], &done["outcome"], &done["source"]),
        (&json!("completed"), &json!("erased"), &json!("merchant"))
    );

    let ghost = customer(&shop, &id).await;
    assert_eq!((&ghost["state"], ghost["erased_at"].is_string()), (&json!("erased"), true), "{ghost}");
    for personal in ["external_id", "email", "phone", "first_name", "last_name", "locale"] {
        assert_eq!(ghost[personal], Value::Null, "{personal}");
    }
    assert_eq!(ada.find().await, Value::Null, "the shop's id leads nowhere");
    let found = shop.api.post("/v1/customers/search", &json!({ "email": email })).document().await;
    assert_eq!(found["data"], json!([]));

    let path = |what: &str| format!("/v1/customers/{id}/{what}");
    let balance = shop.api.get(&path("balance")).query("min_position", shop.seen()).document().await;
    assert_eq!((&balance["available"], &balance["pending"]), (&json!(0), &json!(0)));
    assert_eq!((&balance["lifetime_earned"], &balance["lifetime_redeemed"]), (&json!(125), &json!(40)));
    assert_eq!(balance["lifetime_forfeited"], 85);
    let ledger = shop.api.get(&path("points_transactions")).query("min_position", shop.seen()).document().await;
    let lines = ledger["data"].as_array().unwrap();
    assert_eq!((&lines[0]["type"], &lines[0]["points"]), (&json!("forfeit"), &json!(-85)));
    assert_eq!(lines[0]["reference"], json!({ "kind": "gdpr_request", "id": asked, "name": null }));
    assert_eq!(lines.iter().map(|line| line["points"].as_i64().unwrap()).sum::<i64>(), 0);
    for line in lines.iter().filter(|line| line["reference"]["kind"] == "order") {
        assert_eq!((&line["reference"]["id"], &line["reference"]["name"]), (&Value::Null, &Value::Null), "{line}");
    }
    assert!(lines.iter().all(|line| line["reason"].is_null()), "{lines:#?}");

    // A code that was bought and not used buys nothing: whoever types it in has typed in a word.
    let bob = shop.shopper();
    let bought = bob.order(10_00).with_code(&code);
    assert!(bought.deliver().await.is_accepted());
    assert!(bought.full_refund().deliver().await.is_accepted());
    let balance = shop.api.get(&path("balance")).query("min_position", shop.seen()).document().await;
    assert_eq!(balance["lifetime_redeemed"], 40);
}

#[tokio::test]
async fn nothing_is_written_about_a_forgotten_customer() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(50_00).deliver().await.is_accepted());
    let redemption = ada.redeem(10).await;
    let id = ada.id().await;
    forget(&shop, &id).await;

    let refused = [
        (format!("/v1/customers/{id}/points_adjustments"), json!({ "points": 5, "reason": "late" })),
        (format!("/v1/customers/{id}/reward_redemptions"), json!({ "points": 5 })),
        (format!("/v1/customers/{id}/reward_redemptions/{}/cancel", redemption.id), json!({})),
        (format!("/v1/customers/{id}/restriction"), json!({ "reason": "late" })),
        (format!("/v1/customers/{id}/objection"), json!({ "reason": "late" })),
        ("/v1/gdpr_requests".to_owned(), json!({ "type": "customers/redact", "customer_id": id })),
        ("/v1/gdpr_requests".to_owned(), json!({ "type": "customers/data_request", "customer_id": id })),
    ];
    for (path, document) in refused {
        let answer = shop.api.post_once(&path, &document).send().await;
        assert_eq!((answer.status.as_u16(), answer.code()), (409, "customer_erased"), "{path}: {}", answer.body);
    }
}

#[tokio::test]
async fn late_deliveries_about_a_forgotten_customer_resurrect_nothing() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let (order, later) = (ada.order(50_00), ada.order(70_00));
    assert!(order.deliver().await.is_accepted());
    let id = ada.id().await;
    forget(&shop, &id).await;

    for delivery in [
        order.deliver().await,
        order.tell("orders/updated").await,
        order.cancelled().tell("orders/cancelled").await,
        order.full_refund().deliver().await,
        // Made before the erasure, heard of after it.
        later.deliver().await,
        later.full_refund().deliver().await,
        shop.deliver("customers/update", &CustomerSample::new(ada.external_id).body()).await,
        shop.deliver("customers/delete", &json!({ "id": ada.external_id }).to_string()).await,
    ] {
        assert!(delivery.is("ignored"), "{delivery:?}");
    }
    assert_eq!(ada.find().await, Value::Null);
    let again = ask_to_forget(&shop, &id).await;
    assert_eq!((again.status.as_u16(), again.code()), (409, "customer_erased"));
}

#[tokio::test]
async fn whoever_has_nothing_but_a_profile_is_forgotten_too() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(shop.deliver("customers/create", &CustomerSample::new(ada.external_id).body()).await.is_accepted());
    let id = ada.id().await;
    forget(&shop, &id).await;
    assert_eq!(customer(&shop, &id).await["state"], "erased");
}
