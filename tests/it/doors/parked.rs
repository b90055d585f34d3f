//! Webhooks that were signed well and cannot be understood are kept, sealed, until somebody has looked.

use std::sync::Arc;

use aggregates::{
    id::ParkedId,
    time::{Clock, Timestamp},
};
use gateway::{
    Gateway, Parts,
    clock::{SystemClock, new_id},
    commands::Request,
    snapshot_seal::VaultSeal,
};
use journal::Actor;
use loyalnest::args::{Args, Command, Output, ParkedCommand};
use policies::shopify_admin::{AdminAddress, ShopifyAdmin};
use projections::parked_webhooks::{self, ParkedRow, ParkedWebhooks};
use serde_json::{Value, json};

use crate::support::{Installation, Shop, on_shared_runtime};

/// An order that names no currency there is.
fn not_understood(shop: &Shop) -> String {
    let mut body: Value = serde_json::from_str(&shop.shopper().order(50_00).sample.body()).unwrap();
    body["currency"] = "euro".into();
    body.as_object_mut().unwrap().remove("subtotal_price_set");
    body.to_string()
}

/// What the read model says of the merchant's parked webhooks, the newest first.
async fn parked(installation: &Installation, shop: &Shop) -> Vec<ParkedRow> {
    let gateway = &installation.gateway;
    let seen = gateway.progress.reached(ParkedWebhooks::NAME, shop.seen(), gateway.options.read_patience);
    assert!(seen.await, "the read model stands still");
    let rows = parked_webhooks::list(&gateway.db, 1_000).await.unwrap();
    rows.into_iter().filter(|row| row.merchant == shop.merchant).collect()
}

/// `loyalnest parked …`, as an operator would type it.
async fn operate(installation: &Installation, command: ParkedCommand) -> anyhow::Result<()> {
    let config = &installation.config;
    let env = tempfile::NamedTempFile::new()?;
    std::fs::write(env.path(), config.as_env_file())?;
    let args = Args { env_file: Some(env.path().to_owned()), output: Output::Json, command: Command::Parked(command) };
    loyalnest::commands::run(args).await.map(|_| ())
}

fn retry(id: ParkedId) -> ParkedCommand {
    ParkedCommand::Retry { id: id.to_string() }
}

fn discard(id: ParkedId, yes: bool) -> ParkedCommand {
    ParkedCommand::Discard { id: id.to_string(), reason: "the shop knows".to_owned(), yes }
}

#[tokio::test]
async fn what_cannot_be_understood_is_parked_once_and_the_shop_is_content() {
    let (installation, shop) = (Installation::shared(), Shop::open().await);
    let body = not_understood(&shop);
    let first = shop.deliver("orders/create", &body).await;
    assert!(first.is("parked") && first.position.is_some(), "{first:?}");
    let again = shop.deliver("orders/create", &body).await;
    assert_eq!(again.body, json!({ "outcome": "parked", "position": first.position }));

    let rows = parked(installation, &shop).await;
    let [row] = &rows[..] else { panic!("{rows:#?}") };
    assert_eq!((row.topic.as_str(), row.state.as_str(), Some(row.position)), ("orders/create", "open", first.position));
    assert!(row.reason.starts_with("currency"), "it says where: {}", row.reason);
    assert!(!row.reason.contains("euro"), "and repeats nothing: {}", row.reason);
    let (gateway, merchant, id, chunks) = (installation.gateway.clone(), row.merchant, row.id, row.chunks);
    let opened = on_shared_runtime(async move { gateway.open_parked(merchant, id, chunks).await }).await;
    let opened = opened.unwrap().unwrap();
    assert_eq!((opened.topic.as_str(), opened.body), ("orders/create", body.into_bytes()));
    operate(installation, ParkedCommand::Show { id: row.id.to_string() }).await.unwrap();
}

#[tokio::test]
async fn every_topic_parks_what_lacks_its_essentials() {
    let (installation, shop) = (Installation::shared(), Shop::open().await);
    let bodies = [
        ("orders/create", json!({ "id": 1 })),
        ("orders/create", json!([])),
        ("refunds/create", json!({ "id": 1 })),
        ("customers/update", json!({ "email": "ada@example.com" })),
        ("customers/delete", json!({})),
        ("customers/merge", json!({ "status": "undecided" })),
        ("customers/redact", json!({})),
        ("products/update", json!({ "title": "Tea" })),
    ];
    for (topic, body) in &bodies {
        let delivery = shop.deliver(topic, &body.to_string()).await;
        assert!(delivery.is("parked"), "{topic}: {delivery:?}");
    }
    assert_eq!(parked(installation, &shop).await.len(), bodies.len());
}

#[tokio::test]
async fn a_body_of_several_pieces_comes_back_whole() {
    let (installation, shop) = (Installation::shared(), Shop::open().await);
    let body = json!({ "note": "0123456789".repeat(200_000) }).to_string();
    assert!(shop.deliver("orders/create", &body).await.is("parked"));
    let row = parked(installation, &shop).await.remove(0);
    assert!(row.chunks > 1);
    let (gateway, merchant) = (installation.gateway.clone(), shop.merchant);
    let opened = on_shared_runtime(async move { gateway.open_parked(merchant, row.id, row.chunks).await }).await;
    assert_eq!(opened.unwrap().unwrap().body, body.into_bytes());
}

#[tokio::test]
async fn what_is_still_not_understood_stays_parked_until_it_is_discarded() {
    let (installation, shop) = (Installation::shared(), Shop::open().await);
    let body = not_understood(&shop);
    let first = shop.deliver("orders/create", &body).await;
    let id = parked(installation, &shop).await[0].id;
    let refused = operate(installation, retry(id)).await.unwrap_err().to_string();
    assert!(refused.contains("still not understood"), "{refused}");
    let unconfirmed = operate(installation, discard(id, false)).await.unwrap_err().to_string();
    assert!(unconfirmed.contains("--yes"), "{unconfirmed}");
    assert_eq!(parked(installation, &shop).await[0].state, "open");

    operate(installation, discard(id, true)).await.unwrap();
    shop.has_seen_everything_of(installation).await;
    assert_eq!(parked(installation, &shop).await[0].state, "discarded");
    let refused = operate(installation, retry(id)).await.unwrap_err().to_string();
    assert!(refused.contains("discarded already"), "{refused}");
    // What the shop sends again is a new case.
    let again = shop.deliver("orders/create", &body).await;
    assert!(again.is("parked") && again.position > first.position, "{again:?}");
    assert_eq!(parked(installation, &shop).await.len(), 2);
}

#[tokio::test]
async fn what_is_understood_by_now_is_taken_in_as_if_it_had_just_arrived() {
    let (installation, shop) = (Installation::shared(), Shop::open().await);
    let ada = shop.shopper();
    // Parked by a version that could not read it.
    park(&installation.gateway, &shop, ada.order(50_00).sample.body()).await;
    let id = parked(installation, &shop).await[0].id;
    operate(installation, retry(id)).await.unwrap();
    shop.has_seen_everything_of(installation).await;
    assert_eq!(ada.available().await, 50);
    assert_eq!(parked(installation, &shop).await[0].state, "retried");
    let refused = operate(installation, retry(id)).await.unwrap_err().to_string();
    assert!(refused.contains("retried already"), "{refused}");
}

async fn park(gateway: &Gateway, shop: &Shop, body: String) {
    let request = Request {
        merchant: shop.merchant,
        now: shop.now(),
        actor: Actor::Shop { topic: "orders/create".to_owned() },
        correlation: new_id(),
        traceparent: None,
    };
    let gateway = gateway.clone();
    let park = async move { gateway.park(&request, "orders/create", body.as_bytes(), "for the test".to_owned()).await };
    on_shared_runtime(park).await.unwrap();
    shop.has_seen_everything_of(Installation::shared()).await;
}

/// Real time, and some more.
struct Ahead {
    days: u32,
}

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        SystemClock.now().plus_days(self.days)
    }
}

/// The same installation, some days on.
async fn later(installation: &Installation, days: u32) -> Gateway {
    let gateway = installation.gateway.clone();
    on_shared_runtime(async move {
        Gateway::new(Parts {
            journal: gateway.journal.clone(),
            vault: gateway.vault.clone(),
            db: gateway.db.clone(),
            progress: gateway.progress.clone(),
            clock: Arc::new(Ahead { days }),
            snapshot_seal: Arc::new(VaultSeal(gateway.vault.clone())),
            deletions: gateway.eraser.deletions().clone(),
            shopify_admin: ShopifyAdmin::new(AdminAddress::default()),
            mailing: None,
            options: gateway.options,
        })
    })
    .await
}

#[tokio::test]
async fn a_refund_whose_order_never_came_is_parked_after_ninety_days() {
    let installation = Installation::own().await;
    let shop = Shop::open_at(&installation).await;
    let ada = shop.shopper();
    let order = ada.order(0).with(|order| order.lines = vec![(20_00, 1), (30_00, 1)]);
    assert!(order.refund_of(&[(0, 1)]).deliver().await.is_accepted());

    for (days, count) in [(89, 0), (91, 1), (92, 0)] {
        let gateway = later(&installation, days).await;
        let overdue = on_shared_runtime(async move { gateway.park_overdue(None, gateway.clock.now()).await }).await;
        assert_eq!(overdue.unwrap(), count, "after {days} days");
    }
    shop.has_seen_everything_of(&installation).await;
    let rows = parked(&installation, &shop).await;
    let [row] = &rows[..] else { panic!("{rows:#?}") };
    assert_eq!((row.topic.as_str(), row.state.as_str()), ("waiting/fact", "open"));

    // The order comes after all: the refund waits for a decision, and a retry applies it.
    assert!(order.deliver().await.is_accepted());
    assert_eq!(ada.available().await, 50);
    operate(&installation, retry(row.id)).await.unwrap();
    shop.has_seen_everything_of(&installation).await;
    assert_eq!(ada.available().await, 30);
}
