//! Plaintext never reaches a disk. Canaries go in through every door, well-formed and not, while all is well and while
//! it is not; then every byte that was written for the installation is searched for them, while it runs and after.

mod canaries;
mod forms;
mod programme;
mod scan;

use std::{fs, time::Duration};

use loyalnest::drill::{
    installation::{Installation, Part},
    shop::Shop,
};
use nix::sys::signal::Signal;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::time::Instant;

use self::{
    canaries::Canary,
    programme::Outside,
    scan::{Finding, Scanner},
};
use super::program::start;

/// So many commits on one account that it has a snapshot.
const ADJUSTMENTS: usize = 20;
/// What a scan has to have read at least to be worth something: the tables and the write-ahead log of an empty database.
const BYTES_MIN: usize = 20_000_000;
const DOMAIN: &str = "canaries.myshopify.com";

#[tokio::test(flavor = "multi_thread")]
async fn no_file_holds_anything_personal() {
    let outside = Outside::new().await;
    let mut installation = start(outside.setting()).await;
    let shop = Shop::open(&installation, DOMAIN, canaries::WEBHOOK_SECRET).await.expect("a merchant");
    let mut canaries = canaries::all(&shop.api_key);
    programme::switched_on(&shop).await;

    webhooks_of_a_normal_day(&shop).await;
    calls_of_a_normal_day(&shop).await;
    a_file_and_a_till(&installation, &shop).await;
    canaries.extend(programme::at_work(&shop, &outside).await);
    let scanner = Scanner::new(&canaries);
    everything_that_can_be_wrong_with_a_request(&installation, &shop).await;
    a_webhook_while_the_servers_are_away(&installation, &shop).await;
    operators_commands(&installation).await;
    let metrics = shop.call(Method::GET, "/metrics").send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("loyalty_webhook_seconds"), "{metrics}");
    assert_eq!(scanner.scan("the metrics", metrics.as_bytes()), []);
    everything_was_used(&installation).await;

    checkpoint(&installation).await;
    assert_eq!(rows_of_every_table(&installation, &scanner).await, []);
    nothing_in_files(&scanner, &installation);
    installation.stop().await.unwrap();
    nothing_in_files(&scanner, &installation);
    installation.start_again().await.expect("it starts again");
    the_scan_finds_what_is_there(&scanner, &installation).await;
}

fn nothing_in_files(scanner: &Scanner<'_>, installation: &Installation) {
    let scanned = scanner.scan_files(installation.home());
    assert_eq!(scanned.findings, [], "in {} files", scanned.files);
    assert!(scanned.bytes > BYTES_MIN, "only {} bytes in {} files were read", scanned.bytes, scanned.files);
}

async fn webhooks_of_a_normal_day(shop: &Shop) {
    let day = [
        ("customers/create", canaries::customer(), "accepted"),
        ("customers/create", canaries::other_customer(), "accepted"),
        ("orders/create", canaries::order(), "accepted"),
        ("refunds/create", canaries::refund(), "accepted"),
        ("orders/create", canaries::guest_order(), "accepted"),
        ("refunds/create", canaries::refund_that_waits(), "accepted"),
        ("orders/create", canaries::order_of_the_merged_away(), "accepted"),
        ("customers/merge", canaries::merge(), "accepted"),
        ("orders/create", canaries::order_to_be_parked(), "parked"),
        ("customers/data_request", canaries::compliance_request(), "accepted"),
        ("customers/redact", canaries::compliance_request(), "accepted"),
        ("customers/confetti", canaries::customer(), "ignored"),
        ("orders/edited", canaries::order(), "ignored"),
    ];
    for (topic, body, outcome) in day {
        assert_eq!(shop.deliver(topic, &body).await.unwrap().outcome, outcome, "{topic}");
    }
}

async fn calls_of_a_normal_day(shop: &Shop) {
    let path = format!("/v1/customers?external_id=shopify:{}", canaries::CUSTOMER);
    let found = shop.get(&path).await.unwrap();
    let shown = &found["data"][0];
    assert_eq!(shown["first_name"], canaries::FIRST_NAME, "the door shows what the disk must not");
    let id = shown["id"].as_str().unwrap();
    for number in 0..ADJUSTMENTS {
        let key = format!("{} {number}", canaries::KEY);
        let body = json!({ "points": 10, "reason": canaries::REASON });
        shop.make(&format!("/v1/customers/{id}/points_adjustments"), &key, &body).await.unwrap();
    }
    let body = json!({ "points": 30 });
    shop.make(&format!("/v1/customers/{id}/reward_redemptions"), canaries::REDEEM_KEY, &body).await.unwrap();
    for by in [json!({ "email": canaries::EMAIL }), json!({ "phone": canaries::PHONE })] {
        let found = shop.call(Method::POST, "/v1/customers/search").json(&by).send().await.unwrap();
        assert_eq!(found.json::<Value>().await.unwrap()["data"][0]["id"], id, "{by}");
    }
    let ledger = shop.get(&format!("/v1/customers/{id}/points_transactions")).await.unwrap().to_string();
    assert!(ledger.contains(canaries::REASON) && ledger.contains(&canaries::ORDER.to_string()), "{ledger}");
    shop.get(&format!("/v1/customers/{id}/balance/explanation")).await.unwrap();
}

async fn a_file_and_a_till(installation: &Installation, shop: &Shop) {
    let file = format!(
        "external_id,email,first_name,points,referral_code\n{},{},{},12,{}\n,{},,5,\n",
        canaries::IMPORTED,
        canaries::IMPORTED_EMAIL,
        canaries::IMPORTED_NAME,
        canaries::REFERRAL,
        canaries::REJECTED
    );
    let handed_in = shop.call(Method::POST, "/v1/imports").body(file.clone()).send().await.unwrap();
    assert_eq!(handed_in.status(), StatusCode::CREATED);
    // The command line goes on with the import, or finds it done.
    let path = installation.data().parent().unwrap().join("brought-along.csv");
    fs::write(&path, file).unwrap();
    let merchant = merchant_of(&shop.api_key);
    let arguments = ["-o", "json", "import", "customers", path.to_str().unwrap(), "--merchant", &merchant];
    let done = installation.command(&arguments).await.unwrap();
    fs::remove_file(&path).unwrap();
    let shown: Value = serde_json::from_slice(&done.stdout).unwrap_or_else(|_| panic!("{done:?}"));
    assert_eq!((&shown["created"], &shown["rejected"], &shown["state"]), (&json!(1), &json!(1), &json!("finished")));

    let found = shop.get(&format!("/v1/customers?external_id=shopify:{}", canaries::IMPORTED)).await.unwrap();
    let id = found["data"][0]["id"].as_str().unwrap();
    let card = json!({ "card_code": canaries::CARD });
    let cards = shop.call(Method::POST, &format!("/v1/customers/{id}/loyalty_cards")).json(&card).send().await.unwrap();
    assert_eq!(cards.status(), StatusCode::CREATED);
    let sale = |id: String, card: &str| {
        json!({
            "terminal_id": "t1", "sale_id": id, "sold_at": "2026-11-20T10:00:00Z", "currency": "EUR",
            "customer": { "card_code": card }, "items": [{ "quantity": 1, "net_minor": 1_000 }],
        })
    };
    let unknown = sale(format!("{}-2", canaries::SALE), canaries::UNKNOWN_CARD);
    let sales = json!({ "sales": [sale(canaries::SALE.to_owned(), canaries::CARD), unknown] });
    let sold: Value = shop.call(Method::POST, "/v1/pos/sales").json(&sales).send().await.unwrap().json().await.unwrap();
    assert_eq!(sold["accepted"], 1, "{sold}");
    let exported = shop.call(Method::GET, "/v1/exports/customers").send().await.unwrap().text().await.unwrap();
    assert!(exported.contains(canaries::REFERRAL), "the door shows what the disk must not");
}

/// A key names its merchant.
fn merchant_of(api_key: &str) -> String {
    let merchant = api_key.split('_').nth(1).unwrap();
    format!("mer_{}", uuid::Uuid::parse_str(merchant).unwrap())
}

/// What is refused is not written down either.
async fn everything_that_can_be_wrong_with_a_request(installation: &Installation, shop: &Shop) {
    let webhook = |body: &str| shop.webhook("orders/create", body);
    let forged = webhook(&canaries::order()).body(canaries::guest_order());
    let broken = canaries::order()[..2_000].to_owned();
    let call = |method, path: String| shop.call(method, &path);
    let key = |request: reqwest::RequestBuilder| request.header("idempotency-key", canaries::KEY);
    let customer = "/v1/customers/cus_00000000-0000-4000-8000-000000000000";
    let requests = [
        (forged, StatusCode::UNAUTHORIZED),
        (webhook(&broken), StatusCode::BAD_REQUEST),
        (call(Method::GET, format!("/v1/customers/{}", canaries::FIRST_NAME)), StatusCode::NOT_FOUND),
        (call(Method::GET, format!("/v1/customers?external_id={}", canaries::EMAIL)), StatusCode::BAD_REQUEST),
        (call(Method::GET, format!("/v1/customers?cursor={}", canaries::KEY)), StatusCode::BAD_REQUEST),
        (call(Method::GET, format!("/v1/customers?limit={}", canaries::LAST_NAME)), StatusCode::BAD_REQUEST),
        (call(Method::GET, format!("/{}", canaries::EMAIL)), StatusCode::NOT_FOUND),
        (
            key(call(Method::POST, format!("{customer}/points_adjustments")))
                .json(&json!({ "points": canaries::NOTE, "reason": canaries::REASON })),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (
            key(call(Method::POST, format!("{customer}/points_adjustments")))
                .json(&json!({ "points": 1, "reason": canaries::REASON, (canaries::WRONG_FIELD): canaries::EMAIL })),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (
            key(call(Method::POST, format!("{customer}/reward_redemptions"))).body(format!("{{{}", canaries::EMAIL)),
            StatusCode::BAD_REQUEST,
        ),
        (
            call(Method::POST, "/v1/customers/search".to_owned()).json(&json!({ "name": canaries::LAST_NAME })),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (
            reqwest::Client::new().get(format!("{}/v1/customers", installation.url())).bearer_auth(canaries::KEY),
            StatusCode::UNAUTHORIZED,
        ),
    ];
    for (number, (request, expected)) in requests.into_iter().enumerate() {
        let answer = request.send().await.unwrap();
        let (status, body) = (answer.status(), answer.text().await.unwrap());
        assert_eq!(status, expected, "request {number}: {body}");
    }
}

/// Errors of servers like to quote what they could not take.
async fn a_webhook_while_the_servers_are_away(installation: &Installation, shop: &Shop) {
    for server in [Part::Postgres, Part::Nats] {
        assert!(installation.signal(server, Signal::SIGKILL));
        shop.deliver("orders/create", &canaries::order_in_an_outage()).await.unwrap();
        shop.deliver("customers/update", &canaries::customer()).await.unwrap();
    }
}

/// Printing is allowed where somebody asks for it; writing down is not.
async fn operators_commands(installation: &Installation) {
    let listed = installation.command(&["-o", "json", "parked", "list"]).await.unwrap();
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let id = listed[0]["id"].as_str().expect("something is parked");
    let shown = installation.command(&["-o", "json", "parked", "show", id]).await.unwrap();
    assert!(String::from_utf8_lossy(&shown.stdout).contains(canaries::PARKED_EMAIL));
    assert!(!installation.command(&["parked", "retry", id]).await.unwrap().status.success());
    let discard = ["parked", "discard", id, "--yes", "--reason", canaries::DISCARD_REASON];
    assert!(installation.command(&discard).await.unwrap().status.success());
}

/// Tables that hold what is about people.
const USED: [&str; 22] = [
    "vault.directory",
    "vault.blind_index",
    "vault.waiting_items",
    "vault.named_friends",
    "vault.invitations",
    "vault.unwanted_mail",
    "read.audit_logs",
    "read.badges",
    "read.campaign_actions",
    "read.customer_import_logs",
    "read.email_events",
    "read.gdpr_requests",
    "read.leaderboard_apart",
    "read.points_transactions",
    "read.pos_offline_queue",
    "read.products",
    "read.queue_tasks",
    "read.referral_links",
    "read.referrals",
    "read.reward_redemptions",
    "read.tier_gifts",
    "read.tier_members",
];

/// How long what was told may take to be in the tables.
const USED_WITHIN: Duration = Duration::from_secs(60);

/// A search in places where nothing was ever put proves nothing.
async fn everything_was_used(installation: &Installation) {
    let url = super::program::variable(installation, "LOYALNEST_NATS_URL");
    let streams = async_nats::jetstream::new(journal::connect_client(&url).await.unwrap());
    for name in ["JOURNAL", "SNAPSHOTS", "PARKED"] {
        let stream = streams.get_stream(name).await.unwrap();
        assert!(stream.cached_info().state.messages > 0, "{name} is empty");
    }
    let mut database = operator(installation).await;
    for table in USED {
        // Policies and read models may be a moment behind.
        let deadline = Instant::now() + USED_WITHIN;
        loop {
            let count = AssertSqlSafe(format!("select count(*) from {table}"));
            if sqlx::query_scalar::<_, i64>(count).fetch_one(&mut database).await.unwrap() > 0 {
                break;
            }
            assert!(Instant::now() < deadline, "{table} is empty");
        }
    }
    let log = fs::read_to_string(installation.log()).unwrap();
    assert!(log.contains("\"webhook\""), "{log}");
}

/// Everything that is only in the memory of the database goes to its files.
async fn checkpoint(installation: &Installation) {
    sqlx::query("checkpoint").execute(&mut operator(installation).await).await.unwrap();
}

/// Files may hold long values compressed; the database itself says what they are.
async fn rows_of_every_table(installation: &Installation, scanner: &Scanner<'_>) -> Vec<Finding> {
    let mut database = operator(installation).await;
    let tables: Vec<String> = sqlx::query_scalar(
        "select format('%I.%I', table_schema, table_name) from information_schema.tables
          where table_type = 'BASE TABLE' and table_schema <> 'information_schema'",
    )
    .fetch_all(&mut database)
    .await
    .unwrap();
    let mut findings = Vec::new();
    for table in &tables {
        let rows = AssertSqlSafe(format!("select row::text from {table} as row"));
        for row in sqlx::query_scalar::<_, String>(rows).fetch_all(&mut database).await.unwrap() {
            findings.extend(scanner.scan(table, row.as_bytes()));
        }
    }
    findings
}

async fn the_scan_finds_what_is_there(scanner: &Scanner<'_>, installation: &Installation) {
    let control = installation.data().join("control");
    let every_form =
        scanner.needles().iter().flat_map(|(_, form)| [&form.bytes[..], b"|"].concat()).collect::<Vec<_>>();
    fs::write(&control, every_form).unwrap();
    let found = scanner.scan_files(installation.home()).findings.len();
    assert_eq!(found, scanner.needles().len(), "each form of each canary is found where it stands");

    let planted = [
        Canary::text("planted in the database", "the control wallcreeper of table and log"),
        Canary::number("planted in the log", 798_765_432_109_876_543),
    ];
    let mut database = operator(installation).await;
    sqlx::query("create table control (planted text)").execute(&mut database).await.unwrap();
    sqlx::query("insert into control values ('the control wallcreeper of table and log')")
        .execute(&mut database)
        .await
        .unwrap();
    let url = super::program::variable(installation, "LOYALNEST_NATS_URL");
    let streams = async_nats::jetstream::new(journal::connect_client(&url).await.unwrap());
    let stream = async_nats::jetstream::stream::Config {
        name: "CONTROL".to_owned(),
        subjects: vec!["control".to_owned()],
        ..Default::default()
    };
    streams.create_stream(stream).await.unwrap();
    let message = postcard::to_stdvec(&798_765_432_109_876_543_u64).unwrap();
    streams.publish("control", message.into()).await.unwrap().await.unwrap();
    checkpoint(installation).await;
    let found = Scanner::new(&planted).scan_files(installation.home()).findings;
    let is_in =
        |what: &str, folder: &str| found.iter().any(|it| it.canary.ends_with(what) && it.place.contains(folder));
    assert!(is_in("the database", "/postgres/data/base/") && is_in("the database", "/pg_wal/"), "{found:?}");
    assert!(is_in("the log", "/nats/jetstream/"), "{found:?}");
}

/// As the superuser, who alone may ask for a checkpoint and see every table.
async fn operator(installation: &Installation) -> PgConnection {
    let read = |name: &str| fs::read_to_string(installation.data().join("postgres").join(name)).unwrap();
    let url = format!("postgres://operator:{}@127.0.0.1:{}/loyalnest", read("operator"), read("port"));
    PgConnection::connect(&url).await.unwrap()
}
