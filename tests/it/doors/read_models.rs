//! Read models follow the log at their own pace; the shop never waits for them.

use crate::support::{Installation, Shop};

async fn pause(installation: &Installation, paused: bool) {
    for name in projections::NAMES {
        assert!(projections::set_paused(&installation.gateway.db, name, paused).await.unwrap(), "{name}");
    }
}

#[tokio::test]
async fn webhooks_are_taken_in_while_the_read_models_stand_still_and_shown_when_they_go_on() {
    let installation = Installation::own().await;
    let shop = Shop::open_at(&installation).await;
    let ada = shop.shopper();
    let order = ada.order(50_00);
    assert!(order.deliver().await.is_accepted());
    assert_eq!(ada.available().await, 50);
    assert_eq!(ada.ledger().await, [("earn".to_owned(), 50)]);
    let (balance, ledger) = (ada.path("balance").await, ada.path("points_transactions").await);

    pause(&installation, true).await;
    assert!(order.full_refund().deliver().await.is_accepted());
    assert!(ada.order(30_00).deliver().await.is_accepted());
    assert!(shop.shopper().order(10_00).deliver().await.is_accepted());
    for path in [&balance, &ledger] {
        let behind = shop.api.get(path).query("min_position", shop.seen()).send().await;
        assert_eq!((behind.status.as_u16(), behind.code()), (503, "read_model_behind"), "{path}");
        assert!(!behind.header("retry-after").is_empty(), "{path}");
    }
    let stale = shop.api.get(&ledger).document().await;
    assert_eq!(stale["data"].as_array().map(Vec::len), Some(1), "without a demand it is read as it is");

    pause(&installation, false).await;
    assert_eq!(ada.available().await, 30);
    ada.books_balance().await;
}
