//! The merchant's side: calls with an API key, and their answers.

use gateway::clock::new_id;
use reqwest::{Client, Method, RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::Value;

/// A client of one merchant, or of somebody who pretends to be.
#[derive(Clone)]
pub struct Api {
    http: Client,
    url: String,
    key: String,
}

impl Api {
    pub fn new(http: Client, url: &str, key: &str) -> Api {
        Api { http, url: url.to_owned(), key: key.to_owned() }
    }

    /// The same key at another gateway.
    pub fn at(&self, url: &str) -> Api {
        Api { url: url.to_owned(), ..self.clone() }
    }

    /// Another key at the same gateway.
    pub fn with_key(&self, key: &str) -> Api {
        Api { key: key.to_owned(), ..self.clone() }
    }

    pub fn key(&self) -> &str {
        &self.key
    }

    pub fn call(&self, method: Method, path: &str) -> Call {
        self.keyless(method, path).header("Authorization", &format!("Bearer {}", self.key))
    }

    /// Shows no key.
    pub fn keyless(&self, method: Method, path: &str) -> Call {
        Call(self.http.request(method, format!("{}{path}", self.url)))
    }

    pub fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    pub fn put(&self, path: &str, document: &Value) -> Call {
        self.call(Method::PUT, path).json(document)
    }

    /// Without an idempotency key.
    pub fn post(&self, path: &str, document: &Value) -> Call {
        self.call(Method::POST, path).json(document)
    }

    /// With an idempotency key that was never used before.
    pub fn post_once(&self, path: &str, document: &Value) -> Call {
        self.post(path, document).header("Idempotency-Key", &new_id().to_string())
    }
}

/// A call in the making.
pub struct Call(RequestBuilder);

impl Call {
    pub fn header(self, name: &str, value: &str) -> Call {
        Call(self.0.header(name, value))
    }

    pub fn query(self, name: &str, value: impl ToString) -> Call {
        Call(self.0.query(&[(name, value.to_string())]))
    }

    pub fn json(self, document: &Value) -> Call {
        Call(self.0.json(document))
    }

    pub fn text(self, body: &str) -> Call {
        Call(self.0.body(body.to_owned()))
    }

    pub async fn send(self) -> Answer {
        let response = self.0.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap();
        Answer { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
    }

    /// The document, where nothing may go wrong.
    pub async fn document(self) -> Value {
        let answer = self.send().await;
        assert!(answer.status.is_success(), "{} {}", answer.status, answer.body);
        answer.body
    }
}

/// What came back. A body that is not JSON is kept as text.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    /// A header's text; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The stable word of a problem; empty for anything else.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}
