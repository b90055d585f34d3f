//! Everything out, and in again.

use gateway::shopify::sample::CustomerSample;
use serde_json::{Value, json};

use super::kit::{import, outcome};
use crate::support::{Shop, Shopper};

async fn export(shop: &Shop, resource: &str, query: &str) -> String {
    let path = format!("/v1/exports/{resource}{query}");
    let text = shop.api.get(&path).query("min_position", shop.seen()).document().await;
    // A table of one row is a document by itself.
    text.as_str().map_or_else(|| format!("{text}\n"), str::to_owned)
}

/// Lots with anything in them, by what does not depend on where they are.
async fn holdings(shopper: Shopper<'_>) -> (i64, i64, Vec<(i64, String, String, Option<String>)>) {
    let explanation = shopper.explanation().await;
    let lots = explanation.lots.into_iter().filter(|lot| lot.remaining > 0);
    let mut lots: Vec<_> = lots.map(|lot| (lot.remaining, lot.earned_at, lot.available_at, lot.expires_at)).collect();
    lots.sort();
    (explanation.balance.available, explanation.balance.pending, lots)
}

#[tokio::test]
async fn what_was_exported_can_be_imported_elsewhere_with_the_same_lots() {
    let (from, to) = (Shop::open().await, Shop::open().await);
    let (ada, bob) = (from.shopper(), from.shopper());
    let profile = CustomerSample {
        email: Some("ada@example.com".to_owned()),
        first_name: "Ada, \"the\nfirst\"".to_owned(),
        phone: Some("+49301234567".to_owned()),
        updated_at: from.now(),
        ..CustomerSample::new(ada.external_id)
    };
    assert!(from.deliver("customers/create", &profile.body()).await.is_accepted());
    assert!(ada.order(30_00).deliver().await.is_accepted());
    from.publish(json!({ "expiry": { "kind": "after_earning", "days": 100 } })).await;
    assert!(ada.order(20_00).deliver().await.is_accepted());
    from.publish(json!({ "hold": { "days": 14 }, "expiry": { "kind": "inactivity", "days": 200 } })).await;
    assert!(ada.order(10_00).deliver().await.is_accepted());
    ada.redeem(5).await;
    let refunded = bob.order(50_00);
    assert!(refunded.deliver().await.is_accepted());
    from.publish(json!({ "hold": { "days": 0 } })).await;
    let spent = bob.order(70_00);
    assert!(spent.deliver().await.is_accepted());
    bob.redeem(70).await;
    assert!(spent.full_refund().deliver().await.is_accepted());
    assert_eq!(bob.available().await, -70);

    let file = export(&from, "customers", "").await;
    let done = import(&to, "", &file).await;
    assert_eq!(outcome(&done), [5, 0, 0, 0], "{file}");
    for (here, there) in [(ada, to.known_as(ada.external_id)), (bob, to.known_as(bob.external_id))] {
        assert_eq!(holdings(there).await, holdings(here).await);
        there.books_balance().await;
    }
    let (here, there) = (ada.find().await, to.known_as(ada.external_id).find().await);
    for field in ["email", "phone", "first_name", "external_id"] {
        assert_eq!(there[field], here[field], "{field}");
    }

    // Brought back to where it came from, it is about what they have already, or have spent since.
    let back = import(&from, "", &file).await;
    assert_eq!(outcome(&back), [0, 0, 5, 0]);
}

#[tokio::test]
async fn an_export_that_was_cut_short_goes_on_behind_any_row() {
    let shop = Shop::open().await;
    for _ in 0..3 {
        let shopper = shop.shopper();
        for price in [10_00, 20_00] {
            assert!(shopper.order(price).deliver().await.is_accepted());
        }
    }
    for resource in ["customers", "points_transactions", "audit_logs"] {
        let whole = export(&shop, resource, "?format=jsonl").await;
        let rows: Vec<&str> = whole.lines().collect();
        assert!(rows.len() >= 6, "{resource}: {whole}");
        for (place, row) in rows.iter().enumerate() {
            let row: Value = serde_json::from_str(row).unwrap();
            let rest =
                export(&shop, resource, &format!("?format=jsonl&after={}", row["cursor"].as_str().unwrap())).await;
            assert_eq!(rest.lines().collect::<Vec<_>>(), rows[place + 1..], "{resource} behind row {place}");
        }
    }
}

#[tokio::test]
async fn a_ledger_leaves_with_everything_that_is_said_of_its_lines() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let order = ada.order(10_00);
    assert!(order.deliver().await.is_accepted());
    ada.adjust(5, "goodwill, really").await;
    let lines: Vec<Value> = export(&shop, "points_transactions", "?format=jsonl")
        .await
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0]["reference_id"], order.id().to_string());
    assert_eq!((&lines[1]["type"], &lines[1]["reason"]), (&json!("adjustment"), &json!("goodwill, really")));
    let csv = export(&shop, "points_transactions", "").await;
    assert!(csv.contains("\"goodwill, really\""), "{csv}");
    let stranger = Shop::open().await;
    assert_eq!(export(&stranger, "points_transactions", "?format=jsonl").await, "");
    assert_eq!(shop.api.get("/v1/exports/nothing").send().await.status, 404);
}
