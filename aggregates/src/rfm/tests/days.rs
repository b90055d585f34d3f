use crate::{
    rfm::{Calendar, Day, TimeZoneName},
    time::Timestamp,
};

fn calendar(name: &str) -> Calendar {
    Calendar::of(&TimeZoneName(name.to_owned())).expect("a time zone")
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("a time")
}

fn day(text: &str) -> Day {
    text.parse().expect("a date")
}

#[test]
fn a_day_is_read_and_printed_in_one_way() {
    assert_eq!(Day(0).to_string(), "1970-01-01");
    assert_eq!(day("2026-11-22"), Day(20_779));
    assert_eq!(day("1969-12-31"), Day(-1));
    for text in ["", "2026-11-31", "20261122", "2026-11-22T00:00:00", "22.11.2026"] {
        assert!(text.parse::<Day>().is_err(), "{text}");
    }
}

#[test]
fn an_instant_falls_on_the_shops_own_day() {
    let instant = at("2026-11-22T23:30:00Z");
    assert_eq!(calendar("UTC").day_of(instant), day("2026-11-22"));
    assert_eq!(calendar("Europe/Berlin").day_of(instant), day("2026-11-23"));
    assert_eq!(calendar("America/New_York").day_of(instant), day("2026-11-22"));
    assert_eq!(calendar("Pacific/Kiritimati").day_of(instant), day("2026-11-23"));
}

#[test]
fn the_window_is_due_at_one_by_the_shops_clock() {
    let berlin = calendar("Europe/Berlin");
    assert_eq!(berlin.window_at(day("2026-11-23")), at("2026-11-23T00:00:00Z"));
    assert_eq!(berlin.window_at(day("2026-07-01")), at("2026-06-30T23:00:00Z"));
    assert_eq!(berlin.newest_due(at("2026-11-22T23:59:59Z")), day("2026-11-22"));
    assert_eq!(berlin.newest_due(at("2026-11-23T00:00:00Z")), day("2026-11-23"));
}

#[test]
fn an_hour_that_the_clocks_skip_or_repeat_still_has_one_window() {
    // In London one o'clock is skipped in spring and comes twice in autumn.
    let london = calendar("Europe/London");
    assert_eq!(london.window_at(day("2026-03-29")), at("2026-03-29T01:00:00Z"));
    assert_eq!(london.window_at(day("2026-10-25")), at("2026-10-25T00:00:00Z"));
}

#[test]
fn a_place_that_is_no_time_zone_is_refused() {
    for name in ["", "Berlin", "Europe/Atlantis", "utc+1"] {
        assert!(Calendar::of(&TimeZoneName(name.to_owned())).is_err(), "{name}");
    }
}
