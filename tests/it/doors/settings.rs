//! Program settings: read with a tag, written by whoever has seen the last version.

use aggregates::time::Timestamp;
use serde_json::{Value, json};

use crate::support::{Answer, Shop};

const PATH: &str = "/v1/program_settings";

async fn read(shop: &Shop) -> Answer {
    let answer = shop.api.get(PATH).send().await;
    assert_eq!(answer.status, 200);
    answer
}

async fn write(shop: &Shop, tag: &str, document: &Value) -> Answer {
    shop.api.put(PATH, document).header("If-Match", tag).send().await
}

fn no_tiers() -> Value {
    json!({ "downgrade": "at_once", "grace_days": 0, "measure": "points_earned", "tiers": [],
            "window": { "kind": "lifetime", "length": null } })
}

#[tokio::test]
async fn a_new_merchant_starts_with_one_point_per_unit_and_nothing_else() {
    let shop = Shop::open().await;
    let first = read(&shop).await;
    assert_eq!(first.header("etag"), "\"1\"");
    let mut settings = first.body;
    assert!(Timestamp::parse(settings["effective_from"].as_str().unwrap()).is_ok());
    settings.as_object_mut().unwrap().remove("effective_from");
    let rule = json!({ "id": "orders", "kind": "order", "points_per_unit": "1", "minimum_minor": 0, "rounding": "down",
                       "include": { "tax": "as_priced", "shipping": false },
                       "exclude": { "product_ids": [], "variant_ids": [], "skus": [], "vendors": [], "gift_cards": true,
                                    "tags": [], "product_types": [], "collections": [] },
                       "only": null, "multiplier": null });
    let mut expected = json!({ "version": 1, "earning_rules": [rule], "hold": { "days": 0 },
                           "expiry": { "kind": "none", "days": null }, "negative_balance": "allow",
                           "redemption": { "points": 100, "amount_minor": 100 }, "redact_grace_hours": 72,
                           "return_grace_days": 14,
                           "rfm": { "time_zone": "UTC", "method": "value_bands", "mapping": "eleven_segments",
                                    "thresholds": { "recency_days": [30, 90, 180, 365], "orders": [2, 5, 10, 20],
                                                    "spend_minor": [25_000, 50_000, 75_000, 100_000] } },
                           "badges": [],
                           "mail": { "kinds": [], "language": "en", "shop_name": "", "expiring_days": 7,
                                     "per_hour": 1_000, "quiet": { "from_hour": 0, "until_hour": 0 } } });
    let fraud = json!({ "email_root": "refuse", "address": "review", "device": "review", "payment": "review",
                        "ip_range": "allow", "velocity": "review" });
    expected["referrals"] = json!({ "enabled": true, "advocate_points": 500, "friend_points": 500, "minimum_minor": 0,
                                    "new_customers_only": true, "hold_days": 14, "order_within_days": 90,
                                    "link": { "days": null }, "velocity": { "referrals": 20, "days": 30 },
                                    "fraud": fraud });
    expected["vip_tiers"] = no_tiers();
    assert_eq!(settings, expected);
}

#[tokio::test]
async fn what_was_read_can_be_written_back_as_the_next_version() {
    let shop = Shop::open().await;
    let first = read(&shop).await;
    let written = write(&shop, first.header("etag"), &first.body).await;
    assert_eq!((written.status.as_u16(), written.header("etag")), (200, "\"2\""));
    let second = read(&shop).await;
    assert_eq!(second.body, written.body);
    let without_version = |settings: &Value| {
        let mut settings = settings.clone();
        settings["version"] = Value::Null;
        settings["effective_from"] = Value::Null;
        settings
    };
    assert_eq!(without_version(&second.body), without_version(&first.body));
    let time = |answer: &Answer| Timestamp::parse(answer.body["effective_from"].as_str().unwrap()).unwrap();
    assert!(time(&second) > time(&first), "each version is in effect from when it was published");
}

#[tokio::test]
async fn an_order_in_the_second_of_a_change_is_awarded_by_it_and_one_that_was_awarded_stays_as_it_is() {
    let shop = Shop::open().await;
    let (ada, grace) = (shop.shopper(), shop.shopper());
    let before = ada.order(50_00);
    before.deliver().await;
    shop.pays("2").await;
    let this_second = shop.now().whole_second();
    // The shop tells times in whole seconds: what came after the change seems to have come before it.
    let after = grace.order(50_00).with(|order| order.processed_at = this_second);
    after.deliver().await;
    assert_eq!(grace.balance().await["available"], 100);
    before.later(|_| {}).deliver().await;
    assert_eq!(ada.balance().await["available"], 50);
    before.full_refund().deliver().await;
    assert_eq!(ada.balance().await["available"], 0);
}

#[tokio::test]
async fn everything_that_can_be_set_comes_back_as_it_was_set() {
    let shop = Shop::open().await;
    let until = shop.now().plus_days(7);
    let rule = json!({ "id": "double", "kind": "order", "points_per_unit": "1.5", "minimum_minor": 1_000, "rounding": "up",
                       "include": { "tax": "never", "shipping": true },
                       "exclude": { "product_ids": ["1"], "variant_ids": ["2"], "skus": ["TEA"], "vendors": ["Acme"],
                                    "gift_cards": false, "tags": ["sale"], "product_types": ["Tea"], "collections": ["7"] },
                       "only": null, "multiplier": { "factor": "2", "from": shop.now().to_rfc3339(), "until": until.to_rfc3339() } });
    let mut wanted = json!({ "effective_from": shop.now().plus_days(1).to_rfc3339(), "earning_rules": [rule],
                         "hold": { "days": 14 }, "expiry": { "kind": "inactivity", "days": 365 },
                         "negative_balance": "clamp", "redemption": { "points": 50, "amount_minor": 25 },
                         "redact_grace_hours": 24, "return_grace_days": 7,
                         "rfm": { "time_zone": "America/Sao_Paulo", "method": "fixed_thresholds", "mapping": "rf_grid",
                                  "thresholds": { "recency_days": [7, 14, 21, 28], "orders": [2, 3, 4, 5],
                                                  "spend_minor": [100, 200, 300, 400] } },
                         "badges": [{ "id": "faithful", "name": "Faithful", "rule": { "kind": "streak", "months": 3 },
                                      "repeats": "yearly", "counts_from": "2026-01", "points": 50 }],
                         "mail": { "kinds": ["welcome", "points_expiring"], "language": "pt", "shop_name": "A Loja",
                                   "expiring_days": 14, "per_hour": 50, "quiet": { "from_hour": 21, "until_hour": 8 } } });
    let fraud = json!({ "email_root": "allow", "address": "refuse", "device": "allow", "payment": "refuse",
                        "ip_range": "review", "velocity": "refuse" });
    wanted["referrals"] = json!({ "enabled": false, "advocate_points": 0, "friend_points": 750, "minimum_minor": 2_000,
                                  "new_customers_only": false, "hold_days": 30, "order_within_days": 14,
                                  "link": { "days": 365 }, "velocity": { "referrals": 3, "days": 1 }, "fraud": fraud });
    wanted["vip_tiers"] = no_tiers();
    let written = write(&shop, "\"1\"", &wanted).await;
    assert_eq!(written.status, 200, "{}", written.body);
    let mut stored = read(&shop).await.body;
    assert_eq!(stored.as_object_mut().unwrap().remove("version"), Some(json!(2)));
    assert_eq!(stored, wanted);
    // A section that is not named stays as it is, and so does a part of one.
    let bad = write(&shop, "\"2\"", &json!({ "referrals": { "velocity": { "referrals": 0, "days": 1 } } })).await;
    assert_eq!((bad.status.as_u16(), &bad.body["pointer"]), (422, &json!("/referrals/velocity/referrals")));
    assert_eq!(write(&shop, "\"2\"", &json!({ "hold": { "days": 1 } })).await.status, 200);
    let changed = read(&shop).await.body;
    assert_eq!((&changed["hold"], &changed["expiry"]), (&json!({ "days": 1 }), &wanted["expiry"]));
}

#[tokio::test]
async fn nobody_overwrites_what_they_have_not_seen() {
    let shop = Shop::open().await;
    let settings = read(&shop).await.body;
    let blind = shop.api.put(PATH, &settings).send().await;
    assert_eq!((blind.status.as_u16(), blind.code()), (428, "missing_if_match"));
    for tag in ["\"0\"", "\"2\"", "something", "*"] {
        let stale = write(&shop, tag, &settings).await;
        assert_eq!((stale.status.as_u16(), stale.code()), (412, "stale_settings"), "{tag}");
    }
    let both = futures::future::join_all([1, 2].map(|_| write(&shop, "\"1\"", &settings))).await;
    let mut statuses: Vec<u16> = both.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412], "of two who saw the same version, one is told");
    assert_eq!(read(&shop).await.header("etag"), "\"2\"");
}

#[tokio::test]
async fn a_value_that_cannot_stand_is_pointed_at() {
    let shop = Shop::open().await;
    let rule = |changed: Value| {
        let mut rule = json!({ "id": "orders", "points_per_unit": "1" });
        rule.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
        json!({ "earning_rules": [rule] })
    };
    let twice =
        json!({ "earning_rules": [{ "id": "a", "points_per_unit": "1" }, { "id": "a", "points_per_unit": "2" }] });
    for (document, pointer) in [
        (rule(json!({ "points_per_unit": "-1" })), "/earning_rules/0/points_per_unit"),
        (rule(json!({ "points_per_unit": "0.000000001" })), "/earning_rules/0/points_per_unit"),
        (rule(json!({ "minimum_minor": -1 })), "/earning_rules/0/minimum_minor"),
        (
            rule(json!({ "multiplier": { "factor": "2", "from": "soon", "until": "later" } })),
            "/earning_rules/0/multiplier/from",
        ),
        (twice, "/earning_rules/1/id"),
        (json!({ "expiry": { "kind": "after_earning" } }), "/expiry/days"),
        (json!({ "expiry": { "kind": "after_earning", "days": 0 } }), "/expiry/days"),
        (json!({ "hold": { "days": 100_000 } }), "/hold/days"),
        (json!({ "redemption": { "points": 0, "amount_minor": 1 } }), "/redemption/points"),
        (json!({ "redact_grace_hours": 720 }), "/redact_grace_hours"),
        (json!({ "effective_from": "tomorrow" }), "/effective_from"),
    ] {
        let refused = write(&shop, "\"1\"", &document).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (422, "invalid"), "{document}");
        assert_eq!(refused.body["pointer"], pointer, "{document}");
    }
    for (document, why) in [
        (rule(json!({ "points_per_unit": 1.5 })), "a binary fraction"),
        (json!({ "hodl": { "days": 1 } }), "a misspelt section"),
    ] {
        let refused = write(&shop, "\"1\"", &document).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (422, "invalid"), "{why}");
    }
    assert_eq!(read(&shop).await.header("etag"), "\"1\"");
}

#[tokio::test]
async fn an_order_is_judged_by_the_version_in_effect_when_it_was_made() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let before = ada.order(50_00);
    shop.pays("3").await;
    let after = ada.order(50_00);
    assert!(after.deliver().await.is_accepted());
    assert_eq!(ada.available().await, 150);
    assert!(before.deliver().await.is_accepted());
    assert_eq!(ada.available().await, 200, "it was made when one point was paid");
    let explanation = ada.explanation().await;
    assert_eq!(explanation.lot_of(before.id()).source.program_version, Some(1));
    assert_eq!(explanation.lot_of(after.id()).source.program_version, Some(2));
}

#[tokio::test]
async fn settings_can_be_read_by_version_and_as_of_any_moment() {
    let shop = Shop::open().await;
    let first = read(&shop).await;
    let written = write(&shop, first.header("etag"), &json!({ "hold": { "days": 14 } })).await;
    assert_eq!(written.header("etag"), "\"2\"");
    let of = |name: &'static str, value: String| shop.api.get(PATH).query(name, value).send();
    assert_eq!(of("version", "1".to_owned()).await.body["hold"]["days"], 0);
    assert_eq!(of("version", "2".to_owned()).await.body["hold"]["days"], 14);
    assert_eq!(of("version", "3".to_owned()).await.status, 404);
    let before = first.body["effective_from"].as_str().unwrap().to_owned();
    let between = of("as_of", before).await;
    assert_eq!((between.header("etag"), &between.body["hold"]["days"]), ("\"1\"", &json!(0)));
    // Before there was a merchant there were no settings.
    assert_eq!(of("as_of", "2020-01-01T00:00:00Z".to_owned()).await.status, 404);
    assert_eq!(of("as_of", "now".to_owned()).await.status, 400);
    assert_eq!(of("as_of", i64::MAX.to_string()).await.body["hold"]["days"], 14);
}
