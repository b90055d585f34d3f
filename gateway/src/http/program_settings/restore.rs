//! `POST /v1/program_settings/restore`: what an earlier version said, as the next version. Nothing is reset by it: tiers,
//! segments and what orders are worth follow from what happened, by whatever settings are in effect.

use aggregates::program::{Section, SettingsError};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{SettingsDocument, answer};
use crate::{
    auth::Caller,
    gateway::Gateway,
    http::{VersionWanted, body::JsonBody},
    problem::Problem,
};

/// Which version is brought back, and which parts of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingsRestore {
    pub version: u32,
    /// Such as `earning_rules`, `vip_tiers`, `referrals`, `badges` or `rfm`; all of them, if not said.
    #[serde(default)]
    pub sections: Option<Vec<String>>,
}

impl SettingsRestore {
    fn sections(&self) -> Result<Vec<Section>, Problem> {
        let Some(words) = &self.sections else { return Ok(Section::ALL.to_vec()) };
        let read = |(place, word): (usize, &String)| {
            Section::parse(word).ok_or_else(|| Problem::at(format!("/sections/{place}"), "is no part of the settings"))
        };
        words.iter().enumerate().map(read).collect()
    }
}

/// Publishes again what an earlier version said.
#[utoipa::path(
    post, path = "/v1/program_settings/restore", tag = "program", operation_id = "restore_program_settings",
    security(("api_key" = [])), params(("If-Match" = String, Header)), request_body = SettingsRestore,
    responses((status = 200, body = SettingsDocument), (status = 412, body = crate::problem::ProblemDocument),
              (status = 422, body = crate::problem::ProblemDocument), (status = 428, body = crate::problem::ProblemDocument))
)]
pub async fn create(
    State(gateway): State<Gateway>,
    caller: Caller,
    headers: HeaderMap,
    JsonBody { value: wanted, .. }: JsonBody<SettingsRestore>,
) -> Result<(StatusCode, HeaderMap, Json<SettingsDocument>), Problem> {
    let (lease, current) = gateway.seen_program(&caller, &headers).await?;
    let earlier = lease.program.version(wanted.version);
    let earlier = earlier.ok_or_else(VersionWanted::unknown)?;
    let mut settings = current.settings.clone();
    wanted.sections()?.into_iter().for_each(|section| section.restore(&mut settings, &earlier.settings));
    // Rules may have become stricter since.
    settings.validate().map_err(|SettingsError { pointer, problem }| Problem::at(pointer, problem))?;
    let (published, _) = gateway.publish_settings(&caller.request, current.version, settings, None).await?;
    let (headers, document) = answer(&published);
    Ok((StatusCode::OK, headers, document))
}
