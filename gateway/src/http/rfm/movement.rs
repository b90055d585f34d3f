//! `GET /v1/rfm/segments/movement`: who went from where to where between two days.

use aggregates::rfm::Day;
use axum::{Json, extract::State};
use projections::{
    rfm::{Move, answers},
    rfm_segments::RfmSegments,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{MoveDocument, SegmentCount, calendar, past, segment_counts};
use crate::{
    auth::Caller,
    gateway::Gateway,
    http::{AsOf, body::Params},
    problem::{Code, Problem},
};

/// Days between the two, where only the later one is said.
const DAYS_UNLESS_SAID: i32 = 7;

/// `opening` and all `moves` together come to `closing`. A buyer who moved twice counts in two moves.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = RfmMovement)]
pub struct MovementDocument {
    pub from: String,
    pub to: String,
    /// At the end of the day `from`.
    pub opening: Vec<SegmentCount>,
    /// On the days after `from`, up to and with `to`; the largest first.
    pub moves: Vec<MoveDocument>,
    /// At the end of the day `to`.
    pub closing: Vec<SegmentCount>,
    pub as_of: AsOf,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MovementParams {
    /// A date of the shop's calendar; a week before `to`, unless said.
    pub from: Option<String>,
    /// A date of the shop's calendar, not before `from`; today, unless said.
    pub to: Option<String>,
    /// Answer only once the read model has seen this position.
    pub min_position: Option<u64>,
}

/// Movement between segments from the end of one day to the end of another.
#[utoipa::path(
    get, path = "/v1/rfm/segments/movement", tag = "rfm", operation_id = "rfm_movement",
    security(("api_key" = [])), params(MovementParams),
    responses((status = 200, body = MovementDocument), (status = 400, body = crate::problem::ProblemDocument),
              (status = 422, body = crate::problem::ProblemDocument))
)]
pub async fn get(
    State(gateway): State<Gateway>,
    caller: Caller,
    Params(params): Params<MovementParams>,
) -> Result<Json<MovementDocument>, Problem> {
    let day = |text: &str| {
        let day: Result<Day, _> = text.parse();
        day.map_err(|_| Problem::saying(Code::MalformedRequest, "from and to are dates such as 2026-11-22"))
    };
    let to = match &params.to {
        Some(to) => day(to)?,
        None => calendar(&caller)?.day_of(caller.request.now),
    };
    let from = match &params.from {
        Some(from) => day(from)?,
        None => to.minus(DAYS_UNLESS_SAID),
    };
    if to < from {
        return Err(Problem::saying(Code::Invalid, "`to` is before `from`"));
    }
    gateway.fresh_enough(&caller, RfmSegments::NAME, params.min_position).await?;
    let read_model = gateway.caught_up(RfmSegments::NAME, None).await?;
    let (db, merchant) = (&gateway.db, caller.merchant());
    let opening = answers::counts(db, merchant, Some(from)).await?;
    let closing = answers::counts(db, merchant, Some(to)).await?;
    let document = |Move { from, to, customers }| MoveDocument { from, to, customers };
    let moves = answers::moves(db, merchant, from, to).await?.into_iter().map(document).collect();
    Ok(Json(MovementDocument {
        from: from.to_string(),
        to: to.to_string(),
        opening: inhabited(opening),
        moves,
        closing: inhabited(closing),
        as_of: past::present(read_model),
    }))
}

fn inhabited(counts: Vec<(String, u64)>) -> Vec<SegmentCount> {
    segment_counts(counts.into_iter().filter(|(_, customers)| *customers > 0))
}
