//! An account with more history than any commit holds.

use std::time::Duration;

use aggregates::{
    event::Event,
    id::{CommandId, CommitId, CustomerId, Fingerprint, LotId, Token},
    money::Currency,
    points::{
        AssessedBody, FactRef, LotExpiry, LotSource, Movement, MovementKind, NewLot, OrderAssessed, Outcome,
        PointsEvent,
    },
    program::{RuleAward, RuleId},
    time::Timestamp,
};
use gateway::{
    clock::new_id,
    commands::{Done, Request},
};
use journal::{Actor, Append, Commit, MAX_COMMIT_BYTES, StoredEvent, Subject};
use uuid::Uuid;

use crate::support::{Installation, Shop, Shopper};

const ORDERS: usize = 10_000;
/// Orders that are told in one commit, to have them sooner.
const ORDERS_PER_COMMIT: usize = 1_000;
/// Folding ten thousand orders takes a debug build its time.
const SEEN_WITHIN: Duration = Duration::from_secs(120);

#[tokio::test]
async fn an_account_of_ten_thousand_orders_is_merged_like_any_other() {
    let installation = Installation::own().await;
    let shop = Shop::open_at(&installation).await;
    let (a, b) = (shop.shopper(), shop.shopper());
    let (order, own) = (a.order(50_00), b.order(30_00));
    for order in [&order, &own] {
        assert!(order.deliver().await.is_accepted());
    }
    let loser = Subject::points(shop.merchant, customer(&a.id().await));
    give_a_long_history(&installation, loser).await;

    let merged = merge(&installation, b, a).await;
    seen(&installation, merged).await;
    let all = i64::try_from(ORDERS).expect("small") + 50 + 30;
    assert_eq!(b.available().await, all);
    it_came_over_in_one_batch(&installation, Subject::points(shop.merchant, customer(&b.id().await))).await;

    let repeated = shop.merge(b, a).await;
    assert!(repeated.is_duplicate(), "{repeated:?}");
    assert_eq!(repeated.position, Some(merged));
    assert!(order.deliver().await.is_duplicate(), "the winner knows the loser's orders");
    assert!(order.full_refund().deliver().await.is_accepted());
    assert_eq!(b.available().await, all - 50, "and takes them back");
}

/// As the door does, which would give a debug build four seconds for it and then ask the shop to come back. Gives the
/// position.
async fn merge(installation: &Installation, kept: Shopper<'_>, deleted: Shopper<'_>) -> u64 {
    let (gateway, merchant) = (&installation.gateway, kept.shop.merchant);
    let request = Request {
        merchant,
        now: gateway.now_of(merchant).await.unwrap(),
        actor: Actor::Shop { topic: "customers/merge".to_owned() },
        correlation: new_id(),
        traceparent: None,
    };
    let (kept, deleted) = (kept.external_id.to_string(), deleted.external_id.to_string());
    match gateway.merge_customers(&request, &kept, &deleted).await.unwrap() {
        Done::Accepted(position) => position.expect("it is on record"),
        other => panic!("{other:?}"),
    }
}

fn customer(id: &str) -> CustomerId {
    CustomerId(Uuid::parse_str(id.trim_start_matches("cus_")).expect("an id of ours"))
}

/// Writes what as many small orders would have left, on top of what the account has.
async fn give_a_long_history(installation: &Installation, account: Subject) {
    let journal = &installation.gateway.journal;
    let mut expected = journal.last(&account).await.unwrap().expect("it has an order").position;
    for _ in 0..ORDERS / ORDERS_PER_COMMIT {
        let events = (0..ORDERS_PER_COMMIT).map(|_| StoredEvent::of(&one_point())).collect();
        let append = Append { subject: account, expected, commit: commit_of(events), traceparent: None };
        expected = journal.append(append).await.unwrap();
    }
    seen(installation, expected).await;
}

/// An order of one euro under the rule that every merchant begins with.
fn one_point() -> PointsEvent {
    let (order, lot) = (Token(*new_id().as_bytes()), LotId(new_id()));
    let at = Timestamp(1_795_363_200_000_000);
    PointsEvent::OrderAssessed(OrderAssessed {
        order,
        facts: vec![FactRef { fingerprint: Fingerprint(new_id().as_u64_pair().0), position: None }],
        program_version: 1,
        body: Some(AssessedBody {
            currency: Currency::parse("EUR").unwrap(),
            processed_at: at,
            updated_at: at,
            voided: false,
            test: false,
            taxes_included: true,
            base_minor: 100,
            quantity: 1,
            awards: vec![RuleAward { rule: RuleId("order".to_owned()), base_minor: 100, points: 1 }],
            boosts: Vec::new(),
            exclusions: Vec::new(),
            outcome: Outcome::Awarded,
        }),
        cancelled_at: None,
        refunds: Vec::new(),
        redeems: Vec::new(),
        awarded: 1,
        kept: 1,
        lot: Some(NewLot {
            lot,
            source: LotSource::Order(order),
            earned_at: at,
            available_at: at,
            expiry: LotExpiry::Never,
        }),
        movements: vec![Movement { lot, kind: MovementKind::Granted, points: 1 }],
        owed: 0,
        due: 0,
        reference: None,
        lines: None,
    })
}

fn commit_of(events: Vec<StoredEvent>) -> Commit {
    Commit {
        commit_id: CommitId(new_id()),
        command_id: CommandId(new_id()),
        group: None,
        actor: Actor::System,
        correlation: new_id(),
        causation: None,
        recorded_at: Timestamp(1_795_363_200_000_000),
        occurred_at: None,
        request: None,
        events,
    }
}

async fn seen(installation: &Installation, position: u64) {
    for name in projections::NAMES {
        assert!(installation.gateway.progress.reached(name, position, SEEN_WITHIN).await, "{name} has not seen it");
    }
}

async fn it_came_over_in_one_batch(installation: &Installation, winner: Subject) {
    let commits = installation.gateway.journal.read_confirmed(&winner, 0).await.unwrap();
    let brings = |event: &StoredEvent| {
        let event = PointsEvent::decode(&event.name, event.version, &event.bytes).unwrap();
        matches!(event, PointsEvent::ContentsAbsorbed(_) | PointsEvent::AccountAbsorbed(_))
    };
    let parts: Vec<_> = commits.iter().filter(|commit| commit.commit.events.iter().any(brings)).collect();
    assert!(parts.len() > 2, "{} commits", parts.len());
    assert!(parts.iter().all(|part| part.payload.len() <= MAX_COMMIT_BYTES));
    assert!(parts.iter().all(|part| part.commit.group.map(|group| group.id) == parts[0].commit.group.map(|g| g.id)));
}
