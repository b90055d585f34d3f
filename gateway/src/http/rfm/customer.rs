//! `GET /v1/customers/{id}/rfm`: one buyer's segment, scores and the reasons for them.

use aggregates::{
    id::CustomerId,
    rfm::{Cell, Purchases, SegmentName, Standing, WindowClosed},
};
use axum::{Json, extract::State};
use projections::{
    replay::Moment,
    rfm::{Bound, Held, Sheet, WindowRow, answers, windows},
    rfm_orders::RfmOrders,
    rfm_segments::RfmSegments,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    calendar, past,
    reasons::{Reason, reasons},
    segments::{PastParams, next_window_at},
    windows::WindowDocument,
};
use crate::{
    auth::Caller,
    gateway::Gateway,
    http::{
        AsOf, Money,
        body::{Params, Path},
        customer_id, history,
    },
    problem::Problem,
};

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CustomerRfm)]
pub struct CustomerRfm {
    /// Somebody merged away by then is answered for as who they were merged into.
    pub customer_id: String,
    /// `prospect` for somebody without an order that counts; `null` for somebody with orders before the shop's first window.
    pub segment: Option<String>,
    pub scores: Option<ScoresDocument>,
    /// What the scores are made from.
    pub numbers: Option<NumbersDocument>,
    /// A plain sentence for each score.
    pub reasons: Vec<Reason>,
    /// The window whose cut points were used.
    pub window: Option<WindowDocument>,
    /// When this was recorded; a standing lasts until something about it changes.
    pub recorded_at: Option<String>,
    pub next_window_at: String,
    pub as_of: AsOf,
    /// `parked`: something about this customer cannot be read, and this is from before. `null` otherwise.
    pub stale: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = RfmScores)]
pub struct ScoresDocument {
    pub recency: u8,
    pub frequency: u8,
    pub monetary: u8,
}

impl ScoresDocument {
    pub fn of(cell: Cell) -> Self {
        ScoresDocument { recency: cell.recency(), frequency: cell.frequency(), monetary: cell.monetary() }
    }
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = RfmNumbers)]
pub struct NumbersDocument {
    /// In the shop's own calendar.
    pub last_order_day: String,
    /// Days from the last order to the window; `null` before the first one.
    pub recency_days: Option<u32>,
    pub orders: u32,
    /// Merchandise paid for and kept.
    pub spend: Money,
}

impl NumbersDocument {
    fn of(purchases: Purchases, window: Option<&WindowClosed>) -> Self {
        let currency = window.and_then(|window| window.currency);
        NumbersDocument {
            last_order_day: purchases.last_order_day.to_string(),
            recency_days: window.map(|window| window.day.days_since(purchases.last_order_day)),
            orders: purchases.orders,
            spend: Money {
                amount_minor: purchases.spend_minor,
                currency: currency.map(|currency| currency.as_str().to_owned()),
            },
        }
    }
}

/// A customer's segment, with the scores, the numbers and the cut points behind it.
#[utoipa::path(
    get, path = "/v1/customers/{id}/rfm", tag = "rfm", operation_id = "customer_rfm", security(("api_key" = [])),
    params(("id" = String, Path), PastParams),
    responses((status = 200, body = CustomerRfm), (status = 400, body = crate::problem::ProblemDocument),
              (status = 404, body = crate::problem::ProblemDocument))
)]
pub async fn get(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(id): Path<String>,
    Params(params): Params<PastParams>,
) -> Result<Json<CustomerRfm>, Problem> {
    let customer = customer_id(&id)?;
    gateway.known_customer(&caller, customer).await?;
    let calendar = calendar(&caller)?;
    let bound = Box::pin(past::asked(&gateway, &caller, params.as_of.as_deref(), &calendar)).await?;
    gateway.fresh_enough(&caller, RfmSegments::NAME, params.min_position).await?;
    let customer = Box::pin(history::whose(&gateway, &caller, customer, bound.map(Moment::from))).await?;
    let read_model = gateway.caught_up(RfmSegments::NAME, None).await?;
    let (held, window) = standing(&gateway, &caller, customer, bound).await?;
    let closed = window.as_ref().map(|row| &row.closed);
    let mut document = CustomerRfm {
        customer_id: customer.to_string(),
        segment: Some(SegmentName::prospect().to_string()),
        scores: None,
        numbers: None,
        reasons: Vec::new(),
        window: window.as_ref().map(WindowDocument::from),
        recorded_at: held.as_ref().map(|held| held.recorded_at.to_rfc3339()),
        next_window_at: next_window_at(&calendar, caller.request.now).to_rfc3339(),
        as_of: Box::pin(past::as_of(&gateway, &caller, read_model, bound)).await?,
        // What a customer has bought is known by their orders; segments are counted for the whole shop.
        stale: gateway.progress.stale(RfmOrders::NAME, caller.merchant(), customer).map(|_| "parked"),
    };
    match held {
        Some(held) => document.stand(&held, closed),
        None if window.is_none() && bound.is_none() => {
            // Boxed: a look at the orders is rare, and every read of a standing would carry room for it.
            let sheet = Sheet::open(&gateway.db, caller.merchant()).await?;
            let bought = Box::pin(sheet.some(&[customer], None, &calendar)).await?;
            document.wait(bought.buyers.first().and_then(|buyer| buyer.purchases));
        }
        None => {}
    }
    Ok(Json(document))
}

async fn standing(
    gateway: &Gateway,
    caller: &Caller,
    customer: CustomerId,
    bound: Option<Bound>,
) -> Result<(Option<Held>, Option<WindowRow>), Problem> {
    let (db, merchant) = (&gateway.db, caller.merchant());
    Ok(match bound {
        None => (answers::standing(db, merchant, customer).await?, windows::newest(db, merchant, None).await?),
        Some(bound) => {
            (answers::standing_at(db, merchant, customer, bound).await?, windows::newest_at(db, merchant, bound).await?)
        }
    })
}

impl CustomerRfm {
    fn stand(&mut self, held: &Held, window: Option<&WindowClosed>) {
        self.segment = Some(held.segment.clone());
        let Some(Standing { cell, purchases }) = held.standing else { return };
        self.scores = Some(ScoresDocument::of(cell));
        self.numbers = Some(NumbersDocument::of(purchases, window));
        // While a window is being written, some stand by its cut points already; its own event comes last.
        if let Some(window) = window.filter(|window| window.cut_points.cell(purchases, window.day) == cell) {
            self.reasons = reasons(cell, purchases, window);
        }
    }

    /// There are orders, and no window yet.
    fn wait(&mut self, purchases: Option<Purchases>) {
        if let Some(purchases) = purchases {
            self.segment = None;
            self.numbers = Some(NumbersDocument::of(purchases, None));
        }
    }
}
