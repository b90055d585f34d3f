//! Points by hand, with a reason that only the people involved can read.

use serde_json::json;

use crate::support::Shop;

#[tokio::test]
async fn points_by_hand_carry_their_reason() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(50_00).deliver().await.is_accepted());
    let added = ada.adjust(25, "lost parcel of Ms Lovelace").await;
    assert_eq!((added.status.as_u16(), &added.body["balance"]["available"]), (201, &json!(75)));
    let taken = ada.adjust(-60, "typed one zero too many").await;
    assert_eq!((taken.status.as_u16(), &taken.body["balance"]["available"]), (201, &json!(15)));
    assert_eq!(ada.available().await, 15);

    let lines = ada.transactions().await;
    let told: Vec<_> = lines.iter().map(|line| (&line["type"], &line["points"], &line["reason"])).collect();
    assert_eq!(told[0], (&json!("adjustment"), &json!(-60), &json!("typed one zero too many")));
    assert_eq!(told[1], (&json!("adjustment"), &json!(25), &json!("lost parcel of Ms Lovelace")));
    assert_eq!(lines[0]["reference"]["kind"], "points_adjustment");
}

#[tokio::test]
async fn nobody_is_adjusted_below_zero_unless_the_merchant_allows_it() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(10_00).deliver().await.is_accepted());
    assert_eq!(ada.adjust(-15, "allowed by default").await.body["balance"]["available"], -5);
    assert!(ada.adjust(5, "back to zero").await.status.is_success());

    shop.publish(json!({ "negative_balance": "clamp" })).await;
    let refused = ada.adjust(-1, "no more").await;
    assert_eq!((refused.status.as_u16(), refused.code()), (422, "insufficient_points"));
    assert_eq!(ada.available().await, 0);
}

#[tokio::test]
async fn an_adjustment_of_nothing_or_without_a_reason_is_refused_with_a_pointer() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(10_00).deliver().await.is_accepted());
    for (points, reason, pointer) in
        [(0, "nothing", "/points"), (1, "  ", "/reason"), (i64::MAX, "too much", "/points"), (i64::MIN, "", "/reason")]
    {
        let refused = ada.adjust(points, reason).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert_eq!(refused.body["pointer"], pointer);
    }
    assert_eq!(ada.available().await, 10);
}
