//! `POST /v1/test_clock`: the merchant's own clock, forward only. Exists only where the installation offers it.

use aggregates::time::Timestamp;
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::JsonBody;
use crate::{
    auth::Caller,
    commands::test_clock::ClockTarget,
    gateway::Gateway,
    problem::{Code, Problem},
};

/// 9999-12-31T23:59:59Z: later times have no RFC 3339 text.
const LATEST: Timestamp = Timestamp(253_402_300_799_000_000);

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveClock {
    /// RFC 3339; not before the clock's present time.
    pub now: Option<String>,
    pub advance_seconds: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TestClock {
    pub now: String,
    /// Everything that was due by then is durable and visible at this position.
    pub position: u64,
}

/// Moves the clock forward and answers when everything due is committed.
#[utoipa::path(
    post, path = "/v1/test_clock", tag = "testing", security(("api_key" = [])), request_body = MoveClock,
    responses((status = 200, body = TestClock), (status = 404, body = crate::problem::ProblemDocument),
              (status = 422, body = crate::problem::ProblemDocument))
)]
pub async fn advance(
    State(gateway): State<Gateway>,
    caller: Caller,
    JsonBody { value: asked, .. }: JsonBody<MoveClock>,
) -> Result<Json<TestClock>, Problem> {
    if !gateway.options.test_clock {
        return Err(Problem::of(Code::NotFound));
    }
    let present = caller.request.now;
    let now = match (&asked.now, asked.advance_seconds) {
        (Some(now), None) => Timestamp::parse(now).map_err(|_| Problem::at("/now", "is not an RFC 3339 time"))?,
        (None, Some(seconds)) => present.plus_seconds(seconds),
        _ => return Err(Problem::at("", "give exactly one of `now` and `advance_seconds`")),
    };
    if now < present {
        return Err(Problem::of(Code::ClockBackward));
    }
    if now > LATEST {
        return Err(Problem::saying(Code::Invalid, "the clock ends with the year 9999"));
    }
    let (now, position) = match asked.advance_seconds {
        Some(seconds) => gateway.advance_clock(&caller.request, ClockTarget::Further(seconds)).await?,
        None => gateway.advance_clock(&caller.request, ClockTarget::At(now)).await?,
    };
    Ok(Json(TestClock { now: now.to_rfc3339(), position }))
}
