//! One commit, two together, many at once.

use journal::{AppendError, Journal, JournalError, JournalOptions, MAX_COMMIT_BYTES};

use crate::support::nats::Nats;
use crate::support::{account, append, journal_at, said};

#[tokio::test]
async fn a_commit_is_read_back_as_it_was_written() {
    let nats = Nats::single().await;
    let journal = journal_at(nats.url()).await;
    let mut first = append(account(1), 0, "hello");
    first.traceparent = Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned());

    let position = journal.append(first.clone()).await.expect("nobody else writes");

    let last = journal.last(&account(1)).await.expect("the leader answers").expect("it was written");
    assert_eq!((last.position, last.subject, &last.commit), (position, account(1), &first.commit));
    assert_eq!(last.traceparent, first.traceparent);
    assert_eq!(journal.at(position).await.expect("the leader answers"), Some(last.clone()));
    assert_eq!(journal.read(&account(1), 0).await.expect("a replica answers"), [last]);
    assert!(journal.is_last(&account(1), position).await.expect("the leader answers"));
    assert!(journal.is_last(&account(2), 0).await.expect("the leader answers"));
    assert_eq!(journal.last_position().await.expect("the leader answers"), position);
}

#[tokio::test]
async fn what_is_no_trace_context_does_not_get_into_the_headers() {
    let nats = Nats::single().await;
    let journal = journal_at(nats.url()).await;
    let mut sly = append(account(1), 0, "hello");
    sly.traceparent = Some("00-0af7\r\nNats-Expected-Last-Subject-Sequence: 7".to_owned());

    journal.append(sly).await.expect("nobody else writes");

    let last = journal.last(&account(1)).await.expect("the leader answers").expect("it was written");
    assert_eq!(last.traceparent, None);
}

#[tokio::test]
async fn a_stale_expectation_is_a_conflict_and_writes_nothing() {
    let nats = Nats::single().await;
    let journal = journal_at(nats.url()).await;
    let position = journal.append(append(account(1), 0, "first")).await.expect("nobody else writes");

    assert_eq!(journal.append(append(account(1), 0, "stale")).await, Err(AppendError::Conflict));
    assert_eq!(journal.append(append(account(1), position + 7, "ahead")).await, Err(AppendError::Conflict));

    assert_eq!(said(&journal, &account(1)).await, ["first"]);
}

#[tokio::test]
async fn two_commits_are_written_together_or_not_at_all() {
    let nats = Nats::single().await;
    let journal = journal_at(nats.url()).await;
    let before = journal.append(append(account(1), 0, "before")).await.expect("nobody else writes");

    let stale = vec![append(account(1), 0, "stale"), append(account(2), 0, "with it")];
    assert_eq!(journal.append_together(stale).await, Err(AppendError::Conflict));
    assert!(said(&journal, &account(2)).await.is_empty());

    let both = vec![append(account(1), before, "one"), append(account(2), 0, "two")];
    let positions = journal.append_together(both).await.expect("nobody else writes");
    assert_eq!(positions, [before + 1, before + 2]);
    let mut groups = Vec::new();
    for position in positions {
        let found = journal.at(position).await.expect("the leader answers").expect("it was written");
        groups.push(found.commit.group.expect("they are a group"));
    }
    assert_eq!((groups[0].index, groups[1].index, groups[0].count), (0, 1, 2));
    assert_eq!(groups[0].id, groups[1].id);
}

#[tokio::test]
async fn what_cannot_be_one_write_is_refused_before_it_is_sent() {
    let nats = Nats::single().await;
    let journal = journal_at(nats.url()).await;

    let apart = vec![append(account(1), 0, "a"), append(account(2), 0, "between"), append(account(1), 0, "b")];
    assert!(matches!(journal.append_together(apart).await, Err(AppendError::NotTogether(_))));
    let on_two_states = vec![append(account(1), 0, "a"), append(account(1), 1, "b")];
    assert!(matches!(journal.append_together(on_two_states).await, Err(AppendError::NotTogether(_))));

    let large = journal.append(append(account(1), 0, &"x".repeat(MAX_COMMIT_BYTES))).await;
    assert!(matches!(large, Err(AppendError::TooLarge { bytes }) if bytes > MAX_COMMIT_BYTES));

    let almost = journal.append(append(account(1), 0, &"x".repeat(MAX_COMMIT_BYTES - 512))).await;
    assert!(almost.is_ok(), "a commit at the limit is taken: {almost:?}");
    assert_eq!(journal.last_position().await.expect("the leader answers"), 1);
}

#[tokio::test]
async fn a_log_without_its_stream_says_so() {
    let nats = Nats::single().await;
    let journal = Journal::connect(nats.url(), JournalOptions::default()).await.expect("the server takes connections");

    assert!(matches!(journal.ping().await, Err(JournalError::NoStream)));
    assert!(matches!(journal.last(&account(1)).await, Err(JournalError::NoStream)));
    assert_eq!(journal.append(append(account(1), 0, "lost")).await, Err(AppendError::Unavailable));
}

#[tokio::test]
async fn a_long_history_is_read_in_pages_and_in_order() {
    const COMMITS: usize = 600;
    let nats = Nats::single().await;
    let journal = journal_at(nats.url()).await;
    let (mut expected, mut texts) = (0, Vec::new());
    for n in 0..COMMITS {
        texts.push(n.to_string());
        expected = journal.append(append(account(1), expected, &texts[n])).await.expect("nobody else writes");
    }

    let history = journal.read(&account(1), 0).await.expect("a replica answers");
    let read: Vec<_> = history.into_iter().map(|found| found.commit.events[0].bytes.clone()).collect();
    assert_eq!(read, texts.iter().map(|text| text.as_bytes().to_vec()).collect::<Vec<_>>());
    let tail = journal.read(&account(1), expected - 3).await.expect("a replica answers");
    assert_eq!(tail.iter().map(|commit| commit.position).collect::<Vec<_>>(), [expected - 2, expected - 1, expected]);
}
