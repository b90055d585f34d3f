//! A stand-in for shops' Admin API: the real wire format, held to its schema; a token for each shop, which may expire and be
//! renewed; codes that exist once; and everything that goes wrong out there, on demand.
//!
//! | file | its idea |
//! |---|---|
//! | this one | the server, and what goes wrong on the way |
//! | [`schema`] | whether a request is one that the API takes |
//! | [`made`] | what a shop has made |
//! | [`accounts`] | store credit, and the metafields beside it |
//! | [`tokens`] | the token endpoint |

mod accounts;
mod made;
mod schema;
mod tokens;

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

use made::Made;
use tokens::Tokens;
pub use tokens::{Credentials, TokenFault};

static SHARED: OnceCell<StandIn> = OnceCell::const_new();

/// What goes wrong with the next change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// None: one after it is meant.
    Nothing,
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
    /// Done, and the right to read of it is missing.
    DoneUnread,
    /// Refused for good.
    Refused(&'static str),
}

/// One shop as its API knows it.
#[derive(Debug, Default)]
struct Shop {
    tokens: Tokens,
    faults: VecDeque<Fault>,
    made: Made,
    changes: usize,
    /// Said whenever an answer is held.
    holding: Arc<Notify>,
}

#[derive(Clone, Default)]
pub struct StandIn(Arc<Inner>);

#[derive(Default)]
struct Inner {
    address: String,
    shops: Mutex<HashMap<String, Shop>>,
}

impl StandIn {
    /// Needs the runtime on which all servers live.
    pub async fn shared() -> &'static StandIn {
        SHARED
            .get_or_init(|| async {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
                let at = listener.local_addr().unwrap();
                let address = format!("http://{at}/{{shop}}/admin/api/2026-07/graphql.json");
                let stand_in = StandIn(Arc::new(Inner { address, ..Inner::default() }));
                let router = Router::new()
                    .route("/{shop}/admin/api/2026-07/graphql.json", post(answer))
                    .route("/{shop}/admin/oauth/access_token", post(renew))
                    .with_state(stand_in.clone());
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
        self.with(domain, |shop| token.clone_into(&mut shop.tokens.access));
    }

    /// What the token endpoint takes for a new pair of tokens.
    pub fn renews_with(&self, domain: &str, credentials: Credentials) {
        self.with(domain, |shop| shop.tokens.renew_with(credentials));
    }

    /// No token of the shop is good for anything any more.
    pub fn revokes(&self, domain: &str) {
        self.with(domain, |shop| shop.tokens.revoke());
    }

    /// What goes wrong with the next renewals, in this order.
    pub fn fails_to_renew(&self, domain: &str, faults: impl IntoIterator<Item = TokenFault>) {
        self.with(domain, |shop| shop.tokens.faults.extend(faults));
    }

    /// How often a pair of tokens was given out, and how often it was refused.
    pub fn renewals(&self, domain: &str) -> (usize, usize) {
        self.with(domain, |shop| (shop.tokens.renewals, shop.tokens.refusals))
    }

    /// What goes wrong with the next changes, in this order.
    pub fn fails(&self, domain: &str, faults: impl IntoIterator<Item = Fault>) {
        self.with(domain, |shop| shop.faults.extend(faults));
    }

    pub async fn holds(&self, domain: &str) {
        let holding = self.with(domain, |shop| Arc::clone(&shop.holding));
        holding.notified().await;
    }

    /// What was made, by code.
    pub fn discounts(&self, domain: &str) -> BTreeMap<String, Value> {
        self.with(domain, |shop| shop.made.discounts.clone())
    }

    pub fn gift_cards(&self, domain: &str) -> BTreeMap<String, Value> {
        self.with(domain, |shop| shop.made.gift_cards.clone())
    }

    pub fn credits(&self, domain: &str) -> Vec<Value> {
        self.with(domain, |shop| shop.made.credits.clone())
    }

    /// How often something was taken from accounts.
    pub fn debits(&self, domain: &str) -> usize {
        self.with(domain, |shop| shop.made.accounts.debits())
    }

    /// How much store credit a customer has, by the shop's id of them, in hundredths of a euro.
    pub fn store_credit(&self, domain: &str, customer: u64) -> i64 {
        let owner = format!("gid://shopify/Customer/{customer}");
        self.with(domain, |shop| shop.made.accounts.balance(&owner, "EUR"))
    }

    /// A customer pays with store credit, or the merchant takes some: `amount` of euros.
    pub fn spends(&self, domain: &str, customer: u64, amount: &str) {
        let money = json!({ "amount": amount, "currencyCode": "EUR" });
        let owner = format!("gid://shopify/Customer/{customer}");
        let asked = json!({ "id": owner, "debit": { "debitAmount": money } });
        self.with(domain, |shop| shop.made.accounts.debit(&asked));
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
    if stand_in.with(&domain, |shop| shop.tokens.access.is_empty() || shop.tokens.access != shown) {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "errors": "[API] Invalid API key or access token" })))
            .into_response();
    }
    let (document, variables) = (asked["query"].as_str().unwrap_or_default(), &asked["variables"]);
    if let Some(fault) = schema::fault_of(document, variables) {
        // Said aloud as well: a task would only say that the shop refused.
        eprintln!("the shop's API does not take this: {fault}\n{document}\n{variables:#}");
        let error = json!({ "message": fault, "extensions": { "code": "undefinedField" } });
        return Json(json!({ "errors": [error] })).into_response();
    }
    if document.trim_start().starts_with("query") {
        return said(stand_in.with(&domain, |shop| shop.made.found(document, variables))).into_response();
    }
    changed(&stand_in, &domain, document, variables).await
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
            return said(json!({ "created": payload, "moved": payload, "marked": payload, "deactivated": payload }))
                .into_response();
        }
        _ => {}
    }
    let done = || stand_in.with(domain, |shop| shop.made.change(document, variables));
    let first = done();
    match fault {
        Some(Fault::BadGatewayAfter) => StatusCode::BAD_GATEWAY.into_response(),
        Some(Fault::DropsAfter) => dropped(),
        Some(Fault::DoneTwice) => said(done()).into_response(),
        Some(Fault::HoldsAfter) => {
            stand_in.with(domain, |shop| shop.holding.notify_one());
            std::future::pending().await
        }
        Some(Fault::DoneUnread) => {
            let path = ["moved", "storeCreditAccountTransaction"];
            let denied = json!({ "message": "Access denied", "path": path, "extensions": { "code": "ACCESS_DENIED" } });
            let data = json!({ "moved": { "storeCreditAccountTransaction": null, "userErrors": [] } });
            Json(json!({ "data": data, "errors": [denied], "extensions": { "cost": cost(990) } })).into_response()
        }
        _ => said(first).into_response(),
    }
}

async fn renew(State(stand_in): State<StandIn>, Path(domain): Path<String>, Json(asked): Json<Value>) -> Response {
    let fault = stand_in.with(&domain, |shop| shop.tokens.faults.pop_front());
    match fault {
        Some(TokenFault::Down) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Some(TokenFault::TooMany) => return (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "1")]).into_response(),
        _ => {}
    }
    let (status, body) = stand_in.with(&domain, |shop| shop.tokens.answer(&asked));
    if fault == Some(TokenFault::DropsAfter) {
        return dropped();
    }
    (StatusCode::from_u16(status).unwrap(), Json(body)).into_response()
}

/// The connection is lost in the middle of the answer.
fn dropped() -> Response {
    let lost = std::io::Error::other("lost");
    Body::from_stream(stream::iter([Ok("{\"data\":"), Err(lost)])).into_response()
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
