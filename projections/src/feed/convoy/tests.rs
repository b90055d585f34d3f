//! Who goes along is given every commit once, in order, or is told that it was left behind.

use futures::{FutureExt, StreamExt, stream};
use journal::{JournalError, Positioned};
use tokio::task::JoinHandle;

use super::*;
use crate::sample::commit;

const LOG: &str = "JOURNAL of today";
/// More than fits between the fastest and the slowest of a convoy.
const MANY: u64 = (CHUNK_COMMITS * KEPT_CHUNKS * 4) as u64;

fn standing_at(position: u64) -> Checkpoint {
    let commit_hash = (position > 0).then(|| commit(position).hash());
    Checkpoint { position, commit_hash, ..Checkpoint::at_the_start("test", LOG) }
}

/// The commits after a position up to another, and then nothing for now.
fn log(after: u64, end: u64) -> BoxStream<'static, Result<Positioned, JournalError>> {
    stream::iter((after + 1..=end).map(|position| Ok(commit(position)))).chain(stream::pending()).boxed()
}

/// A convoy on its way, its first fellow, and how it ends.
fn found(after: u64, end: u64) -> (Arc<Convoy>, Fellow, JoinHandle<()>) {
    let (convoy, first) = Convoy::found(&standing_at(after));
    let leading = Arc::clone(&convoy);
    let led = tokio::spawn(async move { leading.lead(log(after, end).peekable()).await });
    (convoy, first, led)
}

/// The next so many of its commits must be the ones after this position.
async fn takes(fellow: &mut Fellow, after: u64, count: u64) {
    for position in after + 1..=after + count {
        let next = fellow.next().await.expect("there is more").expect("a commit");
        assert_eq!(next.position, position);
    }
}

async fn is_left_behind(fellow: &mut Fellow) -> bool {
    let mut rest = fellow.skip_while(|next| std::future::ready(next.is_ok()));
    matches!(rest.next().await, Some(Err(SourceError::Left(Left::Behind))))
}

#[tokio::test(start_paused = true)]
async fn one_reading_is_enough_for_all_who_stand_at_one_place() {
    let (convoy, first, _led) = found(10, 10 + MANY);
    let others = (0..9).map(|_| convoy.join(&standing_at(10)).expect("nothing is gone yet"));
    let fellows: Vec<Fellow> = std::iter::once(first).chain(others).collect();
    let taken = fellows.into_iter().map(|mut fellow| async move { takes(&mut fellow, 10, MANY).await });
    futures::future::join_all(taken).await;
}

#[tokio::test(start_paused = true)]
async fn who_comes_later_joins_where_it_stands() {
    let (convoy, mut first, _led) = found(0, 1_000);
    takes(&mut first, 0, 1_000).await;
    for place in [0, 1, 700, 999] {
        let mut later = convoy.join(&standing_at(place)).expect("its place is kept");
        takes(&mut later, place, 1_000 - place).await;
    }
    let mut at_the_end = convoy.join(&standing_at(1_000)).expect("the next is yet to come");
    assert!(at_the_end.next().now_or_never().is_none());
}

#[tokio::test(start_paused = true)]
async fn nobody_joins_whose_next_commit_is_gone_or_who_stands_in_another_log() {
    let (convoy, mut first, _led) = found(5, 5 + MANY);
    takes(&mut first, 5, MANY).await;
    for place in [0, 4, 5, 6 + MANY] {
        assert!(convoy.join(&standing_at(place)).is_none(), "{place}");
    }
    let here = standing_at(MANY);
    assert!(convoy.join(&here).is_some());
    assert!(convoy.join(&Checkpoint { stream: "JOURNAL of yesterday".to_owned(), ..here.clone() }).is_none());
    assert!(convoy.join(&Checkpoint { commit_hash: Some(commit(9).hash()), ..here }).is_none());
}

#[tokio::test(start_paused = true)]
async fn all_wait_for_the_slowest_until_it_takes_nothing_for_too_long() {
    let (convoy, mut quick, _led) = found(0, MANY);
    let mut slow = convoy.join(&standing_at(0)).expect("nothing is gone yet");
    takes(&mut slow, 0, 1).await;
    let began = Instant::now();
    takes(&mut quick, 0, MANY).await;
    assert!(began.elapsed() >= PATIENCE);
    assert!(began.elapsed() < PATIENCE * 2, "it is waited for once");
    assert!(is_left_behind(&mut slow).await);
}

#[tokio::test(start_paused = true)]
async fn an_error_comes_to_everybody_after_what_came_before_it() {
    let (convoy, mut first) = Convoy::found(&standing_at(0));
    let mut other = convoy.join(&standing_at(0)).expect("nothing is gone yet");
    let gap = stream::iter([Ok(commit(1)), Ok(commit(2)), Err(JournalError::Gap { after: 2, found: 4 })]);
    convoy.lead(gap.peekable()).await;
    for fellow in [&mut first, &mut other] {
        takes(fellow, 0, 2).await;
        let end = fellow.next().await.expect("an error");
        assert!(matches!(end, Err(SourceError::Journal(JournalError::Gap { after: 2, found: 4 }))));
    }
    assert!(convoy.join(&standing_at(2)).is_none(), "it is over");
}

#[tokio::test(start_paused = true)]
async fn it_ends_when_everybody_has_gone() {
    let (convoy, first, led) = found(0, 10);
    let other = convoy.join(&standing_at(0)).expect("nothing is gone yet");
    drop((first, other));
    led.await.expect("it ends by itself");
    assert!(convoy.join(&standing_at(10)).is_none());
}

#[test]
fn large_commits_are_few_to_a_chunk() {
    let large = |position| Positioned { payload: vec![0; CHUNK_BYTES / 2].into(), ..commit(position) };
    let sizes: Vec<usize> = chunks((1..=7).map(large).collect()).iter().map(|chunk| chunk.len()).collect();
    assert_eq!(sizes, [3, 3, 1]);
    assert_eq!(chunks((1..=200).map(commit).collect()).len(), 1);
}
