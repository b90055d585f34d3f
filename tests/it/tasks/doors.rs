//! What operators see of the queue, and what they may do.

use serde_json::json;

use super::kit::{Probe, shown};
use crate::support::Shop;

#[tokio::test]
async fn a_discarded_task_is_never_done_and_its_reason_is_on_record() {
    let (shop, probe) = (Shop::open().await, Probe::new());
    let id = probe.enqueue(&shop, probe.task("k")).await.id;
    let path = format!("/v1/tasks/{id}/discard");
    let discarded = shop.api.post(&path, &json!({ "reason": "sent by hand" })).send().await;
    assert_eq!((discarded.status.as_u16(), &discarded.body["state"]), (201, &json!("discarded")));
    shop.has_seen(discarded.body["position"].as_u64());
    probe.run_due(&shop).await;
    assert_eq!(probe.called(), 0);
    let again = shop.api.post(&path, &json!({ "reason": "sent by hand" })).send().await;
    assert_eq!((again.status.as_u16(), again.code()), (409, "task_ended"));
    assert_eq!(probe.enqueue(&shop, probe.task("k")).await.position, None, "its key stays used");

    let call = shop.api.get("/v1/audit_logs").query("target_kind", "task").query("target_id", id);
    let entries = call.query("min_position", shop.seen()).document().await;
    let entries = entries["data"].as_array().unwrap();
    let actions: Vec<_> = entries.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["task.discarded", "task.created"]);
    assert_eq!(entries[0]["reason"]["text"], "sent by hand");
}

#[tokio::test]
async fn tasks_are_listed_newest_first_by_state_and_kind_page_by_page() {
    let (shop, probe, other) = (Shop::open().await, Probe::new(), Probe::new());
    let mut ids = Vec::new();
    for key in ["a", "b", "c"] {
        ids.push(probe.enqueue(&shop, probe.task(key)).await.id.to_string());
    }
    other.enqueue(&shop, other.task("x")).await;
    let kind = shown(&shop, ids[0].parse().unwrap()).await["kind"].as_str().unwrap().to_owned();
    ids.reverse();

    let of_kind = || shop.api.get("/v1/tasks").query("kind", &kind).query("min_position", shop.seen());
    let first = of_kind().query("limit", 2).document().await;
    let second = of_kind().query("limit", 2).query("cursor", first["next_cursor"].as_str().unwrap()).document().await;
    let listed = [&first, &second].map(|page| page["data"].as_array().unwrap().clone()).concat();
    let listed: Vec<_> = listed.iter().map(|task| task["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!((listed, second["has_more"].as_bool()), (ids, Some(false)));
    let nonsense = shop.api.get("/v1/tasks").query("state", "sleepy").send().await;
    assert_eq!((nonsense.status.as_u16(), nonsense.code()), (422, "invalid"));
}
