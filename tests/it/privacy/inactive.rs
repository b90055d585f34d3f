//! Operators, at the command line: who has been away for long, and requests that are not to wait.

use loyalnest::{
    args::{GdprCommand, Output},
    commands::gdpr,
};
use serde_json::json;

use super::kit::{completed, customer, newest_request, redact, request};
use crate::support::{Installation, Shop, on_shared_runtime};

async fn told(command: GdprCommand) -> Result<(), String> {
    let config = Installation::shared().config.clone();
    let told = async move { gdpr::run(command, &config, Output::Json).await.map_err(|error| format!("{error:#}")) };
    on_shared_runtime(told).await
}

#[tokio::test]
async fn who_was_away_for_long_is_forgotten_when_an_operator_says_so_twice() {
    let shop = Shop::open().await;
    let (gone, there) = (shop.shopper(), shop.shopper());
    for shopper in [gone, there] {
        assert!(shopper.order(50_00).deliver().await.is_accepted());
    }
    shop.advance_days(400).await;
    assert!(there.order(20_00).deliver().await.is_accepted());
    let id = gone.id().await;
    let inactive = |execute| GdprCommand::Inactive { merchant: shop.merchant.to_string(), months: 12, execute };

    there.available().await;
    told(inactive(false)).await.unwrap();
    let none = shop.api.get("/v1/gdpr_requests").query("min_position", shop.seen()).document().await;
    assert_eq!(none["data"], json!([]), "a dry run asks for nothing");
    told(inactive(true)).await.unwrap();
    shop.has_seen_everything_of(Installation::shared()).await;
    let asked = newest_request(&shop).await;
    assert_eq!((&asked["source"], &asked["customer_id"]), (&json!("policy"), &json!(id)));
    completed(&shop, asked["id"].as_str().unwrap()).await;
    assert_eq!(customer(&shop, &id).await["state"], "erased");
    assert_eq!(there.available().await, 70);
    told(inactive(true)).await.unwrap();
    assert_eq!(newest_request(&shop).await["id"], asked["id"], "nobody is asked for twice");
}

#[tokio::test]
async fn an_operator_executes_a_request_that_rests_and_reads_its_certificate() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(50_00).deliver().await.is_accepted());
    assert!(redact(ada).await.is_accepted());
    let id = newest_request(&shop).await["id"].as_str().unwrap().to_owned();
    let execute = |yes| GdprCommand::Execute { id: id.clone(), reason: "the law does not wait".to_owned(), yes };
    assert!(told(GdprCommand::Certificate { id: id.clone() }).await.is_err(), "there is none yet");
    assert!(told(execute(false)).await.unwrap_err().contains("--yes"));
    told(execute(true)).await.unwrap();
    assert_eq!(request(&shop, &id).await["outcome"], "erased");
    for command in [GdprCommand::List, GdprCommand::Show { id: id.clone() }, GdprCommand::Certificate { id }] {
        told(command).await.unwrap();
    }
}
