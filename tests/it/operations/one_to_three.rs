//! The log moves from one server to a cluster of three.

use loyalnest::servers::{
    Abandoned, Binaries, Named, NatsCluster, NatsNode, NatsOptions, PostgresOptions, PostgresServer,
};
use serde_json::{Value, json};

use super::kit::{Sending, Site, eventually};

const STREAMS: [&str; 3] = ["JOURNAL", "PARKED", "SNAPSHOTS"];

/// What `doctor` says of the copies that members have.
async fn replicas(site: &Site) -> Value {
    let output = site.run(&["doctor"]).await;
    let rows: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    rows.into_iter().find(|row| row["name"] == "replicas of streams").expect("it looks at the replicas")
}

fn names(rows: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = rows.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn a_log_moves_from_one_server_to_three_and_keeps_whatever_was_answered() {
    let binaries = Binaries::find(&Named::default()).await.expect("run `make setup` first");
    let servers = tempfile::tempdir().unwrap();
    let below = |name: &str| servers.path().join(name);
    let alone = NatsOptions { abandoned: Abandoned::IsKilled, ..NatsOptions::in_directory(below("nats")) };
    let alone = NatsNode::start(&binaries, alone).await.unwrap();
    let postgres =
        PostgresOptions { abandoned: Abandoned::IsKilled, ..PostgresOptions::in_directory(below("postgres")) };
    let postgres = PostgresServer::start(&binaries, postgres).await.unwrap();
    let mut site = Site::prepare(alone.url(), postgres.url()).await;
    site.start().await;
    let sending = Sending::begin(site.open_shop().await);
    sending.answered(100).await;

    // The shop repeats what is not answered from here on, until the gateway is back.
    let mut members = NatsCluster::start(&binaries, &below("cluster"), Abandoned::IsKilled).await.unwrap();
    site.stop().await;
    let copy = site.path("copy");
    let copied = site.done(&["streams", "backup", "--to", copy.to_str().unwrap()]).await;
    assert_eq!(names(&copied), STREAMS);
    alone.stop().await;
    site.log_is_at(members.url());
    let made = site.done(&["streams", "restore", "--from", copy.to_str().unwrap()]).await;
    assert_eq!(names(&made), STREAMS);
    assert_eq!(made[0]["name"], "JOURNAL", "the log before whatever is a part of it");
    assert_eq!(made[0]["last_position"], copied[0]["last_position"]);
    site.start().await;
    sending.answered(100).await;

    let plan = site.done(&["streams", "plan"]).await;
    assert_eq!(names(&plan), STREAMS);
    for change in plan.as_array().unwrap() {
        assert_eq!((&change["fields"], &change["destructive"]), (&json!("replicas: 1 → 3"), &json!(false)), "{change}");
    }
    site.done(&["streams", "apply"]).await;
    sending.answered(100).await;
    eventually("all members have all of it", async || replicas(&site).await["state"] == "ok").await;
    assert_eq!(replicas(&site).await["found"], "3 of each, all current");

    // Whichever it was that answered until now, or kept the whole log alone.
    for member in 0..3 {
        members.node_mut(member).kill9().await;
        sending.answered(50).await;
        members.node_mut(member).restart().await.unwrap();
        eventually("the member has caught up", async || replicas(&site).await["state"] == "ok").await;
    }
    members.node_mut(0).kill9().await;
    members.node_mut(1).kill9().await;
    let back = async {
        members.node_mut(0).restart().await.unwrap();
        members.node_mut(1).restart().await.unwrap();
    };
    sending.is_not_acknowledged_until(7_700_000_000_001, back).await;
    sending.answered(50).await;
    let traffic = sending.end().await;
    site.is_whole(&traffic).await;
    assert_eq!(site.done(&["streams", "plan"]).await, json!([]));
    site.stop().await;
}

/// A copy is put back where the streams are missing, and nowhere else; and one that was cut short goes on.
#[tokio::test]
async fn a_copy_is_put_back_only_where_the_streams_are_missing() {
    let binaries = Binaries::find(&Named::default()).await.expect("run `make setup` first");
    let servers = tempfile::tempdir().unwrap();
    let node = async |name: &str| {
        let options =
            NatsOptions { abandoned: Abandoned::IsKilled, ..NatsOptions::in_directory(servers.path().join(name)) };
        NatsNode::start(&binaries, options).await.unwrap()
    };
    let (first, second) = (node("first").await, node("second").await);
    let postgres = PostgresOptions::in_directory(servers.path().join("postgres"));
    let postgres = PostgresOptions { abandoned: Abandoned::IsKilled, ..postgres };
    let postgres = PostgresServer::start(&binaries, postgres).await.unwrap();
    let mut site = Site::prepare(first.url(), postgres.url()).await;
    site.open_shop().await;
    let copy = site.path("copy");
    let words = |verb: &'static str, flag: &'static str| ["streams", verb, flag, copy.to_str().unwrap()];
    site.done(&words("backup", "--to")).await;
    let again = site.run(&words("backup", "--to")).await;
    assert!(String::from_utf8_lossy(&again.stderr).contains("cannot make"), "a copy is never written over another");

    // Nothing has come since, so each stream is the one that was copied.
    let there = site.done(&words("restore", "--from")).await;
    assert!(there.as_array().unwrap().iter().all(|row| row["action"] == "was there"), "{there}");
    site.start().await;
    site.run(&["merchant", "create", "--shop", "second.myshopify.com", "--webhook-secret", "s"]).await;
    site.stop().await;
    let refused = site.run(&words("restore", "--from")).await;
    assert_eq!(refused.status.code(), Some(1));
    let reason = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(reason.contains("the server has a stream JOURNAL that ends at position"), "{reason}");

    site.log_is_at(second.url());
    std::fs::rename(copy.join("PARKED/backup.json"), site.path("aside")).unwrap();
    let refused = site.run(&words("restore", "--from")).await;
    assert!(String::from_utf8_lossy(&refused.stderr).contains("no complete copy"), "it was cut short");
    std::fs::rename(site.path("aside"), copy.join("PARKED/backup.json")).unwrap();
    let made = site.done(&words("restore", "--from")).await;
    assert!(made.as_array().unwrap().iter().all(|row| row["action"] == "made"), "{made}");
}
