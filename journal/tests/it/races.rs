//! Many writers, several processes' worth of journals, one and three nodes.

use std::collections::BTreeMap;

use futures::future::join_all;
use journal::executor::{Capacity, RandomIds, Retry};
use journal::{Aggregates, AppendError, ExecuteError, Journal, JournalError, JournalOptions};

use crate::support::counter::{Count, Counter};
use crate::support::nats::Nats;
use crate::support::{account, append, context, heard_everywhere, journal_at, said};

/// Writers in the race, each with a connection of its own.
const WRITERS: u32 = 60;
const ROUNDS: u32 = 10;

#[tokio::test(flavor = "multi_thread")]
async fn on_a_cluster_one_of_sixty_writers_wins_each_round_and_all_others_hear_conflict() {
    let nats = Nats::cluster().await;
    let first = journal_at(nats.url()).await;
    let writers = writers(&nats).await;

    let mut expected = 0;
    for round in 0..ROUNDS {
        let attempts = writers.iter().map(|journal| journal.append(append(account(1), expected, &round.to_string())));
        let outcomes = join_all(attempts).await;
        let won: Vec<u64> = outcomes.iter().flatten().copied().collect();
        assert_eq!(won.len(), 1, "round {round}: {outcomes:?}");
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(_) | Err(AppendError::Conflict))), "{outcomes:?}");
        expected = won[0];
    }

    let rounds: Vec<String> = (0..ROUNDS).map(|round| round.to_string()).collect();
    assert_eq!(said(&first, &account(1)).await, rounds);
}

/// The code with which the server refuses a guarded publish; `None` if it took it.
async fn refusal_code(journal: &Journal, expected: u64) -> Option<u64> {
    let mut headers = async_nats::HeaderMap::new();
    headers.insert("Nats-Expected-Last-Subject-Sequence", expected.to_string());
    let subject = account(1).to_string();
    let answer = journal.client().request_with_headers(subject, headers, "raced".into()).await.expect("it answers");
    let answer: serde_json::Value = serde_json::from_slice(&answer.payload).expect("the server writes JSON");
    answer["error"]["err_code"].as_u64()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_refuses_with_two_codes_and_no_other() {
    let nats = Nats::cluster().await;
    journal_at(nats.url()).await;
    let writers = writers(&nats).await;

    let mut codes = BTreeMap::new();
    for _ in 0..ROUNDS {
        let expected = writers[0]
            .last(&account(1))
            .await
            .map_or_else(poison_position, |last| last.map_or(0, |last| last.position));
        for code in join_all(writers.iter().map(|journal| refusal_code(journal, expected))).await {
            *codes.entry(code).or_insert(0) += 1;
        }
    }

    assert_eq!(codes.remove(&None), Some(ROUNDS), "one wins each round");
    assert!(codes.keys().all(|code| matches!(code, Some(10_071 | 10_164))), "{codes:?}");
    assert!(codes.contains_key(&Some(10_164)), "what only a cluster says was not heard: {codes:?}");
}

/// What is raced with here is no commit; only its position matters.
fn poison_position(error: JournalError) -> u64 {
    match error {
        JournalError::Poison(poison) => poison.position,
        other => panic!("the leader does not answer: {other}"),
    }
}

async fn writers(nats: &Nats) -> Vec<Journal> {
    heard_everywhere(nats).await;
    let urls = (0..WRITERS).map(|n| nats.urls()[usize::try_from(n % 3).expect("small")].clone());
    let connect = async |url: String| Journal::connect(&url, JournalOptions::default()).await.expect("it connects");
    join_all(urls.map(connect)).await
}

/// Two gateways hand the same commands to the same accounts. Each command counts once, whoever was faster.
async fn two_gateways_write_the_same_accounts(nats: &Nats, other: &str) {
    const ACCOUNTS: u32 = 5;
    const ORDERS: u64 = 40;
    let journals =
        [journal_at(nats.url()).await, Journal::connect(other, JournalOptions::default()).await.expect("connects")];
    heard_everywhere(nats).await;
    let gateways = journals.map(|journal| Aggregates::<Counter>::new(journal, Capacity::default()));

    let commands = gateways.iter().flat_map(|gateway| {
        (0..ACCOUNTS).flat_map(move |n| (0..ORDERS).map(move |order| (gateway, account(n), order)))
    });
    let outcomes = join_all(commands.map(async |(gateway, subject, order)| {
        let context = context();
        let command = Count::Add { order, by: order };
        let mut patience = Retry::new(&RandomIds);
        let mut done = gateway.execute(subject, &context, &command).await;
        // A cluster that is busy with itself says so, and nothing is written: whoever asked asks again.
        while matches!(done, Err(ExecuteError::Unavailable)) && patience.pause().await {
            done = gateway.execute(subject, &context, &command).await;
        }
        (subject, done.map(|done| done.position.map_or(0, |_| order)))
    }))
    .await;

    let mut acknowledged: BTreeMap<_, u64> = BTreeMap::new();
    for (subject, outcome) in outcomes {
        *acknowledged.entry(subject).or_default() += outcome.expect("contention is bounded here");
    }
    for n in 0..ACCOUNTS {
        let states = join_all(gateways.iter().map(|gateway| gateway.load_confirmed(account(n)))).await;
        for state in states {
            let state = state.expect("the log can be read");
            assert_eq!(state.commits, ORDERS, "each order is one commit");
            assert_eq!(state.state.total, (0..ORDERS).sum::<u64>());
            assert_eq!(state.state.total, acknowledged[&account(n)], "what is there is what was acknowledged");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_gateways_on_one_node() {
    let nats = Nats::single().await;
    two_gateways_write_the_same_accounts(&nats, nats.url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_gateways_on_a_cluster() {
    let nats = Nats::cluster().await;
    two_gateways_write_the_same_accounts(&nats, &nats.urls()[2]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_cluster_two_loaded_journals_share_accounts_and_nothing_is_written_twice() {
    const ACCOUNTS: u32 = 600;
    let nats = Nats::cluster().await;
    let journals = [journal_at(nats.url()).await, journal_at(&nats.urls()[1]).await];
    heard_everywhere(&nats).await;

    let attempts = (0..ACCOUNTS)
        .flat_map(|n| journals.iter().map(move |journal| (n, journal)))
        .map(async |(n, journal)| (n, journal.append(append(account(n), 0, "mine")).await));
    let outcomes = join_all(attempts).await;

    let mut wins: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
    for (n, outcome) in outcomes {
        match outcome {
            Ok(position) => wins.entry(n).or_default().push(position),
            Err(error) => assert_eq!(error, AppendError::Conflict),
        }
    }
    for n in 0..ACCOUNTS {
        let last = journals[0].last(&account(n)).await.expect("the leader answers").expect("one of the two wrote");
        assert_eq!(wins[&n], [last.position], "account {n} was written once");
    }
    assert_eq!(journals[0].last_position().await.expect("the leader answers"), u64::from(ACCOUNTS));
}
