//! `GET /v1/rfm/windows`: the daily windows, newest first.

use aggregates::rfm::Day;
use axum::{Json, extract::State};
use projections::{
    rfm::windows::{self, WindowRow, method_word},
    rfm_segments::RfmSegments,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{CutPointsDocument, SegmentCount, segment_counts};
use crate::{
    auth::Caller,
    cursor,
    gateway::Gateway,
    http::{Page, Paging, body::Params, customers::rows_wanted},
    problem::Problem,
};

/// A daily window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = RfmWindow)]
pub struct WindowDocument {
    /// In the shop's own calendar.
    pub day: String,
    /// Version of the programme settings whose `rfm` section was used.
    pub definition_version: u32,
    /// `value_bands`, `fixed_thresholds`, or `fixed_thresholds_for_few_buyers`: there were too few for fifths.
    pub method: &'static str,
    /// Of the shop; orders in another one are left out.
    pub currency: Option<String>,
    pub cut_points: CutPointsDocument,
    pub buyers: u64,
    /// As the window left them; orders of the day may have moved some since.
    pub segments: Vec<SegmentCount>,
    pub closed_at: String,
    /// Orders were counted through this position.
    pub orders_through: u64,
    pub position: u64,
}

impl From<&WindowRow> for WindowDocument {
    fn from(row: &WindowRow) -> Self {
        let closed = &row.closed;
        let counts = closed.counts.iter().map(|(segment, customers)| (segment.to_string(), *customers));
        WindowDocument {
            day: closed.day.to_string(),
            definition_version: closed.definition_version,
            method: method_word(closed.method),
            currency: closed.currency.map(|currency| currency.as_str().to_owned()),
            cut_points: (&closed.cut_points).into(),
            buyers: closed.buyers,
            segments: segment_counts(counts),
            closed_at: closed.at.to_rfc3339(),
            orders_through: closed.orders_through,
            position: row.position,
        }
    }
}

/// The daily windows with their cut points, newest first.
#[utoipa::path(
    get, path = "/v1/rfm/windows", tag = "rfm", operation_id = "rfm_windows", security(("api_key" = [])),
    params(Paging), responses((status = 200, body = Page<WindowDocument>))
)]
pub async fn list(
    State(gateway): State<Gateway>,
    caller: Caller,
    Params(params): Params<Paging>,
) -> Result<Json<Page<WindowDocument>>, Problem> {
    gateway.fresh_enough(&caller, RfmSegments::NAME, params.min_position).await?;
    let limit = cursor::limit(params.limit);
    let before = cursor::decode::<Day>(params.cursor.as_deref())?;
    let rows = windows::list(&gateway.db, caller.merchant(), before, rows_wanted(limit)).await?;
    let page = Page::cut(rows, limit, |row| cursor::encode(&row.closed.day));
    let data = page.data.iter().map(WindowDocument::from).collect();
    Ok(Json(Page { data, has_more: page.has_more, next_cursor: page.next_cursor }))
}
