//! A stand-in for shops' Admin API: the real wire format, a token for each shop, codes that exist once, and everything that
//! goes wrong out there, on demand.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    net::Ipv4Addr,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use futures::stream;
use policies::shopify_admin::AdminAddress;
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    sync::{Notify, OnceCell},
};

static SHARED: OnceCell<StandIn> = OnceCell::const_new();

/// What goes wrong with the next change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// No budget: nothing is done.
    Throttled,
    /// HTTP 429 with a pause.
    TooMany,
    /// HTTP 502: nothing is done.
    BadGateway,
    /// Done, and then HTTP 502.
    BadGatewayAfter,
    /// Done, and then the connection is lost in the middle of the answer.
    DropsAfter,
    /// Done twice, as by a proxy that repeats: the answer is that of the second time.
    DoneTwice,
    /// Done, and then no answer ever comes.
    HoldsAfter,
    /// Refused for good.
    Refused(&'static str),
}

/// One shop as its API knows it.
#[derive(Debug, Default)]
struct Shop {
    token: String,
    faults: VecDeque<Fault>,
    /// By code.
    discounts: BTreeMap<String, Value>,
    gift_cards: BTreeMap<String, Value>,
    credits: Vec<Value>,
    marks: BTreeMap<(String, String), String>,
    changes: usize,
}

#[derive(Clone, Default)]
pub struct StandIn(Arc<Inner>);

#[derive(Default)]
struct Inner {
    address: String,
    shops: Mutex<HashMap<String, Shop>>,
    /// Said whenever an answer is held.
    holding: Notify,
}

impl StandIn {
    /// Needs the runtime on which all servers live.
    pub async fn shared() -> &'static StandIn {
        SHARED
            .get_or_init(|| async {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
                let address = format!("http://{}/{{shop}}/graphql.json", listener.local_addr().unwrap());
                let stand_in = StandIn(Arc::new(Inner { address, ..Inner::default() }));
                let router = Router::new().route("/{shop}/graphql.json", post(answer)).with_state(stand_in.clone());
                tokio::spawn(async move { axum::serve(listener, router).await });
                stand_in
            })
            .await
    }

    pub fn address(&self) -> AdminAddress {
        AdminAddress::parse(&self.0.address).unwrap()
    }

    fn with<T>(&self, domain: &str, act: impl FnOnce(&mut Shop) -> T) -> T {
        act(self.0.shops.lock().unwrap().entry(domain.to_owned()).or_default())
    }

    pub fn opens_with(&self, domain: &str, token: &str) {
        self.with(domain, |shop| token.clone_into(&mut shop.token));
    }

    /// What goes wrong with the next changes, in this order.
    pub fn fails(&self, domain: &str, faults: impl IntoIterator<Item = Fault>) {
        self.with(domain, |shop| shop.faults.extend(faults));
    }

    pub async fn holds(&self) {
        self.0.holding.notified().await;
    }

    /// What was made, by code.
    pub fn discounts(&self, domain: &str) -> BTreeMap<String, Value> {
        self.with(domain, |shop| shop.discounts.clone())
    }

    pub fn gift_cards(&self, domain: &str) -> BTreeMap<String, Value> {
        self.with(domain, |shop| shop.gift_cards.clone())
    }

    pub fn credits(&self, domain: &str) -> Vec<Value> {
        self.with(domain, |shop| shop.credits.clone())
    }

    /// How often a change was asked for.
    pub fn changes(&self, domain: &str) -> usize {
        self.with(domain, |shop| shop.changes)
    }
}

async fn answer(
    State(stand_in): State<StandIn>,
    Path(domain): Path<String>,
    headers: HeaderMap,
    Json(asked): Json<Value>,
) -> Response {
    let shown = headers.get("x-shopify-access-token").and_then(|token| token.to_str().ok()).unwrap_or_default();
    if stand_in.with(&domain, |shop| shop.token.is_empty() || shop.token != shown) {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "errors": "[API] Invalid API key or access token" })))
            .into_response();
    }
    let (document, variables) = (asked["query"].as_str().unwrap_or_default(), &asked["variables"]);
    if document.trim_start().starts_with("query") {
        return found(&stand_in, &domain, document, variables).into_response();
    }
    changed(&stand_in, &domain, document, variables).await
}

fn found(stand_in: &StandIn, domain: &str, document: &str, variables: &Value) -> Json<Value> {
    let text = |name: &str| variables[name].as_str().unwrap_or_default().to_owned();
    let data = stand_in.with(domain, |shop| {
        if document.contains("codeDiscountNodeByCode") {
            let discount = shop.discounts.get(&text("code"));
            json!({ "codeDiscountNodeByCode": discount.map(|discount| json!({ "id": discount["id"] })) })
        } else {
            let value = shop.marks.get(&(text("id"), text("key")));
            json!({ "customer": { "metafield": value.map(|value| json!({ "value": value })) } })
        }
    });
    said(data)
}

async fn changed(stand_in: &StandIn, domain: &str, document: &str, variables: &Value) -> Response {
    let fault = stand_in.with(domain, |shop| {
        shop.changes += 1;
        shop.faults.pop_front()
    });
    match fault {
        Some(Fault::Throttled) => return throttled().into_response(),
        Some(Fault::TooMany) => return (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "1")]).into_response(),
        Some(Fault::BadGateway) => return StatusCode::BAD_GATEWAY.into_response(),
        Some(Fault::Refused(code)) => {
            let errors = json!([{ "field": ["input"], "code": code, "message": "no" }]);
            let payload = json!({ "userErrors": errors });
            return said(json!({ "created": payload, "credited": payload, "deactivated": payload })).into_response();
        }
        _ => {}
    }
    let done = || stand_in.with(domain, |shop| shop.change(document, variables));
    let first = done();
    match fault {
        Some(Fault::BadGatewayAfter) => StatusCode::BAD_GATEWAY.into_response(),
        Some(Fault::DropsAfter) => {
            let lost = std::io::Error::other("lost");
            Body::from_stream(stream::iter([Ok("{\"data\":"), Err(lost)])).into_response()
        }
        Some(Fault::DoneTwice) => said(done()).into_response(),
        Some(Fault::HoldsAfter) => {
            stand_in.0.holding.notify_one();
            std::future::pending().await
        }
        _ => said(first).into_response(),
    }
}

impl Shop {
    fn change(&mut self, document: &str, variables: &Value) -> Value {
        let input = &variables["input"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let taken = json!({ "userErrors": [{ "field": ["code"], "code": "TAKEN", "message": "Code must be unique" }] });
        if document.contains("discountCodeDeactivate") {
            for discount in self.discounts.values_mut().filter(|discount| discount["id"] == variables["id"]) {
                discount["status"] = json!("EXPIRED");
            }
            return json!({ "deactivated": { "codeDiscountNode": { "id": variables["id"] }, "userErrors": [] } });
        }
        if document.contains("storeCreditAccountCredit") {
            self.credits.push(json!({ "customer": variables["id"], "credit": variables["credit"] }));
            let id = format!("gid://shopify/StoreCreditAccountCreditTransaction/{}", self.credits.len());
            for mark in variables["marks"].as_array().unwrap() {
                self.marks.insert((text(&mark["ownerId"]), text(&mark["key"])), text(&mark["value"]));
            }
            let credited = json!({ "storeCreditAccountTransaction": { "id": id }, "userErrors": [] });
            return json!({ "credited": credited, "marked": { "metafields": [], "userErrors": [] } });
        }
        if document.contains("giftCardCreate") {
            if self.gift_cards.contains_key(&text(&input["code"])) {
                return json!({ "created": taken });
            }
            self.gift_cards.insert(text(&input["code"]), input.clone());
            let id = format!("gid://shopify/GiftCard/{}", self.gift_cards.len());
            return json!({ "created": { "giftCard": { "id": id }, "userErrors": [] } });
        }
        if self.discounts.contains_key(&text(&input["code"])) {
            return json!({ "created": taken });
        }
        let id = format!("gid://shopify/DiscountCodeNode/{}", self.discounts.len() + 1);
        let mut discount = input.clone();
        (discount["id"], discount["status"]) = (json!(id), json!("ACTIVE"));
        self.discounts.insert(text(&input["code"]), discount);
        json!({ "created": { "codeDiscountNode": { "id": id }, "userErrors": [] } })
    }
}

fn said(data: Value) -> Json<Value> {
    Json(json!({ "data": data, "extensions": { "cost": cost(990) } }))
}

fn throttled() -> Json<Value> {
    let error = json!({ "message": "Throttled", "extensions": { "code": "THROTTLED" } });
    Json(json!({ "errors": [error], "extensions": { "cost": cost(0) } }))
}

fn cost(available: i64) -> Value {
    let status = json!({ "maximumAvailable": 1000.0, "currentlyAvailable": available, "restoreRate": 50.0 });
    json!({ "requestedQueryCost": 10, "actualQueryCost": null, "throttleStatus": status })
}
