//! The headers of a webhook. Shopify has two families: `X-Shopify-*` of the classic webhooks, and `shopify-*` of its
//! Events, which name a resource and an action instead of a topic. Both become one struct.

use axum::http::HeaderMap;

/// What the headers say; nothing here is proven except through the signature.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookHeaders {
    /// Such as `orders/create`, whichever way it was told.
    pub topic: Option<String>,
    pub shop_domain: Option<String>,
    /// Base64, to be checked with [`super::signature::verify`].
    pub hmac: Option<String>,
    /// The same on every attempt to deliver.
    pub webhook_id: Option<String>,
    /// What happened in the shop; several subscriptions share it.
    pub event_id: Option<String>,
    pub triggered_at: Option<String>,
    pub api_version: Option<String>,
    /// The subscription's name: `X-Shopify-Name`, or the handle of an Events subscription.
    pub name: Option<String>,
}

impl From<&HeaderMap> for WebhookHeaders {
    fn from(headers: &HeaderMap) -> Self {
        let plain = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let either = |classic: &str, unprefixed: &str| {
            let stated = |name: &str| plain(name).filter(|value| !value.is_empty()).map(str::to_owned);
            stated(classic).or_else(|| stated(unprefixed))
        };
        let topic = either("x-shopify-topic", "shopify-topic");
        WebhookHeaders {
            topic: topic.map(|topic| classic_topic(topic, plain("shopify-action"))),
            shop_domain: either("x-shopify-shop-domain", "shopify-shop-domain"),
            hmac: either("x-shopify-hmac-sha256", "shopify-hmac-sha256"),
            webhook_id: either("x-shopify-webhook-id", "shopify-webhook-id"),
            event_id: either("x-shopify-event-id", "shopify-event-id"),
            triggered_at: either("x-shopify-triggered-at", "shopify-triggered-at"),
            api_version: either("x-shopify-api-version", "shopify-api-version"),
            name: either("x-shopify-name", "shopify-handle"),
        }
    }
}

/// `Product` and `update` as `products/update`. A topic that already names its action stays as it is.
fn classic_topic(topic: String, action: Option<&str>) -> String {
    let Some(action) = action.filter(|action| !action.is_empty() && !topic.contains('/')) else { return topic };
    match (topic.to_ascii_lowercase().as_str(), action.to_ascii_lowercase().as_str()) {
        ("order", "update") => "orders/updated".to_owned(),
        (resource, action) => format!("{resource}s/{action}"),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                let name: HeaderName = name.parse().expect("a header name");
                (name, HeaderValue::from_str(value).expect("a header value"))
            })
            .collect()
    }

    #[test]
    fn both_families_say_the_same() {
        let values = [
            ("Topic", "orders/create"),
            ("Shop-Domain", "demo.myshopify.com"),
            ("Hmac-Sha256", "c2lnbmVk"),
            ("Webhook-Id", "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"),
            ("Event-Id", "98880550-7158-44d4-b7cd-2c97c8a091b5"),
            ("Triggered-At", "2026-11-22T16:00:00.000Z"),
            ("API-Version", "2026-10"),
        ];
        let family = |prefix: &str, last: (&str, &str)| {
            let named: Vec<(String, &str)> =
                values.iter().map(|(name, value)| (format!("{prefix}{name}"), *value)).collect();
            let mut pairs: Vec<(&str, &str)> = named.iter().map(|(name, value)| (name.as_str(), *value)).collect();
            pairs.push(last);
            WebhookHeaders::from(&headers(&pairs))
        };
        let classic = family("X-Shopify-", ("x-shopify-name", "loyalty"));
        let events = family("shopify-", ("Shopify-Handle", "loyalty"));
        assert_eq!(classic, events);
        assert_eq!(classic.topic.as_deref(), Some("orders/create"));
        assert_eq!(classic.shop_domain.as_deref(), Some("demo.myshopify.com"));
        assert_eq!(classic.hmac.as_deref(), Some("c2lnbmVk"));
        assert_eq!(classic.webhook_id.as_deref(), Some("b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"));
        assert_eq!(classic.event_id.as_deref(), Some("98880550-7158-44d4-b7cd-2c97c8a091b5"));
        assert_eq!(classic.triggered_at.as_deref(), Some("2026-11-22T16:00:00.000Z"));
        assert_eq!(classic.api_version.as_deref(), Some("2026-10"));
        assert_eq!(classic.name.as_deref(), Some("loyalty"));
    }

    #[test]
    fn a_resource_and_an_action_make_a_topic() {
        let topic = |resource, action| {
            WebhookHeaders::from(&headers(&[("shopify-topic", resource), ("shopify-action", action)])).topic
        };
        assert_eq!(topic("Product", "update").as_deref(), Some("products/update"));
        assert_eq!(topic("Order", "create").as_deref(), Some("orders/create"));
        assert_eq!(topic("Order", "update").as_deref(), Some("orders/updated"));
        assert_eq!(topic("Customer", "delete").as_deref(), Some("customers/delete"));
        assert_eq!(topic("orders/paid", "update").as_deref(), Some("orders/paid"));
    }

    #[test]
    fn what_is_absent_or_empty_is_not_there() {
        assert_eq!(WebhookHeaders::from(&headers(&[("X-Shopify-Topic", "  ")])), WebhookHeaders::default());
        let unreadable = HeaderMap::from_iter([(
            HeaderName::from_static("x-shopify-topic"),
            HeaderValue::from_bytes(b"orders/\xff").expect("opaque bytes are a header value"),
        )]);
        assert_eq!(WebhookHeaders::from(&unreadable), WebhookHeaders::default());
    }
}
