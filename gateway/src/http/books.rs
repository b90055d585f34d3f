//! The books: `GET /v1/books` for any days, `/v1/books/periods` for what was closed. Days are UTC; a fact counts for the
//! day on which it was recorded.

mod documents;

use aggregates::books::BooksRefusal;
use axum::{Json, extract::State, http::StatusCode};
use projections::books::{self, BooksOfMerchants, Day, NotADay};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

pub use documents::{BooksDocument, EntryDocument, Figures, PeriodDocument, RateDocument, Step, entries};

use super::{
    AsOf, Page, Paging,
    body::{JsonBody, Params},
};
use crate::{
    auth::Caller,
    cursor,
    gateway::Gateway,
    problem::{Code, Problem},
};

/// Days that one answer lists at most: ten years.
const DAYS_MAX: i64 = 3_660;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct BooksParams {
    /// The first day, such as `2026-11-01`; the beginning of the books, if not said.
    pub from: Option<String>,
    /// The day after the last; tomorrow, if not said.
    pub to: Option<String>,
    /// `day` or `month`: also lists the figures of each in which something came or went.
    pub by: Option<String>,
    /// Answer only once the read model has seen this position.
    pub min_position: Option<u64>,
}

/// What came and went between two days.
#[utoipa::path(
    get, path = "/v1/books", tag = "audit", security(("api_key" = [])), params(BooksParams),
    responses((status = 200, body = BooksDocument), (status = 400, body = crate::problem::ProblemDocument))
)]
pub async fn get(
    State(gateway): State<Gateway>,
    caller: Caller,
    Params(params): Params<BooksParams>,
) -> Result<Json<BooksDocument>, Problem> {
    let from = params.from.as_deref().map(|text| day("from", text)).transpose()?;
    let to = params.to.as_deref().map(|text| day("to", text)).transpose()?;
    let to = to.unwrap_or_else(|| Day(Day::of(caller.request.now).0 + 1));
    if from.is_some_and(|from| from > to) {
        return Err(Problem::saying(Code::MalformedRequest, "from is later than to"));
    }
    let step = match params.by.as_deref() {
        None => None,
        Some("day") => Some(Step::Day),
        Some("month") => Some(Step::Month),
        Some(_) => return Err(Problem::saying(Code::MalformedRequest, "by is `day` or `month`")),
    };
    gateway.fresh_enough(&caller, BooksOfMerchants::NAME, params.min_position).await?;
    let seen = gateway.caught_up(BooksOfMerchants::NAME, None).await?;
    let between = gateway.books_between(caller.merchant(), from, to).await?;
    let days = match step {
        None => Vec::new(),
        Some(_) => {
            let first = from.unwrap_or(Day(to.0.saturating_sub(DAYS_MAX)));
            if to.0.saturating_sub(first.0) > DAYS_MAX {
                return Err(Problem::saying(Code::MalformedRequest, "more than ten years at once"));
            }
            books::days(&gateway.db, caller.merchant(), first, to).await?
        }
    };
    let as_of = AsOf { position: seen.position, time: caller.request.now.to_rfc3339() };
    let document = BooksDocument::new(from, to, &between, documents::entries(&between, &days, step), as_of);
    let incomplete = gateway.progress.is_incomplete(BooksOfMerchants::NAME, caller.merchant());
    Ok(Json(BooksDocument { incomplete, ..document }))
}

fn day(name: &str, text: &str) -> Result<Day, Problem> {
    text.parse().map_err(|error: NotADay| Problem::saying(Code::MalformedRequest, format!("{name} is {error}")))
}

/// Closed periods, newest first.
#[utoipa::path(
    get, path = "/v1/books/periods", tag = "audit", security(("api_key" = [])), params(Paging),
    responses((status = 200, body = Page<PeriodDocument>))
)]
pub async fn periods(
    State(gateway): State<Gateway>,
    caller: Caller,
    Params(paging): Params<Paging>,
) -> Result<Json<Page<PeriodDocument>>, Problem> {
    gateway.fresh_enough(&caller, BooksOfMerchants::NAME, paging.min_position).await?;
    let limit = cursor::limit(paging.limit);
    let before = cursor::decode::<u32>(paging.cursor.as_deref())?.unwrap_or(u32::MAX);
    let key = gateway.books_key()?;
    let books = gateway.books_on_record(caller.merchant()).await?.state;
    let earlier = books.closed.iter().rev().filter(|(_, closed)| closed.statement.period < before);
    let rows = earlier.take(limit + 1);
    let rows = rows.map(|(recorded, closed)| PeriodDocument::new(caller.merchant(), recorded, closed, &key)).collect();
    Ok(Json(Page::cut(rows, limit, |period: &PeriodDocument| cursor::encode(&period.period))))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClosePeriod {
    /// The first day that does not belong to the period, such as `2026-12-01`. It must have begun.
    pub until: String,
}

/// Closes a period of the books, for ever. Doing it again gives what is on record.
#[utoipa::path(
    post, path = "/v1/books/periods", tag = "audit", security(("api_key" = [])), request_body = ClosePeriod,
    responses((status = 201, body = PeriodDocument), (status = 409, body = crate::problem::ProblemDocument),
              (status = 422, body = crate::problem::ProblemDocument))
)]
pub async fn close(
    State(gateway): State<Gateway>,
    caller: Caller,
    JsonBody { value: asked, .. }: JsonBody<ClosePeriod>,
) -> Result<(StatusCode, Json<PeriodDocument>), Problem> {
    let until: Day = asked.until.parse().map_err(|error: NotADay| Problem::at("/until", format!("is {error}")))?;
    let (recorded, closed) = gateway.close_books(&caller.request, until.start()).await?;
    let key = gateway.books_key()?;
    Ok((StatusCode::CREATED, Json(PeriodDocument::new(caller.merchant(), &recorded, &closed, &key))))
}

impl From<BooksRefusal> for Problem {
    fn from(refusal: BooksRefusal) -> Self {
        match refusal {
            BooksRefusal::NotAMidnight => Problem::at("/until", "is not a day"),
            BooksRefusal::NotOver => Problem::of(Code::PeriodNotOver),
            BooksRefusal::ClosedLater { until } => {
                Problem::saying(Code::PeriodClosed, format!("they are closed until {until}"))
            }
            BooksRefusal::AnotherLine { until } => {
                Problem::saying(Code::PeriodClosing, format!("close the period until {until} first"))
            }
            BooksRefusal::DoesNotFit(why) => {
                tracing::error!(why, "figures of a period do not fit");
                Problem::of(Code::Internal)
            }
        }
    }
}
