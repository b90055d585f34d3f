//! `/v1/email_templates`: the merchant's own words, by kind and language. What they have not written is in ours.

use aggregates::mail::{Language, MailKind, Template, TemplateKey, VersionedTemplate};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
};
use policies::mail::words;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    auth::Caller,
    gateway::Gateway,
    http::{
        Page,
        body::{JsonBody, Path},
        etag, if_match,
    },
    problem::{Code, Problem},
};

/// Words as they are written, in the template language of `docs/email.md`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EmailWords)]
pub struct WordsDocument {
    pub subject: String,
    /// For readers that show no HTML.
    pub text: String,
    pub html: String,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = EmailTemplate)]
pub struct TemplateDocument {
    /// `welcome/en`
    pub id: String,
    pub kind: String,
    pub language: String,
    #[serde(flatten)]
    pub words: WordsDocument,
    /// `null` for our own words.
    pub version: Option<u32>,
    /// Ours: sent until the merchant writes something else.
    pub built_in: bool,
    /// What the words can refer to.
    pub variables: Vec<&'static str>,
    pub updated_at: Option<String>,
}

impl From<WordsDocument> for Template {
    fn from(words: WordsDocument) -> Self {
        Template { subject: words.subject, text: words.text, html: words.html }
    }
}

impl From<Template> for WordsDocument {
    fn from(template: Template) -> Self {
        WordsDocument { subject: template.subject, text: template.text, html: template.html }
    }
}

impl TemplateDocument {
    fn new(key: &TemplateKey, template: Template) -> Self {
        TemplateDocument {
            id: format!("{}/{}", key.0.as_str(), key.1),
            kind: key.0.as_str().to_owned(),
            language: key.1.to_string(),
            words: template.into(),
            version: None,
            built_in: true,
            variables: key.0.variables().iter().map(|variable| variable.as_str()).collect(),
            updated_at: None,
        }
    }

    /// One that is there.
    fn own(key: &TemplateKey, known: &VersionedTemplate) -> Option<Self> {
        let document = TemplateDocument::new(key, known.template.clone()?);
        let updated_at = Some(known.saved_at.to_rfc3339());
        Some(TemplateDocument { version: Some(known.version), built_in: false, updated_at, ..document })
    }
}

/// Kind and language from a path; what is neither does not exist.
pub(super) fn key(kind: &str, language: &str) -> Result<TemplateKey, Problem> {
    let kind = MailKind::parse(kind).ok_or_else(|| Problem::of(Code::NotFound))?;
    Ok((kind, Language::parse(language).map_err(|_| Problem::of(Code::NotFound))?))
}

/// The version the caller has seen: `If-None-Match: *` for a template that is not there yet, else `If-Match`.
fn expected(headers: &HeaderMap) -> Result<u32, Problem> {
    let is_new = headers.get(header::IF_NONE_MATCH).is_some_and(|tag| tag.as_bytes() == b"*");
    if is_new {
        return Ok(0);
    }
    if_match(headers)?.ok_or_else(|| Problem::saying(Code::StaleSettings, "the tag is not one of ours"))
}

/// All words that can be sent: the merchant's own, and ours where they have none.
#[utoipa::path(
    get, path = "/v1/email_templates", tag = "mail", operation_id = "email_templates", security(("api_key" = [])),
    responses((status = 200, body = Page<TemplateDocument>))
)]
pub async fn list(State(gateway): State<Gateway>, caller: Caller) -> Result<Json<Page<TemplateDocument>>, Problem> {
    let templates = gateway.mail_templates(&caller.request).await?;
    let mut data: Vec<TemplateDocument> =
        templates.state.all().filter_map(|(key, known)| TemplateDocument::own(key, known)).collect();
    for kind in MailKind::ALL {
        for language in words::LANGUAGES.iter().filter_map(|language| Language::parse(language).ok()) {
            let key = (kind, language);
            if templates.state.find(&key).is_none()
                && let Some(template) = words::built_in(kind, &key.1)
            {
                data.push(TemplateDocument::new(&key, template));
            }
        }
    }
    data.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(Json(Page { data, has_more: false, next_cursor: None }))
}

/// The words that are sent for this kind to readers of this language.
#[utoipa::path(
    get, path = "/v1/email_templates/{kind}/{language}", tag = "mail", operation_id = "email_template",
    security(("api_key" = [])), params(("kind" = String, Path), ("language" = String, Path)),
    responses((status = 200, body = TemplateDocument), (status = 404, body = crate::problem::ProblemDocument))
)]
pub async fn get(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path((kind, language)): Path<(String, String)>,
) -> Result<(HeaderMap, Json<TemplateDocument>), Problem> {
    let key = key(&kind, &language)?;
    let templates = gateway.mail_templates(&caller.request).await?;
    if let Some(known) = templates.state.find(&key)
        && let Some(document) = TemplateDocument::own(&key, known)
    {
        return Ok((etag(known.version), Json(document)));
    }
    let ours = words::built_in(key.0, &key.1).ok_or_else(|| Problem::of(Code::NotFound))?;
    Ok((HeaderMap::new(), Json(TemplateDocument::new(&key, ours))))
}

/// Saves the merchant's own words, after making sure that they can be sent: `If-None-Match: *` for the first ones.
#[utoipa::path(
    put, path = "/v1/email_templates/{kind}/{language}", tag = "mail", operation_id = "save_email_template",
    security(("api_key" = [])),
    params(("kind" = String, Path), ("language" = String, Path), ("If-Match" = Option<String>, Header),
           ("If-None-Match" = Option<String>, Header)),
    request_body = WordsDocument,
    responses((status = 200, body = TemplateDocument), (status = 404, body = crate::problem::ProblemDocument),
              (status = 412, body = crate::problem::ProblemDocument), (status = 422, body = crate::problem::ProblemDocument),
              (status = 428, body = crate::problem::ProblemDocument))
)]
pub async fn put(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path((kind, language)): Path<(String, String)>,
    headers: HeaderMap,
    JsonBody { value: words, .. }: JsonBody<WordsDocument>,
) -> Result<(HeaderMap, Json<TemplateDocument>), Problem> {
    let key = key(&kind, &language)?;
    let expected = expected(&headers)?;
    let templates = gateway.save_template(&caller.request, key.clone(), expected, words.into()).await?;
    let known = templates.state.find(&key);
    let document = known.and_then(|known| Some((known.version, TemplateDocument::own(&key, known)?)));
    let (version, document) = document.ok_or_else(|| Problem::of(Code::Internal))?;
    Ok((etag(version), Json(document)))
}

/// Lets the merchant's own words go. What is sent then are ours, or those in another language.
#[utoipa::path(
    delete, path = "/v1/email_templates/{kind}/{language}", tag = "mail", operation_id = "delete_email_template",
    security(("api_key" = [])),
    params(("kind" = String, Path), ("language" = String, Path), ("If-Match" = String, Header)),
    responses((status = 204), (status = 404, body = crate::problem::ProblemDocument),
              (status = 412, body = crate::problem::ProblemDocument), (status = 428, body = crate::problem::ProblemDocument))
)]
pub async fn delete(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path((kind, language)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let key = key(&kind, &language)?;
    let expected = expected(&headers)?;
    if gateway.mail_templates(&caller.request).await?.state.find(&key).is_none() {
        return Err(Problem::of(Code::NotFound));
    }
    gateway.delete_template(&caller.request, key, expected).await?;
    Ok(StatusCode::NO_CONTENT)
}
