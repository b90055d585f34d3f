//! What every test needs: a real server, a journal on it, and something to write.

pub mod counter;
pub mod nats;
pub mod proxy;

use std::time::Duration;

use aggregates::id::{CommandId, CommitId, CustomerId, MerchantId};
use aggregates::time::Timestamp;
use journal::executor::{Ids, RandomIds};
use journal::streams::{Streams, StreamsError};
use journal::{Actor, Append, AppendError, CommandContext, Commit, Journal, JournalOptions, StoredEvent, Subject};
use tokio::time::Instant;
use uuid::Uuid;

use self::nats::Nats;

/// How long a busy machine may take until every member of a cluster answers.
const STREAMS_WITHIN: Duration = Duration::from_secs(60);

/// A merchant's clock that stands still.
pub const NOW: Timestamp = Timestamp(1_790_000_000_000_000);

pub fn merchant() -> MerchantId {
    MerchantId(Uuid::from_u128(0x0190_0000_0000_4000_8000_0000_0000_0001))
}

/// The points account of customer number `n`.
pub fn account(n: u32) -> Subject {
    Subject::points(merchant(), CustomerId(Uuid::from_u128(0xacc0_0000_0000_4000_8000_0000_0000_0000 + u128::from(n))))
}

/// A journal on a server that has the declared streams.
pub async fn journal_at(url: &str) -> Journal {
    journal_with(url, JournalOptions::default()).await
}

/// One that loses patience soon, for tests in which answers get lost.
pub async fn impatient_journal_at(url: &str) -> Journal {
    journal_with(url, JournalOptions { answer_timeout: Duration::from_millis(700), ..JournalOptions::default() }).await
}

async fn journal_with(url: &str, options: JournalOptions) -> Journal {
    let journal = Journal::connect(url, options).await.expect("the server takes connections");
    // A member of a cluster answers once it has heard who leads, which is later than others have.
    let started = Instant::now();
    while let Err(error) = declare(&journal).await {
        assert!(started.elapsed() < STREAMS_WITHIN, "the declared streams cannot be made: {error}");
    }
    journal
}

/// Waits until whoever is connected to any of the servers can write. A server that did not make the stream hears of it
/// after the one who made it has been answered; until then it says that nobody is there.
pub async fn heard_everywhere(nats: &Nats) {
    let started = Instant::now();
    for url in nats.urls() {
        let journal = Journal::connect(url, JournalOptions::default()).await.expect("the server takes connections");
        // Nothing has been written to this account, so that nobody can have built upon a first commit.
        while journal.append(append(account(u32::MAX), 1, "never")).await != Err(AppendError::Conflict) {
            assert!(started.elapsed() < STREAMS_WITHIN, "{url} does not hear of the stream");
        }
    }
}

async fn declare(journal: &Journal) -> Result<(), StreamsError> {
    Streams::declared().plan(journal.client(), None).await?.apply(false).await.map(drop)
}

/// A commit that says `text`.
pub fn saying(text: &str) -> Commit {
    Commit {
        commit_id: CommitId(RandomIds.next()),
        command_id: CommandId(RandomIds.next()),
        group: None,
        actor: Actor::System,
        correlation: RandomIds.next(),
        causation: None,
        recorded_at: NOW,
        occurred_at: None,
        request: None,
        events: vec![StoredEvent { name: "test.said".into(), version: 1, bytes: text.as_bytes().to_vec() }],
    }
}

pub fn append(subject: Subject, expected: u64, text: &str) -> Append {
    Append { subject, expected, commit: saying(text), traceparent: None }
}

/// What the commits of a subject say, oldest first.
pub async fn said(journal: &Journal, subject: &Subject) -> Vec<String> {
    let commits = journal.read_confirmed(subject, 0).await.expect("the log can be read");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("tests write text");
    commits.iter().map(|positioned| text(&positioned.commit.events[0].bytes)).collect()
}

/// Somebody asks, now.
pub fn context() -> CommandContext {
    CommandContext {
        command_id: CommandId(RandomIds.next()),
        request: None,
        actor: Actor::System,
        correlation: RandomIds.next(),
        causation: None,
        recorded_at: NOW,
        occurred_at: None,
        traceparent: None,
    }
}
