//! What callers may say for a past moment: a day of the shop's calendar, meaning its end; a time; a position.

use aggregates::rfm::{Calendar, Day};
use projections::{progress, replay::Moment, rfm::Bound};

use crate::{
    http::AsOf,
    problem::{Code, Problem},
};

/// # Errors
/// A problem for text that is none of the three.
pub fn parse(text: &str, calendar: &Calendar) -> Result<Bound, Problem> {
    if let Ok(day) = text.parse::<Day>() {
        return Ok(Bound::Time(calendar.end_of(day)));
    }
    match text.parse() {
        Ok(Moment::Time(time)) => Ok(Bound::Time(time)),
        Ok(Moment::Position(position)) => Ok(Bound::Position(position)),
        Err(_) => Err(Problem::saying(Code::MalformedRequest, "as_of is neither a date, nor a time, nor a position")),
    }
}

/// Of what an answer speaks: the moment that was asked for, or how far the read model is.
pub fn as_of(read_model: progress::AsOf, bound: Option<Bound>) -> AsOf {
    match bound {
        None => AsOf { position: read_model.position, time: read_model.time.to_rfc3339() },
        Some(Bound::Position(position)) => AsOf { position, time: read_model.time.to_rfc3339() },
        Some(Bound::Time(time)) => AsOf { position: read_model.position, time: time.to_rfc3339() },
    }
}
