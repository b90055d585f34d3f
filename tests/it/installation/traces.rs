//! One trace follows a webhook through its command, its message and the read models, and the log can be searched by it.

mod receiver;

use std::{collections::HashMap, fs, time::Duration};

use gateway::shopify::sample::OrderSample;
use loyalnest::drill::{
    installation::{Installation, Setting},
    shop::Shop,
};
use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind};
use reqwest::StatusCode;
use serde_json::Value;
use tokio::time;

use self::receiver::Receiver;
use super::program::start;

/// The shop's own trace, and the span in it that sends the webhook.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";
/// The exporter sends what it has so often; five seconds unless said.
const EXPORT_EVERY_MS: &str = "100";
const ARRIVES_WITHIN: Duration = Duration::from_secs(60);
/// Read models that an order changes.
const READ_MODELS: [&str; 3] = ["balances", "customers", "points_transactions"];

#[tokio::test]
async fn one_trace_follows_a_webhook_into_the_read_models() {
    let receiver = Receiver::start().await;
    let environment = vec![
        ("OTEL_EXPORTER_OTLP_ENDPOINT".to_owned(), receiver.url()),
        ("OTEL_BSP_SCHEDULE_DELAY".to_owned(), EXPORT_EVERY_MS.to_owned()),
    ];
    let installation = start(Setting { environment, ..Setting::default() }).await;
    let shop = Shop::open(&installation, "traces.myshopify.com", "traces-secret").await.unwrap();
    let order = OrderSample { email: Some("traced@example.com".to_owned()), ..OrderSample::new(1) };

    let webhook = shop.webhook("orders/create", &order.body()).header("traceparent", format!("00-{TRACE}-{CALLER}-01"));
    assert_eq!(webhook.send().await.unwrap().status(), StatusCode::OK);

    let complete = |spans: &[Span]| READ_MODELS.iter().all(|name| spans.iter().any(|span| applies(span, name)));
    let seen = time::timeout(ARRIVES_WITHIN, receiver.until(TRACE, complete)).await;
    let spans = seen.unwrap_or_else(|_| panic!("only these arrived: {:?}", receiver.names(TRACE)));

    let webhook = only(&spans, "webhook");
    assert_eq!(hex::encode(&webhook.parent_span_id), CALLER);
    let parents: HashMap<_, _> = spans.iter().map(|span| (&span.span_id, &span.parent_span_id)).collect();
    for span in spans.iter().filter(|span| span.name != "webhook") {
        assert!(leads_to(&webhook.span_id, &span.span_id, &parents), "{} hangs in the air", span.name);
    }
    let appends = spans.iter().filter(|span| span.name == "journal.append").count();
    assert_eq!(appends, 2, "first the customer, then the points");
    for span in spans.iter().filter(|span| span.name == "projection.apply") {
        assert_eq!(span.kind(), SpanKind::Consumer);
        assert_eq!(span.links.len(), 1, "a commit is applied within a batch");
        assert!(span.start_time_unix_nano >= webhook.start_time_unix_nano);
    }
    assert!(!receiver.said("traced@example.com"), "a trace names nobody");
    every_line_of_the_webhook_carries_the_trace(&installation);
}

fn every_line_of_the_webhook_carries_the_trace(installation: &Installation) {
    let log = fs::read_to_string(installation.log()).unwrap();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    let of_webhook: Vec<_> = lines.iter().filter(|line| line["spans"][0]["name"] == "webhook").collect();
    assert!(!of_webhook.is_empty(), "the webhook left no line");
    for line in of_webhook {
        assert_eq!(line["spans"][0]["trace_id"], TRACE, "{line}");
    }
}

fn applies(span: &Span, read_model: &str) -> bool {
    let is_of = |attribute: &opentelemetry_proto::tonic::common::v1::KeyValue| {
        attribute.key == "projection" && format!("{:?}", attribute.value).contains(&format!("\"{read_model}\""))
    };
    span.name == "projection.apply" && span.attributes.iter().any(is_of)
}

fn only<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    let found: Vec<_> = spans.iter().filter(|span| span.name == name).collect();
    assert_eq!(found.len(), 1, "spans called {name}");
    found[0]
}

fn leads_to(root: &Vec<u8>, span: &Vec<u8>, parents: &HashMap<&Vec<u8>, &Vec<u8>>) -> bool {
    let mut above = std::iter::successors(Some(span), |span| parents.get(*span).copied());
    above.any(|span| span == root)
}
