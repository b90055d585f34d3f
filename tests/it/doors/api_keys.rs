//! Keys with scopes: each opens what it is for and nothing else, shows nothing sealed unless it may, and is gone everywhere when
//! it is revoked.

use gateway::shopify::sample::CustomerSample;
use reqwest::Method;
use serde_json::{Value, json};

use super::tenants::{everything, operations, victim};
use crate::{
    installation::program::loyalnest,
    proofs::scene::Said,
    support::{Api, Installation, Shop},
};

/// Scopes by their words.
const SCOPES: [&str; 8] = ["read", "personal_data", "write", "settings", "privacy", "audit", "operations", "keys"];
const KEYS: &str = "/v1/api_keys";

/// A key of the shop for just these.
async fn key_for(shop: &Shop, scopes: &[&str]) -> Api {
    let made = shop.api.post(KEYS, &json!({ "name": "a test's", "scopes": scopes })).document().await;
    shop.api.with_key(made["key"].as_str().expect("it is shown once"))
}

#[tokio::test]
async fn no_route_is_open_to_a_key_that_has_every_scope_but_the_one() {
    let shop = Shop::open().await;
    let (ada, ids) = victim(&shop).await;
    let mut lacking = Vec::new();
    for scope in SCOPES {
        let others: Vec<&str> = SCOPES.into_iter().filter(|other| *other != scope).collect();
        lacking.push((scope, key_for(&shop, &others).await));
    }
    let before = everything(&shop, ada).await;
    let operations = operations();
    for operation in operations.iter().filter(|operation| operation.needs_a_key) {
        let name = format!("{} {}", operation.method, operation.path);
        let (scope, key) = lacking.iter().find(|(scope, _)| *scope == operation.scope).unwrap_or_else(|| {
            panic!("{name} needs {:?}, which is no scope", operation.scope);
        });
        let refused = operation.attempt(key, &ids).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (403, "insufficient_scope"), "{name}: {}", refused.body);
        assert_eq!(refused.body["detail"], format!("the key needs the scope `{scope}`"), "{name}");
        let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\"");
        assert_eq!(refused.header("www-authenticate"), challenge, "{name}");
    }
    assert_eq!(everything(&shop, ada).await, before, "nothing of it was done");
}

#[tokio::test]
async fn reading_is_open_to_a_key_that_has_the_scope_of_the_route_alone() {
    let shop = Shop::open().await;
    let (_, ids) = victim(&shop).await;
    let mut alone = Vec::new();
    for scope in SCOPES {
        alone.push((scope, key_for(&shop, &[scope]).await));
    }
    // Proofs are tried where histories are signed, in `proofs::doors`.
    let reading = operations().into_iter().filter(|operation| operation.method == Method::GET && operation.needs_a_key);
    for operation in reading.filter(|operation| !operation.path.starts_with("/v1/audit/")) {
        let (_, key) = alone.iter().find(|(scope, _)| *scope == operation.scope).expect("a scope");
        let answer = operation.attempt(key, &ids).await;
        // Some of what it asks for is not there, or not open: that is no matter of scopes.
        let let_in = answer.status.is_success() || ["not_found", "no_data_request"].contains(&answer.code());
        assert!(let_in || answer.code() == "request_not_open", "{}: {}", operation.path, answer.body);
    }
}

#[tokio::test]
async fn what_is_sealed_is_withheld_from_a_key_without_the_scope_and_that_is_said() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let profile = CustomerSample {
        email: Some("withheld-canary@example.com".to_owned()),
        updated_at: shop.now(),
        ..CustomerSample::new(ada.external_id)
    };
    assert!(shop.deliver("customers/create", &profile.body()).await.is_accepted());
    assert!(ada.order(50_00).deliver().await.is_accepted());
    assert_eq!(ada.adjust(5, "withheld-canary, of the parcel").await.status, 201);
    let id = ada.id().await;
    let own = shop.api.get(&format!("/v1/customers/{id}")).send().await;
    assert_eq!((own.header("personal-data"), &own.body["email"]), ("", &json!("withheld-canary@example.com")));

    let reader = key_for(&shop, &["read", "audit", "privacy"]).await;
    let paths = [
        "/v1/customers".to_owned(),
        format!("/v1/customers?external_id=shopify:{}", ada.external_id),
        format!("/v1/customers/{id}"),
        format!("/v1/customers/{id}/points_transactions"),
        format!("/v1/customers/{id}/balance/explanation"),
        "/v1/audit_logs".to_owned(),
    ];
    for path in paths {
        let answer = reader.get(&path).send().await;
        assert!(answer.status.is_success(), "{path}: {}", answer.body);
        assert_eq!(answer.header("personal-data"), "withheld", "{path}");
        let told = answer.body.to_string();
        let own_ids = [ada.external_id.to_string(), "withheld-canary".to_owned()];
        assert!(own_ids.iter().all(|canary| !told.contains(canary)), "{path}: {told}");
    }
    let entries = reader.get("/v1/audit_logs").query("action", "points.adjusted").document().await;
    assert_eq!(entries["data"][0]["reason"], json!({ "state": "withheld", "text": null }));
    let search = reader.post("/v1/customers/search", &json!({ "email": "withheld-canary@example.com" })).send().await;
    assert_eq!(search.code(), "insufficient_scope");
    let balance = reader.get(&format!("/v1/customers/{id}/balance")).send().await;
    assert_eq!((balance.header("personal-data"), &balance.body["available"]), ("", &json!(55)), "numbers are whole");
}

#[tokio::test]
async fn a_revoked_key_opens_nothing_on_any_gateway_from_the_answer_on() {
    let shop = Shop::open().await;
    let elsewhere = shop.at(Installation::second_gateway());
    let key = key_for(&shop, &["read"]).await;
    let there = elsewhere.api.with_key(key.key());
    // Both know the key by now, and would for a while.
    assert!(key.get("/v1/customers").send().await.status.is_success());
    assert!(there.get("/v1/customers").send().await.status.is_success());
    let listed = shop.api.get(KEYS).document().await;
    let id = listed["data"][1]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        listed["data"][1],
        json!({
            "id": id, "name": "a test's", "scopes": ["read"], "everything": false,
            "created_at": listed["data"][1]["created_at"],
        })
    );

    let revoked = shop.api.call(Method::DELETE, &format!("{KEYS}/{id}")).document().await;
    for door in [&there, &key] {
        let refused = door.get("/v1/customers").send().await;
        assert_eq!((refused.status.as_u16(), refused.code()), (401, "unauthorized"));
    }
    let again = shop.api.call(Method::DELETE, &format!("{KEYS}/{id}")).send().await;
    assert_eq!((again.status.as_u16(), again.code()), (404, "not_found"));
    assert_eq!(shop.api.get(KEYS).document().await["data"].as_array().map(Vec::len), Some(1));
    let entries = shop.api.get("/v1/audit_logs").query("min_position", revoked["position"].as_u64().unwrap());
    let entries = entries.query("action", "merchant.api_key_revoked").document().await;
    assert_eq!(entries["data"][0]["actor"]["kind"], "api_key");
}

#[tokio::test]
async fn the_audit_log_names_who_used_a_key_by_its_id() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(50_00).deliver().await.is_accepted());
    let made = shop.api.post(KEYS, &json!({ "name": "the till", "scopes": ["write"] })).document().await;
    let till = shop.api.with_key(made["key"].as_str().unwrap());
    let path = ada.path("points_adjustments").await;
    let adjusted = till.post_once(&path, &json!({ "points": 3, "reason": "goodwill" })).document().await;
    let entries = shop.api.get("/v1/audit_logs").query("min_position", adjusted["position"].as_u64().unwrap());
    let entries = entries.query("action", "points.adjusted").document().await;
    let actor = entries["data"][0]["actor"]["id"].as_str().unwrap().to_owned();
    assert_eq!(made["id"], format!("key_{actor}"));
}

#[tokio::test]
async fn a_key_gives_only_what_it_has() {
    let shop = Shop::open().await;
    let keys = key_for(&shop, &["keys", "read"]).await;
    let give = |scopes: Value| keys.post(KEYS, &json!({ "name": "another", "scopes": scopes }));
    assert_eq!(give(json!(["read"])).send().await.status, 201);
    assert_eq!(give(json!(["read", "write"])).send().await.code(), "insufficient_scope");
    for (document, pointer) in [
        (json!({ "name": "x", "scopes": [] }), "/scopes"),
        (json!({ "name": "x", "scopes": ["read", "everything"] }), "/scopes/1"),
        (json!({ "name": " ", "scopes": ["read"] }), "/name"),
        (json!({ "name": "two\nlines", "scopes": ["read"] }), "/name"),
    ] {
        let refused = shop.api.post(KEYS, &document).send().await;
        assert_eq!((refused.code(), &refused.body["pointer"]), ("invalid", &json!(pointer)), "{document}");
    }
}

#[tokio::test]
async fn an_operator_makes_lists_and_revokes_keys() {
    let shop = Shop::open().await;
    let merchant = shop.merchant.to_string();
    let run = async |arguments: &[&str]| {
        let mut command = tokio::process::Command::new(loyalnest());
        let config = &Installation::shared().config;
        command
            .args(["-o", "json", "api-keys"])
            .args(arguments)
            .args(["--merchant", &merchant])
            .envs(config.variables());
        Said::by(command).await
    };
    let made = run(&["create", "--name", "the auditor", "--scope", "audit,read"]).await;
    assert_eq!(made.code, 0, "{}", made.err);
    let made = made.document();
    let auditor = shop.api.with_key(made["api_key"].as_str().unwrap());
    assert!(auditor.get("/v1/audit_logs").send().await.status.is_success());
    assert_eq!(auditor.get("/v1/gdpr_requests").send().await.code(), "insufficient_scope");

    let listed = run(&["list"]).await.document();
    assert_eq!((&listed[0]["name"], &listed[0]["everything"]), (&Value::Null, &json!(true)));
    assert_eq!((&listed[1]["name"], &listed[1]["scopes"]), (&json!("the auditor"), &json!(["read", "audit"])));
    let id = made["id"].as_str().unwrap();
    let unconfirmed = run(&["revoke", id]).await;
    assert!(unconfirmed.code == 1 && unconfirmed.err.contains("--yes"), "{}", unconfirmed.err);
    assert_eq!(run(&["revoke", id, "--yes"]).await.code, 0);
    assert_eq!(auditor.get("/v1/audit_logs").send().await.status, 401);
    assert_eq!(run(&["create", "--name", "x", "--scope", "all"]).await.code, 2);
}
