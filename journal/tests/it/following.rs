//! Reading everything in order.

use std::time::Duration;

use aggregates::id::{CustomerId, MerchantId};
use futures::StreamExt;
use journal::{Follow, Following, Journal, JournalError, PoisonCause, Subject};
use uuid::Uuid;

use crate::support::nats::Nats;
use crate::support::proxy::Proxy;
use crate::support::{account, append, journal_at};

const PATIENCE: Duration = Duration::from_secs(10);

async fn next(following: &mut Following) -> Result<journal::Positioned, JournalError> {
    tokio::time::timeout(PATIENCE, following.next()).await.expect("something comes").expect("it has not ended")
}

async fn write(journal: &Journal, count: u32) {
    for n in 0..count {
        journal.append(append(account(n), 0, &n.to_string())).await.expect("nobody else writes");
    }
}

#[tokio::test]
async fn a_reader_gets_everything_in_order_and_then_what_comes() {
    let nats = Nats::single().await;
    let journal = journal_at(nats.url()).await;
    write(&journal, 50).await;
    let target = journal.last_position_of(Follow::Everything).await.expect("the leader answers");

    let mut following = journal.follow(10, Follow::Everything).await.expect("the stream is there");
    while following.reached() < target {
        let reached = following.reached();
        let commit = next(&mut following).await.expect("it is a commit");
        assert_eq!(commit.position, reached + 1);
        assert_eq!(commit.hash(), journal::commit_hash(&commit.commit.encode()));
    }

    let position = journal.append(append(account(99), 0, "later")).await.expect("nobody else writes");
    let commit = next(&mut following).await.expect("it is a commit");
    assert_eq!((commit.position, commit.subject), (position, account(99)));
}

#[tokio::test]
async fn a_reader_of_one_room_gets_it_of_every_merchant_and_no_other() {
    let nats = Nats::single().await;
    let journal = journal_at(nats.url()).await;
    write(&journal, 2).await;
    let mut expected = Vec::new();
    for merchant in [2, 3] {
        let customer = Subject::customer(MerchantId(Uuid::from_u128(merchant)), CustomerId(Uuid::from_u128(1)));
        expected.push(journal.append(append(customer, 0, "theirs")).await.expect("nobody else writes"));
    }
    let room = Follow::Room(aggregates::Context::Customer);
    assert_eq!(journal.last_position_of(room).await.expect("the leader answers"), expected[1]);
    let mut following = journal.follow(0, room).await.expect("the stream is there");
    for position in expected {
        assert_eq!(next(&mut following).await.expect("it is a commit").position, position);
    }
}

#[tokio::test]
async fn a_reader_of_one_merchant_gets_nothing_of_another() {
    let nats = Nats::single().await;
    let journal = journal_at(nats.url()).await;
    let other = MerchantId(Uuid::from_u128(2));
    let theirs = Subject::customer(other, CustomerId(Uuid::from_u128(1)));
    write(&journal, 3).await;
    let position = journal.append(append(theirs, 0, "theirs")).await.expect("nobody else writes");
    write(&journal, 0).await;

    assert_eq!(journal.last_position_of(Follow::Merchant(other)).await.expect("the leader answers"), position);
    let nobody = Follow::Merchant(MerchantId(Uuid::from_u128(3)));
    assert_eq!(journal.last_position_of(nobody).await.expect("the leader answers"), 0);
    let mut following = journal.follow(0, Follow::Merchant(other)).await.expect("the stream is there");
    let commit = next(&mut following).await.expect("it is a commit");
    assert_eq!((commit.position, commit.subject), (position, theirs));
}

#[tokio::test]
async fn what_is_no_commit_is_reported_in_its_place_and_the_reader_goes_on() {
    let nats = Nats::single().await;
    let journal = journal_at(nats.url()).await;
    journal.append(append(account(1), 0, "before")).await.expect("nobody else writes");
    let jetstream = async_nats::jetstream::new(journal.client().clone());
    let subject = account(2).to_string();
    jetstream.publish(subject.clone(), "garbage".into()).await.expect("sent").await.expect("stored");
    jetstream.publish("ln.nowhere", "garbage".into()).await.expect("sent").await.expect("stored");
    journal.append(append(account(3), 0, "after")).await.expect("nobody else writes");

    let mut following = journal.follow(0, Follow::Everything).await.expect("the stream is there");
    assert_eq!(next(&mut following).await.expect("it is a commit").position, 1);
    let Err(JournalError::Poison(poison)) = next(&mut following).await else { panic!("garbage was read") };
    assert_eq!((poison.position, &poison.subject, &poison.raw[..]), (2, &subject, &b"garbage"[..]));
    assert!(matches!(poison.cause, PoisonCause::Commit(_)));
    let Err(JournalError::Poison(poison)) = next(&mut following).await else { panic!("garbage was read") };
    assert!(matches!(poison.cause, PoisonCause::Subject(_)));
    assert_eq!(next(&mut following).await.expect("it is a commit").position, 4);
    assert!(matches!(journal.at(2).await, Err(JournalError::Poison(_))));
}

#[tokio::test]
async fn a_lost_connection_ends_the_reading_so_that_the_log_is_checked_first() {
    let nats = Nats::single().await;
    let direct = journal_at(nats.url()).await;
    let wire = Proxy::before(nats.address()).await;
    let journal = journal_at(&wire.url()).await;
    let identity = journal.identity().await.expect("the leader answers");
    write(&direct, 2).await;
    let mut following = journal.follow(0, Follow::Everything).await.expect("the stream is there");
    next(&mut following).await.expect("it is a commit");
    next(&mut following).await.expect("it is a commit");

    wire.cut_after_next_publish();
    journal.append(append(account(7), 0, "third")).await.expect("it is found");
    let ended = next(&mut following).await;
    assert!(matches!(ended, Err(JournalError::Interrupted)), "{ended:?}");
    assert!(following.next().await.is_none());

    assert_eq!(journal.identity().await.expect("the leader answers"), identity);
    let mut again = journal.follow(following.reached(), Follow::Everything).await.expect("the stream is there");
    assert_eq!(next(&mut again).await.expect("it is a commit").position, 3);
}

#[tokio::test]
async fn another_log_has_another_identity() {
    let (one, two) = (Nats::single().await, Nats::single().await);
    let (one, two) = (journal_at(one.url()).await, journal_at(two.url()).await);

    let (first, second) = (one.identity().await.expect("answers"), two.identity().await.expect("answers"));
    assert_eq!(first.name, second.name);
    assert_ne!(first.created_at, second.created_at);
}
