//! Somebody is forgotten in the middle of everything that shop and merchant do at the same time, at two gateways.

use futures::future::join_all;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::kit::{ask_to_forget, completed, customer};
use crate::support::{Explanation, Installation, Shop, Shopper};

/// How much of the traffic has begun before the request comes.
const STARTS: [usize; 4] = [0, 3, 7, 12];

#[tokio::test]
async fn whatever_is_under_way_when_somebody_is_forgotten_points_are_conserved() {
    for start in STARTS {
        let shop = Shop::open().await;
        let elsewhere = shop.at(Installation::second_gateway());
        let ada = shop.shopper();
        let there = Shopper { shop: &elsewhere, external_id: ada.external_id };
        let old = ada.order(80_00);
        assert!(old.deliver().await.is_accepted());
        let id = ada.id().await;
        let code = ada.redeem(7).await.code;
        let bob = Shopper { shop: &elsewhere, external_id: shop.fresh_id() };

        let orders: Vec<_> =
            (0..12_u32).map(|n| if n.is_multiple_of(2) { ada.order(10_00) } else { there.order(10_00) }).collect();
        let sold = join_all(
            orders.iter().map(|order| async move { (order.deliver().await, order.full_refund().deliver().await) }),
        );
        let path = |what: &str| format!("/v1/customers/{id}/{what}");
        let spent = join_all((0..6_u32).map(|n| {
            let api = if n.is_multiple_of(2) { &shop.api } else { &elsewhere.api };
            api.post_once(&path("reward_redemptions"), &json!({ "points": 5 })).send()
        }));
        let given = join_all((0..6_u32).map(|n| {
            let api = if n.is_multiple_of(2) { &elsewhere.api } else { &shop.api };
            api.post_once(&path("points_adjustments"), &json!({ "points": 3, "reason": "busy" })).send()
        }));
        let forgotten = async {
            for _ in 0..start {
                old.deliver().await;
            }
            ask_to_forget(&shop, &id).await
        };
        // Somebody else hands in a code of theirs, at the gateway that hears of it later.
        let bought: Vec<_> = (0..6).map(|_| bob.order(10_00).with_code(&code)).collect();
        let bought_by_bob = join_all(bought.iter().map(|order| order.deliver()));
        let (sold, spent, given, bought_by_bob, asked) = futures::join!(sold, spent, given, bought_by_bob, forgotten);
        assert!(bought_by_bob.iter().all(|order| order.is_accepted()), "{bought_by_bob:?}");
        for (order, refund) in sold {
            assert_eq!((order.status, refund.status), (StatusCode::OK, StatusCode::OK), "{order:?} {refund:?}");
            assert!(!order.is("parked") && !refund.is("parked"), "{order:?} {refund:?}");
        }
        for answer in spent.iter().chain(&given) {
            let expected = [StatusCode::CREATED, StatusCode::CONFLICT, StatusCode::SERVICE_UNAVAILABLE];
            let is_short = answer.code() == "insufficient_points";
            assert!(is_short || expected.contains(&answer.status), "{} {}", answer.status, answer.body);
        }
        completed(&shop, asked.body["id"].as_str().unwrap()).await;
        shop.has_seen_everything_of(Installation::shared()).await;
        adds_up(&shop, &id).await;
        hears_of_it(&elsewhere, &id).await;
        assert!(bob.order(10_00).with_code(&code).deliver().await.is_accepted());
        assert_eq!(bob.available().await, 70, "what others did is theirs");
    }
}

/// Nothing is left, everything is accounted for, and what the tables say is what the log says.
async fn adds_up(shop: &Shop, id: &str) {
    let read = |what: &str| {
        shop.api.get(&format!("/v1/customers/{id}/{what}")).query("min_position", shop.seen()).query("limit", 250)
    };
    assert_eq!(customer(shop, id).await["state"], "erased");
    let explained: Explanation = serde_json::from_value(read("balance/explanation").document().await).unwrap();
    assert!(explained.lots.iter().all(|lot| lot.remaining == 0) && explained.debt == 0, "{explained:#?}");
    let balance = read("balance").document().await;
    let of = |name: &str| balance[name].as_i64().unwrap();
    assert_eq!((of("available"), of("pending")), (0, 0));
    assert_eq!(of("lifetime_earned"), of("lifetime_redeemed") + of("lifetime_expired") + of("lifetime_forfeited"));
    let replayed = shop.api.get(&format!("/v1/customers/{id}/balance")).query("as_of", shop.seen()).document().await;
    for name in ["available", "pending", "lifetime_earned", "lifetime_redeemed", "lifetime_forfeited"] {
        assert_eq!(balance[name], replayed[name], "{name}: replay equals live");
    }
    let ledger = read("points_transactions").document().await;
    let lines = ledger["data"].as_array().unwrap();
    assert_eq!(lines.iter().map(|line| line["points"].as_i64().unwrap()).sum::<i64>(), 0, "{lines:#?}");
    assert!(lines.iter().all(|line| line["reason"].is_null()), "{lines:#?}");
}

/// The other gateway had them in memory a moment ago.
async fn hears_of_it(elsewhere: &Shop, id: &str) {
    let document = json!({ "points": 3, "reason": "late" });
    let path = format!("/v1/customers/{id}/points_adjustments");
    let late = elsewhere.api.post_once(&path, &document).send().await;
    assert_eq!((late.status.as_u16(), late.code()), (409, "customer_erased"));
    let shown = customer(elsewhere, id).await;
    assert_eq!((&shown["state"], &shown["email"]), (&json!("erased"), &Value::Null));
}
