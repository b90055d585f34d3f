//! A rebuild that is stopped, or killed, goes on where it was.

use std::{process::Stdio, time::Duration};

use gateway::shopify::sample::OrderSample;
use loyalnest::drill::{installation::Setting, shop::Shop as DrillShop};
use serde_json::{Value, json};
use tokio::process::Command;

use super::kit::{generations, rebuild, rebuild_a_piece, verify};
use crate::{
    installation::program::{loyalnest, start},
    support::{Installation, Shop},
};

#[tokio::test]
async fn a_rebuild_that_is_stopped_again_and_again_gets_there() {
    let installation = Installation::own().await;
    let shop = Shop::open_at(&installation).await;
    for _ in 0..150 {
        let ada = shop.shopper();
        for price in [50_00, 20_00] {
            assert!(ada.order(price).deliver().await.is_accepted());
        }
    }
    for name in ["balances", "points_transactions", "customers"] {
        let mut reached = 0;
        while let Some(position) = rebuild_a_piece(&installation, name).await {
            assert!(position > reached, "{name} does not get on");
            reached = position;
        }
        let (number, before) = rebuild(&installation, name, true).await;
        assert_eq!(before, Some(1));
        assert_eq!(
            generations(&installation, name).await[0].0,
            number,
            "the one that was begun is the one that is read"
        );
        assert!(verify(&installation, name).await.is_clean(), "{name}");
    }
}

async fn told(installation: &loyalnest::drill::installation::Installation, arguments: &[&str]) -> (i32, Value) {
    let output = installation.command(&[&["-o", "json"], arguments].concat()).await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let printed = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.code().unwrap_or_else(|| panic!("{said}")), printed)
}

#[tokio::test]
async fn a_rebuild_that_is_killed_ten_times_gets_there_and_verification_finds_what_was_changed() {
    let installation = start(Setting::default()).await;
    let shop = DrillShop::open(&installation, "killed.myshopify.com", "killed-secret").await.unwrap();
    for id in 1..=60 {
        let order = OrderSample {
            customer_id: Some(7_300_000_000_000 + id % 7),
            lines: vec![(50_00, 1)],
            ..OrderSample::new(id)
        };
        shop.deliver("orders/create", &order.body()).await.unwrap();
    }
    for milliseconds in [5, 20, 40, 60, 80, 100, 130, 160, 200, 300] {
        let mut rebuilding = Command::new(loyalnest())
            .arg("--env-file")
            .arg(installation.env_file())
            .args(["projections", "rebuild", "audit_logs", "--no-switch", "--share", "1"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        rebuilding.kill().await.unwrap();
    }
    let (code, rebuilt) = told(&installation, &["projections", "rebuild", "audit_logs"]).await;
    assert_eq!((code, &rebuilt["live"], &rebuilt["rows_differing"]), (0, &json!(true), &json!(0)), "{rebuilt}");
    let (code, list) = told(&installation, &["projections", "list"]).await;
    let live = list.as_array().unwrap().iter().find(|row| row["name"] == "audit_logs" && row["live"] == true).unwrap();
    assert_eq!((code, &live["generation"]), (0, &rebuilt["generation"]));
    let (code, _) = told(&installation, &["check", "lag", "--warn", "1000", "--critical", "2000"]).await;
    assert_eq!(code, 0);
    let (code, _) = told(&installation, &["check", "lag", "--warn", "0", "--critical", "2000"]).await;
    assert_eq!(code, 1);
    let (code, report) = told(&installation, &["projections", "verify", "transparency"]).await;
    assert_eq!((code, report), (1, Value::Null), "signed trees are not made anew");
    let (code, report) = told(&installation, &["projections", "verify"]).await;
    assert_eq!(code, 0, "{report:#}");
}
