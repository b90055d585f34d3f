//! `GET /v1/rfm/segments`: buyers in each segment, and who is in none.

use aggregates::{rfm::Calendar, time::Timestamp};
use axum::{Json, extract::State};
use projections::{
    customers::Customers,
    rfm::{WindowRow, answers, windows},
    rfm_orders::RfmOrders,
    rfm_segments::RfmSegments,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{SegmentCount, calendar, past, segment_counts, windows::WindowDocument};
use crate::{
    auth::Caller,
    gateway::Gateway,
    http::{AsOf, body::Params},
    problem::Problem,
};

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = RfmSegments)]
pub struct SegmentsDocument {
    pub segments: Vec<SegmentCount>,
    /// In all segments together. Whoever has bought nothing that counts is a prospect, and not among them.
    pub buyers: u64,
    /// Members who are in no segment, most because they have bought nothing that counts; `null` of past moments.
    pub prospects: Option<u64>,
    /// The newest window by then; `null` before the first, and then nobody has a segment.
    pub window: Option<WindowDocument>,
    /// When the next window is due.
    pub next_window_at: String,
    pub as_of: AsOf,
    /// Something of this merchant cannot be read, and is not in these figures.
    pub incomplete: bool,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PastParams {
    /// A past moment: a date of the shop's calendar (its end), an RFC 3339 time, or a position of the journal.
    pub as_of: Option<String>,
    /// Answer only once the read model has seen this position.
    pub min_position: Option<u64>,
}

/// Buyers in each segment.
#[utoipa::path(
    get, path = "/v1/rfm/segments", tag = "rfm", operation_id = "rfm_segments", security(("api_key" = [])),
    params(PastParams),
    responses((status = 200, body = SegmentsDocument), (status = 400, body = crate::problem::ProblemDocument))
)]
pub async fn get(
    State(gateway): State<Gateway>,
    caller: Caller,
    Params(params): Params<PastParams>,
) -> Result<Json<SegmentsDocument>, Problem> {
    let calendar = calendar(&caller)?;
    let bound = Box::pin(past::asked(&gateway, &caller, params.as_of.as_deref(), &calendar)).await?;
    gateway.fresh_enough(&caller, RfmSegments::NAME, params.min_position).await?;
    let read_model = gateway.caught_up(RfmSegments::NAME, None).await?;
    let (db, merchant) = (&gateway.db, caller.merchant());
    let (window, counts) = match bound {
        None => (windows::newest(db, merchant, None).await?, answers::counts(db, merchant, None).await?),
        Some(bound) => (windows::newest_at(db, merchant, bound).await?, answers::counts_at(db, merchant, bound).await?),
    };
    let segments = in_order_of(window.as_ref(), counts);
    let buyers = segments.iter().map(|count| count.customers).sum();
    let prospects = match bound {
        None => {
            // Whoever has just come is one.
            gateway.fresh_enough(&caller, Customers::NAME, params.min_position).await?;
            Some(answers::prospects(db, merchant, buyers, window.is_some()).await?)
        }
        Some(_) => None,
    };
    Ok(Json(SegmentsDocument {
        buyers,
        prospects,
        segments,
        window: window.as_ref().map(WindowDocument::from),
        next_window_at: next_window_at(&calendar, caller.request.now).to_rfc3339(),
        as_of: Box::pin(past::as_of(&gateway, &caller, read_model, bound)).await?,
        incomplete: [RfmSegments::NAME, RfmOrders::NAME, Customers::NAME]
            .iter()
            .any(|read_model| gateway.progress.is_incomplete(read_model, caller.merchant())),
    }))
}

/// When the next window is due.
pub(super) fn next_window_at(calendar: &Calendar, now: Timestamp) -> Timestamp {
    calendar.window_at(calendar.newest_due(now).next())
}

/// Every segment of the window's mapping, in its order; then others that somebody is still in.
fn in_order_of(window: Option<&WindowRow>, counts: Vec<(String, u64)>) -> Vec<SegmentCount> {
    let of_mapping: Vec<String> =
        window.iter().flat_map(|row| &row.closed.counts).map(|(segment, _)| segment.to_string()).collect();
    let count = |name: &String| counts.iter().find(|(segment, _)| segment == name).map_or(0, |(_, count)| *count);
    let listed: Vec<(String, u64)> = of_mapping.iter().map(|name| (name.clone(), count(name))).collect();
    let others = counts.iter().filter(|(segment, count)| *count > 0 && !of_mapping.contains(segment)).cloned();
    segment_counts(listed.into_iter().chain(others))
}
