//! The log behind the tables is another one: replaced by a new one, or restored from a copy that lacks its end. Positions
//! are then given out again, and mean something else. Read models stop, and say so; they never continue silently, but
//! only when an operator has adopted the log.

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use gateway::shopify::sample::OrderSample;
use journal::{Journal, JournalOptions, Subject};
use loyalnest::drill::{
    installation::{Installation, Setting},
    shop::Shop,
};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::time;

use super::program::{start, variable};

const SAID_WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(100);
const SHOP: &str = "epochs.myshopify.com";
const SECRET: &str = "epochs-secret";
/// Buys everything here.
const ADA: u64 = 7_100_000_000_001;
/// What one order brings her.
const PER_ORDER: i64 = 50;
const REASON: &str = "the disk of the log died";

#[tokio::test]
async fn read_models_do_not_continue_on_a_new_log_until_it_is_adopted() {
    let mut installation = start(Setting::default()).await;
    let shop = Shop::open(&installation, SHOP, SECRET).await.unwrap();
    orders(&shop, 1..4).await;
    let before = caught_up(&installation).await;
    nothing_is_to_be_adopted(&installation).await;
    installation.stop().await.unwrap();

    fs::remove_dir_all(log_of(&installation)).unwrap();
    installation.start_again().await.expect("the gateway itself starts");
    every_read_model_says_that_it_stands_still(&installation).await;
    assert_eq!(checkpoints(&installation).await, before);

    adopt(&installation, &before).await;
    // The log knows no merchant: made again, it is the one that the vault remembers.
    let again = Shop::open(&installation, SHOP, SECRET).await.unwrap();
    assert_eq!(again.merchant_id, shop.merchant_id);
    // The vault has these orders' owner, and the log has lost what the owner got for them.
    orders(&again, 1..4).await;
    assert_eq!(balance(&installation, &again).await, 3 * PER_ORDER);
    nothing_is_to_be_adopted(&installation).await;
}

#[tokio::test]
async fn read_models_do_not_continue_on_a_log_that_was_restored_behind_them_until_it_is_adopted() {
    let mut installation = start(Setting::default()).await;
    let shop = Shop::open(&installation, SHOP, SECRET).await.unwrap();
    orders(&shop, 1..4).await;
    refund_of(&shop, 50).await;
    let copy = installation.home().join("copy");
    installation.stop().await.unwrap();
    copy_all(&log_of(&installation), &copy);
    installation.start_again().await.unwrap();
    orders(&shop, 4..8).await;
    refund_of(&shop, 51).await;
    let goodwill = adjustment(&shop).await;
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

    adopt(&installation, &before).await;
    assert_eq!(
        balance(&installation, &shop).await,
        (3 + 12) * PER_ORDER,
        "orders 4 to 7 and the adjustment are not in this log"
    );

    what_was_lost_is_recorded_when_it_is_told_again(&shop, goodwill).await;
    let by_now = balance(&installation, &shop).await;
    assert_eq!(by_now, (3 + 12 + 4) * PER_ORDER + 7);

    // A refund that waited in the copy still waits; one that the log has lost does not, and comes again.
    orders(&shop, 50..52).await;
    assert_eq!(balance(&installation, &shop).await, by_now + PER_ORDER);
    refund_of(&shop, 51).await;
    assert_eq!(balance(&installation, &shop).await, by_now);

    installation.stop().await.unwrap();
    installation.start_again().await.unwrap();
    nothing_is_to_be_adopted(&installation).await;
    assert_eq!(balance(&installation, &shop).await, by_now);
}

/// The vault has owners for these orders and a user for this key; the log has lost what it recorded for them.
async fn what_was_lost_is_recorded_when_it_is_told_again(shop: &Shop, goodwill: Value) {
    orders(shop, 4..8).await;
    let again = shop.deliver("orders/create", &order(4).body()).await.unwrap();
    assert_eq!(again.outcome, "duplicate");
    let made = adjustment(shop).await;
    assert_ne!(made["position"], goodwill["position"]);
    assert_eq!(adjustment(shop).await["position"], made["position"], "from then on the key is used");
}

async fn nothing_is_to_be_adopted(installation: &Installation) {
    let adopt = installation.command(&["restore", "adopt", "--reason", REASON, "--yes"]).await.unwrap();
    assert!(adopt.status.success());
    assert!(String::from_utf8_lossy(&adopt.stderr).contains("nothing to adopt"));
}

/// Adopts the log, when it has been asked for and confirmed, and finds that on record.
async fn adopt(installation: &Installation, stood_at: &BTreeMap<String, u64>) {
    let arguments = ["-o", "json", "restore", "adopt", "--reason", REASON];
    let asked = installation.command(&arguments).await.unwrap();
    assert_eq!(asked.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&asked.stderr).contains("add --yes"));
    assert_eq!(positions(&list(&asked.stdout)), *stood_at);
    assert_eq!(checkpoints(installation).await, *stood_at, "nothing is done yet");

    let done = installation.command(&[&arguments[..], &["--yes"]].concat()).await.unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    it_is_on_record(installation, stood_at).await;
}

async fn it_is_on_record(installation: &Installation, stood_at: &BTreeMap<String, u64>) {
    let shown = installation.command(&["-o", "json", "restore", "list"]).await.unwrap();
    let [record] = &list(&shown.stdout)[..] else { panic!("one adoption: {}", String::from_utf8_lossy(&shown.stdout)) };
    assert_eq!((&record["id"], &record["reason"]), (&json!("epoch-2"), &json!(REASON)));
    assert!(!record["operator"].as_str().unwrap().is_empty());
    assert_eq!(positions(record["left_behind"].as_array().unwrap()), *stood_at);
    let nats_url = variable(installation, "LOYALNEST_NATS_URL");
    let journal = Journal::connect(&nats_url, JournalOptions::default()).await.unwrap();
    let commit = journal.last(&Subject::installation()).await.unwrap().expect("it is in the log");
    assert_eq!(json!(commit.position), record["position"]);
    assert!(!commit.payload.windows(REASON.len()).any(|bytes| bytes == REASON.as_bytes()), "reasons are sealed");
}

fn log_of(installation: &Installation) -> std::path::PathBuf {
    installation.data().join("nats/jetstream")
}

fn order(id: u64) -> OrderSample {
    OrderSample { customer_id: Some(ADA), ..OrderSample::new(id) }
}

async fn orders(shop: &Shop, ids: std::ops::Range<u64>) {
    for id in ids {
        assert_eq!(shop.deliver("orders/create", &order(id).body()).await.unwrap().outcome, "accepted", "order {id}");
    }
}

/// All of the order goes back.
async fn refund_of(shop: &Shop, id: u64) {
    let refund = order(id).refund_of(id + 1_000, order(id).processed_at, &[(0, 1)]);
    assert_eq!(shop.deliver("refunds/create", &refund.body()).await.unwrap().outcome, "accepted");
}

/// Seven points under a key that is always the same.
async fn adjustment(shop: &Shop) -> Value {
    let body = json!({ "points": 7, "reason": "goodwill" });
    shop.make(&format!("/v1/customers/{}/points_adjustments", ada(shop).await), "goodwill", &body).await.unwrap()
}

async fn ada(shop: &Shop) -> String {
    let found = shop.get(&format!("/v1/customers?external_id=shopify:{ADA}")).await.unwrap();
    found["data"][0]["id"].as_str().expect("she is a member").to_owned()
}

/// Hers, once the read models have seen the whole log.
async fn balance(installation: &Installation, shop: &Shop) -> i64 {
    caught_up(installation).await;
    let balance = shop.get(&format!("/v1/customers/{}/balance", ada(shop).await)).await.unwrap();
    balance["available"].as_i64().unwrap()
}

/// Each read model goes on failing, which the counters tell, and says why.
async fn every_read_model_says_that_it_stands_still(installation: &Installation) {
    let first = failures(installation).await;
    let said = async {
        let mut look = time::interval(LOOK_EVERY);
        loop {
            look.tick().await;
            let now = failures(installation).await;
            // The log may be written a moment after the counter.
            let log = fs::read_to_string(installation.log()).unwrap();
            let grows = |name: &str| now.get(name) > first.get(name);
            let says_why = |name: &str| log.contains(&format!("is not the one that {name} was made from"));
            if projections::NAMES.iter().all(|name| grows(name) && says_why(name)) {
                return;
            }
        }
    };
    time::timeout(SAID_WITHIN, said).await.unwrap_or_else(|_| panic!("some go on, or say nothing: {first:?}"));
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
    positions(&rows(installation).await)
}

fn positions(rows: &[Value]) -> BTreeMap<String, u64> {
    rows.iter().map(|row| (name(row), position(row, "position"))).collect()
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
    list(&installation.command(&["-o", "json", "projections", "status"]).await.unwrap().stdout)
}

fn list(printed: &[u8]) -> Vec<Value> {
    serde_json::from_slice(printed).unwrap()
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
