//! What callers may say for a past moment: a day of the shop's calendar, meaning its end; a time; a position.

use aggregates::rfm::{Calendar, Day};
use projections::{progress, replay::Moment, retention, rfm::Bound};

use crate::{
    auth::Caller,
    gateway::Gateway,
    http::{AsOf, history},
    problem::{Code, Problem},
};

/// What is asked about segments of the past, if anything.
///
/// # Errors
/// A problem for text that is no moment, and for a moment of which nothing is kept any more.
pub async fn asked(
    gateway: &Gateway,
    caller: &Caller,
    text: Option<&str>,
    calendar: &Calendar,
) -> Result<Option<Bound>, Problem> {
    let Some(bound) = text.map(|text| parse(text, calendar)).transpose()? else { return Ok(None) };
    if let Some(kept_from) = retention::kept_from(&gateway.db, "rfm_score_history").await?
        && history::instant(gateway, caller, bound.into()).await? < kept_from
    {
        return Err(Problem::saying(Code::NotKept, format!("segments are kept from {} on", kept_from.to_rfc3339())));
    }
    Ok(Some(bound))
}

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
///
/// # Errors
/// A problem for a position that the log does not have.
pub async fn as_of(
    gateway: &Gateway,
    caller: &Caller,
    read_model: progress::AsOf,
    bound: Option<Bound>,
) -> Result<AsOf, Problem> {
    Ok(match bound {
        None => present(read_model),
        Some(Bound::Position(position)) => {
            let instant = history::instant(gateway, caller, Moment::Position(position)).await?;
            AsOf { position, time: instant.to_rfc3339() }
        }
        Some(Bound::Time(time)) => AsOf { position: read_model.position, time: time.to_rfc3339() },
    })
}

/// Of what an answer about the present speaks.
pub fn present(read_model: progress::AsOf) -> AsOf {
    AsOf { position: read_model.position, time: read_model.time.to_rfc3339() }
}
