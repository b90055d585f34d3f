//! The audit log: every event has its entry, reasons are opened for whoever may read them, settings show what changed.

use gateway::shopify::sample::CustomerSample;
use serde_json::{Value, json};

use crate::support::{Installation, Shop, Shopper};

const PATH: &str = "/v1/audit_logs";

async fn entries(shop: &Shop, filter: &[(&str, &str)]) -> Vec<Value> {
    let mut call = shop.api.get(PATH).query("min_position", shop.seen()).query("limit", 250);
    for (name, value) in filter {
        call = call.query(name, value);
    }
    call.document().await["data"].as_array().unwrap().clone()
}

fn actions(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|entry| entry["action"].as_str().unwrap()).collect()
}

/// A shopper who has ordered, redeemed, and whose points somebody has adjusted.
async fn history(shop: &Shop) -> Shopper<'_> {
    let ada = shop.shopper();
    assert!(ada.order(50_00).deliver().await.is_accepted());
    assert_eq!(ada.adjust(5, "sorry about the parcel").await.status, 201);
    ada.redeem(10).await;
    ada
}

#[tokio::test]
async fn everything_that_was_recorded_about_a_person_has_its_entry_newest_first() {
    let shop = Shop::open().await;
    let ada = history(&shop).await;
    let id = ada.id().await;
    let about = entries(&shop, &[("customer_id", &id)]).await;
    assert_eq!(actions(&about), ["points.redeemed", "points.adjusted", "points.order_assessed", "customer.enrolled"]);
    let [_, adjusted, ordered, enrolled] = &about[..] else { panic!("four entries") };
    assert_eq!(adjusted["actor"]["kind"], "api_key");
    assert_eq!(adjusted["on_behalf_of"], Value::Null, "the merchant acted for itself");
    assert_eq!(adjusted["target"], json!({ "kind": "points_account", "id": id }));
    assert_eq!(adjusted["reason"], json!({ "state": "open", "text": "sorry about the parcel" }));
    assert_eq!(
        (&ordered["actor"], &ordered["outcome"]),
        (&json!({ "kind": "shop", "id": "orders/create" }), &json!("awarded"))
    );
    assert_eq!((&enrolled["target"]["kind"], &enrolled["outcome"]), (&json!("customer"), &json!("done")));
    assert!(about.iter().all(|entry| entry["description"].as_str().is_some_and(|words| words.contains(' '))));
    assert!(about.is_sorted_by_key(|entry| std::cmp::Reverse(entry["position"].as_u64())));
}

#[tokio::test]
async fn an_operator_acts_on_behalf_of_the_merchant() {
    let shop = Shop::open().await;
    shop.has_seen_everything_of(Installation::shared()).await;
    let made = entries(&shop, &[("actor_kind", "operator")]).await;
    assert_eq!(actions(&made), ["program.settings_published", "merchant.api_key_issued", "merchant.created"]);
    let merchant = shop.merchant.to_string();
    assert!(made.iter().all(|entry| entry["on_behalf_of"] == merchant.as_str()), "{made:#?}");
    let [published, issued, created] = &made[..] else { panic!("three entries") };
    assert_eq!(published["request_id"], created["request_id"], "what one request did can be joined");
    assert_eq!((&issued["target"]["kind"], &issued["target"]["id"]), (&json!("merchant"), &json!(merchant)));
}

#[tokio::test]
async fn the_id_of_an_answer_leads_to_what_was_done_for_it() {
    let shop = Shop::open().await;
    let ada = history(&shop).await;
    let answer = ada.adjust(7, "goodwill").await;
    let found = entries(&shop, &[("request_id", answer.header("request-id"))]).await;
    assert_eq!(actions(&found), ["points.adjusted"]);
    assert_eq!(found[0]["position"], answer.body["position"]);
}

#[tokio::test]
async fn settings_show_what_they_were_what_they_are_and_where_they_differ() {
    let shop = Shop::open().await;
    let before = shop.api.get("/v1/program_settings").document().await;
    let after = shop.publish(json!({ "hold": { "days": 14 }, "negative_balance": "clamp" })).await;
    shop.has_seen_everything_of(Installation::shared()).await;
    let published = entries(&shop, &[("action", "program.settings_published")]).await;
    let [second, first] = &published[..] else { panic!("two versions: {published:#?}") };
    assert_eq!((&second["changes"]["before"], &second["changes"]["after"]), (&before, &after));
    assert_eq!(second["changes"]["differing"], json!(["/effective_from", "/hold/days", "/negative_balance"]));
    assert_eq!(second["target"], json!({ "kind": "program_settings", "id": "2" }));
    assert_eq!((&first["changes"]["before"], &first["changes"]["after"]), (&Value::Null, &before));
    let other = entries(&shop, &[("target_kind", "program_settings"), ("target_id", "1")]).await;
    assert_eq!(other, std::slice::from_ref(first));
}

#[tokio::test]
async fn filters_leave_out_everything_else() {
    let shop = Shop::open().await;
    let (ada, bea) = (history(&shop).await, history(&shop).await);
    let (id, other) = (ada.id().await, bea.id().await);
    let all = entries(&shop, &[]).await;
    assert_eq!(all.len(), 3 + 2 * 4, "{:?}", actions(&all));
    assert_eq!(entries(&shop, &[("action", "points.adjusted")]).await.len(), 2);
    assert_eq!(entries(&shop, &[("actor_kind", "shop")]).await.len(), 4);
    assert_eq!(entries(&shop, &[("target_kind", "customer")]).await.len(), 2);
    let account = entries(&shop, &[("target_kind", "points_account"), ("target_id", &id)]).await;
    assert!(account.len() == 3 && account.iter().all(|entry| entry["customer_id"] == id.as_str()), "{account:#?}");
    let position = account[0]["position"].to_string();
    assert_eq!(entries(&shop, &[("position", &position)]).await, account[..1]);
    assert_eq!(entries(&shop, &[("customer_id", &other), ("action", "customer.enrolled")]).await.len(), 1);
    let time = |entry: &Value| entry["recorded_at"].as_str().unwrap().to_owned();
    let (oldest, newest) = (time(&all[all.len() - 1]), time(&all[0]));
    assert_eq!(entries(&shop, &[("from", &oldest)]).await.len(), all.len());
    let later = entries(&shop, &[("from", &newest)]).await;
    assert!(!later.is_empty() && later.iter().all(|entry| time(entry) >= newest));
    assert!(entries(&shop, &[("to", &oldest)]).await.is_empty());
    for (name, nonsense) in
        [("from", "yesterday"), ("customer_id", "cus_1"), ("target_kind", "thing"), ("as_of", "soon")]
    {
        let refused = shop.api.get(PATH).query(name, nonsense).send().await;
        assert_eq!((refused.status.as_u16(), refused.code()), (400, "malformed_request"), "{name}={nonsense}");
    }
}

#[tokio::test]
async fn pages_fit_together_and_speak_of_a_moment_if_asked() {
    let shop = Shop::open().await;
    let ada = history(&shop).await;
    let then = shop.seen();
    let all = entries(&shop, &[]).await;
    ada.redeem(1).await;

    let mut pages = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let call = shop.api.get(PATH).query("limit", 3).query("as_of", then).query("min_position", shop.seen());
        let page = match &cursor {
            Some(cursor) => call.query("cursor", cursor).document().await,
            None => call.document().await,
        };
        assert_eq!(page["as_of"]["position"], then);
        pages.extend(page["data"].as_array().unwrap().clone());
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(pages, all, "what came later is not seen, and nothing is seen twice or not at all");
    let refused = shop.api.get(PATH).query("cursor", "****").send().await;
    assert_eq!((refused.status.as_u16(), refused.code()), (400, "invalid_cursor"));
}

#[tokio::test]
async fn of_a_merge_both_sides_are_seen_or_none() {
    let shop = Shop::open().await;
    let (a, b) = (shop.shopper(), shop.shopper());
    assert!(a.order(50_00).deliver().await.is_accepted());
    let before = b.order(30_00).deliver().await.position.unwrap();
    let merged = shop.merge(b, a).await.position.unwrap();
    for position in before..=merged {
        let seen = entries(&shop, &[("as_of", &position.to_string())]).await;
        let seen = actions(&seen);
        let parts = ["customer.merged_into", "customer.absorbed", "points.account_closed", "points.account_absorbed"];
        let found = parts.iter().filter(|part| seen.contains(part)).count();
        assert_eq!(found, if position < merged { 0 } else { parts.len() }, "{position}: {seen:?}");
    }
}

#[tokio::test]
async fn a_refusal_wrote_nothing_and_is_not_there() {
    let shop = Shop::open().await;
    let ada = history(&shop).await;
    let before = entries(&shop, &[]).await;
    let path = ada.path("reward_redemptions").await;
    let refused = shop.api.post_once(&path, &json!({ "points": 1_000_000 })).send().await;
    assert_eq!(refused.code(), "insufficient_points");
    assert_eq!(entries(&shop, &[]).await, before);
}

#[tokio::test]
async fn a_privacy_request_is_about_the_person() {
    let shop = Shop::open().await;
    let ada = history(&shop).await;
    let body = json!({ "shop_id": 1, "shop_domain": shop.domain, "customer": { "id": ada.external_id },
                       "orders_requested": [], "data_request": { "id": 4711 } });
    assert!(shop.deliver("customers/data_request", &body.to_string()).await.is_accepted());
    let id = ada.id().await;
    let about = entries(&shop, &[("customer_id", &id), ("target_kind", "gdpr_request")]).await;
    assert_eq!(actions(&about), ["gdpr.request_received"]);
    assert!(about[0]["target"]["id"].as_str().is_some_and(|request| request.starts_with("gdr_")));
}

#[tokio::test]
async fn profiles_are_not_in_the_audit_log() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let profile = CustomerSample {
        email: Some("entry-canary@example.com".to_owned()),
        updated_at: shop.now(),
        ..CustomerSample::new(ada.external_id)
    };
    assert!(shop.deliver("customers/create", &profile.body()).await.is_accepted());
    let told = serde_json::to_string(&entries(&shop, &[]).await).unwrap();
    assert!(!told.contains("entry-canary") && !told.contains(&ada.external_id.to_string()), "{told}");
}
