//! `loyalnest doctor`, as an operator runs it: on a healthy installation, and on one in which somebody has put back what was
//! to be gone.

use std::time::Duration;

use gateway::shopify::sample::OrderSample;
use loyalnest::drill::{
    installation::{Installation, Setting},
    shop::Shop,
};
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::program::{start, variable};

const ADA: u64 = 7_300_000_000_001;
/// What nobody else's data contains by chance.
const PLANTED: &str = "quittenmarmelade";
const FORGOTTEN_WITHIN: Duration = Duration::from_secs(60);

/// The exit code, and what was found by name.
async fn doctor(installation: &Installation, arguments: &[&str]) -> (Option<i32>, Vec<Value>) {
    let output = installation.command(&[&["-o", "json", "doctor"], arguments].concat()).await.unwrap();
    let rows = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code(), rows)
}

fn wrong(rows: &[Value]) -> Vec<&str> {
    rows.iter().filter(|row| row["state"] == "error").filter_map(|row| row["name"].as_str()).collect()
}

async fn forget(shop: &Shop, customer: &str) {
    let asked = json!({ "type": "customers/redact", "customer_id": customer });
    let request = shop.make("/v1/gdpr_requests", "forget", &asked).await.unwrap();
    let path = format!("/v1/gdpr_requests/{}", request["id"].as_str().unwrap());
    let completed = async {
        while shop.get(&path).await.unwrap()["state"] != "completed" {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(FORGOTTEN_WITHIN, completed).await.expect("forgetting comes to its end");
}

#[tokio::test]
async fn the_doctor_finds_what_should_have_gone_with_somebody_who_was_forgotten() {
    let installation = start(Setting::default()).await;
    let shop = Shop::open(&installation, "examined.myshopify.com", "examined-secret").await.unwrap();
    let order = OrderSample { customer_id: Some(ADA), lines: vec![(50_00, 1)], ..OrderSample::new(1) };
    let position = shop.deliver("orders/create", &order.body()).await.unwrap().position.unwrap();
    let found = shop.get(&format!("/v1/customers?external_id=shopify:{ADA}&min_position={position}")).await.unwrap();
    let customer = found["data"][0]["id"].as_str().unwrap().to_owned();
    let db = PgPool::connect(&variable(&installation, "LOYALNEST_DATABASE_URL")).await.unwrap();
    let id: Uuid = customer.trim_start_matches("cus_").parse().unwrap();
    let profile: Vec<u8> = sqlx::query_scalar("select profile from read.customers where customer = $1")
        .bind(id)
        .fetch_one(&db)
        .await
        .unwrap();
    let planted = installation.home().join("planted");
    std::fs::write(&planted, PLANTED).unwrap();
    let scan = ["--scan", "--planted", planted.to_str().unwrap()];

    forget(&shop, &customer).await;
    let (code, rows) = doctor(&installation, &scan).await;
    assert_eq!((code, wrong(&rows)), (Some(0), Vec::new()), "{rows:?}");
    for looked_at in ["log", "deletion journal", "read model balances", "read.customers.profile", "stream JOURNAL"] {
        assert!(rows.iter().any(|row| row["name"] == looked_at), "{looked_at} was not looked at: {rows:?}");
    }

    // A row of an old dump, and a careless note.
    sqlx::query("update read.customers set profile = $2 where customer = $1")
        .bind(id)
        .bind(profile)
        .execute(&db)
        .await
        .unwrap();
    sqlx::query("update read.gdpr_requests set source = $1")
        .bind(format!("a jar of {PLANTED}"))
        .execute(&db)
        .await
        .unwrap();
    let (code, rows) = doctor(&installation, &scan).await;
    assert_eq!(
        (code, wrong(&rows)),
        (Some(6), vec!["read.customers.profile", "read.gdpr_requests.source"]),
        "{rows:?}"
    );
    assert!(!rows.iter().any(|row| row.to_string().contains(PLANTED)), "what is looked for is not printed");
}
