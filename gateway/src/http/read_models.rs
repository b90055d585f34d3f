//! `GET /v1/read_models`: how far what is read is behind the log. It says nothing of anybody.

use axum::{Json, extract::State};
use projections::lag::{self, Behind, LagError};
use serde::Serialize;
use utoipa::ToSchema;

use super::AsOf;
use crate::{auth::Caller, commands::CommandError, gateway::Gateway, problem::Problem};

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ReadModel)]
pub struct ReadModelDocument {
    pub name: String,
    /// Which making of it this is.
    pub generation: i32,
    /// It is the one that is read; others are kept beside it, or being filled.
    pub live: bool,
    /// `live`, `spare`, `filling`, `verifying` or `paused`.
    pub state: String,
    /// Commits of the journal that it has not taken in.
    pub lag_events: u64,
    /// How long the first of them has waited.
    pub lag_seconds: u64,
    pub as_of: AsOf,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ReadModelList)]
pub struct ReadModelList {
    pub data: Vec<ReadModelDocument>,
    pub has_more: bool,
    pub next_cursor: Option<String>,
}

impl From<Behind> for ReadModelDocument {
    fn from(behind: Behind) -> Self {
        let checkpoint = behind.checkpoint;
        ReadModelDocument {
            generation: checkpoint.generation.number,
            live: checkpoint.generation.live,
            state: checkpoint.generation.state(checkpoint.paused).to_owned(),
            lag_events: behind.events,
            lag_seconds: behind.seconds,
            as_of: AsOf { position: checkpoint.position, time: checkpoint.recorded_at.to_rfc3339() },
            name: checkpoint.projection,
        }
    }
}

/// Where every read model stands.
#[utoipa::path(
    get, path = "/v1/read_models", tag = "operations", operation_id = "read_models", security(("api_key" = [])),
    responses((status = 200, body = ReadModelList))
)]
pub async fn list(State(gateway): State<Gateway>, _: Caller) -> Result<Json<ReadModelList>, Problem> {
    let all = lag::of_all(&gateway.journal, &gateway.db, gateway.clock.now()).await.map_err(|error| match error {
        LagError::Journal(error) => CommandError::from(error),
        LagError::Database(error) => error.into(),
    })?;
    let data = all.into_iter().map(ReadModelDocument::from).collect();
    Ok(Json(ReadModelList { data, has_more: false, next_cursor: None }))
}
