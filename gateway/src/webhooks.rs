//! The shop's door. A 200 says: durable. The signature is checked over the raw bytes before anything is read.

use std::time::Duration;

use aggregates::{id::MerchantId, time::Timestamp};
use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use journal::Actor;
use serde::Serialize;
use tokio::time::{Instant, timeout};
use tracing::Instrument;
use utoipa::ToSchema;
use vault::{DirectoryKind, VaultError};

use crate::{
    clock::new_id,
    commands::{CommandError, Done, Request, merchant::PLATFORM},
    gateway::Gateway,
    http::body::RawBody,
    problem::{Code, Problem},
    shopify::{self, Fact, Topic, Unreadable, headers::WebhookHeaders, signature},
    telemetry,
};
use aggregates::points::PointsRefusal;

/// Shopify hangs up after five seconds. Before that it is told to come back; what was begun is completed by the
/// repetition.
const ANSWER_WITHIN: Duration = Duration::from_secs(4);

/// What became of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WebhookOutcome {
    /// New, and durable.
    Accepted,
    /// Known already.
    Duplicate,
    /// Nothing to do, on purpose.
    Ignored,
    /// Not understood; kept, sealed, for `loyalnest parked`.
    Parked,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct WebhookAnswer {
    pub outcome: WebhookOutcome,
    /// The highest commit it led to; for a duplicate, the original's.
    pub position: Option<u64>,
}

impl From<Done> for WebhookAnswer {
    fn from(done: Done) -> Self {
        match done {
            Done::Accepted(position) => WebhookAnswer { outcome: WebhookOutcome::Accepted, position },
            Done::Duplicate(position) => WebhookAnswer { outcome: WebhookOutcome::Duplicate, position },
            Done::Ignored => WebhookAnswer { outcome: WebhookOutcome::Ignored, position: None },
        }
    }
}

/// `POST /webhooks/shopify`: the topic is in the headers.
#[utoipa::path(
    post, path = "/webhooks/shopify", tag = "webhooks", request_body = String,
    responses((status = 200, body = WebhookAnswer), (status = 400, body = crate::problem::ProblemDocument),
              (status = 401, body = crate::problem::ProblemDocument), (status = 503, body = crate::problem::ProblemDocument))
)]
pub async fn by_header(State(gateway): State<Gateway>, headers: HeaderMap, RawBody(body): RawBody) -> Response {
    let webhook = WebhookHeaders::from(&headers);
    let topic = webhook.topic.clone().unwrap_or_default();
    receive(gateway, &headers, webhook, topic, body).await
}

/// `POST /webhooks/orders/create` and the like: the topic is in the path.
#[utoipa::path(
    post, path = "/webhooks/{resource}/{event}", tag = "webhooks", request_body = String,
    params(("resource" = String, Path), ("event" = String, Path)),
    responses((status = 200, body = WebhookAnswer), (status = 400, body = crate::problem::ProblemDocument),
              (status = 401, body = crate::problem::ProblemDocument), (status = 503, body = crate::problem::ProblemDocument))
)]
pub async fn by_path(
    State(gateway): State<Gateway>,
    Path((resource, event)): Path<(String, String)>,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Response {
    let webhook = WebhookHeaders::from(&headers);
    receive(gateway, &headers, webhook, format!("{resource}/{event}"), body).await
}

async fn receive(
    gateway: Gateway,
    headers: &HeaderMap,
    webhook: WebhookHeaders,
    topic: String,
    body: Bytes,
) -> Response {
    let started = Instant::now();
    let parsed = Topic::parse(&topic);
    let request_id = new_id();
    let span = tracing::info_span!(
        "webhook",
        topic = parsed.as_str(),
        request_id = %request_id,
        trace_id = tracing::field::Empty,
        outcome = tracing::field::Empty,
    );
    telemetry::join_caller(&span, headers);
    let answer = timeout(ANSWER_WITHIN, take_in(&gateway, &webhook, parsed, &body, request_id));
    let answer = answer.instrument(span.clone()).await.unwrap_or_else(|_| Err(Problem::of(Code::Unavailable)));
    let word = match &answer {
        Ok(answer) => match answer.outcome {
            WebhookOutcome::Accepted => "accepted",
            WebhookOutcome::Duplicate => "duplicate",
            WebhookOutcome::Ignored => "ignored",
            WebhookOutcome::Parked => "parked",
        },
        Err(problem) => problem.code.as_str(),
    };
    span.record("outcome", word);
    metered(parsed, word, started.elapsed());
    span.in_scope(|| tracing::info!(topic = parsed.as_str(), outcome = word, "webhook"));
    match answer {
        Ok(answer) => Json(answer).into_response(),
        Err(problem) => problem.into_response(),
    }
}

fn metered(topic: Topic, outcome: &'static str, took: Duration) {
    metrics::histogram!("loyalty_webhook_seconds", "topic" => topic.as_str(), "outcome" => outcome).record(took);
}

async fn take_in(
    gateway: &Gateway,
    webhook: &WebhookHeaders,
    topic: Topic,
    body: &Bytes,
    request_id: uuid::Uuid,
) -> Result<WebhookAnswer, Problem> {
    let request = authenticate(gateway, webhook, topic, body, request_id).await?;
    let fact = match shopify::read(topic, body, request.now) {
        Ok(fact) => fact,
        Err(Unreadable::NotJson) => return Err(Problem::of(Code::MalformedJson)),
        Err(Unreadable::Unfit(unfit)) => return park(gateway, &request, topic, body, unfit.to_string()).await,
    };
    let sent_at = webhook.triggered_at.as_deref().and_then(|at| Timestamp::parse(at).ok());
    match gateway.take_in_fact(&request, &fact, sent_at).await {
        Ok(done) => Ok(done.into()),
        Err(CommandError::Points(PointsRefusal::AwardTooLarge)) => {
            park(gateway, &request, topic, body, "the order is larger than any rule may pay for".to_owned()).await
        }
        Err(CommandError::TooLarge) => {
            park(gateway, &request, topic, body, "the fact is larger than a commit may be".to_owned()).await
        }
        Err(CommandError::Points(refusal)) => {
            tracing::warn!(%refusal, "a webhook was refused by its account");
            Err(Problem::of(Code::Unavailable))
        }
        Err(error) => Err(error.into()),
    }
}

async fn authenticate(
    gateway: &Gateway,
    webhook: &WebhookHeaders,
    topic: Topic,
    body: &[u8],
    request_id: uuid::Uuid,
) -> Result<Request, Problem> {
    let refused = || Problem::of(Code::InvalidSignature);
    let shop = webhook.shop_domain.as_deref().and_then(shopify::normalise_shop).ok_or_else(refused)?;
    let hmac = webhook.hmac.as_deref().ok_or_else(refused)?;
    let merchant = match gateway.vault.find(PLATFORM, DirectoryKind::Shop, &shop).await {
        Err(VaultError::Destroyed { .. }) => return Err(refused()),
        found => found.map_err(CommandError::from)?.map(MerchantId).ok_or_else(refused)?,
    };
    let lease = gateway.merchant(merchant).await?;
    if !lease.webhook_secrets.iter().any(|secret| signature::verify(body, hmac, secret)) {
        return Err(refused());
    }
    Ok(Request {
        merchant,
        now: lease.merchant.now(gateway.clock.now()),
        actor: Actor::Shop { topic: topic.as_str().to_owned() },
        correlation: request_id,
        traceparent: telemetry::traceparent(),
    })
}

async fn park(
    gateway: &Gateway,
    request: &Request,
    topic: Topic,
    body: &[u8],
    reason: String,
) -> Result<WebhookAnswer, Problem> {
    let position = match gateway.park(request, topic.as_str(), body, reason).await? {
        Done::Accepted(position) | Done::Duplicate(position) => position,
        Done::Ignored => None,
    };
    Ok(WebhookAnswer { outcome: WebhookOutcome::Parked, position })
}

impl Gateway {
    /// What a shop's fact leads to. `sent_at` is when the shop says that it sent it, where it does.
    pub async fn take_in_fact(
        &self,
        request: &Request,
        fact: &Fact,
        sent_at: Option<Timestamp>,
    ) -> Result<Done, CommandError> {
        match fact {
            Fact::Order { body, customer, clues } => {
                let done = self.record_order(request, body, customer.as_ref()).await?;
                let Some(customer) = customer else { return Ok(done) };
                // Boxed: hardly any order says anything about a referral.
                Ok(done.and(Box::pin(self.note_referral(request, body, customer, clues, done)).await?))
            }
            Fact::Refund { order_id, refund } => self.record_refund(request, order_id, refund).await,
            Fact::Customer { customer } => self.state_customer(request, customer).await,
            Fact::CustomerDeleted { external_id } => self.delete_customer_in_shop(request, external_id).await,
            Fact::CustomersMerged { kept, deleted } => self.merge_customers(request, kept, deleted).await,
            Fact::Product(stated) => self.state_product(request, stated.clone()).await,
            Fact::ProductDeleted(deleted) => self.delete_product(request, deleted.clone()).await,
            Fact::Privacy { kind, stated, business_key } => {
                self.receive_privacy_request(request, *kind, stated, business_key, sent_at).await
            }
            Fact::AppUninstalled => self.uninstall(request).await,
            Fact::Nothing(_) => Ok(Done::Ignored),
        }
    }
}
