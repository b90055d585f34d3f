//! What an answer of the Admin API means.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

/// What is refused without a code.
const INVALID: &str = "INVALID";
/// Of an error that is not about what was asked, in every kind of `userErrors`.
const INTERNAL: &str = "INTERNAL_ERROR";
const ITS_OWN_FAILURE: &str = "the shop answered with a failure of its own";
/// Where the shop does not say when to come back.
pub(super) const PAUSE: Duration = Duration::from_secs(2);

/// Why the shop did not do it, or may not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdminError {
    /// Nothing was done: there is no room for it before `wait` is over.
    #[error("the shop's budget for calls is used up")]
    Throttled { wait: Duration },
    /// It may have been done: find out before it is tried again.
    #[error("no usable answer: {0}")]
    NoAnswer(&'static str),
    /// Something is under way, or may be, and nothing else is begun before that is known. Ask again after `wait`.
    #[error("what was begun before is not known to have ended")]
    Unsettled { wait: Duration },
    /// Nothing was done. The merchant has to give another token, or more rights.
    #[error("the shop does not accept the token: {0}")]
    Unauthorized(u16),
    /// Nothing was done: the shop is unpaid, locked or suspended. That may pass.
    #[error("the shop is closed to its API: {0}")]
    Closed(u16),
    /// Nothing was done, and asking again does not help. Codes as the API has them.
    #[error("the shop refused: {}", .0.join(", "))]
    Refused(Vec<String>),
}

impl AdminError {
    /// Something of this name is there already.
    pub(super) fn is_taken(&self) -> bool {
        self.says("TAKEN")
    }

    /// It is not any more what it was when it was looked at.
    pub(super) fn is_stale(&self) -> bool {
        self.says("STALE_OBJECT") || self.says("INVALID_COMPARE_DIGEST")
    }

    /// The customer's account does not hold so much.
    pub fn is_spent(&self) -> bool {
        self.says("INSUFFICIENT_FUNDS") || self.says("ACCOUNT_NOT_FOUND")
    }

    fn says(&self, wanted: &str) -> bool {
        matches!(self, AdminError::Refused(codes) if codes.iter().any(|code| code == wanted))
    }
}

/// What the API says about its budget, in its points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cost {
    pub requested: i64,
    pub available: i64,
    /// Points that come back each second.
    pub restore_rate: i64,
}

impl Cost {
    /// How long until there is room for what was asked.
    fn wait(self) -> Duration {
        let missing = self.requested.saturating_sub(self.available).max(0);
        let rate = self.restore_rate.max(1);
        let millis = missing.saturating_mul(1_000).div_euclid(rate).saturating_add(100);
        Duration::from_millis(u64::try_from(millis).unwrap_or(0))
    }
}

pub(super) struct Answer {
    pub outcome: Result<Value, AdminError>,
    /// What there is beside an error: a mutation may have been done of which something cannot be read.
    pub done_before: Option<Value>,
    pub cost: Option<Cost>,
}

#[derive(Deserialize)]
struct Document {
    data: Option<Value>,
    #[serde(default)]
    errors: Option<Value>,
    extensions: Option<Value>,
}

/// Statuses of a shop that has not paid (402), is locked (423), or turns its owner's apps away (430).
const CLOSED: [u16; 3] = [402, 423, 430];
/// The server gave up waiting for us: whether it had begun, nobody knows.
const REQUEST_TIMEOUT: u16 = 408;

pub(super) fn read(status: u16, retry_after_seconds: Option<u64>, body: &[u8]) -> Answer {
    let outcome = |outcome| Answer { outcome, done_before: None, cost: None };
    match status {
        200 => {}
        401 | 403 => return outcome(Err(AdminError::Unauthorized(status))),
        closed if CLOSED.contains(&closed) => return outcome(Err(AdminError::Closed(closed))),
        REQUEST_TIMEOUT => return outcome(Err(AdminError::NoAnswer("the shop gave up waiting"))),
        429 => {
            let wait = retry_after_seconds.map_or(PAUSE, Duration::from_secs);
            return outcome(Err(AdminError::Throttled { wait }));
        }
        400..=499 => return outcome(Err(AdminError::Refused(vec![format!("HTTP_{status}")]))),
        _ => return outcome(Err(AdminError::NoAnswer(ITS_OWN_FAILURE))),
    }
    let Ok(document) = serde_json::from_slice::<Document>(body) else {
        return outcome(Err(AdminError::NoAnswer("the answer cannot be read")));
    };
    let cost = document.extensions.as_ref().and_then(cost_of);
    match (document.errors.filter(|errors| !is_empty(errors)), document.data) {
        (Some(errors), done_before) => Answer { outcome: Err(meaning_of(&errors, cost)), done_before, cost },
        (None, Some(data)) => Answer { outcome: Ok(data), done_before: None, cost },
        (None, None) => {
            Answer { outcome: Err(AdminError::NoAnswer("the answer has no data")), done_before: None, cost }
        }
    }
}

fn is_empty(errors: &Value) -> bool {
    errors.is_null() || errors.as_array().is_some_and(Vec::is_empty)
}

fn meaning_of(errors: &Value, cost: Option<Cost>) -> AdminError {
    let codes =
        errors.as_array().map_or_else(|| vec![INVALID.to_owned()], |errors| errors.iter().map(code_of).collect());
    let has = |wanted: &str| codes.iter().any(|code| code == wanted);
    if has("THROTTLED") {
        return AdminError::Throttled { wait: cost.map_or(PAUSE, Cost::wait) };
    }
    if has("INTERNAL_SERVER_ERROR") || has("TIMEOUT") {
        return AdminError::NoAnswer(ITS_OWN_FAILURE);
    }
    if has("ACCESS_DENIED") {
        return AdminError::Unauthorized(200);
    }
    if has("SHOP_INACTIVE") {
        return AdminError::Closed(200);
    }
    AdminError::Refused(codes)
}

/// The code of an error; its message would repeat what was sent. Throttling says so in its message alone on older versions.
fn code_of(error: &Value) -> String {
    let code = error["extensions"]["code"].as_str().map(str::to_owned);
    let throttled = error["message"].as_str().is_some_and(|message| message.eq_ignore_ascii_case("throttled"));
    code.unwrap_or_else(|| if throttled { "THROTTLED" } else { INVALID }.to_owned())
}

fn cost_of(extensions: &Value) -> Option<Cost> {
    let cost = &extensions["cost"];
    let status = &cost["throttleStatus"];
    Some(Cost {
        requested: whole(&cost["requestedQueryCost"])?,
        available: whole(&status["currentlyAvailable"])?,
        restore_rate: whole(&status["restoreRate"])?,
    })
}

/// The API writes whole numbers as `1000.0`, too.
fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_f64().map(|number| number as i64))
}

/// `userErrors` of a mutation's payload: nothing was done, but where the shop failed of its own.
pub(super) fn done(payload: &Value) -> Result<(), AdminError> {
    let errors = payload["userErrors"].as_array().map(Vec::as_slice).unwrap_or_default();
    if errors.is_empty() {
        return Ok(());
    }
    let code = |error: &Value| error["code"].as_str().unwrap_or(INVALID).to_owned();
    let codes: Vec<String> = errors.iter().map(code).collect();
    Err(match codes.iter().any(|code| code == INTERNAL) {
        true => AdminError::NoAnswer(ITS_OWN_FAILURE),
        false => AdminError::Refused(codes),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(status: u16, body: &Value) -> Result<Value, AdminError> {
        read(status, None, body.to_string().as_bytes()).outcome
    }

    fn cost(requested: i64, available: i64, rate: i64) -> Value {
        json!({ "cost": { "requestedQueryCost": requested, "actualQueryCost": null, "throttleStatus":
            { "maximumAvailable": 1000.0, "currentlyAvailable": available, "restoreRate": rate } } })
    }

    #[test]
    fn what_the_shop_says_decides_what_is_done_next() {
        assert_eq!(said(200, &json!({ "data": { "x": 1 } })), Ok(json!({ "x": 1 })));
        let throttled = json!({ "errors": [{ "message": "Throttled" }], "extensions": cost(50, 10, 20) });
        let wait = Duration::from_millis(2_100);
        assert_eq!(said(200, &throttled), Err(AdminError::Throttled { wait }), "40 points at 20 a second");
        let denied = json!({ "errors": [{ "message": "…", "extensions": { "code": "ACCESS_DENIED" } }] });
        assert_eq!(said(200, &denied), Err(AdminError::Unauthorized(200)));
        let typo = json!({ "errors": [{ "message": "no such field", "extensions": { "code": "undefinedField" } }] });
        assert_eq!(said(200, &typo), Err(AdminError::Refused(vec!["undefinedField".to_owned()])));
        let failed = json!({ "errors": [{ "extensions": { "code": "INTERNAL_SERVER_ERROR" } }] });
        assert!(matches!(said(200, &failed), Err(AdminError::NoAnswer(_))), "it may have been done");
        assert!(matches!(said(502, &json!("bad gateway")), Err(AdminError::NoAnswer(_))));
        assert!(matches!(said(200, &json!({ "data": null })), Err(AdminError::NoAnswer(_))));
        assert_eq!(said(401, &json!({})), Err(AdminError::Unauthorized(401)));
        assert_eq!(said(404, &json!({})), Err(AdminError::Refused(vec!["HTTP_404".to_owned()])));
        assert_eq!(
            [402, 423, 430].map(|status| said(status, &json!({}))),
            [402, 423, 430].map(|it| Err(AdminError::Closed(it)))
        );
        let inactive = json!({ "errors": [{ "extensions": { "code": "SHOP_INACTIVE" } }] });
        assert_eq!(said(200, &inactive), Err(AdminError::Closed(200)));
        assert_eq!(said(200, &json!({ "errors": "no" })), Err(AdminError::Refused(vec![INVALID.to_owned()])));
    }

    #[test]
    fn what_was_done_beside_a_failure_is_not_lost_with_it() {
        let path = ["moved", "storeCreditAccountTransaction"];
        let denied = json!([{ "message": "…", "path": path, "extensions": { "code": "ACCESS_DENIED" } }]);
        let moved = json!({ "storeCreditAccountTransaction": null, "userErrors": [] });
        let body = json!({ "data": { "moved": moved }, "errors": denied });
        let answer = read(200, None, body.to_string().as_bytes());
        assert_eq!(answer.outcome, Err(AdminError::Unauthorized(200)));
        assert_eq!(answer.done_before.unwrap()["moved"], moved);
    }

    #[test]
    fn a_shop_that_names_a_pause_is_given_it() {
        let answer = read(429, Some(7), b"");
        assert_eq!(answer.outcome, Err(AdminError::Throttled { wait: Duration::from_secs(7) }));
    }

    #[test]
    fn user_errors_are_told_by_their_codes() {
        assert_eq!(done(&json!({ "userErrors": [] })), Ok(()));
        let taken = done(&json!({ "userErrors": [{ "code": "TAKEN", "message": "Code must be unique" }] }));
        assert!(taken.unwrap_err().is_taken());
        let failed = done(&json!({ "userErrors": [{ "code": "INTERNAL_ERROR", "message": "…" }] }));
        assert!(matches!(failed, Err(AdminError::NoAnswer(_))), "it may have been done");
    }
}
