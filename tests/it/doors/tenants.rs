//! No merchant can read or change anything of another's: every route, with another's key, with another's ids.

use gateway::shopify::sample::CustomerSample;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    support::{Answer, Api, Shop, Shopper},
    tasks::kit::Probe,
};

/// An operation as the API's description has it.
pub(super) struct Operation {
    pub(super) method: Method,
    pub(super) path: String,
    /// Asks for an API key; the others are the shop's own doors.
    pub(super) needs_a_key: bool,
    /// What the key has to be for, by the description.
    pub(super) scope: String,
}

pub(super) fn operations() -> Vec<Operation> {
    let description = serde_json::to_value(gateway::router::description()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Ok(method) = method.to_uppercase().parse::<Method>() else { continue };
            if operation.get("responses").is_none() {
                continue;
            }
            let needs_a_key = operation["security"].as_array().is_some_and(|schemes| !schemes.is_empty());
            let scope = operation["security"][0]["api_key"][0].as_str().unwrap_or_default().to_owned();
            operations.push(Operation { method, path: path.clone(), needs_a_key, scope });
        }
    }
    operations
}

impl Operation {
    fn names_something(&self) -> bool {
        if self.path.starts_with("/v1/email_templates/") && self.method == Method::DELETE {
            // Everybody has words of these names, and only their own can go.
            return true;
        }
        // A kind of table, a period, a language: these are nobody's.
        let nobodys = ["{period}", "{kind}/{language}", "{resource}", "{product_id}"];
        let path = nobodys.iter().fold(self.path.clone(), |path, part| path.replace(part, ""));
        path.contains('{') || self.names_in_its_body()
    }

    /// Asking for privacy, for a link and for a mail names the customer in the document.
    fn names_in_its_body(&self) -> bool {
        self.method == Method::POST && ["/v1/gdpr_requests", "/v1/referrals", "/v1/tasks"].contains(&self.path.as_str())
    }

    fn addressed_to(&self, victim: &Ids) -> String {
        let of = match self.path.as_str() {
            path if path.starts_with("/v1/gdpr_requests") => &victim.request,
            "/v1/referrals/{id}/friends" | "/v1/referrals/{id}/invitations" => &victim.code,
            path if path.starts_with("/v1/referrals") => &victim.referral,
            path if path.starts_with("/v1/tasks") => &victim.task,
            path if path.starts_with("/v1/rewards") => &victim.reward,
            path if path.starts_with("/v1/api_keys") => &victim.key,
            _ => &victim.customer,
        };
        self.path
            .replace("{id}", of)
            .replace("{redemption_id}", &victim.redemption)
            .replace("{period}", "all_time")
            .replace("{kind}/{language}", "welcome/de")
            .replace("{resource}", "customers")
            .replace("{product_id}", "632910392")
    }

    /// A request that would succeed for whoever owns these ids.
    pub(super) async fn attempt(&self, api: &Api, victim: &Ids) -> Answer {
        let path = self.addressed_to(victim);
        assert!(!path.contains('{'), "{path} has a parameter that this test does not know");
        let document = match (self.method.as_str(), self.path.rsplit('/').next().unwrap()) {
            ("GET" | "DELETE", _) => Value::Null,
            (_, "api_keys") => json!({ "name": "theft", "scopes": ["read"] }),
            (_, "sales") => json!({ "sales": [] }),
            (_, "loyalty_cards") => json!({}),
            (_, "collections") => json!({ "collection_ids": [] }),
            (_, "imports") => json!("email,points\n"),
            (_, "search") => json!({ "email": "ada@example.com" }),
            (_, "points_adjustments") => json!({ "points": 1_000, "reason": "theft" }),
            (_, "reward_redemptions") => json!({ "points": 1 }),
            (_, "program_settings") => json!({ "hold": { "days": 99 } }),
            ("PUT", "badges") => json!({ "badges": [] }),
            (_, "badges") => json!({ "badge_id": "loyal", "reason": "theft" }),
            (_, "leaderboard") => json!({ "opt_out": true }),
            (_, "mail") => json!({ "subscribed": true }),
            (_, "periods") => json!({ "until": "2020-01-01" }),
            (_, "test_clock") => json!({ "advance_seconds": 86_400 * 365 }),
            (_, "vip_tiers") => json!({ "tiers": [{ "id": "stolen", "name": "Stolen", "entry": 1 }] }),
            (_, "campaigns" | "{id}") if self.path.starts_with("/v1/campaigns") => {
                json!({ "name": "theft", "multiply": { "factor": "2" } })
            }
            (_, "actions") => json!({ "action": "review", "distinct_id": "theft" }),
            (_, "preview") if self.path.starts_with("/v1/vip_tiers") => json!({ "vip_tiers": { "grace_days": 3 } }),
            (_, "vip_tier") => json!({ "tier": "stolen", "reason": "theft" }),
            (_, "undo") => json!({ "reason": "theft" }),
            (_, "restore") => json!({ "version": 1 }),
            ("PUT", "{language}") => {
                json!({ "subject": "x", "text": "{{ unsubscribe_url }}", "html": "{{ unsubscribe_url }}" })
            }
            (_, "preview") if self.path.starts_with("/v1/email_templates/") => json!({}),
            (_, "birthday") => json!({ "month": 5, "day": 17 }),
            (_, "preview") if self.path.starts_with("/v1/program_settings") => json!({ "campaigns": [] }),
            (_, "preview") => json!({ "rfm": { "method": "fixed_thresholds" } }),
            (_, "hold" | "execute" | "refuse" | "restriction" | "objection" | "approve" | "reject") => {
                json!({ "reason": "theft" })
            }
            (_, "referrals") => json!({ "customer_id": victim.customer }),
            (_, "referral_settings") => json!({ "advocate_points": 1_000_000 }),
            (_, "friends") => json!({ "external_id": "1" }),
            (_, "invitations") => json!({ "email": "thief@example.com" }),
            (_, "customers") => json!({ "external_id": "1" }),
            (_, "tasks") => json!({ "kind": "mail.send", "customer_id": victim.customer, "mail": "welcome" }),
            (_, "cancel" | "release" | "complete" | "retry" | "carry_out") => json!({}),
            (_, "rewards") => free_shipping(),
            ("PUT", "{id}") => free_shipping(),
            (_, "shopify") => json!({ "admin_token": "theirs" }),
            (_, "discard") => json!({ "reason": "theft" }),
            (_, "gdpr_requests") => json!({ "type": "customers/redact", "customer_id": victim.customer }),
            (method, _) => panic!("{method} {} is new: say here what its request looks like", self.path),
        };
        // Settings have one tag, whichever part of them is written.
        let settings = api.get("/v1/program_settings").send().await;
        let tag = if settings.status.is_success() { settings.header("etag") } else { "\"1\"" };
        // Templates have tags of their own; this one is the first.
        let own = self.path.starts_with("/v1/email_templates/");
        let condition = if own && self.method == Method::PUT { ("If-None-Match", "*") } else { ("If-Match", tag) };
        let condition = if own && self.method == Method::DELETE { ("If-Match", "\"1\"") } else { condition };
        let call =
            api.call(self.method.clone(), &path).header(condition.0, condition.1).header("Idempotency-Key", "theft");
        let call = match &document {
            Value::Null => call,
            Value::String(file) => call.text(file),
            document => call.json(document),
        };
        call.send().await
    }
}

fn free_shipping() -> Value {
    json!({ "name": "Free shipping", "cost_points": 10, "kind": "free_shipping" })
}

/// What a thief would have to know.
pub(super) struct Ids {
    customer: String,
    redemption: String,
    request: String,
    /// Of a link.
    code: String,
    referral: String,
    task: String,
    reward: String,
    /// Of an API key that nothing is done with.
    key: String,
}

/// A shopper with an order, a redemption and a privacy request.
pub(super) async fn victim(shop: &Shop) -> (Shopper<'_>, Ids) {
    let ada = shop.shopper();
    let profile = CustomerSample {
        email: Some("ada@example.com".to_owned()),
        updated_at: shop.now(),
        ..CustomerSample::new(ada.external_id)
    };
    assert!(shop.deliver("customers/create", &profile.body()).await.is_accepted());
    assert!(ada.order(50_00).deliver().await.is_accepted());
    let redemption = ada.redeem(10).await;
    let asked = json!({ "customer_id": ada.id().await });
    let link = shop.api.post_once("/v1/referrals", &asked).document().await;
    let code = link["code"].as_str().unwrap().to_owned();
    let friend = json!({ "external_id": shop.fresh_id().to_string() });
    let brought = shop.api.post_once(&format!("/v1/referrals/{code}/friends"), &friend).document().await;
    let referral = brought["id"].as_str().unwrap().to_owned();
    let request = json!({ "shop_id": 1, "shop_domain": shop.domain, "customer": { "id": ada.external_id } });
    assert!(shop.deliver("customers/redact", &request.to_string()).await.is_accepted());
    let requests = shop.api.get("/v1/gdpr_requests").query("min_position", shop.seen()).document().await;
    let request = requests["data"][0]["id"].as_str().unwrap().to_owned();
    let reward = shop.api.post("/v1/rewards", &free_shipping()).document().await["id"].as_str().unwrap().to_owned();
    let words = json!({ "subject": "x", "text": "{{ unsubscribe_url }}", "html": "{{ unsubscribe_url }}" });
    shop.api.put("/v1/email_templates/welcome/de", &words).header("If-None-Match", "*").document().await;
    let probe = Probe::new();
    let task = probe.enqueue(shop, probe.task("theirs")).await.id.to_string();
    let key = json!({ "name": "spare", "scopes": ["read"] });
    let key = shop.api.post("/v1/api_keys", &key).document().await["id"].as_str().unwrap().to_owned();
    (ada, Ids { customer: ada.id().await, redemption: redemption.id, request, code, referral, task, reward, key })
}

/// All that the merchant can read of themselves, apart from the moment of reading.
pub(super) async fn everything(shop: &Shop, shopper: Shopper<'_>) -> Value {
    let settings = shop.api.get("/v1/program_settings").document().await;
    let mut balance = shopper.balance().await;
    balance["as_of"] = Value::Null;
    let customers = shop.api.get("/v1/customers").document().await;
    let templates = shop.api.get("/v1/email_templates").document().await;
    let keys = shop.api.get("/v1/api_keys").document().await;
    json!([
        keys,
        settings,
        balance,
        customers,
        templates,
        shopper.transactions().await,
        format!("{:?}", shopper.explanation().await)
    ])
}

#[tokio::test]
async fn another_merchants_key_opens_nothing_of_this_one() {
    let (shop, stranger) = (Shop::open().await, Shop::open().await);
    let (ada, ids) = victim(&shop).await;
    let before = everything(&shop, ada).await;

    // Proofs are tried where histories are signed, in `proofs::doors`.
    let operations = operations();
    let operations = operations.iter().filter(|operation| !operation.path.starts_with("/v1/audit/"));
    for operation in operations.filter(|operation| operation.needs_a_key) {
        let name = format!("{} {}", operation.method, operation.path);
        let answer = operation.attempt(&stranger.api, &ids).await;
        if operation.names_something() {
            assert_eq!((answer.status.as_u16(), answer.code()), (404, "not_found"), "{name}");
        } else {
            assert!(answer.status.is_success(), "{name}: {}", answer.body);
            let told = answer.body.to_string();
            assert!(!told.contains(&ids.customer) && !told.contains("ada@example.com"), "{name}: {told}");
        }
    }
    assert_eq!(everything(&shop, ada).await, before, "nothing of this merchant has changed");
}

#[tokio::test]
async fn a_key_that_is_none_opens_nothing() {
    let (shop, stranger) = (Shop::open().await, Shop::open().await);
    let (ada, ids) = victim(&shop).await;
    let before = everything(&shop, ada).await;
    let (own, foreign) = (shop.api.key(), stranger.api.key());
    // A secret may itself contain the underscore that ends the merchant's id.
    let (own_secret, foreign_secret) = (own.splitn(3, '_').nth(2).unwrap(), foreign.splitn(3, '_').nth(2).unwrap());
    assert_ne!(own_secret, foreign_secret, "secrets are random");
    let forged = [
        ("none", String::new()),
        ("without a merchant", "ln_".to_owned()),
        ("with another's secret", own.replace(own_secret, foreign_secret)),
        ("longer", format!("{own}x")),
        ("shorter", own[..own.len() - 1].to_owned()),
        ("in capitals", own.to_uppercase()),
        ("of another merchant", format!("ln_{}_{own_secret}", gateway::clock::new_id().simple())),
    ];
    let operations = operations();
    assert!(operations.iter().filter(|operation| operation.needs_a_key).count() >= 18);
    for operation in operations.iter().filter(|operation| operation.needs_a_key) {
        for (which, key) in &forged {
            assert_ne!(key, own);
            let answer = operation.attempt(&shop.api.with_key(key), &ids).await;
            let told = (answer.status.as_u16(), answer.code());
            assert_eq!(told, (401, "unauthorized"), "{}, a key {which}: {}", operation.path, answer.body);
            assert_eq!(answer.header("www-authenticate"), "Bearer");
        }
        let path = operation.addressed_to(&ids);
        let keyless = shop.api.keyless(operation.method.clone(), &path).send().await;
        assert_eq!(keyless.status, 401, "{}", operation.path);
    }
    assert_eq!(everything(&shop, ada).await, before);
}

#[tokio::test]
async fn doors_without_a_key_ask_for_a_signature() {
    let shop = Shop::open().await;
    let keyless = operations().into_iter().filter(|operation| !operation.needs_a_key);
    // The top log is everybody's: hashes of hashes.
    let keyless: Vec<Operation> = keyless.filter(|operation| !operation.path.starts_with("/audit/")).collect();
    assert_eq!(keyless.len(), 2, "only the two of the shop");
    for operation in keyless {
        let path = operation.path.replace("{resource}", "orders").replace("{event}", "create");
        let answer = shop.api.call(operation.method, &path).json(&json!({})).send().await;
        assert_eq!((answer.status.as_u16(), answer.code()), (401, "invalid_signature"), "{path}");
    }
}

#[tokio::test]
async fn two_shops_with_the_same_ids_do_not_meet() {
    let (one, other) = (Shop::open().await, Shop::open().await);
    let (ada, namesake) = (one.shopper(), other.shopper());
    assert_eq!(ada.external_id, namesake.external_id);
    let (order, same_id) = (ada.order(50_00), namesake.order(30_00));
    assert_eq!(order.id(), same_id.id());
    assert!(order.deliver().await.is_accepted());
    assert!(same_id.deliver().await.is_accepted());
    assert_ne!(ada.id().await, namesake.id().await);
    assert!(order.full_refund().deliver().await.is_accepted());
    assert_eq!((ada.available().await, namesake.available().await), (0, 30));

    // A code of one shop is just text in another.
    let redemption = namesake.redeem(10).await;
    let elsewhere = ada.order(20_00).with_code(&redemption.code);
    assert!(elsewhere.deliver().await.is_accepted());
    assert!(elsewhere.full_refund().deliver().await.is_accepted());
    assert_eq!((ada.available().await, namesake.available().await), (0, 20));
}
