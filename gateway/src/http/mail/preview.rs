//! `POST /v1/email_templates/{kind}/{language}/preview`: words filled in with sample values, nothing of anybody's.

use aggregates::mail::Template;
use axum::{Json, extract::State};
use policies::mail::{render, words};
use serde::Deserialize;
use utoipa::ToSchema;

use super::templates::{WordsDocument, key};
use crate::{
    auth::Caller,
    commands::CommandError,
    gateway::Gateway,
    http::body::{JsonBody, Path},
    problem::{Code, Problem},
};

/// Words to be tried; without them, those that would be sent.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailPreview {
    #[serde(default)]
    pub words: Option<WordsDocument>,
}

/// What a reader would see. Words that cannot be sent are refused as they are when they are saved.
#[utoipa::path(
    post, path = "/v1/email_templates/{kind}/{language}/preview", tag = "mail", operation_id = "preview_email_template",
    security(("api_key" = [])), params(("kind" = String, Path), ("language" = String, Path)), request_body = EmailPreview,
    responses((status = 200, body = WordsDocument), (status = 404, body = crate::problem::ProblemDocument),
              (status = 422, body = crate::problem::ProblemDocument))
)]
pub async fn create(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path((kind, language)): Path<(String, String)>,
    JsonBody { value: asked, .. }: JsonBody<EmailPreview>,
) -> Result<Json<WordsDocument>, Problem> {
    let key = key(&kind, &language)?;
    let template: Template = match asked.words {
        Some(words) => words.into(),
        None => {
            let templates = gateway.mail_templates(&caller.request).await?;
            let own = templates.state.find(&key).and_then(|known| known.template.clone());
            own.or_else(|| words::built_in(key.0, &key.1)).ok_or_else(|| Problem::of(Code::NotFound))?
        }
    };
    render::validate(key.0, &template).map_err(CommandError::Template)?;
    let rendered = render::render(&template, &render::samples(key.0)).map_err(CommandError::Template)?;
    Ok(Json(WordsDocument { subject: rendered.subject, text: rendered.text, html: rendered.html }))
}
