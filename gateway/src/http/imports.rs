//! `/v1/imports`: customers from a file. A file is handed in once and carried out in the background; how far it is, and which
//! rows were turned away, can be asked at any time.

use aggregates::{
    id::ImportId,
    import::{Counts, DateOrder, Existing, ImportProgress, Source},
    time::Timestamp,
};
use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use futures::StreamExt;
use projections::customer_imports::{self, CustomerImports, ImportRow};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Freshness, Page, Paging,
    body::{Params, Path},
    customers::rows_wanted,
};
use crate::{
    auth::Caller,
    commands::import::{HandedIn, ImportOptions, UploadError},
    cursor,
    gateway::Gateway,
    imports::TextEncoding,
    problem::{Code, Problem},
};

/// How a file is to be read, and what it is to do.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
// A word that is not known might be a mistyped `dry_run`: the file would be carried out.
#[serde(deny_unknown_fields)]
pub struct ImportParams {
    /// Whose export it is: `own` (the default), `smile`, `loyaltylion` or `yotpo`.
    pub source: Option<String>,
    /// Only says what would happen.
    #[serde(default)]
    pub dry_run: bool,
    /// What becomes of rows about people who are customers already: `update` (the default) or `reject`.
    pub existing: Option<String>,
    /// `utf-8` (the default; a byte order mark is believed) or `windows-1252`.
    pub encoding: Option<String>,
    /// `dmy` or `mdy`, for dates such as 03/04/2026. Without it they are turned away.
    pub date_order: Option<String>,
}

/// An import as it stands. Each row counts in exactly one of the four.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Import {
    pub id: String,
    /// `open` until every row is done, then `finished`; `abandoned` if its file was gone before that.
    pub state: &'static str,
    pub source: String,
    pub dry_run: bool,
    pub existing: String,
    /// Of the whole file.
    pub rows: u64,
    pub rows_done: u64,
    /// Rows about somebody new.
    pub created: u64,
    /// Rows that brought something to somebody known.
    pub updated: u64,
    /// Rows that were here already.
    pub unchanged: u64,
    pub rejected: u64,
    pub lots: u64,
    pub points: i64,
    pub opened_at: String,
    pub finished_at: Option<String>,
    pub position: u64,
}

/// A row that was turned away, without anything it says.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ImportRejection {
    /// Line of the file; the header is line 1.
    pub line: u64,
    /// In our own schema.
    pub column: String,
    pub reason: String,
}

/// Hands a file in.
#[utoipa::path(
    post, path = "/v1/imports", tag = "imports", security(("api_key" = [])), params(ImportParams),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 201, body = Import), (status = 413, body = crate::problem::ProblemDocument),
              (status = 422, body = crate::problem::ProblemDocument))
)]
pub async fn create(
    State(gateway): State<Gateway>,
    caller: Caller,
    Params(params): Params<ImportParams>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Import>), Problem> {
    let options = params.read()?;
    let again = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).unwrap_or_default();
    let bytes = body.into_data_stream().map(|bytes| bytes.map_err(std::io::Error::other));
    let handed_in = gateway.hand_in(&caller.request, options, again, bytes).await?;
    Ok(answer(&handed_in))
}

/// Carries out what was tried: the file of a dry run, and this time it counts.
#[utoipa::path(
    post, path = "/v1/imports/{id}/carry_out", tag = "imports", security(("api_key" = [])),
    params(("id" = String, Path)),
    responses((status = 201, body = Import), (status = 404, body = crate::problem::ProblemDocument))
)]
pub async fn carry_out(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Import>), Problem> {
    let trial = find(&gateway, &caller, &id, None).await?;
    let handed_in = gateway.carry_out_for_real(&caller.request, trial.shard, trial.id).await?;
    Ok(answer(&handed_in.ok_or_else(|| Problem::of(Code::NotFound))?))
}

fn answer(handed_in: &HandedIn) -> (StatusCode, Json<Import>) {
    let status = if handed_in.repeated { StatusCode::OK } else { StatusCode::CREATED };
    (status, Json(Import::from(&handed_in.import)))
}

/// Imports, newest first.
#[utoipa::path(
    get, path = "/v1/imports", tag = "imports", security(("api_key" = [])), params(Paging),
    responses((status = 200, body = Page<Import>))
)]
pub async fn list(
    State(gateway): State<Gateway>,
    caller: Caller,
    Params(paging): Params<Paging>,
) -> Result<Json<Page<Import>>, Problem> {
    gateway.fresh_enough(&caller, CustomerImports::NAME, paging.min_position).await?;
    let limit = cursor::limit(paging.limit);
    let before = cursor::decode::<(Timestamp, ImportId)>(paging.cursor.as_deref())?;
    let rows = customer_imports::list(&gateway.db, caller.merchant(), before, rows_wanted(limit)).await?;
    let page = Page::cut(rows, limit, |row| cursor::encode(&(row.opened_at, row.id)));
    let data = page.data.into_iter().map(Import::from).collect();
    Ok(Json(Page { data, has_more: page.has_more, next_cursor: page.next_cursor }))
}

/// One import.
#[utoipa::path(
    get, path = "/v1/imports/{id}", tag = "imports", security(("api_key" = [])),
    params(("id" = String, Path), Freshness),
    responses((status = 200, body = Import), (status = 404, body = crate::problem::ProblemDocument))
)]
pub async fn get(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
    Params(freshness): Params<Freshness>,
) -> Result<Json<Import>, Problem> {
    Ok(Json(find(&gateway, &caller, &id, freshness.min_position).await?.into()))
}

/// Rows that were turned away, in the order of the file.
#[utoipa::path(
    get, path = "/v1/imports/{id}/rejections", tag = "imports", security(("api_key" = [])),
    params(("id" = String, Path), Paging),
    responses((status = 200, body = Page<ImportRejection>), (status = 404, body = crate::problem::ProblemDocument))
)]
pub async fn rejections(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
    Params(paging): Params<Paging>,
) -> Result<Json<Page<ImportRejection>>, Problem> {
    let import = find(&gateway, &caller, &id, paging.min_position).await?;
    let limit = cursor::limit(paging.limit);
    let after = cursor::decode::<u64>(paging.cursor.as_deref())?.unwrap_or(0);
    let rows =
        customer_imports::rejections(&gateway.db, caller.merchant(), import.id, after, rows_wanted(limit)).await?;
    let page = Page::cut(rows, limit, |row| cursor::encode(&row.line));
    let document = |row: customer_imports::RejectionRow| ImportRejection {
        line: row.line,
        column: row.column,
        reason: row.reason,
    };
    let data = page.data.into_iter().map(document).collect();
    Ok(Json(Page { data, has_more: page.has_more, next_cursor: page.next_cursor }))
}

async fn find(gateway: &Gateway, caller: &Caller, id: &str, min_position: Option<u64>) -> Result<ImportRow, Problem> {
    let not_found = || Problem::of(Code::NotFound);
    let import: ImportId = id.parse().map_err(|_| not_found())?;
    gateway.fresh_enough(caller, CustomerImports::NAME, min_position).await?;
    customer_imports::find(&gateway.db, caller.merchant(), import).await?.ok_or_else(not_found)
}

impl ImportParams {
    fn read(&self) -> Result<ImportOptions, Problem> {
        let unknown = |name: &str| Problem::saying(Code::MalformedRequest, format!("{name} is none of its words"));
        fn word<T>(text: &Option<String>, parse: impl Fn(&str) -> Option<T>, default: T) -> Option<T> {
            text.as_deref().map_or(Some(default), parse)
        }
        Ok(ImportOptions {
            source: word(&self.source, Source::parse, Source::Own).ok_or_else(|| unknown("source"))?,
            encoding: word(&self.encoding, TextEncoding::parse, TextEncoding::Utf8)
                .ok_or_else(|| unknown("encoding"))?,
            date_order: word(&self.date_order, DateOrder::parse, DateOrder::Unknown)
                .ok_or_else(|| unknown("date_order"))?,
            existing: word(&self.existing, Existing::parse, Existing::Update).ok_or_else(|| unknown("existing"))?,
            dry_run: self.dry_run,
        })
    }
}

impl Import {
    fn with_counts(self, counts: Counts) -> Self {
        let Counts { created, updated, unchanged, rejected, lots, points } = counts;
        let cut_short = self.state == "finished" && counts.rows() < self.rows;
        let state = if cut_short { "abandoned" } else { self.state };
        Import { state, rows_done: counts.rows(), created, updated, unchanged, rejected, lots, points, ..self }
    }
}

impl From<ImportRow> for Import {
    fn from(row: ImportRow) -> Self {
        let import = Import {
            id: row.id.to_string(),
            state: if row.finished_at.is_some() { "finished" } else { "open" },
            source: row.source,
            dry_run: row.dry_run,
            existing: row.existing,
            rows: row.rows,
            rows_done: 0,
            created: 0,
            updated: 0,
            unchanged: 0,
            rejected: 0,
            lots: 0,
            points: 0,
            opened_at: row.opened_at.to_rfc3339(),
            finished_at: row.finished_at.map(Timestamp::to_rfc3339),
            position: row.position,
        };
        import.with_counts(row.counts)
    }
}

impl From<&ImportProgress> for Import {
    fn from(progress: &ImportProgress) -> Self {
        let opened = &progress.opened;
        let import = Import {
            id: opened.import.to_string(),
            state: if progress.finished { "finished" } else { "open" },
            source: opened.source.as_str().to_owned(),
            dry_run: opened.dry_run,
            existing: opened.existing.as_str().to_owned(),
            rows: opened.rows,
            rows_done: 0,
            created: 0,
            updated: 0,
            unchanged: 0,
            rejected: 0,
            lots: 0,
            points: 0,
            opened_at: opened.at.to_rfc3339(),
            finished_at: None,
            position: progress.position,
        };
        import.with_counts(progress.counts)
    }
}

impl From<UploadError> for Problem {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::File(error) => Problem::saying(Code::Invalid, error.to_string()),
            UploadError::TooLarge | UploadError::TooManyRows => Problem::of(Code::PayloadTooLarge),
            UploadError::BrokenOff => Problem::of(Code::MalformedRequest),
            UploadError::Command(error) => error.into(),
        }
    }
}
