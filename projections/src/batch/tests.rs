use super::*;
use crate::sample::{commit, commit_of, member};

const POINTS: &[Context] = &[Context::Points];

fn at(position: u64) -> Checkpoint {
    Checkpoint { position, ..Checkpoint::at_the_start("test", "JOURNAL") }
}

fn arcs(commits: impl IntoIterator<Item = Positioned>) -> Vec<Arc<Positioned>> {
    commits.into_iter().map(Arc::new).collect()
}

fn batch_of(commits: impl IntoIterator<Item = Positioned>) -> Batch {
    let mut batch = Batch::after(&at(10), POINTS);
    batch.extend(arcs(commits)).unwrap();
    batch
}

#[test]
fn only_the_very_next_commit_is_taken() {
    for wrong in [9, 10, 12] {
        let refused = Batch::after(&at(10), POINTS).extend(arcs([commit(wrong)]));
        assert!(matches!(refused, Err(JournalError::Gap { after: 10, found }) if found == wrong));
    }
    assert_eq!(batch_of([commit(11), commit(12)]).reached(), 12);
}

#[test]
fn the_commits_of_others_only_move_the_checkpoint() {
    let batch = batch_of([commit_of(Context::Customer, 11), commit(12), commit_of(Context::Gdpr, 13)]);
    assert_eq!(batch.own().iter().map(|commit| commit.position).collect::<Vec<_>>(), [12]);
    let end = batch.end(&at(10)).unwrap();
    assert_eq!((end.position, end.commit_hash), (13, Some(commit_of(Context::Gdpr, 13).hash())));
    assert_eq!(batch.passed(), 3);
}

#[test]
fn the_time_of_a_checkpoint_never_goes_back() {
    let stored = |position, at| Positioned { stored_at: Timestamp(at), ..commit(position) };
    let standing = Checkpoint { recorded_at: Timestamp(5), ..at(10) };
    let mut batch = Batch::after(&standing, POINTS);
    batch.extend(arcs([stored(11, 3)])).unwrap();
    assert_eq!(batch.end(&standing).unwrap().recorded_at, Timestamp(5));
    batch.extend(arcs([stored(12, 8), stored(13, 7)])).unwrap();
    assert_eq!(batch.end(&standing).unwrap().recorded_at, Timestamp(8));
}

#[test]
fn no_batch_ends_inside_a_group() {
    let mut batch = batch_of([commit(11), member(12, 0, 3)]);
    assert!(batch.ends_inside_group());
    assert_eq!(batch.end(&at(10)), None);
    batch.extend(arcs([member(13, 1, 3), member(14, 2, 3)])).unwrap();
    assert_eq!(batch.end(&at(10)).unwrap().position, 14);
}

#[test]
fn a_full_batch_has_room_for_the_rest_of_a_group_only() {
    let first = 11 + LIVE.own as u64;
    let mut batch = batch_of((11..first).map(commit));
    assert_eq!(batch.room(), 0);
    batch = batch_of((11..first - 1).map(commit).chain([member(first - 1, 0, 4)]));
    assert_eq!(batch.room(), 3);
}

#[test]
fn nothing_leads_nowhere() {
    assert_eq!(Batch::after(&at(10), POINTS).end(&at(10)), None);
}
