//! A rebuild outlives every server it needs, and the workers beside it: whatever goes down in the middle of it, and however,
//! it tries again and gets there.

use std::{process::Stdio, time::Duration};

use loyalnest::drill::{
    installation::{Installation, Part, Setting},
    shop::Shop,
};
use nix::sys::signal::Signal;
use reqwest::Method;
use serde_json::Value;
use sqlx::{Connection, PgConnection};
use tokio::{
    process::{Child, Command},
    time,
};

use crate::installation::program::{loyalnest, start, variable};

const CUSTOMERS: u64 = 2_000;
const FIRST_ID: u64 = 7_000_000_000;
/// Of one processor: slow enough to be met on its way.
const SHARE: &str = "1";
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What happens to both servers in the middle of a rebuild, and once more when it has taken heart. A database is asked to stop by
/// SIGINT: at SIGTERM it would wait for those who are connected.
const FAULTS: [[(Part, Signal); 2]; 2] = [
    [(Part::Nats, Signal::SIGKILL), (Part::Postgres, Signal::SIGINT)],
    [(Part::Postgres, Signal::SIGKILL), (Part::Nats, Signal::SIGTERM)],
];

/// A shop with many customers, each with points.
async fn crowd(installation: &Installation) -> Shop {
    let shop = Shop::open(installation, "restarts.myshopify.com", "restarts-secret").await.unwrap();
    let rows: String = (0..CUSTOMERS).map(|n| format!("{},lot-1,{}\n", FIRST_ID + n, 1 + n % 7)).collect();
    let file = format!("external_id,lot,points\n{rows}");
    let handed_in = shop.call(Method::POST, "/v1/imports").timeout(PATIENCE).body(file).send().await.unwrap();
    let import: Value = handed_in.json().await.unwrap();
    let id = import["id"].as_str().unwrap_or_else(|| panic!("{import}"));
    let path = format!("/v1/imports/{id}?min_position={}", import["position"]);
    let finished = async {
        let mut look = time::interval(LOOK_EVERY);
        while shop.get(&path).await.unwrap()["state"] != "finished" {
            look.tick().await;
        }
    };
    time::timeout(PATIENCE, finished).await.expect("the file is taken in");
    shop
}

fn rebuild(installation: &Installation, name: &str) -> Child {
    let mut command = Command::new(loyalnest());
    command.arg("--env-file").arg(installation.env_file());
    command.args(["-o", "json", "projections", "rebuild", name, "--share", SHARE]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command.spawn().unwrap()
}

/// Holds up the next writing of the generation that is being filled, and waits until it has come to that. Lasts as long as
/// the connection; the servers' end is its end.
async fn held_up(installation: &Installation, name: &str) -> PgConnection {
    let holding = async {
        let mut look = time::interval(LOOK_EVERY);
        loop {
            look.tick().await;
            if let Some(mut db) = hold(installation, name).await
                && is_waited_for(&mut db).await
            {
                return db;
            }
        }
    };
    time::timeout(PATIENCE, holding).await.unwrap_or_else(|_| panic!("{name} is not being filled"))
}

/// None while the database is away, or if there is no such generation.
async fn hold(installation: &Installation, name: &str) -> Option<PgConnection> {
    let mut db = PgConnection::connect(&variable(installation, "LOYALNEST_DATABASE_URL")).await.ok()?;
    sqlx::raw_sql("begin").execute(&mut db).await.ok()?;
    let filling = "select from read.checkpoint where projection = $1 and stage = 'filling' for update";
    sqlx::query(filling).bind(name).fetch_optional(&mut db).await.ok()??;
    Some(db)
}

/// Whether somebody comes to wait for what this connection holds; false if the connection is lost.
async fn is_waited_for(db: &mut PgConnection) -> bool {
    let mut look = time::interval(LOOK_EVERY);
    loop {
        look.tick().await;
        let waits =
            "select exists (select from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid)))";
        match sqlx::query_scalar(waits).fetch_one(&mut *db).await {
            Ok(true) => return true,
            Ok(false) => {}
            Err(_) => return false,
        }
    }
}

async fn told(installation: &Installation, arguments: &[&str]) -> (Option<i32>, Value) {
    let output = installation.command(&[&["-o", "json"], arguments].concat()).await.unwrap();
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap_or(Value::Null))
}

/// The rebuild gets there, and what it made is what the log says.
async fn gets_there(installation: &Installation, name: &str, rebuilding: Child) {
    let done = time::timeout(PATIENCE, rebuilding.wait_with_output()).await.expect("it gets there").unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}");
    assert!(said.contains("trying again"), "nothing was felt of all that: {said}");
    let rebuilt: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!((&rebuilt["live"], &rebuilt["generation_before"]), (&true.into(), &1.into()), "{rebuilt}");
    let (code, report) = told(installation, &["projections", "verify", name, "--share", "100"]).await;
    assert_eq!(code, Some(0), "{report:#}");
}

#[tokio::test]
async fn a_rebuild_outlives_its_servers_and_the_workers_beside_it() {
    let mut installation = start(Setting::default()).await;
    let shop = crowd(&installation).await;
    let name = "points_transactions";
    let rebuilding = rebuild(&installation, name);
    for faults in FAULTS {
        let _held = held_up(&installation, name).await;
        for (part, signal) in faults {
            assert!(installation.signal(part, signal), "{part:?} runs");
        }
    }
    // Both servers are still down, and there is nobody who would start them.
    installation.kill_gateway().await.unwrap();
    installation.start_again().await.unwrap();
    gets_there(&installation, name, rebuilding).await;
    let customer = format!("/v1/customers?external_id=shopify:{FIRST_ID}");
    let customer = shop.get(&customer).await.unwrap()["data"][0]["id"].as_str().unwrap().to_owned();
    let ledger = shop.get(&format!("/v1/customers/{customer}/points_transactions")).await.unwrap();
    assert_eq!((&ledger["data"][0]["points"], &ledger["data"][0]["type"]), (&1.into(), &"import".into()));
}
