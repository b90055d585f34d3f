//! Old rows may be let go of. What is younger, what was rolled up and what is computed stays what it was.

use projections::retention::{self, LetGo, Retention};
use serde_json::Value;

use super::kit::{all_caught_up, rebuild, remade, rows, verify};
use crate::{
    rfm::kit::{inhabited, next_window, rfm_as_of, rfm_of, segments, standing},
    support::{Installation, Shop, Shopper, on_shared_runtime},
};

const EVERYTHING: &str = "audit_logs=90,daily_totals=90,points_transactions=90,rfm_score_history=90";

/// A pass at the merchant's present.
async fn pass(installation: &Installation, shop: &Shop, setting: &str) -> Vec<LetGo> {
    let (db, now) = (installation.gateway.db.clone(), shop.now());
    let setting: Retention = setting.parse().unwrap();
    on_shared_runtime(async move { retention::pass(&db, &setting, now).await.unwrap() }).await
}

async fn totals(shop: &Shop, by: &str) -> Vec<(String, i64, i64)> {
    let (resource, name) = if by == "month" { ("monthly_totals", "month") } else { ("daily_totals", "day") };
    let page = shop.api.get(&format!("/v1/{resource}")).query("min_position", shop.seen()).document().await;
    let row = |row: &Value| {
        (row[name].as_str().unwrap().to_owned(), row["issued"].as_i64().unwrap(), row["outstanding"].as_i64().unwrap())
    };
    page["data"].as_array().unwrap().iter().map(row).collect()
}

async fn buys(shopper: Shopper<'_>, price_minor: i64) {
    assert!(shopper.order(price_minor).deliver().await.is_accepted());
}

#[tokio::test]
async fn what_is_old_goes_and_what_was_made_of_it_stays() {
    let installation = Installation::own().await;
    let shop = Shop::open_at(&installation).await;
    let (ada, bob) = (shop.shopper(), shop.shopper());
    buys(ada, 50_00).await;
    next_window(&shop).await;
    let long_ago = shop.now().to_rfc3339();
    shop.advance_days(10).await;
    buys(ada, 20_00).await;
    buys(bob, 30_00).await;
    next_window(&shop).await;
    shop.advance_days(120).await;
    buys(ada, 10_00).await;
    next_window(&shop).await;
    let lately = shop.now().to_rfc3339();
    shop.advance_days(5).await;
    all_caught_up(&installation).await;
    let counted = async || inhabited(&shop.api.get("/v1/rfm/segments").query("as_of", &lately).document().await);
    let before = (counted().await, standing(&rfm_as_of(ada, &lately).await), standing(&rfm_as_of(bob, &lately).await));
    let months = totals(&shop, "month").await;
    assert_eq!(months.iter().map(|(_, issued, _)| issued).sum::<i64>(), 110, "{months:?}");
    assert_eq!((ada.ledger().await.len(), totals(&shop, "day").await.len() > 2), (3, true));

    let gone = pass(&installation, &shop, EVERYTHING).await;
    assert!(gone.len() == 4 && gone.iter().all(|gone| gone.rows > 0), "{gone:?}");
    let again = pass(&installation, &shop, EVERYTHING).await;
    assert!(again.iter().all(|gone| gone.rows == 0), "{again:?}");

    assert_eq!((ada.available().await, ada.ledger().await), (80, vec![("earn".to_owned(), 10)]));
    assert_eq!(totals(&shop, "month").await, months);
    let days = totals(&shop, "day").await;
    assert_eq!(days.iter().map(|(_, issued, _)| issued).sum::<i64>(), 10, "{days:?}");
    assert_eq!(days[0].2, 110, "{days:?}");
    let now = (counted().await, standing(&rfm_as_of(ada, &lately).await), standing(&rfm_as_of(bob, &lately).await));
    assert_eq!(now, before);
    let too_long_ago = shop.api.get(&ada.path("rfm").await).query("as_of", &long_ago).send().await;
    assert_eq!((too_long_ago.status.as_u16(), too_long_ago.code()), (410, "not_kept"), "{}", too_long_ago.body);
    let too_long_ago = shop.api.get("/v1/rfm/segments").query("as_of", &long_ago).send().await;
    assert_eq!(too_long_ago.code(), "not_kept");
    let balance = shop.api.get(&ada.path("balance").await).query("as_of", &long_ago).document().await;
    assert_eq!(balance["available"], 50, "the log has kept everything");
    assert_eq!(rfm_of(ada).await["numbers"]["orders"], 3);
    assert_eq!(segments(&shop).await["buyers"], 2);

    // What is not in the table any more is no difference, and what comes back with a rebuild goes again.
    for name in remade() {
        let report = verify(&installation, name).await;
        assert!(report.is_clean(), "{name}: {report:#?}");
    }
    rebuild(&installation, "points_transactions", true).await;
    assert_eq!(ada.ledger().await.len(), 3);
    assert!(verify(&installation, "points_transactions").await.is_clean());
    let again = pass(&installation, &shop, EVERYTHING).await;
    assert_eq!(again.iter().map(|gone| gone.rows).sum::<u64>(), 3, "{again:?}");
}

#[tokio::test]
async fn tables_that_nobody_names_keep_everything_and_the_newest_month_stays_whole() {
    let installation = Installation::own().await;
    let shop = Shop::open_at(&installation).await;
    let ada = shop.shopper();
    buys(ada, 50_00).await;
    shop.advance_days(200).await;
    all_caught_up(&installation).await;
    let before = (rows(&installation, "read.audit_logs").await, rows(&installation, "read.daily_totals").await);
    let gone = pass(&installation, &shop, "daily_totals=90").await;
    assert_eq!(gone, [LetGo { table: "daily_totals", rows: 0 }], "nothing has happened since, so it may still change");
    assert_eq!((rows(&installation, "read.audit_logs").await, rows(&installation, "read.daily_totals").await), before);
    assert_eq!(ada.ledger().await.len(), 1);
}
