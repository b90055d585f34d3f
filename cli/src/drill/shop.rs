//! A shop and its app: signed webhooks, calls with an API key, each repeated until it is answered. No answer, and any
//! answer from 500 on, means: perhaps done, perhaps not, ask again.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use gateway::shopify::signature;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::Value;
use tokio::time::{self, Instant};

use super::installation::Installation;

/// Shopify hangs up after this long.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// Before a request is made once more.
const PAUSE: Duration = Duration::from_millis(100);
/// A request that is not answered by then is a fault of the installation.
const PATIENCE: Duration = Duration::from_secs(90);

/// What a webhook was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub outcome: String,
    pub position: Option<u64>,
}

pub struct Shop {
    http: Client,
    url: String,
    domain: String,
    secret: String,
    pub merchant_id: String,
    pub api_key: String,
    answered: AtomicU64,
    repeated: AtomicU64,
}

impl Shop {
    /// What webhooks are signed with from now on.
    pub fn signs_with(&mut self, secret: &str) {
        secret.clone_into(&mut self.secret);
    }

    /// Makes a merchant of this installation by the operator's command, as production does.
    ///
    /// # Errors
    /// If the command fails.
    pub async fn open(installation: &Installation, domain: &str, secret: &str) -> anyhow::Result<Shop> {
        let made = installation
            .command(&["-o", "json", "merchant", "create", "--shop", domain, "--webhook-secret", secret])
            .await?;
        ensure!(made.status.success(), "no merchant: {}", String::from_utf8_lossy(&made.stderr));
        Self::made(&installation.url(), domain, secret, &made.stdout)
    }

    /// The shop of a merchant at the gateway that answers at `url`, from what `merchant create -o json` has printed.
    ///
    /// # Errors
    /// If that is not what was printed.
    pub fn made(url: &str, domain: &str, secret: &str, printed: &[u8]) -> anyhow::Result<Shop> {
        let made: Value = serde_json::from_slice(printed)?;
        let text = |field: &str| made[field].as_str().map(str::to_owned).with_context(|| format!("no {field}"));
        Ok(Shop {
            http: Client::builder().timeout(ANSWER_WITHIN).build()?,
            url: url.to_owned(),
            domain: domain.to_owned(),
            secret: secret.to_owned(),
            merchant_id: text("merchant_id")?,
            api_key: text("api_key")?,
            answered: AtomicU64::new(0),
            repeated: AtomicU64::new(0),
        })
    }

    /// Requests that were answered.
    pub fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    /// Attempts that were not.
    pub fn repeated(&self) -> u64 {
        self.repeated.load(Ordering::Relaxed)
    }

    /// A signed webhook, not yet sent.
    pub fn webhook(&self, topic: &str, body: &str) -> RequestBuilder {
        self.http
            .post(format!("{}/webhooks/shopify", self.url))
            .header("x-shopify-topic", topic)
            .header("x-shopify-shop-domain", &self.domain)
            .header("x-shopify-hmac-sha256", signature::sign(body.as_bytes(), self.secret.as_bytes()))
            .header("content-type", "application/json")
            .body(body.to_owned())
    }

    /// A call of the API, not yet sent.
    pub fn call(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url)).bearer_auth(&self.api_key)
    }

    /// Sends a webhook until it is taken.
    ///
    /// # Errors
    /// If it is refused, or not answered for a long time.
    pub async fn deliver(&self, topic: &str, body: &str) -> anyhow::Result<Receipt> {
        let (status, answer) = self.until_answered(|| self.webhook(topic, body)).await.context(topic.to_owned())?;
        ensure!(status == StatusCode::OK, "{topic} was answered {status}: {answer}");
        let outcome = answer["outcome"].as_str().context("an outcome")?.to_owned();
        Ok(Receipt { outcome, position: answer["position"].as_u64() })
    }

    /// Reads something.
    ///
    /// # Errors
    /// If it is refused, or not answered for a long time.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let (status, answer) = self.until_answered(|| self.call(Method::GET, path)).await?;
        ensure!(status == StatusCode::OK, "{path} was answered {status}: {answer}");
        Ok(answer)
    }

    /// Makes something, under a key against repetition.
    ///
    /// # Errors
    /// If it is refused, or not answered for a long time.
    pub async fn make(&self, path: &str, key: &str, body: &Value) -> anyhow::Result<Value> {
        let request = || self.call(Method::POST, path).header("idempotency-key", key).json(body);
        let (status, answer) = self.until_answered(request).await?;
        ensure!(status == StatusCode::CREATED, "{path} was answered {status}: {answer}");
        Ok(answer)
    }

    async fn until_answered(&self, request: impl Fn() -> RequestBuilder) -> anyhow::Result<(StatusCode, Value)> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let last = match attempt(request()).await {
                Ok((status, answer)) if !status.is_server_error() => {
                    self.answered.fetch_add(1, Ordering::Relaxed);
                    return Ok((status, answer));
                }
                Ok((StatusCode::INTERNAL_SERVER_ERROR, answer)) => bail!("a fault on the other side: {answer}"),
                Ok((status, answer)) => format!("{status} {answer}"),
                Err(error) => error.to_string(),
            };
            self.repeated.fetch_add(1, Ordering::Relaxed);
            ensure!(Instant::now() < deadline, "no answer in {PATIENCE:?}; the last was: {last}");
            time::sleep(PAUSE).await;
        }
    }
}

async fn attempt(request: RequestBuilder) -> reqwest::Result<(StatusCode, Value)> {
    let response = request.send().await?;
    Ok((response.status(), response.json().await?))
}
