//! Dates as exports write them. What has no time of day begins with the day, UTC.

use aggregates::{
    import::{DateOrder, RejectionReason},
    time::Timestamp,
};
use chrono::{NaiveDate, NaiveDateTime};

/// Times with a year first, and those with names of months: nothing about them is in doubt.
const TIMES: [&str; 8] = [
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%b %d, %Y %H:%M",
    "%d %b %Y %H:%M",
    "%B %d, %Y %H:%M",
];
const DATES: [&str; 5] = ["%Y-%m-%d", "%Y/%m/%d", "%b %d, %Y", "%d %b %Y", "%B %d, %Y"];
/// Times of day behind a date of three numbers.
const HOURS: [&str; 5] = ["%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p", "%H:%M:%S%.f"];

pub fn time(text: &str, order: DateOrder) -> Result<Timestamp, RejectionReason> {
    let text = text.trim();
    if let Ok(time) = Timestamp::parse(text) {
        return Ok(time);
    }
    let text = text.strip_suffix(" UTC").or(text.strip_suffix('Z')).unwrap_or(text);
    let time = TIMES.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    let date = || DATES.iter().find_map(|format| NaiveDate::parse_from_str(text, format).ok());
    if let Some(time) = time.or_else(|| date().map(midnight)) {
        return Ok(instant(time));
    }
    three_numbers(text, order).map(instant)
}

fn midnight(date: NaiveDate) -> NaiveDateTime {
    date.and_time(chrono::NaiveTime::MIN)
}

fn instant(time: NaiveDateTime) -> Timestamp {
    Timestamp(time.and_utc().timestamp_micros())
}

/// `31.12.2026`, `12/31/2026`, each with or without a time of day.
fn three_numbers(text: &str, order: DateOrder) -> Result<NaiveDateTime, RejectionReason> {
    let not_a_date = RejectionReason::NotADate;
    let (date, hour) = text.split_once(' ').map_or((text, None), |(date, hour)| (date, Some(hour)));
    let dotted = date.contains('.');
    let numbers: Vec<u32> =
        date.split(['/', '.', '-']).map(|number| number.parse().map_err(|_| not_a_date)).collect::<Result<_, _>>()?;
    let [first, second, year] = numbers[..] else { return Err(not_a_date) };
    let (day, month) = match order {
        // Nobody writes dots with the month in front.
        _ if dotted => (first, second),
        DateOrder::DayFirst => (first, second),
        DateOrder::MonthFirst => (second, first),
        DateOrder::Unknown if first > 12 || first == second => (first, second),
        DateOrder::Unknown if second > 12 => (second, first),
        DateOrder::Unknown => return Err(RejectionReason::AmbiguousDate),
    };
    let year = i32::try_from(year).ok().filter(|year| (1900..=9999).contains(year)).ok_or(not_a_date)?;
    let date = NaiveDate::from_ymd_opt(year, month, day).ok_or(not_a_date)?;
    let Some(hour) = hour else { return Ok(midnight(date)) };
    let hour = HOURS.iter().find_map(|format| chrono::NaiveTime::parse_from_str(hour, format).ok());
    Ok(date.and_time(hour.ok_or(not_a_date)?))
}
