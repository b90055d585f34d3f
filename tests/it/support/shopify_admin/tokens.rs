//! The token endpoint of a shop: one access token at a time, and refresh tokens that are used up, as strictly as it ever was.

use std::collections::VecDeque;

use serde_json::{Value, json};

/// What goes wrong with the next renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenFault {
    /// HTTP 503: nothing is done.
    Down,
    /// HTTP 429 with a pause.
    TooMany,
    /// Renewed, and then the connection is lost.
    DropsAfter,
}

/// What renews the access token of a shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    pub client_id: String,
    pub client_secret: String,
    pub refresh_token: String,
}

#[derive(Debug, Default)]
pub struct Tokens {
    /// What opens the Admin API.
    pub access: String,
    credentials: Option<Credentials>,
    /// The one before, until the newest is used: an answer may have been lost.
    before: Option<String>,
    pub faults: VecDeque<TokenFault>,
    /// How often a pair was given out.
    pub renewals: usize,
    pub refusals: usize,
}

/// Seconds that an access token lives, and a refresh token.
const LIVES: (u32, u32) = (3_600, 7_776_000);

impl Tokens {
    pub fn renew_with(&mut self, credentials: Credentials) {
        self.credentials = Some(credentials);
    }

    /// The merchant has removed the app, or its secret was changed.
    pub fn revoke(&mut self) {
        (self.credentials, self.before) = (None, None);
        self.access.clear();
    }

    /// The status and body of the answer.
    pub fn answer(&mut self, asked: &Value) -> (u16, Value) {
        let said = |name: &str| asked[name].as_str().unwrap_or_default();
        let Some(known) = self.credentials.clone() else { return self.refused(400, "invalid_grant") };
        if said("grant_type") != "refresh_token" {
            return self.refused(400, "unsupported_grant_type");
        }
        if said("client_id") != known.client_id || said("client_secret") != known.client_secret {
            return self.refused(401, "invalid_client");
        }
        let given = said("refresh_token");
        if given == known.refresh_token {
            self.before = Some(known.refresh_token.clone());
        } else if self.before.as_deref() != Some(given) {
            return self.refused(400, "invalid_grant");
        }
        self.renewals += 1;
        let refresh_token = format!("shprt_{}", self.renewals);
        self.access = format!("shpat_renewed_{}", self.renewals);
        self.credentials = Some(Credentials { refresh_token: refresh_token.clone(), ..known });
        let body = json!({
            "access_token": self.access, "expires_in": LIVES.0, "scope": "write_discounts",
            "refresh_token": refresh_token, "refresh_token_expires_in": LIVES.1,
        });
        (200, body)
    }

    fn refused(&mut self, status: u16, error: &str) -> (u16, Value) {
        self.refusals += 1;
        (status, json!({ "error": error, "error_description": "the stand-in knows better" }))
    }
}
