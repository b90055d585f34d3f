//! Two workers that hold the same window at the same time write it once.

use std::collections::BTreeMap;

use aggregates::{
    id::{CommandId, CommitId, CustomerId},
    rfm::{Calendar, Cause, Cell, Change, Day, Purchases, RfmEvent, RfmUpdated, SegmentName, Standing},
};
use futures::future::join_all;
use gateway::clock::new_id;
use journal::{Actor, Append, Commit, StoredEvent, Subject};
use projections::projection::events_of;

use crate::support::{Installation, Shop, on_shared_runtime};

async fn recorded(shop: &Shop) -> Vec<RfmEvent> {
    let (journal, subject) = (Installation::shared().gateway.journal.clone(), Subject::rfm(shop.merchant));
    let commits = on_shared_runtime(async move { journal.read_confirmed(&subject, 0).await }).await.unwrap();
    commits.iter().flat_map(|commit| events_of::<RfmEvent>(commit).unwrap()).collect()
}

/// How often each buyer's standing was written for this cause.
fn written(events: &[RfmEvent], cause: Cause) -> BTreeMap<CustomerId, usize> {
    let mut written = BTreeMap::new();
    for event in events {
        if let RfmEvent::Updated(updated) = event
            && updated.cause == cause
        {
            updated.changes.iter().for_each(|change| *written.entry(change.customer).or_default() += 1);
        }
    }
    written
}

/// Everybody at once does all that is due `days` from now.
async fn rush(shop: &Shop, days: u32) {
    let (merchant, then) = (shop.merchant, shop.now().plus_days(days));
    let gateways = [Installation::shared(), Installation::second_gateway()].map(|one| one.gateway.clone());
    let workers: Vec<_> = gateways.iter().cycle().take(8).map(|gateway| gateway.analyst()).collect();
    let rushing = async move { join_all(workers.iter().map(|worker| worker.catch_up(merchant, then))).await };
    for outcome in on_shared_runtime(rushing).await {
        outcome.unwrap();
    }
}

#[tokio::test]
async fn eight_workers_hold_one_window_and_score_each_order_once() {
    let shop = Shop::open().await;
    let people: Vec<_> = (0..5).map(|_| shop.shopper()).collect();
    for person in &people {
        assert!(person.order(50_00).deliver().await.is_accepted());
    }
    rush(&shop, 1).await;
    let events = recorded(&shop).await;
    let windows = events.iter().filter(|event| matches!(event, RfmEvent::WindowClosed(_))).count();
    assert_eq!(windows, 1, "{events:#?}");
    let in_window = written(&events, Cause::Window);
    assert_eq!((in_window.len(), in_window.values().max()), (5, Some(&1)), "{events:#?}");

    for person in &people {
        assert!(person.order(70_00).deliver().await.is_accepted());
    }
    rush(&shop, 1).await;
    let events = recorded(&shop).await;
    let after = written(&events, Cause::Orders);
    assert_eq!((after.len(), written(&events, Cause::Window).values().sum::<usize>()), (5, 5));
    // The worker of the installation may have seen some of the orders before the others came; none of them twice.
    assert!(after.values().all(|times| *times == 1), "{events:#?}");
}

/// What a worker had written of the window of `day` when it died: one buyer of several.
async fn begin_window(shop: &Shop, day: Day, customer: CustomerId) {
    let purchases = Purchases { last_order_day: Calendar::utc().day_of(shop.now()), orders: 1, spend_minor: 50_00 };
    let updated = RfmUpdated {
        day,
        as_of: day,
        cause: Cause::Window,
        definition_version: 1,
        orders_through: 0,
        at: shop.now(),
        segments: vec![SegmentName::prospect(), SegmentName::parse("new").unwrap()],
        changes: vec![Change {
            customer,
            standing: Some(Standing { cell: Cell::of(5, 1, 1), purchases }),
            from: 0,
            to: 1,
        }],
    };
    let commit = Commit {
        commit_id: CommitId(new_id()),
        command_id: CommandId(new_id()),
        group: None,
        actor: Actor::System,
        correlation: new_id(),
        causation: None,
        recorded_at: shop.now(),
        occurred_at: None,
        request: None,
        events: vec![StoredEvent::of(&RfmEvent::Updated(updated))],
    };
    let append = Append { subject: Subject::rfm(shop.merchant), expected: 0, commit, traceparent: None };
    let journal = Installation::shared().gateway.journal.clone();
    on_shared_runtime(async move { journal.append(append).await }).await.unwrap();
}

#[tokio::test]
async fn a_window_that_was_cut_short_is_completed_with_what_is_missing() {
    let shop = Shop::open().await;
    let people: Vec<_> = (0..3).map(|_| shop.shopper()).collect();
    for person in &people {
        assert!(person.order(50_00).deliver().await.is_accepted());
    }
    let day = Calendar::utc().newest_due(shop.now().plus_days(1));
    begin_window(&shop, day, people[1].id().await.parse().unwrap()).await;
    rush(&shop, 1).await;
    let events = recorded(&shop).await;
    let in_window = written(&events, Cause::Window);
    assert_eq!((in_window.len(), in_window.values().max()), (3, Some(&1)), "{events:#?}");
    assert!(matches!(events.last(), Some(RfmEvent::WindowClosed(closed)) if closed.day == day && closed.buyers == 3));
}
