//! `GET /v1/program_settings/versions`: every version of the settings, with who published it and when.

use axum::{Json, extract::State};
use projections::program_history::{self, ProgramHistory, VersionRow};
use serde::Serialize;
use utoipa::ToSchema;

use super::SettingsDocument;
use crate::{
    auth::Caller,
    cursor,
    gateway::Gateway,
    http::{Page, Paging, audit_logs::ActorDocument, body::Params, customers::rows_wanted},
    problem::Problem,
};

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ProgramSettingsVersion)]
pub struct VersionDocument {
    pub version: u32,
    pub settings: SettingsDocument,
    pub actor: ActorDocument,
    pub recorded_at: String,
    pub position: u64,
}

impl From<VersionRow> for VersionDocument {
    fn from(row: VersionRow) -> Self {
        VersionDocument {
            version: row.version.version,
            settings: SettingsDocument::of(&row.version),
            actor: ActorDocument { kind: row.actor_kind, id: row.actor },
            recorded_at: row.recorded_at.to_rfc3339(),
            position: row.position,
        }
    }
}

/// Versions of the settings, newest first.
#[utoipa::path(
    get, path = "/v1/program_settings/versions", tag = "program", operation_id = "program_settings_versions",
    security(("api_key" = [])), params(Paging), responses((status = 200, body = Page<VersionDocument>))
)]
pub async fn list(
    State(gateway): State<Gateway>,
    caller: Caller,
    Params(paging): Params<Paging>,
) -> Result<Json<Page<VersionDocument>>, Problem> {
    gateway.fresh_enough(&caller, ProgramHistory::NAME, paging.min_position).await?;
    let limit = cursor::limit(paging.limit);
    let before = cursor::decode::<u32>(paging.cursor.as_deref())?;
    let rows = program_history::list(&gateway.db, caller.merchant(), before, rows_wanted(limit)).await?;
    let page = Page::cut(rows, limit, |row| cursor::encode(&row.version.version));
    let data = page.data.into_iter().map(VersionDocument::from).collect();
    Ok(Json(Page { data, has_more: page.has_more, next_cursor: page.next_cursor }))
}
