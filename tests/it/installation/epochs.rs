//! The log behind the tables is another one: replaced by a new one, or restored from a copy that lacks its end. Positions
//! are then given out again, and mean something else. Read models stop, and say so; they never continue silently.

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use gateway::shopify::sample::OrderSample;
use loyalnest::drill::{
    installation::{Installation, Setting},
    shop::Shop,
};
use reqwest::Client;
use serde_json::Value;
use tokio::time;

use super::program::start;

const SAID_WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(100);
const SHOP: &str = "epochs.myshopify.com";
const SECRET: &str = "epochs-secret";

#[tokio::test]
async fn read_models_do_not_continue_on_a_new_log() {
    let mut installation = start(Setting::default()).await;
    let shop = Shop::open(&installation, SHOP, SECRET).await.unwrap();
    orders(&shop, 1..4).await;
    let before = caught_up(&installation).await;
    installation.stop().await.unwrap();

    fs::remove_dir_all(log_of(&installation)).unwrap();
    installation.start_again().await.expect("the gateway itself starts");
    every_read_model_says_that_it_stands_still(&installation).await;
    assert_eq!(checkpoints(&installation).await, before);
}

#[tokio::test]
async fn read_models_do_not_continue_on_a_log_that_was_restored_behind_them() {
    let mut installation = start(Setting::default()).await;
    let shop = Shop::open(&installation, SHOP, SECRET).await.unwrap();
    orders(&shop, 1..4).await;
    let copy = installation.home().join("copy");
    installation.stop().await.unwrap();
    copy_all(&log_of(&installation), &copy);
    installation.start_again().await.unwrap();
    orders(&shop, 4..8).await;
    let before = caught_up(&installation).await;
    installation.stop().await.unwrap();

    fs::remove_dir_all(log_of(&installation)).unwrap();
    copy_all(&copy, &log_of(&installation));
    installation.start_again().await.expect("the gateway itself starts");
    every_read_model_says_that_it_stands_still(&installation).await;

    // The same positions again, with other commits, until the log is longer than it ever was.
    orders(&shop, 8..20).await;
    every_read_model_says_that_it_stands_still(&installation).await;
    assert_eq!(checkpoints(&installation).await, before);
}

fn log_of(installation: &Installation) -> std::path::PathBuf {
    installation.data().join("nats/jetstream")
}

async fn orders(shop: &Shop, ids: std::ops::Range<u64>) {
    for id in ids {
        assert_eq!(shop.deliver("orders/create", &OrderSample::new(id).body()).await.unwrap().outcome, "accepted");
    }
}

/// Reads the counter of failures twice: each read model goes on failing, and says why.
async fn every_read_model_says_that_it_stands_still(installation: &Installation) {
    let first = failures(installation).await;
    let said = async {
        let mut look = time::interval(LOOK_EVERY);
        loop {
            look.tick().await;
            let now = failures(installation).await;
            let grows = |name: &&str| now.get(*name) > first.get(*name);
            if projections::NAMES.iter().all(grows) {
                return;
            }
        }
    };
    time::timeout(SAID_WITHIN, said).await.unwrap_or_else(|_| panic!("some go on: {first:?}"));
    let log = fs::read_to_string(installation.log()).unwrap();
    for name in projections::NAMES {
        assert!(log.contains(&format!("is not the one that {name} was made from")), "{name} says nothing");
    }
}

/// `loyalty_projection_errors_total` by read model.
async fn failures(installation: &Installation) -> BTreeMap<String, u64> {
    let metrics = Client::new().get(format!("{}/metrics", installation.url())).send().await.unwrap();
    let metrics = metrics.text().await.unwrap();
    let failures = metrics.lines().filter_map(|line| {
        let (name, count) = line.strip_prefix("loyalty_projection_errors_total{projection=\"")?.split_once("\"} ")?;
        Some((name.to_owned(), count.parse().ok()?))
    });
    failures.collect()
}

/// Positions of the read models, by name.
async fn checkpoints(installation: &Installation) -> BTreeMap<String, u64> {
    rows(installation).await.iter().map(|row| (name(row), position(row, "position"))).collect()
}

/// The same, once all have seen the whole log.
async fn caught_up(installation: &Installation) -> BTreeMap<String, u64> {
    let caught_up = async {
        let mut look = time::interval(LOOK_EVERY);
        while rows(installation).await.iter().any(|row| position(row, "lag_events") > 0) {
            look.tick().await;
        }
    };
    time::timeout(SAID_WITHIN, caught_up).await.expect("read models catch up");
    checkpoints(installation).await
}

async fn rows(installation: &Installation) -> Vec<Value> {
    let status = installation.command(&["-o", "json", "projections", "status"]).await.unwrap();
    serde_json::from_slice(&status.stdout).unwrap()
}

fn name(row: &Value) -> String {
    row["name"].as_str().unwrap().to_owned()
}

fn position(row: &Value, field: &str) -> u64 {
    row[field].as_u64().unwrap()
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let copy = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_all(&entry.path(), &copy);
        } else {
            fs::copy(entry.path(), copy).unwrap();
        }
    }
}
