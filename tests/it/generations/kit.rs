//! A history in which everything happens once, and rebuilds as `loyalnest projections` does them.

use std::time::Duration;

use projections::{
    Progress, ReadModel, Tables,
    generation::{
        Stage,
        compare::{self, Report},
        fill::{FillError, Filler, Share},
    },
    lag, read_model,
};
use reqwest::Method;
use serde_json::json;
use sqlx::{AssertSqlSafe, PgPool};
use tokio_util::sync::CancellationToken;

use crate::{
    privacy::kit::{ask_to_forget, completed_at},
    support::{Installation, Shop, Shopper, on_shared_runtime},
    tasks::kit::{Probe, enqueue_at},
};

/// Read models follow within milliseconds; this is for a machine that is busy with something else.
const PATIENCE: Duration = Duration::from_secs(30);

/// Orders, refunds, a cancellation, a merge, a redemption and its return, points by hand, settings, expiry, windows of
/// segments, tiers, campaigns, badges, a friend who is brought, a file of customers, a till, a product, a reward, a task, a webhook nobody
/// understands, and somebody who is forgotten.
pub async fn everything_happens(installation: &Installation) -> Shop {
    let shop = Shop::open_at(installation).await;
    let regular = json!({ "id": "regular", "name": "Regular", "entry": 2 });
    let tiers = json!({ "measure": "orders", "tiers": [regular] });
    let badges = json!([{ "id": "first", "name": "First", "rule": { "kind": "orders", "count": 1 }, "points": 5 }]);
    let mail = json!({ "kinds": ["welcome"], "shop_name": "The Shop" });
    let expiry = json!({ "kind": "after_earning", "days": 30 });
    shop.publish(json!({ "expiry": expiry, "vip_tiers": tiers, "badges": badges, "mail": mail })).await;
    campaigns_of_a_day(&shop).await;
    let [ada, bob, cay, dee] = [(); 4].map(|()| shop.shopper());
    for shopper in [ada, bob, cay, dee] {
        for price in [50_00, 20_00, 10_00] {
            assert!(shopper.order(price).deliver().await.is_accepted());
        }
    }
    let asked = json!({ "customer_id": ada.id().await });
    let link = shop.api.post_once("/v1/referrals", &asked).document().await;
    let code = ("ref".to_owned(), link["code"].as_str().unwrap().to_owned());
    let brought = shop.shopper().order(25_00).with(|order| order.note_attributes = vec![code]);
    assert!(brought.deliver().await.is_accepted());
    let order = bob.order(80_00);
    assert!(order.deliver().await.is_accepted());
    assert!(order.full_refund().deliver().await.is_accepted());
    ada.adjust(30, "kindness").await;
    let review = json!({ "action": "review", "distinct_id": "the first" });
    assert!(shop.api.post(&ada.path("actions").await, &review).send().await.status.is_success());
    other_doors(installation, &shop, bob).await;
    let gift = json!({ "tier": "regular", "reason": "kindness" });
    assert!(shop.api.post(&cay.path("vip_tier").await, &gift).send().await.status.is_success());
    let redemption = ada.redeem(100).await;
    ada.cancel(&redemption).await;
    shop.merge(ada, cay).await;
    shop.webhook("orders/create", "{\"id\": 7, \"currency\": \"no currency\"}").send().await;
    shop.advance_days(2).await;
    assert!(bob.order(15_00).deliver().await.is_accepted());
    shop.advance_days(40).await;
    let asked = ask_to_forget(&shop, &dee.id().await).await;
    completed_at(installation, &shop, asked.body["id"].as_str().unwrap()).await;
    shop.settle().await;
    all_caught_up(installation).await;
    shop
}

/// What comes neither by an order nor by hand.
async fn other_doors(installation: &Installation, shop: &Shop, bob: Shopper<'_>) {
    let wish = json!({ "opt_out": true });
    assert!(shop.api.put(&bob.path("leaderboard").await, &wish).send().await.status.is_success());
    let file = "external_id,points,tier,referral_code\n123,40,Regular,\n124,none,,\n125,7,,an-old-word\n";
    shop.has_seen(shop.api.call(Method::POST, "/v1/imports").text(file).document().await["position"].as_u64());
    let sale = json!({ "terminal_id": "till", "sale_id": "1", "sold_at": "2026-11-20T10:00:00Z", "currency": "EUR",
                       "customer": { "external_id": format!("shopify:{}", bob.external_id) },
                       "items": [{ "product_id": "1", "sku": "TEA", "quantity": 1, "net_minor": 10_00 }] });
    assert!(shop.api.post("/v1/pos/sales", &json!({ "sales": [sale] })).send().await.status.is_success());
    let product = json!({ "id": 100, "title": "Green tea", "vendor": "Leaf", "product_type": "Drinks", "tags": "new",
                          "status": "active", "updated_at": "2026-01-01T00:00:00Z", "variants": [] });
    assert!(shop.deliver("products/update", &product.to_string()).await.is_accepted());
    let reward = json!({ "name": "Free shipping", "cost_points": 10, "kind": "free_shipping" });
    assert!(shop.api.post("/v1/rewards", &reward).send().await.status.is_success());
    enqueue_at(installation, shop, Probe::new().task("anything")).await.unwrap();
}

/// One that multiplies orders, and one that rewards reviews.
async fn campaigns_of_a_day(shop: &Shop) {
    let until = shop.now().plus_seconds(86_400).to_rfc3339();
    for campaign in [
        json!({ "name": "more", "until": until, "multiply": { "factor": "2" } }),
        json!({ "name": "reviews", "until": until, "reward": { "action": "review", "points": 5 } }),
    ] {
        assert!(shop.api.post("/v1/campaigns", &campaign).send().await.status.is_success());
    }
}

/// Waits until every read model has seen the end of the log.
pub async fn all_caught_up(installation: &Installation) {
    let gateway = installation.gateway.clone();
    on_shared_runtime(async move {
        let head = gateway.journal.last_position().await.unwrap();
        let progress = Progress::follow(gateway.db.clone()).await.unwrap();
        for name in projections::NAMES {
            assert!(progress.reached(name, head, PATIENCE).await, "{name} stands at {:?}", progress.of(name));
        }
    })
    .await;
}

/// Read models that can be made anew.
pub fn remade() -> Vec<&'static str> {
    let all = read_model::all();
    all.iter().filter(|model| matches!(model.tables(), Tables::Own(_))).map(|model| model.name()).collect()
}

pub fn model(name: &str) -> Box<dyn ReadModel> {
    read_model::named(name).unwrap()
}

/// `loyalnest projections verify NAME`
pub async fn verify(installation: &Installation, name: &'static str) -> Report {
    let gateway = installation.gateway.clone();
    on_shared_runtime(async move {
        let how = (Share::ALL, CancellationToken::new());
        compare::verify(model(name).as_ref(), &gateway.journal, &gateway.db, how, &mut |_| {}).await.unwrap()
    })
    .await
}

/// `loyalnest projections rebuild NAME`; gives the new generation, and the one that was read before unless it still is.
pub async fn rebuild(installation: &Installation, name: &'static str, switch: bool) -> (i32, Option<i32>) {
    let gateway = installation.gateway.clone();
    on_shared_runtime(async move {
        let model = model(name);
        let how = (Share::ALL, CancellationToken::new());
        let filling = Filler::begin(model.as_ref(), &gateway.journal, &gateway.db, Stage::Filling, how);
        let mut filler = filling.await.unwrap();
        filler.fill(gateway.journal.last_position().await.unwrap(), &mut |_| {}).await.unwrap();
        let number = filler.generation();
        if switch {
            return (number, Some(filler.switch(&gateway.db).await.unwrap()));
        }
        filler.hand_over().await.unwrap();
        (number, None)
    })
    .await
}

/// One piece of a rebuild, and then it is told to stop: gives how far it came, none if nothing was left to do.
pub async fn rebuild_a_piece(installation: &Installation, name: &'static str) -> Option<u64> {
    let gateway = installation.gateway.clone();
    on_shared_runtime(async move {
        let stop = CancellationToken::new();
        stop.cancel();
        let model = model(name);
        let filling = Filler::begin(model.as_ref(), &gateway.journal, &gateway.db, Stage::Filling, (Share::ALL, stop));
        let head = gateway.journal.last_position().await.unwrap();
        match filling.await.unwrap().fill(head, &mut |_| {}).await {
            Err(FillError::Stopped(position)) => Some(position),
            Ok(()) => None,
            Err(error) => panic!("{error}"),
        }
    })
    .await
}

/// Generations of a read model with where they stand, the live one first.
pub async fn generations(installation: &Installation, name: &'static str) -> Vec<(i32, u64)> {
    let gateway = installation.gateway.clone();
    let all =
        on_shared_runtime(
            async move { lag::of_all(&gateway.journal, &gateway.db, gateway.clock.now()).await.unwrap() },
        )
        .await;
    let mut own: Vec<_> = all.into_iter().map(|behind| behind.checkpoint).filter(|c| c.projection == name).collect();
    own.sort_by_key(|checkpoint| !checkpoint.generation.live);
    own.iter().map(|checkpoint| (checkpoint.generation.number, checkpoint.position)).collect()
}

/// Everything in a table, in words.
pub async fn rows(installation: &Installation, table: &str) -> Vec<String> {
    let (db, statement) = (installation.gateway.db.clone(), format!("select t::text from {table} t order by 1"));
    on_shared_runtime(async move { words(&db, statement).await }).await
}

async fn words(db: &PgPool, statement: String) -> Vec<String> {
    sqlx::query_scalar(AssertSqlSafe(statement)).fetch_all(db).await.unwrap()
}

/// Changes the database behind everybody's back.
pub async fn sql(installation: &Installation, statement: &'static str) {
    let db = installation.gateway.db.clone();
    on_shared_runtime(async move { sqlx::raw_sql(statement).execute(&db).await.unwrap() }).await;
}
