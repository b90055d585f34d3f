//! The token endpoint: another pair of tokens for a refresh token, which is used up by it.

use std::time::Duration;

use aggregates::merchant::Renewal;
use serde::Deserialize;
use serde_json::json;

use super::{AdminError, ShopifyAdmin, answer::PAUSE};

/// A pair of tokens. Exists in memory only, and is not printed.
#[derive(Deserialize)]
pub struct TokenPair {
    pub access_token: String,
    /// Seconds.
    pub expires_in: u32,
    pub refresh_token: String,
    /// Seconds.
    #[serde(default)]
    pub refresh_token_expires_in: Option<u32>,
}

/// Why there is no other pair.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenewalError {
    /// Asking again does not help: the app was removed, its secret was changed, or the refresh token is too old.
    #[error("the shop gives out no other token: {0}")]
    Refused(u16),
    #[error(transparent)]
    Shop(#[from] AdminError),
}

impl ShopifyAdmin {
    /// Asks a shop for another pair. Where the answer is lost, the same refresh token is good for another attempt.
    ///
    /// # Errors
    /// [`RenewalError`]
    pub async fn renew(&self, domain: &str, renewal: &Renewal) -> Result<TokenPair, RenewalError> {
        let asked = json!({
            "client_id": renewal.client_id, "client_secret": renewal.client_secret,
            "grant_type": "refresh_token", "refresh_token": renewal.refresh_token,
        });
        let reply = self.http.post(&self.address.tokens_of(domain), None, asked.to_string().into_bytes()).await?;
        read(reply.status, reply.retry_after_seconds, &reply.body)
    }
}

fn read(status: u16, retry_after_seconds: Option<u64>, body: &[u8]) -> Result<TokenPair, RenewalError> {
    match status {
        200 => {
            serde_json::from_slice(body).map_err(|_| AdminError::NoAnswer("the pair of tokens cannot be read").into())
        }
        400 | 401 | 403 => Err(RenewalError::Refused(status)),
        429 => {
            let wait = retry_after_seconds.map_or(PAUSE, Duration::from_secs);
            Err(AdminError::Throttled { wait }.into())
        }
        _ => Err(AdminError::NoAnswer("the token endpoint answered with a failure of its own").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_endpoint_says_decides_whether_somebody_has_to_connect_the_shop_again() {
        let pair = json!({ "access_token": "a", "expires_in": 3_599, "refresh_token": "r", "scope": "x" }).to_string();
        let pair = read(200, None, pair.as_bytes()).ok().unwrap();
        assert_eq!((pair.access_token, pair.expires_in, pair.refresh_token_expires_in), ("a".to_owned(), 3_599, None));
        let error = |status| read(status, Some(3), b"{}").err().unwrap();
        for refused in [400, 401, 403] {
            assert_eq!(error(refused), RenewalError::Refused(refused));
        }
        assert_eq!(error(429), AdminError::Throttled { wait: Duration::from_secs(3) }.into());
        for unknown in [200, 404, 500, 503] {
            assert!(matches!(error(unknown), RenewalError::Shop(AdminError::NoAnswer(_))), "{unknown}");
        }
    }
}
