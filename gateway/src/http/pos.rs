//! `POST /v1/pos/sales`: what tills did while they were offline.

pub mod cards;
pub mod terminals;

use aggregates::{money::Currency, order::Item, time::Timestamp};
use axum::{Json, extract::State};
use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::JsonBody;
use crate::{
    auth::Caller,
    commands::{
        CommandError, Done, Request,
        pos::{PosCustomer, PosItem, PosKind, PosLine, PosOutcome, PosRejection, PosSale, SaleId},
    },
    gateway::Gateway,
    problem::Problem,
};

/// Sales of one batch.
const SALES_MAX: usize = 500;
/// Items of one sale.
const ITEMS_MAX: usize = 500;
/// Characters of the id of a till, and of a sale.
const ID_MAX: usize = 64;
/// Sales of a batch that are worked on at the same time.
const SALES_AT_ONCE: usize = 16;
/// How far a till's clock may be ahead, seconds.
const CLOCK_AHEAD_SECONDS: i64 = 86_400;

/// Sales and returns, in any order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PosBatch {
    /// At most 500.
    pub sales: Vec<PosSaleDocument>,
}

#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PosSale)]
pub struct PosSaleDocument {
    /// Letters, digits, `.`, `_`, `-`; at most 64.
    pub terminal_id: String,
    /// Unique within its till, for ever.
    pub sale_id: String,
    /// `sale` (the default) or `return`.
    #[serde(default, rename = "type")]
    pub kind: PosKindWord,
    /// RFC 3339, by the till's clock. The programme's rules of this moment count.
    pub sold_at: String,
    pub currency: String,
    #[serde(default = "yes")]
    pub taxes_included: bool,
    pub items: Vec<PosItemDocument>,
    /// Exactly one of its fields; without it the sale is a guest's.
    #[serde(default)]
    pub customer: Option<PosCustomerDocument>,
    #[serde(default)]
    pub discount_codes: Vec<String>,
    /// Of a return: the sale it takes back.
    #[serde(default)]
    pub returned_sale: Option<SaleIdDocument>,
}

const fn yes() -> bool {
    true
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PosKindWord {
    #[default]
    Sale,
    Return,
}

#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaleIdDocument {
    pub terminal_id: String,
    pub sale_id: String,
}

#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PosCustomerDocument {
    /// `shopify:` and the shop's id.
    pub external_id: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub card_code: Option<String>,
}

#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PosItemDocument {
    /// Of a return: which line of the sale, counted from 0. Otherwise its own place.
    pub line: Option<u32>,
    pub product_id: Option<String>,
    pub variant_id: Option<String>,
    pub sku: Option<String>,
    pub vendor: Option<String>,
    #[serde(default)]
    pub gift_card: bool,
    pub quantity: u32,
    /// For all pieces, after discounts; minor units, not negative.
    pub net_minor: i64,
    #[serde(default)]
    pub tax_minor: i64,
}

/// What became of each, in the order of the batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct PosAnswer {
    pub results: Vec<PosResult>,
    pub accepted: usize,
    pub duplicate: usize,
    pub ignored: usize,
    pub rejected: usize,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PosResult {
    pub terminal_id: String,
    pub sale_id: String,
    /// `accepted`, `duplicate` (known already), `ignored` (of somebody forgotten) or `rejected` (see `reason`).
    pub outcome: &'static str,
    pub position: Option<u64>,
    /// Why it was rejected: `invalid`, `sale_differs`, `ambiguous_customer`, `unknown_card` or `too_large`.
    pub reason: Option<&'static str>,
    /// Of `invalid`: which value.
    pub pointer: Option<String>,
}

/// Takes in sales that were made offline. Whatever is answered is durable; a batch that was not answered is sent again as it is.
#[utoipa::path(
    post, path = "/v1/pos/sales", tag = "pos", security(("api_key" = [])), request_body = PosBatch,
    responses((status = 200, body = PosAnswer), (status = 422, body = crate::problem::ProblemDocument),
              (status = 503, body = crate::problem::ProblemDocument))
)]
pub async fn record_sales(
    State(gateway): State<Gateway>,
    caller: Caller,
    JsonBody { value: batch, .. }: JsonBody<PosBatch>,
) -> Result<Json<PosAnswer>, Problem> {
    if batch.sales.len() > SALES_MAX {
        return Err(Problem::at("/sales", "more than 500 sales"));
    }
    let (gateway, request) = (&gateway, &caller.request);
    // Sales before returns: a return that meets its sale on the way would find itself taken in with it, and be no news.
    let placed = batch.sales.into_iter().enumerate();
    let (sales, returns): (Vec<_>, Vec<_>) = placed.partition(|(_, document)| document.kind == PosKindWord::Sale);
    let mut lines = take_all(gateway, request, sales).await?;
    lines.extend(take_all(gateway, request, returns).await?);
    lines.sort_unstable_by_key(|(place, _)| *place);
    let lines = lines.into_iter().map(|(_, line)| line);
    let (lines, pointers): (Vec<PosLine>, Vec<Option<String>>) = lines.unzip();
    // What names no till is on no till's record.
    let named: Vec<PosLine> = lines.iter().filter(|line| is_plain(&line.id.terminal)).cloned().collect();
    gateway.note_pos_batch(request, &named).await?;
    let results: Vec<PosResult> = lines.into_iter().zip(pointers).map(|(line, at)| PosResult::of(line, at)).collect();
    let count = |outcome: &str| results.iter().filter(|result| result.outcome == outcome).count();
    let (accepted, duplicate) = (count("accepted"), count("duplicate"));
    let (ignored, rejected) = (count("ignored"), count("rejected"));
    Ok(Json(PosAnswer { results, accepted, duplicate, ignored, rejected }))
}

type Taken = (PosLine, Option<String>);

/// With the places they have in the batch.
async fn take_all(
    gateway: &Gateway,
    request: &Request,
    documents: Vec<(usize, PosSaleDocument)>,
) -> Result<Vec<(usize, Taken)>, CommandError> {
    stream::iter(documents)
        .map(|(place, document)| async move { Ok((place, take(gateway, request, document).await?)) })
        .buffer_unordered(SALES_AT_ONCE)
        .try_collect()
        .await
}

/// One of a batch, with a pointer to what cannot be read of it.
async fn take(gateway: &Gateway, request: &Request, document: PosSaleDocument) -> Result<Taken, CommandError> {
    let id = SaleId { terminal: document.terminal_id.clone(), sale: document.sale_id.clone() };
    match document.read(request.now) {
        Err(pointer) => {
            let outcome = PosOutcome::Rejected(PosRejection::Invalid);
            Ok((PosLine { id, sold_at: None, outcome }, Some(pointer)))
        }
        Ok(sale) => {
            // Boxed: an order's way is long, and each of the batch would carry room for it.
            let outcome = Box::pin(gateway.record_pos_sale(request, &sale)).await?;
            Ok((PosLine { id, sold_at: Some(sale.at), outcome }, None))
        }
    }
}

impl PosResult {
    fn of(line: PosLine, pointer: Option<String>) -> Self {
        let (outcome, position, reason) = match line.outcome {
            PosOutcome::Done(Done::Accepted(position)) => ("accepted", position, None),
            PosOutcome::Done(Done::Duplicate(position)) => ("duplicate", position, None),
            PosOutcome::Done(Done::Ignored) => ("ignored", None, None),
            PosOutcome::Rejected(rejection) => ("rejected", None, Some(rejection.as_str())),
        };
        let SaleId { terminal, sale } = line.id;
        PosResult { terminal_id: terminal, sale_id: sale, outcome, position, reason, pointer }
    }
}

impl PosSaleDocument {
    /// The sale, or a pointer to the value that is not allowed.
    fn read(self, now: Timestamp) -> Result<PosSale, String> {
        let fault = |pointer: &str| pointer.to_owned();
        let id = sale_id(self.terminal_id, self.sale_id).ok_or_else(|| fault("/sale_id"))?;
        let at = Timestamp::parse(&self.sold_at).map_err(|_| fault("/sold_at"))?;
        if at > now.plus_seconds(CLOCK_AHEAD_SECONDS) {
            return Err(fault("/sold_at"));
        }
        let currency = Currency::parse(&self.currency).map_err(|_| fault("/currency"))?;
        if self.items.is_empty() || self.items.len() > ITEMS_MAX {
            return Err(fault("/items"));
        }
        let item = |(place, item): (usize, PosItemDocument)| item.read(place).ok_or_else(|| format!("/items/{place}"));
        let items = self.items.into_iter().enumerate().map(item).collect::<Result<Vec<_>, _>>()?;
        let kind = match (self.kind, self.returned_sale) {
            (PosKindWord::Sale, None) => PosKind::Sale {
                customer: self
                    .customer
                    .map(|customer| customer.read().ok_or_else(|| fault("/customer")))
                    .transpose()?,
                discount_codes: self.discount_codes,
            },
            (PosKindWord::Return, Some(of)) => {
                let of = sale_id(of.terminal_id, of.sale_id).ok_or_else(|| fault("/returned_sale"))?;
                PosKind::Return { of }
            }
            (PosKindWord::Sale, Some(_)) | (PosKindWord::Return, None) => return Err(fault("/returned_sale")),
        };
        Ok(PosSale { id, at, currency, taxes_included: self.taxes_included, items, kind })
    }
}

/// Ids of plain letters: they are put together to names, and must not be able to meet.
fn sale_id(terminal: String, sale: String) -> Option<SaleId> {
    (is_plain(&terminal) && is_plain(&sale)).then_some(SaleId { terminal, sale })
}

fn is_plain(id: &str) -> bool {
    (1..=ID_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

impl PosCustomerDocument {
    fn read(self) -> Option<PosCustomer> {
        match (self.external_id, self.email, self.phone, self.card_code) {
            (Some(id), None, None, None) => {
                let id = id.strip_prefix("shopify:")?;
                let is_number = !id.is_empty() && id.bytes().all(|digit| digit.is_ascii_digit());
                is_number.then(|| PosCustomer::ExternalId(id.to_owned()))
            }
            (None, Some(email), None, None) => Some(PosCustomer::Email(email)),
            (None, None, Some(phone), None) => Some(PosCustomer::Phone(phone)),
            (None, None, None, Some(code)) => Some(PosCustomer::Card(code)),
            _ => None,
        }
    }
}

impl PosItemDocument {
    /// Amounts are small enough for a sale's sum.
    fn read(self, place: usize) -> Option<PosItem> {
        const MOST: i64 = aggregates::money::MINOR_UNITS_MAX / 1_000;
        let is_amount = |minor: i64| (0..=MOST).contains(&minor);
        let fits = is_amount(self.net_minor) && is_amount(self.tax_minor) && self.quantity > 0;
        fits.then_some(PosItem {
            line: self.line.unwrap_or(u32::try_from(place).unwrap_or(u32::MAX)),
            quantity: self.quantity,
            net_minor: self.net_minor,
            tax_minor: self.tax_minor,
            item: Item {
                product_id: self.product_id,
                variant_id: self.variant_id,
                sku: self.sku,
                vendor: self.vendor,
                gift_card: self.gift_card,
            },
        })
    }
}
