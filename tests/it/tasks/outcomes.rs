//! What comes of a task, and how often it is done.

use std::time::Duration;

use futures::future::join_all;
use policies::tasks::Outcome;
use serde_json::json;

use super::kit::{LONG, Probe, enqueue, shown};
use crate::support::{Installation, Shop, on_shared_runtime};

#[tokio::test]
async fn a_task_that_everybody_asks_for_is_there_once_is_done_once_and_never_comes_back() {
    let (shop, probe) = (Shop::open().await, Probe::new());
    let asked = join_all((0..20).map(|_| enqueue(&shop, probe.task("welcome")))).await;
    let asked: Vec<_> = asked.into_iter().map(Result::unwrap).collect();
    let id = asked[0].id;
    assert!(asked.iter().all(|enqueued| enqueued.id == id));
    assert_eq!(asked.iter().filter(|enqueued| enqueued.position.is_some()).count(), 1);
    assert_eq!(shown(&shop, id).await["state"], "open");

    probe.run_due(&shop).await;
    assert_eq!(*probe.calls.lock().unwrap(), [(id, 1, b"welcome".to_vec())]);
    let done = shown(&shop, id).await;
    assert_eq!((&done["state"], &done["attempts"], &done["running"]), (&json!("completed"), &json!(1), &json!(false)));

    assert_eq!(probe.enqueue(&shop, probe.task("welcome")).await.position, None);
    probe.run_due(&shop).await;
    assert_eq!(probe.called(), 1);
}

#[tokio::test]
async fn a_task_that_fails_is_tried_again_when_its_pause_is_over_and_not_before() {
    let (shop, probe) = (Shop::open().await, Probe::new());
    probe.answers([Outcome::retry("502"), Outcome::retry("no answer"), Outcome::done("gid://1")]);
    let id = probe.enqueue(&shop, probe.task("k")).await.id;
    probe.run_due(&shop).await;
    let failed = shown(&shop, id).await;
    assert_eq!(
        (&failed["state"], &failed["attempts"], &failed["last_reason"]),
        (&json!("open"), &json!(1), &json!("502"))
    );
    probe.run_due(&shop).await;
    assert_eq!(probe.called(), 1, "it rests");

    shop.advance(LONG).await;
    probe.run_due(&shop).await;
    assert_eq!(probe.called(), 2);
    shop.advance(LONG).await;
    probe.run_due(&shop).await;
    let done = shown(&shop, id).await;
    assert_eq!(
        (&done["state"], &done["attempts"], &done["result"]),
        (&json!("completed"), &json!(3), &json!("gid://1"))
    );
    assert!(probe.given_up.lock().unwrap().is_empty());
}

/// Far shorter than somebody waits who wants everything done, so that it would be seen to end.
const HELD: Duration = Duration::from_secs(10);

#[tokio::test]
async fn whoever_wants_everything_done_has_what_is_held_tried_once_and_does_not_wait_for_it() {
    let (shop, probe) = (Shop::open().await, Probe::new());
    probe.answers([Outcome::Hold(HELD), Outcome::Hold(HELD)]);
    let id = probe.enqueue(&shop, probe.task("k")).await.id;
    for attempts in 1..=2 {
        probe.run_due(&shop).await;
        let held = shown(&shop, id).await;
        assert_eq!((&held["state"], &held["attempts"]), (&json!("open"), &json!(0)));
        assert_eq!(probe.called(), attempts, "at once, and once");
    }
    probe.run_due(&shop).await;
    assert_eq!((shown(&shop, id).await["state"].clone(), probe.called()), (json!("completed"), 3));
}

#[tokio::test]
async fn what_is_held_keeps_the_merchants_other_tasks_from_nothing() {
    let (shop, probe) = (Shop::open().await, Probe::new());
    // As many as a merchant may have under way.
    probe.answers(vec![Outcome::Hold(HELD); 8]);
    let mut last = None;
    for number in 0..9 {
        last = Some(probe.enqueue(&shop, probe.task(&number.to_string())).await.id);
    }
    probe.run_due(&shop).await;
    assert_eq!(shown(&shop, last.unwrap()).await["state"], "completed");
    assert_eq!(probe.called(), 9);
}

#[tokio::test]
async fn after_its_last_attempt_a_task_is_put_right_and_dead_until_somebody_wakes_it() {
    let (shop, probe) = (Shop::open().await, Probe::new());
    probe.answers([Outcome::retry("a"), Outcome::retry("b"), Outcome::retry("c")]);
    let id = probe.enqueue(&shop, probe.task("k")).await.id;
    for _ in 0..4 {
        probe.run_due(&shop).await;
        shop.advance(LONG).await;
    }
    assert_eq!((probe.called(), probe.given_up.lock().unwrap().as_slice()), (3, &[id][..]));
    let dead = shown(&shop, id).await;
    assert_eq!((&dead["state"], &dead["attempts"], &dead["last_reason"]), (&json!("dead"), &json!(3), &json!("c")));
    let dead = shop.api.get("/v1/tasks").query("state", "dead").document().await;
    assert_eq!(dead["data"].as_array().unwrap().len(), 1);

    let woken = shop.api.post(&format!("/v1/tasks/{id}/retry"), &json!({})).send().await;
    assert_eq!((woken.status.as_u16(), &woken.body["state"]), (201, &json!("open")));
    probe.run_due(&shop).await;
    assert_eq!(shown(&shop, id).await["state"], "completed");
}

#[tokio::test]
async fn a_task_that_cannot_succeed_is_given_up_at_once() {
    let (shop, probe) = (Shop::open().await, Probe::new());
    probe.answers([Outcome::dead("there is no such product")]);
    let id = probe.enqueue(&shop, probe.task("k")).await.id;
    probe.run_due(&shop).await;
    assert_eq!((&shown(&shop, id).await["state"], probe.called()), (&json!("dead"), 1));
    assert_eq!(*probe.given_up.lock().unwrap(), [id]);
}

#[tokio::test]
async fn what_is_for_later_waits_for_the_merchants_clock_and_urgent_things_go_first() {
    let (shop, probe) = (Shop::open().await, Probe::new());
    let mut later = probe.task("later");
    later.not_before = Some(shop.now().plus_days(3));
    let later = probe.enqueue(&shop, later).await.id;
    probe.run_due(&shop).await;
    assert_eq!(probe.called(), 0);
    shop.advance_days(3).await;
    probe.run_due(&shop).await;
    assert_eq!(probe.calls.lock().unwrap()[0].0, later);

    // By a clock that is ahead, new tasks are due at once as well.
    let now = probe.enqueue(&shop, probe.task("now")).await.id;
    probe.run_due(&shop).await;
    assert_eq!(probe.calls.lock().unwrap()[1].0, now);
}

#[tokio::test]
async fn many_workers_do_each_of_many_tasks_once() {
    let (shop, probe) = (Shop::open().await, Probe::new());
    let keys: Vec<String> = (0..60).map(|n| n.to_string()).collect();
    join_all(keys.iter().map(|key| enqueue(&shop, probe.task(key)))).await;
    let gateways = [Installation::shared(), Installation::second_gateway()];
    let workers: Vec<_> = gateways.iter().cycle().take(6).map(|gateway| probe.worker(gateway)).collect();
    let merchant = shop.merchant;
    let rush = async move { join_all(workers.iter().map(|worker| worker.run_due(merchant))).await };
    for outcome in on_shared_runtime(rush).await {
        shop.has_seen(Some(outcome.unwrap()));
    }
    let mut done: Vec<_> = probe.calls.lock().unwrap().iter().map(|(id, ..)| *id).collect();
    assert_eq!(done.len(), 60);
    done.sort();
    done.dedup();
    assert_eq!(done.len(), 60);
    let open = shop.api.get("/v1/tasks").query("state", "open").query("min_position", shop.seen()).document().await;
    assert_eq!(open["data"], json!([]));
}
