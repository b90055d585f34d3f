use aggregates::{
    books::{BooksEvent, LineDrawn},
    event::Event,
    id::{CommandId, Fingerprint, LotId},
    points::{LotExpiry, LotSource, Movement, MovementKind, NewLot, PointsAdjusted},
    sealed::Sealed,
};
use journal::StoredEvent;
use uuid::Uuid;

use super::*;
use crate::sample;

fn hour(number: i64) -> Timestamp {
    Timestamp(0).plus_seconds(3_600 * number)
}

fn recorded(position: u64, context: Context, at: Timestamp, event: &impl Event) -> Positioned {
    let mut commit = sample::commit_of(context, position);
    commit.commit.recorded_at = at;
    commit.commit.events = vec![StoredEvent::of(event)];
    commit
}

/// So many points by hand.
fn points(position: u64, at: Timestamp, points: i64) -> Positioned {
    let lot = LotId(Uuid::from_u128(u128::from(position)));
    let event = PointsEvent::PointsAdjusted(PointsAdjusted {
        command: CommandId(Uuid::nil()),
        request: Fingerprint(0),
        points,
        reason: Sealed::from_ciphertext([0]),
        lot: Some(NewLot {
            lot,
            source: LotSource::Adjustment,
            earned_at: at,
            available_at: at,
            expiry: LotExpiry::Never,
        }),
        movements: vec![Movement { lot, kind: MovementKind::Granted, points }],
        owed: 0,
        at,
    });
    recorded(position, Context::Points, at, &event)
}

fn kept(commits: &[Positioned]) -> Vec<(Day, i64)> {
    let mut keeper = BookKeeper::default();
    commits.iter().for_each(|commit| keeper.take_in(commit).unwrap());
    keeper.days().iter().map(|(day, flow)| (*day, flow.issued)).collect()
}

#[test]
fn points_count_for_the_day_on_which_they_were_recorded() {
    assert_eq!(
        kept(&[points(1, hour(1), 5), points(2, hour(23), 7), points(3, hour(24), 11)]),
        [(Day(0), 12), (Day(1), 11)]
    );
}

#[test]
fn a_clock_that_is_behind_adds_nothing_to_a_day_that_the_log_has_left() {
    assert_eq!(kept(&[points(1, hour(25), 5), points(2, hour(23), 7)]), [(Day(1), 12)]);
}

#[test]
fn behind_a_line_nothing_counts_for_a_day_before_it() {
    let line = BooksEvent::LineDrawn(LineDrawn { until: hour(24) });
    let line = recorded(2, Context::Books, hour(30), &line);
    assert_eq!(kept(&[points(1, hour(23), 5), line, points(3, hour(23), 7)]), [(Day(0), 5), (Day(1), 7)]);
}

#[test]
fn going_on_where_somebody_left_off_gives_what_one_would_have_had() {
    let commits = [points(1, hour(25), 5), points(2, hour(23), 7), points(3, hour(50), 11)];
    let mut first = BookKeeper::default();
    first.take_in(&commits[0]).unwrap();
    let mut second = BookKeeper::going_on_at(first.standing());
    commits[1..].iter().for_each(|commit| second.take_in(commit).unwrap());
    let added = |day| first.days().get(&day).copied().unwrap_or_default() + second.days()[&day];
    assert_eq!((added(Day(1)).issued, added(Day(2)).issued), (12, 11));
}

#[test]
fn days_before_the_first_one_have_their_dates_too() {
    for (day, date) in [(Day(-1), "1969-12-31"), (Day(0), "1970-01-01"), (Day(20_779), "2026-11-22")] {
        assert_eq!((day.date().to_string().as_str(), Day::of_date(day.date())), (date, day));
        assert_eq!((Day::of(day.start()), Day::of(Timestamp(day.start().0 - 1))), (day, Day(day.0 - 1)));
    }
}
