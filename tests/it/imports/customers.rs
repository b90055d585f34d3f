//! What a file does to people.

use gateway::shopify::sample::CustomerSample;
use reqwest::Method;
use serde_json::json;

use super::kit::{finished, hand_in, import, outcome};
use crate::support::Shop;

#[tokio::test]
async fn a_file_makes_members_with_their_lots() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let file = format!(
        "external_id,email,first_name,lot,points,earned_at,available_at,expires_at,tier,referral_code\n\
         shopify:{id},ada@example.com,Ada,spring,100,2026-03-01,,2040-01-01,Gold,https://refs.example/ada{id}\n\
         shopify:{id},ada@example.com,Ada,summer,50,2026-06-01,2040-06-01,never,,\n",
        id = ada.external_id
    );
    let done = import(&shop, "", &file).await;
    assert_eq!((outcome(&done), done["lots"].as_u64(), done["points"].as_i64()), ([2, 0, 0, 0], Some(2), Some(150)));
    assert_eq!((ada.available().await, ada.pending().await), (100, 50));
    assert_eq!(ada.find().await["first_name"], "Ada");

    let explanation = ada.explanation().await;
    let mut lots: Vec<_> =
        explanation.lots.iter().map(|lot| (lot.granted, lot.earned_at.as_str(), lot.expires_at.as_deref())).collect();
    lots.sort_unstable();
    assert_eq!(lots, [(50, "2026-06-01T00:00:00Z", None), (100, "2026-03-01T00:00:00Z", Some("2040-01-01T00:00:00Z"))]);
    assert!(
        explanation
            .lots
            .iter()
            .all(|lot| lot.source.kind == "import" && lot.source.id.as_deref() == done["id"].as_str())
    );

    let lines = ada.transactions().await;
    assert_eq!(ada.ledger().await, [("import".to_owned(), 50), ("import".to_owned(), 100)]);
    assert!(lines.iter().all(|line| line["reference"] == json!({ "kind": "import", "id": done["id"], "name": null })));
    assert_eq!((lines[0]["status"].as_str(), lines[1]["status"].as_str()), (Some("pending"), Some("available")));
    ada.books_balance().await;

    // They are points like any other.
    ada.redeem(100).await;
    assert_eq!(ada.available().await, 0);
}

#[tokio::test]
async fn whatever_is_handed_in_again_is_there_once() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let file = format!("external_id,points,lot\n{0},100,a\n{0},7,b\n", ada.external_id);
    let first = import(&shop, "", &file).await;
    let again = hand_in(&shop, "", &file).await;
    assert_eq!((again.status.as_u16(), &again.body["id"]), (200, &first["id"]), "the same file is the same import");
    assert_eq!(again.body["state"], "finished");

    // Another import with the same rows, in another order and with one more.
    let file = format!("external_id,points,lot\n{0},7,b\n{0},5,c\n{0},100,a\n", ada.external_id);
    let more = import(&shop, "", &file).await;
    assert_eq!((outcome(&more), more["points"].as_i64()), ([0, 1, 2, 0], Some(5)));
    assert_eq!(ada.available().await, 112);
    ada.books_balance().await;
}

#[tokio::test]
async fn a_trial_writes_nothing_and_can_then_be_carried_out() {
    let shop = Shop::open().await;
    let (known, fresh) = (shop.shopper(), shop.shopper());
    assert!(known.order(10_00).deliver().await.is_accepted());
    let file = format!("external_id,points\n{},100\n{},40\nnobody,1\n", known.external_id, fresh.external_id);
    let tried = import(&shop, "?dry_run=true", &file).await;
    assert_eq!((outcome(&tried), tried["points"].as_i64()), ([1, 1, 0, 1], Some(140)));
    assert_eq!(known.available().await, 10);
    assert!(fresh.find().await.is_null(), "nobody was made");
    let mistyped = hand_in(&shop, "?dryrun=true", &file).await;
    assert_eq!((mistyped.status.as_u16(), mistyped.code()), (400, "malformed_request"), "{}", mistyped.body);

    let path = format!("/v1/imports/{}/carry_out", tried["id"].as_str().unwrap());
    let for_real = shop.api.call(Method::POST, &path).send().await;
    assert_eq!(for_real.status, 201, "{}", for_real.body);
    shop.has_seen(for_real.body["position"].as_u64());
    let done = finished(&shop, for_real.body["id"].as_str().unwrap()).await;
    assert_eq!((outcome(&done), done["points"].as_i64()), (outcome(&tried), tried["points"].as_i64()));
    assert_eq!((known.available().await, fresh.available().await), (110, 40));
}

#[tokio::test]
async fn somebody_known_by_an_address_alone_becomes_the_shops_customer() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let done = import(&shop, "?source=smile", "Email,Points Balance,VIP Tier\nAda@Example.com,\"1,250\",Gold\n").await;
    assert_eq!(outcome(&done), [1, 0, 0, 0]);
    let found = shop.api.post("/v1/customers/search", &json!({ "email": "ada@example.com" })).document().await;
    let (id, external_id) = (found["data"][0]["id"].clone(), found["data"][0]["external_id"].clone());
    assert!(external_id.is_null(), "no shop has named them yet");

    let profile = CustomerSample {
        email: Some("ada@example.com".to_owned()),
        updated_at: shop.now(),
        ..CustomerSample::new(ada.external_id)
    };
    assert!(shop.deliver("customers/create", &profile.body()).await.is_accepted());
    assert_eq!(ada.find().await["id"], id);
    assert_eq!(ada.find().await["external_id"], format!("shopify:{}", ada.external_id));
    assert!(ada.order(50_00).deliver().await.is_accepted());
    assert_eq!(ada.available().await, 1_300);
}

#[tokio::test]
async fn points_for_somebody_the_shop_knows_by_the_address_reach_them() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let profile = CustomerSample {
        email: Some("ada@example.com".to_owned()),
        updated_at: shop.now(),
        ..CustomerSample::new(ada.external_id)
    };
    assert!(shop.deliver("customers/create", &profile.body()).await.is_accepted());
    let done = import(&shop, "?source=yotpo", "Email;Points Balance\nada@example.com;30\n").await;
    assert_eq!(outcome(&done), [0, 1, 0, 0]);
    assert_eq!(ada.available().await, 30);
}

#[tokio::test]
async fn what_was_owed_over_there_is_owed_here() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    import(&shop, "", &format!("external_id,lot,points\n{},debt,-40\n", ada.external_id)).await;
    assert_eq!(ada.available().await, -40);
    assert!(ada.order(10_000).deliver().await.is_accepted());
    assert_eq!(ada.available().await, 60);
    ada.books_balance().await;
}
