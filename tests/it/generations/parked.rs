//! A commit that nobody here can read, as a newer version would write it: its account stands still and says so, everybody
//! else goes on, and whoever operates the installation decides.

use aggregates::{
    id::{CommandId, CommitId, CustomerId},
    installation::AdoptionNote,
    product::ProductStated,
    time::Timestamp,
};
use gateway::{clock::new_id, commands::Request};
use journal::{Actor, Append, Commit, StoredEvent, Subject};
use projections::generation::{
    Stage,
    fill::{FillError, Filler, Share},
};
use serde_json::json;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::kit::{all_caught_up, model, rebuild, verify};
use crate::support::{Installation, Shop, Shopper, on_shared_runtime};

/// Read models that are told of accounts.
const OF_ACCOUNTS: [&str; 5] = ["audit_logs", "balances", "books", "points_transactions", "rfm_orders"];

/// Something on this account that only a newer version understands. Gives its position.
async fn newer_version_writes(installation: &Installation, shopper: Shopper<'_>) -> u64 {
    let id = shopper.id().await;
    let customer = CustomerId(Uuid::parse_str(id.strip_prefix("cus_").unwrap()).unwrap());
    let subject = Subject::points(shopper.shop.merchant, customer);
    let gateway = installation.gateway.clone();
    on_shared_runtime(async move {
        let expected = gateway.journal.last(&subject).await.unwrap().unwrap().position;
        let commit = Commit {
            commit_id: CommitId(new_id()),
            command_id: CommandId(new_id()),
            group: None,
            actor: Actor::System,
            correlation: new_id(),
            causation: None,
            recorded_at: Timestamp(1),
            occurred_at: None,
            request: None,
            events: vec![StoredEvent { name: "points.order_assessed".into(), version: 99, bytes: vec![1, 2, 3] }],
        };
        let position = gateway.journal.append(Append { subject, expected, commit, traceparent: None }).await.unwrap();
        gateway.accounts.evict(subject);
        position
    })
    .await
}

async fn discard(installation: &Installation, name: &'static str, position: u64) {
    let gateway = installation.gateway.clone();
    on_shared_runtime(async move {
        let note = AdoptionNote { operator: "ops".to_owned(), reason: "a test".to_owned() };
        assert!(gateway.discard_commit(name, position, Actor::Operator("test".to_owned()), &note).await.unwrap());
    })
    .await;
}

async fn retry(installation: &Installation, name: &'static str, position: u64) -> bool {
    let gateway = installation.gateway.clone();
    on_shared_runtime(async move {
        gateway.retry_parking(name, position, Actor::Operator("test".to_owned())).await.unwrap()
    })
    .await
}

#[tokio::test]
async fn one_account_stands_still_and_says_so_while_everybody_else_goes_on() {
    let installation = Installation::own_without_policies().await;
    let shop = Shop::open_at(&installation).await;
    let (ada, bob) = (shop.shopper(), shop.shopper());
    for shopper in [ada, bob] {
        assert!(shopper.order(50_00).deliver().await.is_accepted());
    }
    assert_eq!(ada.available().await, 50);
    all_caught_up(&installation).await;
    let bad = newer_version_writes(&installation, ada).await;
    assert!(bob.order(20_00).deliver().await.is_accepted());
    assert_eq!(bob.available().await, 70, "others go on");
    all_caught_up(&installation).await;

    let balance = ada.balance().await;
    assert_eq!((&balance["available"], &balance["stale"]), (&json!(50), &json!("parked")));
    assert!(balance["as_of"]["position"].as_u64().unwrap() < bad, "{balance}");
    assert_eq!(bob.balance().await["stale"], json!(null));
    let books = shop.api.get("/v1/books").query("min_position", bad).document().await;
    assert_eq!(books["incomplete"], json!(true));

    // Every making of it obeys what is on record; one that is not on record ends a rebuild.
    rebuild(&installation, "balances", true).await;
    assert_eq!(ada.balance().await["stale"], json!("parked"));
    assert_eq!(bob.available().await, 70);
    for name in OF_ACCOUNTS {
        let report = verify(&installation, name).await;
        assert!(report.is_clean(), "{name}: {report:#?}");
    }

    // It is no better after another attempt, and that is on record again.
    assert!(retry(&installation, "balances", bad).await);
    assert!(bob.order(10_00).deliver().await.is_accepted());
    assert_eq!(bob.available().await, 80);
    all_caught_up(&installation).await;
    assert_eq!(ada.balance().await["stale"], json!("parked"));

    for name in OF_ACCOUNTS {
        discard(&installation, name, bad).await;
    }
    assert!(bob.order(10_00).deliver().await.is_accepted());
    assert_eq!(bob.available().await, 90);
    is_released(&shop, ada).await;
    all_caught_up(&installation).await;
    for name in OF_ACCOUNTS {
        let report = verify(&installation, name).await;
        assert!(report.is_clean(), "{name}: {report:#?}");
    }
    assert!(!retry(&installation, "customers", bad).await, "that one never stood still");
}

async fn is_released(shop: &Shop, shopper: Shopper<'_>) {
    const LOOKS: usize = 2_000;
    for _ in 0..LOOKS {
        let books = shop.api.get("/v1/books").document().await;
        if shopper.balance().await["stale"] == json!(null) && books["incomplete"] == json!(false) {
            return;
        }
    }
    panic!("it still stands still");
}

#[tokio::test]
async fn a_rebuild_stops_at_what_is_not_on_record_and_names_it() {
    let installation = Installation::own_without_policies().await;
    let shop = Shop::open_at(&installation).await;
    let ada = shop.shopper();
    assert!(ada.order(50_00).deliver().await.is_accepted());
    assert_eq!(ada.available().await, 50);
    all_caught_up(&installation).await;
    for name in projections::NAMES {
        assert!(projections::set_paused(&installation.gateway.db, name, true).await.unwrap());
    }
    let bad = newer_version_writes(&installation, ada).await;
    let gateway = installation.gateway.clone();
    let error = on_shared_runtime(async move {
        let model = model("points_transactions");
        let how = (Share::ALL, CancellationToken::new());
        let filling = Filler::begin(model.as_ref(), &gateway.journal, &gateway.db, Stage::Filling, how);
        filling.await.unwrap().fill(bad, &mut |_| {}).await.unwrap_err()
    })
    .await;
    assert!(matches!(error, FillError::Projection(_)), "{error}");
    let said = error.to_string();
    assert!(said.contains(&bad.to_string()) && said.contains("points.order_assessed version 99"), "{said}");
}

#[tokio::test]
async fn a_text_that_the_database_does_not_take_stops_no_read_model() {
    let installation = Installation::own_without_policies().await;
    let (shop, other) = (Shop::open_at(&installation).await, Shop::open_at(&installation).await);
    all_caught_up(&installation).await;
    state_product(&installation, &shop, "7", "a teapot\0").await;
    // The doors keep such a text out; one that came in by another way is parked, and everybody else goes on.
    all_caught_up(&installation).await;
    let parked = parkings(&installation, "products").await;
    assert_eq!(parked.len(), 1, "{parked:?}");
    state_product(&installation, &other, "8", "a cup").await;
    all_caught_up(&installation).await;
    let page = other.api.get("/v1/products").document().await;
    assert_eq!(page["data"][0]["title"], "a cup");
    rebuild(&installation, "products", true).await;
    discard(&installation, "products", parked[0]).await;
    state_product(&installation, &shop, "7", "a teapot").await;
    all_caught_up(&installation).await;
    let page = shop.api.get("/v1/products").query("min_position", parked[0]).document().await;
    assert_eq!(page["data"][0]["title"], "a teapot");
}

async fn state_product(installation: &Installation, shop: &Shop, id: &str, title: &str) {
    let (gateway, merchant, now) = (installation.gateway.clone(), shop.merchant, shop.now());
    let stated = ProductStated {
        product_id: id.to_owned(),
        title: title.to_owned(),
        vendor: None,
        product_type: None,
        tags: Vec::new(),
        status: None,
        updated_at: Some(now),
        variants: Vec::new(),
    };
    on_shared_runtime(async move {
        let request = Request { merchant, now, actor: Actor::System, correlation: new_id(), traceparent: None };
        gateway.state_product(&request, stated).await.unwrap();
    })
    .await;
}

/// Positions because of which this read model holds something back.
async fn parkings(installation: &Installation, name: &'static str) -> Vec<u64> {
    let gateway = installation.gateway.clone();
    on_shared_runtime(async move {
        let on_record = gateway.parkings().await.unwrap();
        let own = on_record.iter().filter(|parking| parking.parked.read_model == name);
        own.map(|parking| parking.parked.position).collect()
    })
    .await
}
