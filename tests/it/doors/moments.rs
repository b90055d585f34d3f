//! Answers say as of when they speak, and can be asked for another moment.

use aggregates::time::Timestamp;
use serde_json::{Value, json};

use crate::support::{Answer, Shop};

/// No log of these tests comes this far.
const UNREACHABLE: u64 = 1 << 40;

async fn balance(shop: &Shop, path: &str, parameter: &str, value: impl ToString) -> Answer {
    shop.api.get(path).query(parameter, value).send().await
}

#[tokio::test]
async fn a_balance_can_be_asked_for_as_of_a_position_and_as_of_a_time() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let before = shop.now();
    let first = ada.order(50_00);
    let at_first = first.deliver().await.position.unwrap();
    let between = shop.now();
    let path = ada.path("balance").await;
    ada.redeem(20).await;
    let at_redemption = shop.seen();
    let later = shop.now();
    assert!(first.full_refund().deliver().await.is_accepted());
    let at_refund = shop.seen();

    for (moment, available) in [
        (at_first - 1, 0),
        (at_first, 50),
        (at_redemption - 1, 50),
        (at_redemption, 30),
        (at_refund - 1, 30),
        (at_refund, -20),
    ] {
        let then = balance(&shop, &path, "as_of", moment).await;
        assert_eq!(then.body["available"], available, "{moment}: {}", then.body);
        assert_eq!(then.body["as_of"]["position"], moment);
    }
    for (moment, available) in [(before, 0), (between, 50), (later, 30), (shop.now(), -20)] {
        let then = balance(&shop, &path, "as_of", moment.to_rfc3339()).await;
        assert_eq!(then.body["available"], available, "{moment}: {}", then.body);
        assert_eq!(then.body["as_of"]["time"], moment.to_rfc3339());
    }
    // The same instant in another zone; its `+` comes as the query has it.
    let elsewhere = chrono::DateTime::from_timestamp_micros(between.0).unwrap();
    let elsewhere = elsewhere.with_timezone(&chrono::FixedOffset::east_opt(2 * 3_600).unwrap()).to_rfc3339();
    assert_eq!(balance(&shop, &path, "as_of", elsewhere).await.body["available"], 50);
    for nonsense in ["yesterday", "-1", "2026-13-01"] {
        let refused = balance(&shop, &path, "as_of", nonsense).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (400, "malformed_request"), "{nonsense}");
    }
}

#[tokio::test]
async fn what_time_did_later_is_not_seen_as_of_before() {
    let shop = Shop::open().await;
    shop.publish(json!({ "expiry": { "kind": "after_earning", "days": 10 } })).await;
    let ada = shop.shopper();
    assert!(ada.order(50_00).deliver().await.is_accepted());
    let path = ada.path("balance").await;
    let then = shop.now();
    shop.advance_days(20).await;
    assert_eq!(balance(&shop, &path, "as_of", then.to_rfc3339()).await.body["available"], 50);
    let nine_days_on = then.plus_days(9).to_rfc3339();
    assert_eq!(balance(&shop, &path, "as_of", nine_days_on).await.body["available"], 50);
    let eleven_days_on = then.plus_days(11).to_rfc3339();
    assert_eq!(balance(&shop, &path, "as_of", eleven_days_on).await.body["available"], 0);
}

#[tokio::test]
async fn a_read_waits_for_the_position_it_demands_but_not_for_ever() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let position = ada.order(50_00).deliver().await.position.unwrap();
    let path = ada.path("balance").await;
    let there = balance(&shop, &path, "min_position", position).await;
    assert_eq!((there.status.as_u16(), &there.body["available"]), (200, &Value::from(50)));
    assert!(there.body["as_of"]["position"].as_u64() >= Some(position));
    let time = Timestamp::parse(there.body["as_of"]["time"].as_str().unwrap());
    assert!(time.is_ok_and(|time| time <= shop.now()), "{}", there.body);

    let reads = ["/v1/customers", &path, &ada.path("points_transactions").await].map(str::to_owned);
    let too_far = reads.iter().map(|path| balance(&shop, path, "min_position", UNREACHABLE));
    for answer in futures::future::join_all(too_far).await {
        assert_eq!((answer.status.as_u16(), answer.code()), (503, "read_model_behind"));
        assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0), "{:?}", answer.headers);
        assert_eq!(answer.body["retryable"], true);
    }
    let nonsense = balance(&shop, &path, "min_position", "soon").await;
    assert_eq!((nonsense.status.as_u16(), nonsense.code()), (400, "malformed_request"));
}

#[tokio::test]
async fn at_no_position_are_merged_points_on_both_sides_or_on_none() {
    let shop = Shop::open().await;
    let (a, b) = (shop.shopper(), shop.shopper());
    assert!(a.order(50_00).deliver().await.is_accepted());
    let before = b.order(30_00).deliver().await.position.unwrap();
    let (of_a, of_b) = (a.path("balance").await, b.path("balance").await);
    let merged = shop.merge(b, a).await.position.unwrap();
    for position in before..=merged {
        let at = async |path: &str| balance(&shop, path, "as_of", position).await.body["available"].as_i64().unwrap();
        let both = (at(&of_a).await, at(&of_b).await);
        assert_eq!(both, if position < merged { (50, 30) } else { (0, 80) }, "{position}");
    }
}

#[tokio::test]
async fn whoever_writes_and_then_reads_sees_it_without_asking_for_a_position() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(1_00).deliver().await.is_accepted());
    let (balance, ledger) = (ada.path("balance").await, ada.path("points_transactions").await);
    for available in 2..12 {
        assert!(ada.order(1_00).deliver().await.is_accepted());
        assert_eq!(shop.api.get(&balance).document().await["available"], available);
        let lines = shop.api.get(&ledger).document().await;
        assert_eq!(lines["data"].as_array().map(Vec::len), usize::try_from(available).ok());
    }
}

#[tokio::test]
async fn an_answer_without_a_moment_in_its_document_says_it_in_a_header() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let position = ada.order(50_00).deliver().await.position.unwrap();
    for path in ["/v1/customers", "/v1/daily_totals", "/v1/rewards", "/v1/tasks", "/v1/gdpr_requests", "/v1/campaigns"]
    {
        let answer = shop.api.get(path).query("min_position", position).send().await;
        let said = answer.header("as-of").to_owned();
        let (seen, time) =
            said.strip_prefix("position=").and_then(|said| said.split_once(", time=")).unwrap_or_default();
        assert!(seen.parse::<u64>().is_ok_and(|seen| seen >= position), "{path}: {said}");
        assert!(Timestamp::parse(time.trim_matches('"')).is_ok(), "{path}: {said}");
    }
}
