//! Read models that were behind when somebody was forgotten, or are made anew from the whole log: they end up as empty as
//! those that followed.

use aggregates::id::CustomerId;
use projections::{
    customers::Customers, epoch, erasure::sealed_traces, points_transactions::PointsTransactions, set_paused,
};
use reqwest::StatusCode;
use sqlx::{AssertSqlSafe, PgPool};
use uuid::Uuid;

use super::kit::{ask_to_forget, completed_at, customer};
use crate::support::{Installation, Shop, on_shared_runtime};

/// Everything in a table, in words.
async fn rows(db: &PgPool, table: &str) -> Vec<String> {
    let rows = AssertSqlSafe(format!("select t::text from {table} t order by 1"));
    sqlx::query_scalar(rows).fetch_all(db).await.unwrap()
}

const LOOKS_MAX: usize = 1_000;
const TABLES: [&str; 4] = ["read.customers", "read.balances", "read.points_transactions", "read.gdpr_requests"];

async fn all_rows(installation: &Installation) -> Vec<Vec<String>> {
    let db = installation.gateway.db.clone();
    on_shared_runtime(async move {
        let mut tables = Vec::new();
        for table in TABLES {
            tables.push(rows(&db, table).await);
        }
        tables
    })
    .await
}

async fn pause(installation: &Installation, paused: bool) {
    let db = installation.gateway.db.clone();
    on_shared_runtime(async move {
        for projection in [Customers::NAME, PointsTransactions::NAME] {
            assert!(set_paused(&db, projection, paused).await.unwrap());
        }
    })
    .await;
}

async fn traces(installation: &Installation, shop: &Shop, id: &str) -> Vec<&'static str> {
    let person = CustomerId(Uuid::parse_str(id.strip_prefix("cus_").unwrap()).unwrap());
    let (db, merchant) = (installation.gateway.db.clone(), shop.merchant);
    on_shared_runtime(async move { sealed_traces(&db, merchant, &[person]).await.unwrap().0 }).await
}

/// How far read models are is told behind their tables: for a moment this gateway may think that they still are where they
/// were. Whoever is in the table again has been put there since.
async fn is_there_again(shop: &Shop, id: &str) {
    for _ in 0..LOOKS_MAX {
        let look = shop.api.get(&format!("/v1/customers/{id}")).query("min_position", shop.seen()).send().await;
        if look.status == StatusCode::OK {
            return;
        }
    }
    panic!("{id} is not in the read model that began again");
}

#[tokio::test]
async fn read_models_that_were_behind_or_begin_again_hold_nothing_of_somebody_forgotten() {
    let installation = Installation::own().await;
    let shop = Shop::open_at(&installation).await;
    let (ada, bob) = (shop.shopper(), shop.shopper());
    for shopper in [ada, bob] {
        assert!(shopper.order(50_00).deliver().await.is_accepted());
    }
    let id = ada.id().await;
    ada.transactions().await;

    pause(&installation, true).await;
    assert!(ada.order(20_00).deliver().await.is_accepted());
    let asked = ask_to_forget(&shop, &id).await;
    completed_at(&installation, &shop, asked.body["id"].as_str().unwrap()).await;
    assert_eq!(traces(&installation, &shop, &id).await, Vec::<&str>::new(), "emptied where they stood");
    pause(&installation, false).await;
    assert_eq!(customer(&shop, &id).await["state"], "erased");
    bob.transactions().await;
    assert_eq!(traces(&installation, &shop, &id).await, Vec::<&str>::new(), "and again where the log said so");
    let live = all_rows(&installation).await;

    let gateway = installation.gateway.clone();
    on_shared_runtime(async move {
        let stream = gateway.journal.identity().await.unwrap().to_string();
        assert!(epoch::begin_again(&gateway.db, &stream, &[]).await.unwrap());
    })
    .await;
    is_there_again(&shop, &id).await;
    assert_eq!(customer(&shop, &id).await["state"], "erased");
    bob.transactions().await;
    shop.api.get("/v1/gdpr_requests").query("min_position", shop.seen()).document().await;
    bob.balance().await;
    assert_eq!(all_rows(&installation).await, live, "rebuilt equals live");
}
