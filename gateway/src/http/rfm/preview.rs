//! `POST /v1/rfm/preview`: what other settings would do. Nothing is saved.

use aggregates::rfm::Standing;
use axum::{Json, extract::State};
use policies::rfm::{Moved, Preview};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    CutPointsDocument, MoveDocument, SegmentCount, calendar, customer::ScoresDocument, segment_counts,
    segments::next_window_at, settings::RfmDocument,
};
use crate::{
    auth::Caller,
    commands::CommandError,
    gateway::Gateway,
    http::body::JsonBody,
    problem::{Code, Problem},
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RfmPreviewRequest)]
pub struct PreviewRequest {
    /// What is left out stays as it is.
    pub rfm: RfmDocument,
}

/// The next window as these settings would make it, with the orders known now.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = RfmPreview)]
pub struct PreviewDocument {
    /// The day of that window, by these settings' time zone.
    pub day: String,
    /// When the next window is due by the settings in effect.
    pub next_window_at: String,
    pub method: &'static str,
    pub cut_points: CutPointsDocument,
    pub buyers: u64,
    pub segments: Vec<SegmentCount>,
    /// Who would move, counted.
    pub moves: Vec<MoveDocument>,
    /// Of all that would move, the first 100 in the order of their ids.
    pub customers: Vec<MovedDocument>,
    /// The last position of the journal at which anything was recorded of segments.
    pub position: u64,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = RfmMovedCustomer)]
pub struct MovedDocument {
    pub customer_id: String,
    pub from: String,
    pub to: String,
    pub scores: Option<ScoresDocument>,
}

impl From<Moved> for MovedDocument {
    fn from(moved: Moved) -> Self {
        let scores = |Standing { cell, .. }| ScoresDocument {
            recency: cell.recency(),
            frequency: cell.frequency(),
            monetary: cell.monetary(),
        };
        MovedDocument {
            customer_id: moved.customer.to_string(),
            from: moved.from,
            to: moved.to,
            scores: moved.standing.map(scores),
        }
    }
}

/// Who would move at the next window if these settings were in effect.
#[utoipa::path(
    post, path = "/v1/rfm/preview", tag = "rfm", operation_id = "rfm_preview", security(("api_key" = [])),
    request_body = PreviewRequest,
    responses((status = 200, body = PreviewDocument), (status = 422, body = crate::problem::ProblemDocument))
)]
pub async fn create(
    State(gateway): State<Gateway>,
    caller: Caller,
    JsonBody { value: asked, .. }: JsonBody<PreviewRequest>,
) -> Result<Json<PreviewDocument>, Problem> {
    let now = caller.request.now;
    let lease = gateway.renew_merchant(caller.merchant()).await?;
    let current = lease.program.current().ok_or_else(|| Problem::of(Code::Internal))?;
    let settings = asked.rfm.on_top_of(&current.settings.rfm, "/rfm")?;
    settings.validate().map_err(|(field, problem)| Problem::at(format!("/rfm/{field}"), problem))?;
    let _turn = gateway.previews.acquire().await.map_err(|_| Problem::of(Code::Unavailable))?;
    // Boxed: a whole shop is scored, and no other request needs the room for it.
    let preview = Box::pin(gateway.analyst().preview(caller.merchant(), &settings, now)).await;
    let next_window_at = next_window_at(&calendar(&caller)?, now).to_rfc3339();
    Ok(Json(document(preview.map_err(CommandError::from)?, next_window_at)))
}

fn document(preview: Preview, next_window_at: String) -> PreviewDocument {
    let closed = preview.closed;
    let counts = closed.counts.iter().map(|(segment, customers)| (segment.to_string(), *customers));
    let moves = preview.moves.into_iter().map(|((from, to), customers)| MoveDocument { from, to, customers });
    PreviewDocument {
        day: closed.day.to_string(),
        next_window_at,
        method: projections::rfm::windows::method_word(closed.method),
        cut_points: (&closed.cut_points).into(),
        buyers: closed.buyers,
        segments: segment_counts(counts),
        moves: moves.collect(),
        customers: preview.moved.into_iter().map(MovedDocument::from).collect(),
        position: preview.position,
    }
}
