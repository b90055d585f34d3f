//! A stream is copied out of one server and put back into another, and nobody who reads the log can tell.

use journal::{
    Append, STREAM,
    streams::copy::{CopyError, copy_out, put_back},
};

use crate::support::nats::Nats;
use crate::support::{account, append, journal_at, said};

/// Enough for several pieces of a copy.
const LARGE_BYTES: usize = 300_000;
const LARGE_COMMITS: u64 = 4;

#[tokio::test]
async fn whatever_was_copied_is_put_back_at_its_position() {
    let (from, to) = (Nats::single().await, Nats::cluster().await);
    let journal = journal_at(from.url()).await;
    let mut last = 0;
    for n in 0..LARGE_COMMITS {
        last = journal.append(append(account(1), last, &letters(n))).await.expect("nobody else writes");
    }
    let mut archive = Vec::new();
    let manifest = copy_out(journal.client(), STREAM, &mut archive).await.expect("the stream is sound");
    assert_eq!((manifest.stream(), manifest.messages(), manifest.last_position()), (STREAM, LARGE_COMMITS, last));
    assert!(archive.len() > LARGE_BYTES, "{} bytes", archive.len());

    let client = journal::connect_client(to.url()).await.expect("the cluster takes connections");
    put_back(&client, &manifest, &mut archive.as_slice()).await.expect("the cluster has no such stream");
    let moved = journal::Journal::connect(to.url(), journal::JournalOptions::default()).await.expect("it is there");
    assert_eq!(said(&moved, &account(1)).await, said(&journal, &account(1)).await);
    let (there, here) = (moved.at(last).await.expect("answers"), journal.at(last).await.expect("answers"));
    assert_eq!(there.map(|commit| commit.hash()), here.map(|commit| commit.hash()));
    let next: Append = append(account(1), last, "after the move");
    assert_eq!(moved.append(next).await.expect("guards still hold"), last + 1);

    let again = put_back(&client, &manifest, &mut archive.as_slice()).await;
    assert!(matches!(again, Err(CopyError::Refused { .. })), "{again:?}");
}

#[tokio::test]
async fn a_copy_that_was_cut_off_makes_no_stream() {
    let (from, to) = (Nats::single().await, Nats::single().await);
    let journal = journal_at(from.url()).await;
    journal.append(append(account(1), 0, &letters(1))).await.expect("nobody else writes");
    let mut archive = Vec::new();
    let manifest = copy_out(journal.client(), STREAM, &mut archive).await.expect("the stream is sound");

    let client = journal::connect_client(to.url()).await.expect("the server takes connections");
    let cut_off = put_back(&client, &manifest, &mut &archive[..archive.len() / 2]).await;
    assert!(matches!(cut_off, Err(CopyError::Refused { .. })), "{cut_off:?}");
    put_back(&client, &manifest, &mut archive.as_slice()).await.expect("nothing of it was left");
}

#[tokio::test]
async fn a_stream_that_is_not_there_cannot_be_copied() {
    let nats = Nats::single().await;
    let client = journal::connect_client(nats.url()).await.expect("the server takes connections");
    let copied = copy_out(&client, STREAM, &mut Vec::new()).await;
    assert!(matches!(&copied, Err(CopyError::Refused { reason, .. }) if reason.contains("not found")), "{copied:?}");
}

/// Text without a pattern, the same for the same number: what compresses well would be one piece.
fn letters(n: u64) -> String {
    let mut state = n.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut letters = String::with_capacity(LARGE_BYTES);
    while letters.len() < LARGE_BYTES {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        letters.push_str(&format!("{state:016x}"));
    }
    letters
}
