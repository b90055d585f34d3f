//! What the catalogue of personal data holds, a person who asks is told: in the sections it names, or there is a reason.

use std::collections::BTreeSet;

use aggregates::catalogue::{COLUMNS, Protection, SEALED, SEALED_TOLD, TABLES_TOLD, Told, told};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};
use uuid::Uuid;

use crate::{
    mail::kit::{enrolled, mails, post_office},
    referrals::kit::{code, link_of, order_through},
    support::{Shop, Shopper},
};

#[test]
fn whatever_is_in_the_catalogue_is_told_or_it_is_said_why_not() {
    let sealed: BTreeSet<&str> = SEALED.iter().map(|field| field.content).collect();
    let tables: BTreeSet<&str> = COLUMNS.iter().map(|column| column.table).collect();
    for (held, told) in [(sealed, SEALED_TOLD), (tables, TABLES_TOLD)] {
        let named: BTreeSet<&str> = told.iter().map(|(name, _)| *name).collect();
        assert_eq!(named, held, "aggregates/src/catalogue/told.rs, and what the catalogue has");
        assert_eq!(named.len(), told.len(), "each is told of once");
    }
}

#[test]
fn every_section_of_a_report_tells_something_of_the_catalogue_and_no_other_is_named() {
    let description = serde_json::to_value(gateway::router::description()).unwrap();
    let described = description["components"]["schemas"]["DataReport"]["properties"].as_object().unwrap();
    let sections: BTreeSet<&str> = described.keys().map(String::as_str).filter(|name| *name != "about").collect();
    let named = SEALED_TOLD.iter().chain(TABLES_TOLD).filter_map(|(_, told)| match told {
        Told::In(sections) => Some(*sections),
        Told::Not(_) => None,
    });
    assert_eq!(named.flatten().copied().collect::<BTreeSet<_>>(), sections);
}

/// A shop that does everything with people that a shop can do.
async fn shop() -> Shop {
    let shop = Shop::open_at(&post_office().installation).await;
    let regular = json!({ "id": "regular", "name": "Regular", "entry": 1 });
    let gold = json!({ "id": "gold", "name": "Gold", "entry": 100 });
    let first = json!({ "id": "first", "name": "First", "rule": { "kind": "orders", "count": 1 }, "points": 5 });
    shop.publish(json!({
        "vip_tiers": { "measure": "orders", "tiers": [regular, gold] },
        "badges": [first],
        "mail": { "kinds": ["welcome", "referral_invitation"], "shop_name": "The Shop" },
    }))
    .await;
    let reviews = json!({ "name": "reviews", "reward": { "action": "review", "points": 5 } });
    assert_eq!(shop.api.post("/v1/campaigns", &reviews).send().await.status, 201);
    shop
}

async fn done(shopper: Shopper<'_>, what: &str, how: Value) {
    let path = shopper.path(what).await;
    let answer = shopper.shop.api.post(&path, &how).send().await;
    assert!(answer.status.is_success(), "{what}: {}", answer.body);
    shopper.shop.has_seen(answer.body["position"].as_u64());
}

async fn chosen(shopper: Shopper<'_>, what: &str, how: Value) {
    let answer = shopper.shop.api.put(&shopper.path(what).await, &how).document().await;
    shopper.shop.has_seen(answer["position"].as_u64());
}

/// Everything that can happen to somebody short of being forgotten; who somebody else was before they became them.
async fn everything_happens_to(ada: Shopper<'_>, address: &str) -> String {
    let shop = ada.shop;
    assert!(ada.order(50_00).deliver().await.is_accepted());
    mails(address, 1).await;
    shop.settle().await;
    assert_eq!(ada.adjust(30, "sorry about the kettle").await.status, 201);
    let gift = json!({ "tier": "gold", "reason": "a friend of the house" });
    done(ada, "vip_tier", gift.clone()).await;
    done(ada, "vip_tier/undo", json!({ "reason": "no friend any more" })).await;
    done(ada, "vip_tier", gift).await;
    done(ada, "actions", json!({ "action": "review", "distinct_id": "the first" })).await;
    done(ada, "loyalty_cards", json!({})).await;
    chosen(ada, "leaderboard", json!({ "opt_out": true })).await;
    chosen(ada, "birthday", json!({ "month": 5, "day": 17 })).await;
    let link = link_of(ada).await;
    let invited = json!({ "email": format!("grace-{}@example.com", Uuid::from_u128(u128::from(shop.fresh_id()))) });
    let path = format!("/v1/referrals/{}/invitations", code(&link));
    assert_eq!(shop.api.post_once(&path, &invited).send().await.status, 201);
    assert!(order_through(shop.shopper(), &link, 40_00).deliver().await.is_accepted());
    let word = format!("{}-{}", shop.domain.split('.').next().unwrap(), ada.external_id);
    let file = format!("external_id,points,tier,referral_code\n{},7,Gold,{word}\n", ada.external_id);
    shop.has_seen(shop.api.call(Method::POST, "/v1/imports").text(&file).document().await["position"].as_u64());
    ada.redeem(10).await;
    let cay = shop.shopper();
    assert!(cay.order(20_00).deliver().await.is_accepted());
    let was = cay.id().await;
    shop.advance_days(2).await;
    assert!(shop.merge(ada, cay).await.is_accepted());
    let asked = json!({ "shop_id": 1, "shop_domain": shop.domain, "orders_requested": [],
                        "customer": { "id": ada.external_id }, "data_request": { "id": shop.fresh_id() } });
    assert!(shop.deliver("customers/data_request", &asked.to_string()).await.is_accepted());
    shop.settle().await;
    shop.has_seen_everything_of(&post_office().installation).await;
    was
}

/// Columns that name a person of their own accord: in how many rows these people are.
async fn rows_of(people: &[Uuid]) -> Vec<(&'static str, &'static str, i64)> {
    let db = PgPool::connect(&post_office().installation.config.database_url).await.unwrap();
    let mut counted = Vec::new();
    for column in COLUMNS.iter().filter(|column| column.protection == Protection::RandomId) {
        // What is not told of is not asked for.
        let Some(Told::In(_)) = told(column.table) else { continue };
        let statement = format!("select count(*) from {} where {} = any($1)", column.table, column.column);
        let rows = sqlx::query_scalar(AssertSqlSafe(statement)).bind(people).fetch_one(&db).await.unwrap();
        counted.push((column.table, column.column, rows));
    }
    counted
}

#[tokio::test]
async fn a_report_tells_of_everything_that_happened_to_somebody() {
    let shop = shop().await;
    let (ada, address) = enrolled(&shop, "fine", "en").await;
    let was = everything_happens_to(ada, &address).await;
    let ids = [ada.id().await, was].map(|id| id.parse::<aggregates::id::CustomerId>().unwrap().0);
    for (table, column, rows) in rows_of(&ids).await {
        // As whom they were brought is in the other column.
        assert!(rows > 0 || (table, column) == ("read.referrals", "customer"), "{table}.{column} was not tried");
    }
    let path = ada.path("data_report").await;
    let report = shop.api.get(&path).query("min_position", shop.seen()).document().await;
    for (held, told) in SEALED_TOLD.iter().chain(TABLES_TOLD) {
        let Told::In(sections) = told else { continue };
        for section in *sections {
            assert!(
                report[section].as_array().is_some_and(|rows| !rows.is_empty()),
                "{section} says nothing of {held}"
            );
        }
    }
    by_hand_and_by_rule(&report);
    let choices = json!([{ "mail": "unsaid", "no_invitations": false, "off_leaderboards": true }]);
    assert_eq!(report["choices"], choices);
    let birthday = json!({ "month": 5, "day": 17 });
    assert!(report["profile_history"].as_array().unwrap().iter().any(|row| row["birthday"] == birthday));
    assert_eq!(
        (&report["campaign_actions"][0]["action"], &report["campaign_actions"][0]["points"]),
        (&json!("review"), &json!(5))
    );
    assert_eq!(report["rfm_segments"][0]["scores"]["frequency"].as_u64().map(|score| score > 0), Some(true));
}

/// Both that they were given, with when one was taken back; what came of them; and why, as staff has said.
fn by_hand_and_by_rule(report: &Value) {
    let gifts = report["vip_tier_gifts"].as_array().unwrap();
    let given: Vec<_> = gifts.iter().map(|gift| (&gift["tier_id"], &gift["by"], gift["ended_at"].is_null())).collect();
    let (gold, hand) = (json!("gold"), json!("hand"));
    assert_eq!(given, [(&gold, &hand, false), (&gold, &hand, true)], "what an import has is no match for staff");
    let moves = report["vip_tier_history"].as_array().unwrap();
    assert!(moves.iter().any(|row| row["to"] == "gold" && row["cause"] == "by_hand"), "{moves:#?}");
    assert!(moves.iter().any(|row| row["to"] == "regular" && row["cause"] == "facts"), "{moves:#?}");
    let audit = report["audit_log"].as_array().unwrap();
    for why in ["a friend of the house", "no friend any more", "sorry about the kettle"] {
        assert!(audit.iter().any(|entry| entry["reason"]["text"] == why), "{why}");
    }
}
