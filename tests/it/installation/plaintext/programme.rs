//! Whatever a programme does for people, and with them: badges, tiers, friends, mails, rewards that the shop makes.

use std::time::Duration;

use gateway::clock::new_id;
use loyalnest::drill::{installation::Setting, shop::Shop};
use reqwest::{Method, StatusCode, header::ETAG};
use serde_json::{Value, json};

use super::{
    DOMAIN,
    canaries::{self, Canary},
};
use crate::{
    mail::{
        kit::{PUBLIC_URL, unsubscribe_path},
        server::MailBox,
    },
    support::{StandIn, on_shared_runtime},
};

/// Everything that is due, also in the shop and by mail.
const DUE_WITHIN: Duration = Duration::from_secs(60);
/// Points for a reward; far less than she has.
const PRICE: i64 = 10;

/// The shop's own API, and a mail server.
pub struct Outside {
    stand_in: &'static StandIn,
    mail_box: MailBox,
}

impl Outside {
    pub async fn new() -> Outside {
        Outside { stand_in: on_shared_runtime(StandIn::shared()).await, mail_box: MailBox::start() }
    }

    /// An installation that reaches both.
    pub fn setting(&self) -> Setting {
        let environment = [
            ("LOYALNEST_SHOPIFY_ADMIN_URL", self.stand_in.address().as_str().to_owned()),
            ("LOYALNEST_SMTP_URL", format!("smtp://127.0.0.1:{}", self.mail_box.open_port)),
            ("LOYALNEST_MAIL_FROM", "Rewards <rewards@loyalty.example>".to_owned()),
            ("LOYALNEST_PUBLIC_URL", PUBLIC_URL.to_owned()),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value)).to_vec();
        Setting { arguments: vec!["--test-clock".into()], environment }
    }
}

/// Tells until it is taken; gives the answer.
async fn tell(shop: &Shop, method: Method, path: &str, body: &Value) -> Value {
    let key = new_id().to_string();
    loop {
        let call = shop.call(method.clone(), path).header("idempotency-key", &key).json(body).timeout(DUE_WITHIN);
        let answer = call.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        if status != StatusCode::SERVICE_UNAVAILABLE {
            assert!(status.is_success(), "{method} {path}: {status} {text}");
            return serde_json::from_str(&text).unwrap();
        }
    }
}

async fn post(shop: &Shop, path: &str, body: Value) -> Value {
    tell(shop, Method::POST, path, &body).await
}

/// Everything due is done when this returns.
async fn settle(shop: &Shop) {
    post(shop, "/v1/test_clock", json!({ "advance_seconds": 0 })).await;
}

/// Replaces a document that says what it was, such as settings.
async fn replace(shop: &Shop, path: &str, change: impl FnOnce(Value) -> Value) {
    let current = shop.call(Method::GET, path).send().await.unwrap();
    let tag = current.headers()[ETAG].clone();
    let document = change(current.json().await.unwrap());
    let answer = shop.call(Method::PUT, path).header("if-match", tag).json(&document).send().await.unwrap();
    assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
}

/// What the merchant has to say before anything happens.
pub async fn switched_on(shop: &Shop) {
    replace(shop, "/v1/program_settings", |mut settings| {
        let kinds = ["welcome", "points_earned", "reward_ready", "referral_invitation"];
        settings["mail"] = json!({ "kinds": kinds, "shop_name": "The Shop" });
        settings
    })
    .await;
    let first = json!({ "id": "first", "name": "First order", "rule": { "kind": "orders", "count": 1 }, "points": 5 });
    let ours = json!({ "id": "ours", "name": "One of us", "rule": { "kind": "by_hand" }, "points": 5 });
    replace(shop, "/v1/badges", |_| json!({ "badges": [first, ours] })).await;
    replace(shop, "/v1/vip_tiers", |_| crate::tiers::kit::silver_and_gold()).await;
    post(shop, "/v1/campaigns", json!({ "name": "reviews", "reward": { "action": "review", "points": 5 } })).await;
    let product = json!({
        "id": 100, "title": "Green tea", "vendor": "Leaf", "product_type": "Drinks", "tags": "new", "status": "active",
        "updated_at": "2026-01-01T00:00:00Z", "variants": [{ "id": 101, "sku": "TEA" }],
    });
    shop.deliver("products/update", &product.to_string()).await.unwrap();
}

/// Gives what was only made meanwhile, and must be on no disk either.
pub async fn at_work(shop: &Shop, outside: &Outside) -> Vec<Canary> {
    let customer = customer(shop, canaries::CUSTOMER).await;
    let path = format!("/v1/customers/{customer}");
    let mut made = friends(shop, outside, &customer).await;
    made.extend(rewards(shop, outside, &path).await);
    by_hand(shop, &path).await;
    tasks(shop, &customer).await;
    her_data(shop, &customer).await;
    let key = post(shop, "/v1/api_keys", json!({ "name": canaries::KEY_NAME, "scopes": ["read"] })).await;
    made.push(Canary::text("an API key of a till", key["key"].as_str().unwrap()));
    let keys = shop.get("/v1/api_keys").await.unwrap().to_string();
    assert!(keys.contains(canaries::KEY_NAME), "the door shows what the disk must not");
    settle(shop).await;
    made
}

async fn customer(shop: &Shop, external_id: u64) -> String {
    let found = shop.get(&format!("/v1/customers?external_id=shopify:{external_id}")).await.unwrap();
    found["data"][0]["id"].as_str().unwrap().to_owned()
}

/// One is invited by mail, one is named, one clicks, one buys.
async fn friends(shop: &Shop, outside: &Outside, advocate: &str) -> Vec<Canary> {
    let evidence = json!({
        "ip": canaries::ADDRESS_OF_CLICK, "device": canaries::DEVICE, "payment": canaries::PAYMENT,
        "address": { "street": canaries::STREET_OF_EVIDENCE, "postal_code": "00001", "country": "DE" },
    });
    let link = post(shop, "/v1/referrals", json!({ "customer_id": advocate, "evidence": evidence })).await;
    let code = link["code"].as_str().unwrap();
    post(shop, &format!("/v1/referrals/{code}/invitations"), json!({ "email": canaries::INVITED_EMAIL })).await;
    let named = json!({ "email": canaries::NAMED_EMAIL, "evidence": evidence });
    post(shop, &format!("/v1/referrals/{code}/friends"), named).await;
    let no_further = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let url = shop.call(Method::GET, &format!("/r/{code}")).build().unwrap().url().clone();
    let click = no_further.get(url).header("user-agent", canaries::BROWSER_OF_CLICK);
    let click = click.header("x-forwarded-for", canaries::ADDRESS_OF_CLICK).header("referer", canaries::REFERRAL);
    assert_eq!(click.send().await.unwrap().status(), StatusCode::FOUND);
    shop.deliver("orders/create", &canaries::order_through(code)).await.unwrap();
    settle(shop).await;
    let friend = customer(shop, canaries::FRIEND).await.replace("cus_", "ref_");
    post(shop, &format!("/v1/referrals/{friend}/approve"), json!({ "reason": canaries::REFERRAL_REASON })).await;

    let mail = &outside.mail_box.of(canaries::INVITED_EMAIL, 1).await[0];
    assert!(mail.data.replace("=\r\n", "").contains(code), "the mail says what the disk must not");
    let unsubscribe = unsubscribe_path(mail);
    let pressed = shop.call(Method::POST, &unsubscribe).body("List-Unsubscribe=One-Click").send().await.unwrap();
    assert_eq!(pressed.status(), StatusCode::OK);
    let token = unsubscribe.rsplit(['/', '=']).next().unwrap_or_default();
    vec![Canary::text("the token of an unsubscribe link", token), Canary::text("the code of a referral link", code)]
}

/// One with a code, one on her account there.
async fn rewards(shop: &Shop, outside: &Outside, customer: &str) -> Vec<Canary> {
    outside.stand_in.opens_with(DOMAIN, canaries::ADMIN_TOKEN);
    let renewal = json!({ "client_id": "an-app", "client_secret": canaries::CLIENT_SECRET,
                          "refresh_token": canaries::REFRESH_TOKEN });
    let access = json!({ "admin_token": canaries::ADMIN_TOKEN, "expires_in": 86_400, "renewal": renewal });
    tell(shop, Method::PUT, "/v1/integrations/shopify", &access).await;
    for kind in ["amount_off", "store_credit"] {
        let reward =
            json!({ "name": kind, "cost_points": PRICE, "kind": kind, "amount_minor": 500, "currency": "EUR" });
        let reward = post(shop, "/v1/rewards", reward).await;
        post(shop, &format!("{customer}/reward_redemptions"), json!({ "reward_id": reward["id"] })).await;
    }
    settle(shop).await;
    assert_eq!(outside.stand_in.credits(DOMAIN).len(), 1);
    let codes = outside.stand_in.discounts(DOMAIN).into_keys();
    let codes: Vec<_> = codes.map(|code| Canary::text("the code of a reward", code)).collect();
    assert_eq!(codes.len(), 1);
    codes
}

/// What members of staff do, and why.
async fn by_hand(shop: &Shop, customer: &str) {
    post(shop, &format!("{customer}/badges"), json!({ "badge_id": "ours", "reason": canaries::BADGE_REASON })).await;
    let gift = json!({ "tier": "gold", "reason": canaries::TIER_REASON });
    post(shop, &format!("{customer}/vip_tier"), gift).await;
    post(shop, &format!("{customer}/vip_tier/undo"), json!({ "reason": canaries::UNDONE_TIER_REASON })).await;
    post(shop, &format!("{customer}/actions"), json!({ "action": "review", "distinct_id": canaries::ACTION })).await;
    tell(shop, Method::PUT, &format!("{customer}/leaderboard"), &json!({ "opt_out": true })).await;
    let why = json!({ "reason": canaries::LIMIT_REASON });
    for limit in ["restriction", "objection"] {
        post(shop, &format!("{customer}/{limit}"), why.clone()).await;
        tell(shop, Method::DELETE, &format!("{customer}/{limit}"), &json!({})).await;
    }
}

/// One that is given up.
async fn tasks(shop: &Shop, customer: &str) {
    let later = json!({ "kind": "mail.send", "customer_id": customer, "mail": "welcome",
                        "not_before": "2099-01-01T00:00:00Z" });
    let task = post(shop, "/v1/tasks", later).await;
    let path = format!("/v1/tasks/{}/discard", task["id"].as_str().unwrap());
    post(shop, &path, json!({ "reason": canaries::TASK_REASON })).await;
}

/// She is told everything, then her request is held, let go and refused; the audit log says why.
async fn her_data(shop: &Shop, customer: &str) {
    let asked = json!({ "type": "customers/data_request", "customer_id": customer });
    let request = post(shop, "/v1/gdpr_requests", asked).await;
    let request = format!("/v1/gdpr_requests/{}", request["id"].as_str().unwrap());
    for form in ["application/json", "text/html"] {
        let path = format!("/v1/customers/{customer}/data_report");
        let report = shop.call(Method::GET, &path).header("accept", form).timeout(DUE_WITHIN).send().await.unwrap();
        let report = report.text().await.unwrap();
        assert!(report.contains(canaries::BADGE_REASON), "the door shows what the disk must not: {report}");
    }
    post(shop, &format!("{request}/hold"), json!({ "reason": canaries::HOLD_REASON })).await;
    post(shop, &format!("{request}/release"), json!({})).await;
    post(shop, &format!("{request}/refuse"), json!({ "reason": canaries::REFUSAL_REASON })).await;
    settle(shop).await;
    let entries = shop.get(&format!("/v1/audit_logs?customer_id={customer}&limit=100")).await.unwrap().to_string();
    for reason in [canaries::TIER_REASON, canaries::UNDONE_TIER_REASON, canaries::LIMIT_REASON] {
        assert!(entries.contains(reason), "the door shows what the disk must not: {reason}");
    }
}
