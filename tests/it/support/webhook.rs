//! One delivery of a webhook, with whatever is to be unusual about it.

use gateway::shopify::signature;
use reqwest::{Client, StatusCode, header::HeaderMap};
use serde_json::Value;

use super::Shop;

/// Which of the shop's two families of headers is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Headers {
    Classic,
    Events,
}

#[derive(Clone)]
pub struct Webhook {
    http: Client,
    url: String,
    /// `None` leaves it to the path.
    topic: Option<String>,
    body: Vec<u8>,
    shop_domain: Option<String>,
    hmac: Option<String>,
    headers: Headers,
    others: Vec<(String, String)>,
}

/// The answer to a webhook.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// The document, whatever it is.
    pub body: Value,
    pub outcome: String,
    pub position: Option<u64>,
}

impl Webhook {
    pub(super) fn new(shop: &Shop, topic: &str, body: Vec<u8>) -> Webhook {
        Webhook {
            http: shop.http.clone(),
            url: format!("{}/webhooks/shopify", shop.url),
            topic: Some(topic.to_owned()),
            shop_domain: Some(shop.domain.clone()),
            hmac: Some(signature::sign(&body, shop.secret.as_bytes())),
            body,
            headers: Headers::Classic,
            others: Vec::new(),
        }
    }

    /// Sends it to `/webhooks/{topic}`; no header names the topic.
    pub fn by_path(mut self) -> Webhook {
        let topic = self.topic.take().unwrap();
        self.url = self.url.replace("shopify", &topic);
        self
    }

    pub fn with_headers(self, headers: Headers) -> Webhook {
        Webhook { headers, ..self }
    }

    pub fn by_shop(self, domain: Option<&str>) -> Webhook {
        Webhook { shop_domain: domain.map(str::to_owned), ..self }
    }

    pub fn signed(self, hmac: Option<&str>) -> Webhook {
        Webhook { hmac: hmac.map(str::to_owned), ..self }
    }

    /// Replaces the body and leaves the signature as it was.
    pub fn tampered(self, body: &[u8]) -> Webhook {
        Webhook { body: body.to_vec(), ..self }
    }

    pub fn header(mut self, name: &str, value: &str) -> Webhook {
        self.others.push((name.to_owned(), value.to_owned()));
        self
    }

    pub async fn send(self) -> Delivery {
        let prefix = match self.headers {
            Headers::Classic => "X-Shopify-",
            Headers::Events => "shopify-",
        };
        let stated = [("Topic", &self.topic), ("Shop-Domain", &self.shop_domain), ("Hmac-Sha256", &self.hmac)];
        let mut request = self.http.post(&self.url).body(self.body);
        for (name, value) in stated {
            if let Some(value) = value {
                request = request.header(format!("{prefix}{name}"), value);
            }
        }
        for (name, value) in self.others {
            request = request.header(name, value);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body: Value = response.json().await.unwrap();
        Delivery {
            status,
            headers,
            outcome: body["outcome"].as_str().unwrap_or_default().to_owned(),
            position: body["position"].as_u64(),
            body,
        }
    }
}

impl Delivery {
    pub fn is_accepted(&self) -> bool {
        self.is("accepted")
    }

    pub fn is_duplicate(&self) -> bool {
        self.is("duplicate")
    }

    pub fn is(&self, outcome: &str) -> bool {
        self.status == StatusCode::OK && self.outcome == outcome
    }
}
