//! `GET /v1/exports/{resource}`: a whole table, streamed while it is read. Nothing of it is kept here.

use std::io;

use axum::{
    body::Body,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use serde::Deserialize;
use tokio::sync::mpsc;
use utoipa::IntoParams;

use super::body::{Params, Path};
use crate::{
    auth::Caller,
    exports::{Export, Form, Resource},
    gateway::Gateway,
    problem::{Code, Problem},
};

/// Pages that wait for a slow reader before the next is read.
const PAGES_WAITING: usize = 2;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExportParams {
    /// `csv` (the default) or `jsonl`.
    pub format: Option<String>,
    /// The `cursor` of the last row that has arrived: go on behind it.
    pub after: Option<String>,
    /// Begin only once the read model has seen this position.
    pub min_position: Option<u64>,
}

/// A table with everything in it: `customers` (with their lots, as imports read them), `points_transactions`,
/// `customer_segments`, `products` or `audit_logs`.
#[utoipa::path(
    get, path = "/v1/exports/{resource}", tag = "exports", security(("api_key" = [])),
    params(("resource" = String, Path), ExportParams),
    responses((status = 200, body = String, content_type = "text/csv"),
              (status = 404, body = crate::problem::ProblemDocument))
)]
pub async fn get(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(resource): Path<String>,
    Params(params): Params<ExportParams>,
) -> Result<Response, Problem> {
    let resource = Resource::parse(&resource).ok_or_else(|| Problem::of(Code::NotFound))?;
    let form = params.format.as_deref().map_or(Some(Form::Csv), Form::parse);
    let form = form.ok_or_else(|| Problem::saying(Code::MalformedRequest, "format is csv or jsonl"))?;
    gateway.fresh_enough(&caller, resource.read_model(), params.min_position).await?;
    let export = Export { merchant: caller.merchant(), resource, now: caller.request.now };
    // The first page is read before anything is answered: what is wrong with the request is said as a problem.
    let first = gateway.export_page(export, params.after.as_deref()).await?;
    let (pages, sent) = mpsc::channel(PAGES_WAITING);
    tokio::spawn(async move {
        let mut page = first;
        let mut text = form.head(resource);
        loop {
            page.iter().for_each(|row| text.push_str(&form.row(resource, row)));
            let last = page.last().map(|row| row.cursor.clone());
            if pages.send(Ok(Bytes::from(std::mem::take(&mut text)))).await.is_err() {
                return;
            }
            let Some(last) = last else { return };
            page = match gateway.export_page(export, Some(&last)).await {
                Ok(page) => page,
                Err(problem) => {
                    // An answer that breaks off does not pass for the whole.
                    let _ = pages.send(Err(io::Error::other(problem.code.as_str()))).await;
                    return;
                }
            };
        }
    });
    Ok(streamed(form, sent))
}

fn streamed(form: Form, mut sent: mpsc::Receiver<io::Result<Bytes>>) -> Response {
    let body = Body::from_stream(futures::stream::poll_fn(move |context| sent.poll_recv(context)));
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(form.content_type()));
    // Whatever stands between us and the reader must not keep it either.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
