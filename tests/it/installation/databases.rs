//! One log, several databases: the read models that are made from it on PostgreSQL 18, 15, and 17 with TimescaleDB have
//! the same rows and give the same answers. With TimescaleDB the ledger is a hypertable, and nobody can tell.

use std::{path::Path, time::Duration};

use aggregates::{id::MerchantId, time::Clock};
use gateway::{
    clock::SystemClock,
    shopify::sample::{MergeSample, OrderSample},
};
use journal::{Journal, JournalOptions};
use loyalnest::{
    composition,
    drill::{installation::Setting, shop::Shop},
    servers::{Abandoned, Binaries, Flavour, Named, PostgresOptions, PostgresServer},
};
use projections::{
    Progress, Tables, balances, customers,
    generation::{
        Stage, compare,
        fill::{Filler, Share},
        switch,
    },
    points_transactions::{self, Page},
    read_model,
    retention::{self, Retention},
    transparency::TreeId,
};
use reqwest::{Method, StatusCode};
use serde_json::json;
use sqlx::{AssertSqlSafe, PgPool, postgres::PgPoolOptions};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::program::{start, variable};

/// Set by `make test` where TimescaleDB is not to be had; never set it to make a test pass.
const WITHOUT_TIMESCALE: &str = "LOYALNEST_WITHOUT_TIMESCALE";
/// Where Debian keeps the oldest major that is supported.
const POSTGRES_15: &str = "/usr/lib/postgresql/15/bin";
const CAUGHT_UP_WITHIN: Duration = Duration::from_secs(60);
/// Pages are cut small, so that cursors are used.
const PAGE: i64 = 3;

#[tokio::test]
async fn every_database_gives_the_same_answers_from_the_same_log() {
    let arguments = vec!["--test-clock".into()];
    let installation = start(Setting { arguments, ..Setting::default() }).await;
    let shop = Shop::open(&installation, "databases.myshopify.com", "databases-secret").await.unwrap();
    a_month_of_business(&shop).await;
    let merchant = shop.merchant_id.parse().unwrap();
    let journal = Journal::connect(&variable(&installation, "LOYALNEST_NATS_URL"), JournalOptions::default()).await;
    let journal = journal.unwrap();
    let head = journal.last_position().await.unwrap();

    let of_the_installation = pool(&variable(&installation, "LOYALNEST_DATABASE_URL"));
    caught_up(&of_the_installation, head).await;
    let expected = Answers::of(&of_the_installation, merchant).await;
    assert!(expected.ledger.len() >= 10, "{:#?}", expected.ledger);

    let binaries = Binaries::find(&Named::default()).await.unwrap();
    for (binaries, flavour) in others(&binaries).await {
        let other = Other::start(&binaries, flavour).await;
        let answers = other.answers(&journal, head, merchant).await;
        assert_eq!(answers, expected, "{}", binaries.postgres_bin_dir.display());
        assert_eq!(other.hypertable_chunks(flavour).await > 2, flavour == Flavour::Timescale);
        other.makes_read_models_anew(&journal).await;
        assert_eq!(Answers::of(&other.db, merchant).await, expected, "made anew, {}", flavour_name(flavour));
        assert_eq!(other.hypertable_chunks(flavour).await > 2, flavour == Flavour::Timescale);
        other.lets_go_of_old_rows().await;
        // A database that is killed leaves shared memory behind.
        other.server.stop().await;
    }
}

async fn others(binaries: &Binaries) -> Vec<(Binaries, Flavour)> {
    let mut others = Vec::new();
    if Path::new(POSTGRES_15).is_dir() {
        others.push((Binaries { postgres_bin_dir: POSTGRES_15.into(), ..binaries.clone() }, Flavour::Plain));
    } else {
        eprintln!("NOT TESTED on PostgreSQL 15: there is none at {POSTGRES_15}");
    }
    match binaries.with_timescale().await {
        Ok(timescale) => others.push((timescale, Flavour::Timescale)),
        Err(error) if std::env::var_os(WITHOUT_TIMESCALE).is_some() => {
            eprintln!("\n*** NOT TESTED on TimescaleDB: {error} ({WITHOUT_TIMESCALE} is set) ***\n");
        }
        Err(error) => panic!("{error}"),
    }
    others
}

/// Orders, refunds, a redemption, adjustments and a merge, days apart, so that the ledger spreads over several chunks.
async fn a_month_of_business(shop: &Shop) {
    let order = |order_id, customer| OrderSample {
        customer_id: Some(customer),
        lines: vec![(2_000, 3)],
        ..OrderSample::new(order_id)
    };
    let (ada, ben) = (7_100_000_000_001, 7_100_000_000_002);
    let first = shop.deliver("orders/create", &order(1, ada).body()).await.unwrap().position.unwrap();
    let found = shop.get(&format!("/v1/customers?external_id=shopify:{ada}&min_position={first}")).await.unwrap();
    let id = found["data"][0]["id"].as_str().unwrap();
    for week in 0..4 {
        advance_days(shop, 8).await;
        let (hers, his) = (order(10 + week, ada), order(20 + week, ben));
        shop.deliver("orders/create", &hers.body()).await.unwrap();
        shop.deliver("orders/create", &his.body()).await.unwrap();
        let refund = hers.refund_of(30 + week, hers.processed_at, &[(0, 1)]);
        shop.deliver("refunds/create", &refund.body()).await.unwrap();
        let body = json!({ "points": 5, "reason": "a good week" });
        shop.make(&format!("/v1/customers/{id}/points_adjustments"), &format!("week {week}"), &body).await.unwrap();
        let body = json!({ "points": 10 });
        shop.make(&format!("/v1/customers/{id}/reward_redemptions"), &format!("week {week}"), &body).await.unwrap();
    }
    shop.deliver("customers/merge", &MergeSample::completed(ada, ben).body()).await.unwrap();
    // Segments follow by themselves; from here on they have nothing left to write.
    advance_days(shop, 0).await;
}

async fn advance_days(shop: &Shop, days: i64) {
    let advance = shop.call(Method::POST, "/v1/test_clock").json(&json!({ "advance_seconds": days * 86_400 }));
    assert_eq!(advance.send().await.unwrap().status(), StatusCode::OK);
}

/// A database of its own, filled from somebody else's log.
struct Other {
    db: PgPool,
    server: PostgresServer,
    _folder: TempDir,
}

impl Other {
    async fn start(binaries: &Binaries, flavour: Flavour) -> Other {
        let folder = tempfile::tempdir().unwrap();
        let options = PostgresOptions {
            flavour,
            abandoned: Abandoned::IsKilled,
            ..PostgresOptions::in_directory(folder.path().join("postgres"))
        };
        let server = PostgresServer::start(binaries, options).await.unwrap();
        let db = pool(&server.url());
        composition::migrate(&db).await.unwrap();
        Other { db, server, _folder: folder }
    }

    async fn answers(&self, journal: &Journal, head: u64, merchant: MerchantId) -> Answers {
        let stop = CancellationToken::new();
        let work = composition::start_read_models(journal, &self.db, &stop);
        caught_up(&self.db, head).await;
        stop.cancel();
        work.join_all().await;
        Answers::of(&self.db, merchant).await
    }

    /// A year later, of everything that may go.
    async fn lets_go_of_old_rows(&self) {
        let everything = "audit_logs=90,daily_totals=90,points_transactions=90,rfm_score_history=90";
        let setting: Retention = everything.parse().unwrap();
        let gone = retention::pass(&self.db, &setting, SystemClock.now().plus_days(400)).await.unwrap();
        assert!(gone.iter().all(|gone| gone.rows > 0), "{gone:?}");
        let left = "select (select count(*) from read.points_transactions) + (select count(*) from read.audit_logs)";
        assert_eq!(sqlx::query_scalar::<_, i64>(left).fetch_one(&self.db).await.unwrap(), 0);
    }

    /// Beside those that are there, and then in their place; nobody feeds them meanwhile.
    async fn makes_read_models_anew(&self, journal: &Journal) {
        for model in read_model::all() {
            let Tables::Own(_) = model.tables() else { continue };
            let how = || (Share::ALL, CancellationToken::new());
            let report = compare::verify(model.as_ref(), journal, &self.db, how(), &mut |_| {}).await.unwrap();
            assert!(report.is_clean(), "{}: {report:#?}", model.name());
            let filling = Filler::begin(model.as_ref(), journal, &self.db, Stage::Filling, how());
            let mut filler = filling.await.unwrap();
            filler.fill(report.position, &mut |_| {}).await.unwrap();
            let before = filler.switch(&self.db).await.unwrap();
            switch::drop_generation(&self.db, model.name(), before).await.unwrap();
        }
    }

    async fn hypertable_chunks(&self, flavour: Flavour) -> i64 {
        if flavour == Flavour::Plain {
            return 0;
        }
        let chunks = "select num_chunks from timescaledb_information.hypertables
                       where hypertable_schema = 'read' and hypertable_name = 'points_transactions'";
        sqlx::query_scalar(chunks).fetch_one(&self.db).await.unwrap()
    }
}

const fn flavour_name(flavour: Flavour) -> &'static str {
    match flavour {
        Flavour::Plain => "without TimescaleDB",
        Flavour::Timescale => "with TimescaleDB",
    }
}

fn pool(url: &str) -> PgPool {
    PgPoolOptions::new().max_connections(12).connect_lazy(url).unwrap()
}

async fn caught_up(db: &PgPool, head: u64) {
    let progress = Progress::follow(db.clone()).await.unwrap();
    for name in projections::NAMES {
        assert!(progress.reached(name, head, CAUGHT_UP_WITHIN).await, "{name} stands at {:?}", progress.of(name));
    }
}

/// Everything the read models say about a merchant.
#[derive(Debug, PartialEq, Eq)]
struct Answers {
    /// Every row of every table, as text.
    rows: Vec<String>,
    customers: Vec<String>,
    /// The ledger of everybody, page by page.
    ledger: Vec<String>,
    balances: Vec<String>,
}

impl Answers {
    async fn of(db: &PgPool, merchant: MerchantId) -> Answers {
        let mut answers = Answers { rows: rows(db).await, customers: vec![], ledger: vec![], balances: vec![] };
        for customer in customers::list(db, merchant, None, PAGE).await.unwrap() {
            answers.customers.push(format!("{customer:?}"));
            answers.balances.push(format!("{:?}", balances::find(db, merchant, customer.id).await.unwrap()));
            let mut before = None;
            loop {
                let page = Page { limit: PAGE, before };
                let lines = points_transactions::list(db, merchant, customer.id, page).await.unwrap();
                let Some(last) = lines.last() else { break };
                before = Some((last.position, last.line));
                answers.ledger.extend(lines.iter().map(|line| format!("{line:?}")));
            }
        }
        answers
    }
}

async fn rows(db: &PgPool) -> Vec<String> {
    let mut connection = db.acquire().await.unwrap();
    sqlx::query("set timezone = 'UTC'").execute(&mut *connection).await.unwrap();
    let mut rows = Vec::new();
    let tables: Vec<String> = sqlx::query_scalar(
        "select schemaname || '.' || tablename from pg_tables
          where schemaname = 'read' and tablename <> 'checkpoint' order by 1",
    )
    .fetch_all(&mut *connection)
    .await
    .unwrap();
    // What is signed is no read model.
    let hashes = format!("(select * from proof.hash where tree <> '{}')", TreeId::TOP.0);
    for table in tables.into_iter().chain([hashes]) {
        let all = AssertSqlSafe(format!("select $1 || row::text from {table} as row order by 1"));
        rows.extend(sqlx::query_scalar::<_, String>(all).bind(&table).fetch_all(&mut *connection).await.unwrap());
    }
    rows
}
