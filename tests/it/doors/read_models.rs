//! Read models follow the log at their own pace; the shop never waits for them.

use reqwest::StatusCode;

use crate::support::{Answer, Installation, Shop};

#[tokio::test]
async fn webhooks_are_taken_in_while_the_read_models_stand_still_and_shown_when_they_go_on() {
    let installation = Installation::own().await;
    let shop = Shop::open_at(&installation).await;
    let ada = shop.shopper();
    assert!(ada.order(50_00).deliver().await.is_accepted());
    let id = ada.id().await;

    assert!(projections::set_paused(&installation.gateway.db, "balances", true).await.unwrap());
    assert!(ada.order(30_00).deliver().await.is_accepted());
    let behind: Answer =
        shop.api.get(&format!("/v1/customers/{id}/balance")).query("min_position", shop.seen()).send().await;
    assert_eq!(behind.status, StatusCode::SERVICE_UNAVAILABLE);

    assert!(projections::set_paused(&installation.gateway.db, "balances", false).await.unwrap());
    assert_eq!(ada.available().await, 80);
}
