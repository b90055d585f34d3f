//! One call to a shop over HTTP, with TLS wherever the address says so. The only client here that leaves the machine.

use std::{sync::OnceLock, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Request,
    header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER},
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{
        Client,
        connect::{Connect, HttpConnector},
    },
    rt::TokioExecutor,
};
use tokio::time::timeout;

use super::answer::AdminError;

/// A connection that takes longer is given up.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);
/// An answer that takes longer is not waited for.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(15);
/// An answer that is larger is not read: what is asked for is an id.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
const PLAIN: &str = "http://";
const TOKEN: &str = "x-shopify-access-token";

type HttpsClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// Connections to shops. Made when the first shop is called: reading the machine's certificates takes a moment, and a machine
/// that has none may still run everything else.
#[derive(Default)]
pub(super) struct Http {
    secure: OnceLock<Option<HttpsClient>>,
    /// For a stand-in on the same machine.
    plain: OnceLock<Client<HttpConnector, Full<Bytes>>>,
}

pub(super) struct Reply {
    pub status: u16,
    pub retry_after_seconds: Option<u64>,
    pub body: Bytes,
}

impl Http {
    /// Redirects are not followed: the token, or what is in the document, would go with them.
    pub async fn post(&self, address: &str, token: Option<&str>, document: Vec<u8>) -> Result<Reply, AdminError> {
        let request =
            Request::post(address).header(CONTENT_TYPE, "application/json").header(ACCEPT, "application/json");
        let request = match token {
            Some(token) => request.header(TOKEN, token),
            None => request,
        };
        let request = request.body(Full::new(document.into()));
        let request = request.map_err(|_| AdminError::NoAnswer("the shop's address or token cannot be sent"))?;
        let answered = match address.starts_with(PLAIN) {
            true => timeout(ANSWER_TIME_MAX, exchange(self.plain.get_or_init(plain), request)).await,
            false => {
                let client = self.secure.get_or_init(secure).as_ref();
                let none = AdminError::NoAnswer("this machine has no certificates to check the shop's with");
                timeout(ANSWER_TIME_MAX, exchange(client.ok_or(none)?, request)).await
            }
        };
        answered.unwrap_or(Err(AdminError::NoAnswer("it took too long")))
    }
}

async fn exchange<C>(client: &Client<C, Full<Bytes>>, request: Request<Full<Bytes>>) -> Result<Reply, AdminError>
where
    C: Connect + Clone + Send + Sync + 'static,
{
    // What the library says about a failure may repeat the address: only its kind is told.
    let response = client.request(request).await.map_err(|error| match error.is_connect() {
        true => AdminError::NoAnswer("no connection"),
        false => AdminError::NoAnswer("the connection was lost"),
    })?;
    let status = response.status().as_u16();
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
    let body = body.map_err(|_| AdminError::NoAnswer("the connection was lost"))?;
    Ok(Reply { status, retry_after_seconds: retry_after, body: body.to_bytes() })
}

fn tcp() -> HttpConnector {
    let mut tcp = HttpConnector::new();
    tcp.set_connect_timeout(Some(CONNECT_TIME_MAX));
    tcp
}

fn plain() -> Client<HttpConnector, Full<Bytes>> {
    Client::builder(TokioExecutor::new()).build(tcp())
}

fn secure() -> Option<HttpsClient> {
    let mut tcp = tcp();
    tcp.enforce_http(false);
    match HttpsConnectorBuilder::new().with_native_roots() {
        Ok(builder) => {
            let connector = builder.https_only().enable_http1().wrap_connector(tcp);
            Some(Client::builder(TokioExecutor::new()).build(connector))
        }
        Err(error) => {
            tracing::error!(%error, "no shop can be called: this machine has no certificates to check theirs with");
            None
        }
    }
}
