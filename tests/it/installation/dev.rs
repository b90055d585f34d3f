//! `loyalnest dev` from one start to the next, and the operator's commands beside it.

use std::{os::unix::fs::PermissionsExt, process::Output, time::Duration};

use gateway::shopify::sample::OrderSample;
use loyalnest::drill::{
    installation::{Installation, Part, Setting},
    shop::Shop,
};
use nix::sys::signal::{Signal, kill};
use serde_json::Value;
use tokio::time::Instant;

use super::program::start;

/// A start on data that are there already: no `initdb`, nothing to migrate. In a debug build on a busy machine.
const STARTS_AGAIN_WITHIN: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_second_start_finds_everything_and_a_stop_leaves_nothing_running() {
    let mut installation = start(Setting::default()).await;
    let shop = Shop::open(&installation, "dev.myshopify.com", "dev-secret").await.unwrap();
    shop.deliver("orders/create", &OrderSample::new(1).body()).await.unwrap();
    let mode = installation.data().metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o700, "others may not look in");

    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let servers = [Part::Nats, Part::Postgres].map(|server| installation.pid(server).expect("it runs"));
        assert!(installation.signal(Part::Gateway, signal));
        assert!(installation.ended().await.unwrap().success());
        for server in servers {
            assert!(kill(server, None).is_err(), "{server} still runs");
        }
        let started = Instant::now();
        installation.start_again().await.unwrap();
        assert!(started.elapsed() < STARTS_AGAIN_WITHIN, "it took {:?}", started.elapsed());
        let known = shop.deliver("orders/create", &OrderSample::new(1).body()).await.unwrap();
        assert_eq!(known.outcome, "duplicate");
    }
}

#[tokio::test]
async fn after_its_own_death_the_next_start_takes_over_what_still_runs() {
    let mut installation = start(Setting::default()).await;
    let shop = Shop::open(&installation, "dev.myshopify.com", "dev-secret").await.unwrap();
    let servers = || [Part::Nats, Part::Postgres].map(|server| installation.pid(server));
    let before = servers();
    assert!(before.iter().all(Option::is_some));
    installation.kill_gateway().await.unwrap();
    installation.start_again().await.unwrap();
    assert_eq!([Part::Nats, Part::Postgres].map(|server| installation.pid(server)), before);
    let taken = shop.deliver("orders/create", &OrderSample::new(1).body()).await.unwrap();
    assert_eq!(taken.outcome, "accepted");
}

#[tokio::test]
async fn a_merchant_made_beside_a_running_gateway_is_known_to_it_at_once() {
    let installation = start(Setting::default()).await;
    for shop in ["first.myshopify.com", "second.myshopify.com"] {
        let shop = Shop::open(&installation, shop, "a-secret").await.unwrap();
        let webhook = shop.webhook("orders/create", &OrderSample::new(1).body()).send().await.unwrap();
        let answer: Value = webhook.json().await.unwrap();
        assert_eq!(answer["outcome"], "accepted", "{answer}");
        assert!(shop.get("/v1/customers").await.unwrap()["data"].is_array());
    }
}

#[tokio::test]
async fn a_shop_changes_its_webhook_secret_while_its_gateway_runs() {
    let installation = start(Setting::default()).await;
    let mut shop = Shop::open(&installation, "rotating.myshopify.com", "the-old-one").await.unwrap();
    assert_eq!(status(&mut shop, "the-old-one", 1).await, 200);
    let merchant = shop.merchant_id.clone();
    let replace = async |secrets: &[&str]| {
        let secrets = secrets.iter().flat_map(|secret| ["--webhook-secret", secret]);
        let arguments: Vec<&str> = ["merchant", "webhook-secrets", &merchant].into_iter().chain(secrets).collect();
        installation.command(&arguments).await.unwrap().status.code()
    };
    assert_eq!(replace(&["the-new-one", "the-old-one"]).await, Some(0));
    until_answered(&mut shop, "the-new-one", 200).await;
    assert_eq!(status(&mut shop, "the-old-one", 2).await, 200, "both, while the shop changes");
    assert_eq!(replace(&["the-new-one"]).await, Some(0));
    until_answered(&mut shop, "the-old-one", 401).await;
    assert_eq!(status(&mut shop, "the-new-one", 3).await, 200);
    for wrong in [&[""][..], &[" "], &["a", "b", "c"]] {
        assert_eq!(replace(wrong).await, Some(1), "{wrong:?}");
    }
}

/// How an order is answered that is signed with this secret.
async fn status(shop: &mut Shop, secret: &str, order: u64) -> u16 {
    shop.signs_with(secret);
    shop.webhook("orders/create", &OrderSample::new(order).body()).send().await.unwrap().status().as_u16()
}

/// The gateway hears of other secrets within a merchant's lease.
async fn until_answered(shop: &mut Shop, secret: &str, expected: u16) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while status(shop, secret, 9).await != expected {
        assert!(Instant::now() < deadline, "{secret} is still not answered with {expected}");
    }
}

#[tokio::test]
async fn commands_print_what_programs_can_read_and_end_with_what_they_mean() {
    let installation = start(Setting::default()).await;
    let create = ["merchant", "create", "--shop", "cli.myshopify.com", "--webhook-secret", "s3cret"];

    let made = json(&run(&installation, &[&["-o", "json"], &create[..]].concat(), 0).await);
    assert!(made["merchant_id"].as_str().is_some_and(|id| id.starts_with("mer_")), "{made}");
    assert!(made["api_key"].as_str().is_some_and(|key| key.starts_with("ln_")), "{made}");
    let again = run(&installation, &create, 1).await;
    assert!(again.stdout.is_empty(), "data goes to stdout, and there is none");
    assert!(String::from_utf8_lossy(&again.stderr).contains("merchant already"), "{again:?}");
    run(&installation, &["merchant", "create", "--shop", "no shop at all", "--webhook-secret", "s"], 1).await;
    run(&installation, &["merchant", "create"], 2).await;
    run(&installation, &["merchant", "destroy"], 2).await;

    for list in [&["projections", "list"][..], &["projections", "status"], &["parked", "list"], &["streams", "plan"]] {
        let printed = json(&run(&installation, &[&["-o", "json"], list].concat(), 0).await);
        let rows = printed.as_array().unwrap_or_else(|| panic!("{list:?} prints no list: {printed}"));
        assert!(rows.iter().all(|row| row["id"].is_string() || row["name"].is_string()), "{list:?}: {printed}");
        let lines = run(&installation, &[&["-o", "jsonl"], list].concat(), 0).await;
        assert_eq!(String::from_utf8(lines.stdout).unwrap().lines().count(), rows.len(), "{list:?}");
    }
    let plan = json(&run(&installation, &["-o", "json", "streams", "plan"], 0).await);
    assert_eq!(plan, serde_json::json!([]), "dev has applied what is declared");
    let table = run(&installation, &["projections", "list"], 0).await;
    assert!(String::from_utf8(table.stdout).unwrap().starts_with("NAME"));
    run(&installation, &["projections", "pause", "nothing"], 1).await;
    run(&installation, &["parked", "show", "prk_00000000-0000-4000-8000-000000000000"], 1).await;
}

async fn run(installation: &Installation, arguments: &[&str], code: i32) -> Output {
    let output = installation.command(arguments).await.unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {output:?}");
    output
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}
