//! A part is away. Whoever asks for something that cannot be done durably is told to come back; nothing is half done;
//! and everything goes on by itself once the part is there again.

use std::{os::unix::fs::symlink, path::PathBuf, time::Duration};

use gateway::shopify::sample::OrderSample;
use journal::{Journal, JournalOptions};
use loyalnest::{
    drill::{
        installation::{Installation, Part, Setting},
        shop::Shop,
    },
    servers::{Binaries, Named},
};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use sqlx::{Connection, Executor, PgConnection};
use tempfile::TempDir;
use tokio::time::{self, Instant};

use super::program::{loyalnest, variable};

/// A shop hangs up after five seconds, so it must have been told by then.
const SHOP_WAITS: Duration = Duration::from_secs(5);
/// Others wait for as long as the gateway lets any request run.
const CALLER_WAITS: Duration = Duration::from_secs(30);
/// How long this test itself waits before it says that there was no answer at all.
const PATIENCE: Duration = Duration::from_secs(60);
/// The first restart of a server is a matter of seconds.
const BACK_WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Server programs that can be taken away, so that a killed server stays down until it may come back.
struct Programs {
    folder: TempDir,
    real: Binaries,
}

impl Programs {
    async fn new() -> Programs {
        let real = Binaries::find(&Named::default()).await.expect("run `make setup` first");
        let programs = Programs { folder: tempfile::tempdir().unwrap(), real };
        programs.put_back(Part::Nats);
        programs.put_back(Part::Postgres);
        programs
    }

    fn link(&self, server: Part) -> PathBuf {
        self.folder.path().join(if server == Part::Nats { "nats-server" } else { "postgres" })
    }

    fn put_back(&self, server: Part) {
        let real = if server == Part::Nats { &self.real.nats_server } else { &self.real.postgres_bin_dir };
        symlink(real, self.link(server)).unwrap();
    }

    fn take_away(&self, server: Part) {
        std::fs::remove_file(self.link(server)).unwrap();
    }

    fn setting(&self) -> Setting {
        let arguments = vec![
            "--nats-server".into(),
            self.link(Part::Nats).into(),
            "--postgres-bin".into(),
            self.link(Part::Postgres).into(),
        ];
        Setting { arguments, ..Setting::default() }
    }
}

/// One shop with one customer, who has 50 points.
struct Scene {
    programs: Programs,
    installation: Installation,
    shop: Shop,
    customer: String,
}

impl Scene {
    async fn new() -> Scene {
        let programs = Programs::new().await;
        let installation = Installation::start(loyalnest(), programs.setting()).await.expect("it starts");
        let shop = Shop::open(&installation, "outages.myshopify.com", "outages-secret").await.expect("a merchant");
        let first = shop.deliver("orders/create", &order(1)).await.unwrap().position.unwrap();
        let found = format!("/v1/customers?external_id=shopify:{CUSTOMER}&min_position={first}");
        let customer = shop.get(&found).await.unwrap()["data"][0]["id"].as_str().unwrap().to_owned();
        Scene { programs, installation, shop, customer }
    }

    fn redemption(&self) -> RequestBuilder {
        let path = format!("/v1/customers/{}/reward_redemptions", self.customer);
        self.shop.call(Method::POST, &path).header("idempotency-key", "redeem").json(&json!({ "points": 10 }))
    }

    fn adjustment(&self) -> RequestBuilder {
        let path = format!("/v1/customers/{}/points_adjustments", self.customer);
        let body = json!({ "points": 7, "reason": "kindness" });
        self.shop.call(Method::POST, &path).header("idempotency-key", "adjust").json(&body)
    }

    fn balance(&self) -> RequestBuilder {
        self.shop.call(Method::GET, &format!("/v1/customers/{}/balance", self.customer))
    }

    /// Available points once the read model has seen a position.
    async fn available_at(&self, position: u64) -> i64 {
        let path = format!("/v1/customers/{}/balance?min_position={position}", self.customer);
        self.shop.get(&path).await.unwrap()["available"].as_i64().unwrap()
    }

    async fn lines(&self, ledger: &str) -> usize {
        self.shop.get(ledger).await.unwrap()["data"].as_array().unwrap().len()
    }

    async fn end_of_log(&self) -> u64 {
        let url = variable(&self.installation, "LOYALNEST_NATS_URL");
        Journal::connect(&url, JournalOptions::default()).await.unwrap().last_position().await.unwrap()
    }

    async fn health(&self, door: &str) -> StatusCode {
        Client::new().get(format!("{}{door}", self.installation.url())).send().await.unwrap().status()
    }

    async fn lives_and_is_not_ready(&self) {
        assert_eq!(self.health("/livez").await, StatusCode::OK);
        assert_eq!(self.health("/readyz").await, StatusCode::SERVICE_UNAVAILABLE);
    }

    async fn take_down(&self, server: Part) {
        self.programs.take_away(server);
        self.installation.kill_for_good(server).await.unwrap();
    }

    async fn bring_back(&self, server: Part) {
        self.programs.put_back(server);
        let ready = async {
            let mut look = time::interval(LOOK_EVERY);
            while self.health("/readyz").await != StatusCode::OK {
                look.tick().await;
            }
        };
        time::timeout(BACK_WITHIN, ready).await.expect("it comes back by itself");
    }
}

const CUSTOMER: u64 = 7_300_000_000_001;

/// 50.00, which is 50 points.
fn order(order_id: u64) -> String {
    OrderSample { customer_id: Some(CUSTOMER), ..OrderSample::new(order_id) }.body()
}

/// An order of somebody nobody has seen.
fn newcomer() -> String {
    OrderSample::new(3).body()
}

async fn told_to_come_back(what: &str, within: Duration, request: RequestBuilder) {
    let asked = Instant::now();
    let answer = request.timeout(PATIENCE).send().await.unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{what}");
    let took = asked.elapsed();
    assert!(took < within, "{what} was answered after {took:?}");
    says_when_to_come_back(what, answer).await;
}

async fn says_when_to_come_back(what: &str, answer: Response) {
    let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let seconds = header("retry-after").and_then(|seconds| seconds.parse::<u32>().ok());
    assert!(seconds.is_some_and(|seconds| seconds > 0), "{what} does not say when to come back");
    assert_eq!(header("content-type").as_deref(), Some("application/problem+json"), "{what}");
    let problem: Value = answer.json().await.unwrap();
    assert_eq!((&problem["status"], &problem["retryable"]), (&json!(503), &json!(true)), "{what}: {problem}");
}

#[tokio::test]
async fn without_the_log_everybody_is_told_to_come_back_and_nothing_is_half_done() {
    let scene = Scene::new().await;
    let end = scene.end_of_log().await;
    scene.take_down(Part::Nats).await;

    tokio::join!(
        told_to_come_back("a webhook", SHOP_WAITS, scene.shop.webhook("orders/create", &order(2))),
        told_to_come_back("a first sight", SHOP_WAITS, scene.shop.webhook("orders/create", &newcomer())),
        told_to_come_back("a redemption", CALLER_WAITS, scene.redemption()),
        told_to_come_back("an adjustment", CALLER_WAITS, scene.adjustment()),
        scene.lives_and_is_not_ready(),
    );

    scene.bring_back(Part::Nats).await;
    assert_eq!(scene.end_of_log().await, end, "what was refused is not in the log");
    assert_eq!(scene.available_at(end).await, 50);
    everything_is_done_once_when_it_is_repeated(&scene).await;
}

#[tokio::test]
async fn without_the_database_everybody_is_told_to_come_back_and_nothing_is_half_done() {
    let scene = Scene::new().await;
    let end = scene.end_of_log().await;
    scene.take_down(Part::Postgres).await;

    tokio::join!(
        told_to_come_back("a webhook", SHOP_WAITS, scene.shop.webhook("orders/create", &order(2))),
        told_to_come_back("a first sight", SHOP_WAITS, scene.shop.webhook("orders/create", &newcomer())),
        told_to_come_back("a redemption", CALLER_WAITS, scene.redemption()),
        told_to_come_back("a balance", CALLER_WAITS, scene.balance()),
        scene.lives_and_is_not_ready(),
    );
    assert_eq!(scene.end_of_log().await, end, "what was refused is not in the log");

    scene.bring_back(Part::Postgres).await;
    assert_eq!(scene.available_at(end).await, 50);
    everything_is_done_once_when_it_is_repeated(&scene).await;
}

/// The order, the first sight, the redemption and the adjustment of before; then all of them once more.
async fn everything_is_done_once_when_it_is_repeated(scene: &Scene) {
    for outcome in ["accepted", "duplicate"] {
        assert_eq!(scene.shop.deliver("orders/create", &order(2)).await.unwrap().outcome, outcome);
        assert_eq!(scene.shop.deliver("orders/create", &newcomer()).await.unwrap().outcome, outcome);
        for request in [scene.redemption(), scene.adjustment()] {
            assert_eq!(request.send().await.unwrap().status(), StatusCode::CREATED);
        }
    }
    assert_eq!(scene.available_at(scene.end_of_log().await).await, 50 + 50 - 10 + 7);
}

/// As after the death of a database whose copy had not yet heard of the last transactions.
#[tokio::test]
async fn what_the_database_has_lost_is_written_again_though_nothing_happens() {
    let scene = Scene::new().await;
    let ledger = format!("/v1/customers/{}/points_transactions", scene.customer);
    let seen = format!("{ledger}?min_position={}", scene.end_of_log().await);
    assert_eq!(scene.lines(&seen).await, 1);
    let mut db = PgConnection::connect(&variable(&scene.installation, "LOYALNEST_DATABASE_URL")).await.unwrap();
    let lost = "begin; delete from read.points_transactions;
                delete from read.checkpoint where projection = 'points_transactions'; commit";
    db.execute(lost).await.unwrap();

    let written_again = async {
        let mut look = time::interval(LOOK_EVERY);
        while scene.lines(&ledger).await == 0 {
            look.tick().await;
        }
    };
    time::timeout(BACK_WITHIN, written_again).await.expect("it is written again");
}

#[tokio::test]
async fn without_projections_webhooks_are_taken_and_readers_are_told_how_far_behind_they_are() {
    let scene = Scene::new().await;
    for name in projections::NAMES {
        let paused = scene.installation.command(&["projections", "pause", name]).await.unwrap();
        assert!(paused.status.success(), "{paused:?}");
    }
    let taken = scene.shop.deliver("orders/create", &order(2)).await.unwrap();
    assert_eq!(taken.outcome, "accepted");
    let position = taken.position.unwrap();

    let ledger = format!("/v1/customers/{}/points_transactions", scene.customer);
    let ahead = scene.shop.call(Method::GET, &format!("{ledger}?min_position={position}"));
    told_to_come_back("a ledger of the future", CALLER_WAITS, ahead).await;
    assert_eq!(scene.lines(&ledger).await, 1, "the read model is read as it is");
    let status = scene.installation.command(&["-o", "json", "projections", "status"]).await.unwrap();
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    let balances = status.as_array().unwrap().iter().find(|row| row["name"] == "balances").unwrap();
    assert_eq!(balances["state"], "paused");
    assert!(balances["lag_events"].as_u64().unwrap() > 0, "{balances}");

    for name in projections::NAMES {
        assert!(scene.installation.command(&["projections", "resume", name]).await.unwrap().status.success());
    }
    assert_eq!(scene.lines(&format!("{ledger}?min_position={position}")).await, 2);
    assert_eq!(scene.available_at(position).await, 100);
}
