//! Who goes, who waits, who is told.

use aggregates::id::{CustomerId, MerchantId};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::*;
use crate::append::Parcel;

fn subject(n: u128) -> Subject {
    Subject::points(MerchantId(Uuid::nil()), CustomerId(Uuid::from_u128(n)))
}

/// A unit on these subjects, each expected at its position.
fn unit(expected: &[(u128, u64)]) -> Unit {
    let parcels = expected.iter().map(|(n, position)| Parcel::empty(subject(*n), *position)).collect();
    Unit::new(parcels, oneshot::channel().0)
}

fn take(line: &mut Line) -> Unit {
    line.singles.pop_front().or_else(|| line.groups.pop_front()).expect("one may go")
}

#[test]
fn a_subject_is_on_its_way_once() {
    let mut line = Line::default();
    line.enter(unit(&[(1, 0)]));
    line.enter(unit(&[(1, 0)]));
    line.enter(unit(&[(2, 0)]));
    assert_eq!((line.singles.len(), line.outstanding()), (2, 3));

    let first = take(&mut line);
    assert!(line.leave(&first, None).is_empty(), "nothing was written, so the second may try");
    assert_eq!((line.singles.len(), line.outstanding()), (2, 2));
}

#[test]
fn those_who_wait_for_what_has_passed_are_told_at_once() {
    let mut line = Line::default();
    line.enter(unit(&[(1, 0)]));
    line.enter(unit(&[(1, 0)]));
    line.enter(unit(&[(1, 0)]));
    line.enter(unit(&[(1, 9)]));

    let first = take(&mut line);
    let overtaken = line.leave(&first, Some(&[9]));

    assert_eq!(overtaken.len(), 2);
    assert_eq!(take(&mut line).parcels[0].expected, 9);
    assert_eq!(line.outstanding(), 1);
}

#[test]
fn a_unit_of_several_waits_until_all_its_subjects_are_free() {
    let mut line = Line::default();
    line.enter(unit(&[(1, 0)]));
    line.enter(unit(&[(2, 0)]));
    line.enter(unit(&[(1, 0), (2, 0)]));
    line.enter(unit(&[(3, 0)]));

    let (first, second) = (take(&mut line), take(&mut line));
    line.leave(&first, None);
    assert!(line.groups.is_empty(), "the other subject is still on its way");
    line.leave(&second, None);
    assert_eq!(line.groups.len(), 1);
    assert_eq!(line.singles.len(), 1, "nobody else had to wait");
}

#[test]
fn one_that_goes_again_goes_first_and_keeps_its_subjects() {
    let mut line = Line::default();
    line.enter(unit(&[(1, 0)]));
    line.enter(unit(&[(2, 0)]));
    let first = take(&mut line);
    line.again(first);
    line.enter(unit(&[(1, 0)]));

    assert_eq!(take(&mut line).parcels[0].subject, subject(1));
    assert_eq!(line.singles.len(), 1, "the newcomer waits");
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_for_too_long_are_taken_out_and_hold_their_subjects_until_answered() {
    const PATIENCE: Duration = Duration::from_secs(5);
    let mut line = Line::default();
    line.enter(unit(&[(1, 0)]));
    let mut failed = unit(&[(2, 0)]);
    failed.attempts = 1;
    line.again(failed);
    tokio::time::advance(PATIENCE / 2).await;
    line.enter(unit(&[(3, 0)]));
    tokio::time::advance(PATIENCE / 2).await;

    let now = Instant::now();
    assert_eq!(line.first_accepted_at(), Some(now - PATIENCE));
    let tired = line.tired(now, PATIENCE);
    assert_eq!(tired.iter().map(|unit| unit.parcels[0].subject).collect::<Vec<_>>(), [subject(1)]);
    line.enter(unit(&[(1, 0)]));
    assert_eq!(line.singles.len(), 1, "its subject is free only when it has its answer");
    assert_eq!(line.tired_alone(now, 2 * PATIENCE).len(), 0);
    assert_eq!(line.tired_alone(now, PATIENCE).len(), 1);
}

#[test]
fn whoever_waits_for_a_subject_with_several_commits_waits_for_the_last_of_them() {
    let mut line = Line::default();
    let several = vec![Parcel::empty(subject(1), 0), Parcel::empty(subject(1), 0).continuing()];
    line.enter(Unit::new(several, oneshot::channel().0));
    line.enter(unit(&[(1, 9)]));
    line.enter(unit(&[(1, 9)]));
    assert_eq!((line.groups.len(), line.singles.len(), line.outstanding()), (1, 0, 4));

    let first = take(&mut line);
    assert!(line.leave(&first, Some(&[8, 9])).is_empty(), "both expect what was written last");
    assert_eq!((line.singles.len(), line.outstanding()), (1, 2), "one at a time");
}
