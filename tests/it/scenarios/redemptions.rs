//! Points spent for a code, and the ways they come back: always into the lots they were taken from.

use serde_json::json;

use crate::support::Shop;

#[tokio::test]
async fn a_refunded_order_gives_the_points_of_its_code_back_to_their_lots_with_their_dates() {
    let shop = Shop::open().await;
    shop.publish(json!({ "expiry": { "kind": "after_earning", "days": 365 } })).await;
    let ada = shop.shopper();
    let earning = ada.order(100_00);
    assert!(earning.deliver().await.is_accepted());
    let before = ada.explanation().await.lot_of(earning.id()).clone();

    let redemption = ada.redeem(60).await;
    assert_eq!((redemption.status.as_str(), ada.available().await), ("active", 40));
    shop.advance_days(10).await;
    let redeeming = ada.order(50_00).with_code(&redemption.code);
    assert!(redeeming.deliver().await.is_accepted());
    assert_eq!(ada.available().await, 90);

    assert!(redeeming.full_refund().deliver().await.is_accepted());
    let explanation = ada.explanation().await;
    assert_eq!(explanation.balance.available, 100);
    assert_eq!(explanation.balance.lifetime_redeemed, 0);
    let after = explanation.lot_of(earning.id());
    assert_eq!((after.remaining, after.redeemed), (100, 0));
    assert_eq!(after.expires_at, before.expires_at);
    assert_eq!(explanation.lot_of(redeeming.id()).remaining, 0);
    let used = ada.cancel(&redemption).await;
    assert_eq!((used.status.as_u16(), used.code()), (409, "redemption_used"));
}

#[tokio::test]
async fn a_cancelled_order_gives_all_points_of_its_code_back() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(100_00).deliver().await.is_accepted());
    let redemption = ada.redeem(60).await;
    // Shoppers type as they like.
    let redeeming = ada.order(50_00).with_code(&redemption.code.to_lowercase());
    assert!(redeeming.deliver().await.is_accepted());
    let cancelled = redeeming.cancelled();
    assert!(cancelled.tell("orders/cancelled").await.is_accepted());
    assert_eq!(ada.available().await, 100);
    assert!(cancelled.full_refund().deliver().await.is_accepted());
    assert_eq!(ada.available().await, 100, "the refund of a cancelled order gives nothing back twice");
}

#[tokio::test]
async fn a_partial_refund_gives_back_its_share_of_the_code() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(100_00).deliver().await.is_accepted());
    let redemption = ada.redeem(60).await;
    let redeeming = ada.order(0).with_code(&redemption.code).with(|order| {
        order.lines = vec![(20_60, 1), (30_00, 1)];
        order.discount_minor = 60;
    });
    assert!(redeeming.deliver().await.is_accepted());
    assert_eq!(ada.available().await, 40 + 50);

    assert!(redeeming.refund_of(&[(0, 1)]).deliver().await.is_accepted());
    assert_eq!(ada.available().await, 40 + 24 + 30, "20 of 50 went back, and so do two fifths of 60 points");
    assert!(redeeming.refund_of(&[(1, 1)]).deliver().await.is_accepted());
    assert_eq!(ada.available().await, 100);
    ada.books_balance().await;
}

#[tokio::test]
async fn a_code_stays_the_redeemers_whoever_types_it_in() {
    let shop = Shop::open().await;
    let (ada, bob) = (shop.shopper(), shop.shopper());
    assert!(ada.order(50_00).deliver().await.is_accepted());
    let redemption = ada.redeem(30).await;
    let order = bob.order(20_00).with_code(&redemption.code);
    assert!(order.deliver().await.is_accepted());
    assert_eq!((ada.available().await, bob.available().await), (20, 20));
    assert!(order.full_refund().deliver().await.is_accepted());
    assert_eq!((ada.available().await, bob.available().await), (50, 0));
}

#[tokio::test]
async fn a_guest_who_types_in_a_code_and_gives_the_goods_back_gives_the_points_to_the_redeemer() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(50_00).deliver().await.is_accepted());
    let redemption = ada.redeem(30).await;
    let order =
        shop.guest_order(0).with_code(&redemption.code).with(|order| order.lines = vec![(10_00, 1), (10_00, 1)]);
    assert!(order.deliver().await.is_accepted());
    assert_eq!(ada.available().await, 20);
    assert!(order.refund_of(&[(0, 1)]).deliver().await.is_accepted());
    assert_eq!(ada.available().await, 35);
    assert!(order.cancelled().tell("orders/cancelled").await.is_accepted());
    assert_eq!(ada.available().await, 50);

    // Claiming the order later gives nothing back twice.
    let bob = shop.shopper();
    let claimed = order.cancelled().later(|order| order.customer_id = Some(bob.external_id));
    assert!(claimed.tell("orders/updated").await.is_accepted());
    assert_eq!((ada.available().await, bob.available().await), (50, 0));
}

#[tokio::test]
async fn one_code_serves_one_order() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(50_00).deliver().await.is_accepted());
    let redemption = ada.redeem(30).await;
    let (first, second) = (ada.order(20_00).with_code(&redemption.code), ada.order(20_00).with_code(&redemption.code));
    for order in [&first, &second] {
        assert!(order.deliver().await.is_accepted());
    }
    assert!(second.full_refund().deliver().await.is_accepted());
    assert_eq!(ada.available().await, 40, "the second order's own points went, the code was not its");
    assert!(first.full_refund().deliver().await.is_accepted());
    assert_eq!(ada.available().await, 50);
    ada.books_balance().await;
}

#[tokio::test]
async fn points_that_expire_first_are_spent_first_and_the_explanation_says_so() {
    let shop = Shop::open().await;
    shop.publish(json!({ "expiry": { "kind": "after_earning", "days": 365 } })).await;
    let ada = shop.shopper();
    let lasting = ada.order(50_00);
    assert!(lasting.deliver().await.is_accepted());
    shop.publish(json!({ "expiry": { "kind": "after_earning", "days": 30 } })).await;
    let fleeting = ada.order(40_00);
    assert!(fleeting.deliver().await.is_accepted());

    let redemption = ada.redeem(60).await;
    let explanation = ada.explanation().await;
    let taken = |order: u64| {
        let mut movements = explanation.lot_of(order).movements.iter();
        let redeemed = movements.find(|movement| movement.kind == "redeemed").unwrap();
        assert_eq!(redeemed.redemption_id.as_deref(), Some(redemption.id.as_str()));
        redeemed.points
    };
    assert_eq!((taken(fleeting.id()), taken(lasting.id())), (40, 20));
}

#[tokio::test]
async fn a_cancelled_redemption_returns_to_its_lots_and_cancelling_again_changes_nothing() {
    let shop = Shop::open().await;
    shop.publish(json!({ "expiry": { "kind": "after_earning", "days": 30 } })).await;
    let ada = shop.shopper();
    let (first, second) = (ada.order(50_00), ada.order(50_00));
    assert!(first.deliver().await.is_accepted());
    shop.advance_days(5).await;
    assert!(second.deliver().await.is_accepted());
    let before = ada.explanation().await.canonical();

    let redemption = ada.redeem(70).await;
    let cancelled = ada.cancel(&redemption).await;
    assert_eq!((cancelled.status.as_u16(), &cancelled.body["status"]), (201, &json!("cancelled")));
    assert_eq!(ada.explanation().await.canonical(), before);
    let again = ada.cancel(&redemption).await;
    assert_eq!((again.status.as_u16(), again.header("idempotent-replayed")), (201, "true"));
    assert_eq!(again.body["position"], cancelled.body["position"]);
    assert_eq!(ada.available().await, 100);
    assert_eq!(ada.ledger().await[..2], [("refund".to_owned(), 70), ("redeem".to_owned(), -70)]);

    // A code that was given back buys nothing: the order that still carries it returns nothing.
    let order = ada.order(10_00).with_code(&redemption.code);
    assert!(order.deliver().await.is_accepted());
    assert!(order.full_refund().deliver().await.is_accepted());
    assert_eq!(ada.available().await, 100);
}

#[tokio::test]
async fn points_that_come_back_after_their_expiry_live_for_a_grace_time() {
    let shop = Shop::open().await;
    shop.publish(json!({ "expiry": { "kind": "after_earning", "days": 30 } })).await;
    let ada = shop.shopper();
    let order = ada.order(50_00);
    assert!(order.deliver().await.is_accepted());
    let redemption = ada.redeem(20).await;
    shop.advance_days(31).await;
    assert_eq!(ada.available().await, 0, "what was not spent has expired");

    assert_eq!(ada.cancel(&redemption).await.status, 201);
    assert_eq!(ada.available().await, 20);
    assert_eq!(ada.balance().await["next_expiry"]["points"], 20);
    shop.advance_days(13).await;
    assert_eq!(ada.available().await, 20);
    shop.advance_days(1).await;
    assert_eq!(ada.available().await, 0);
    assert_eq!(ada.explanation().await.lot_of(order.id()).expired, 50);
    ada.books_balance().await;
}

#[tokio::test]
async fn a_repeated_order_with_a_code_is_answered_with_what_its_first_telling_led_to() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(100_00).deliver().await.is_accepted());
    let redemption = ada.redeem(60).await;
    let using = ada.order(40_00).with_code(&redemption.code);
    let told = using.deliver().await;
    let refunded = using.full_refund().deliver().await;
    assert!(told.is_accepted() && refunded.is_accepted());
    let again = using.deliver().await;
    assert!(again.is_duplicate(), "{again:?}");
    assert_eq!(again.position, told.position);
    assert_eq!(ada.available().await, 100);
    ada.books_balance().await;
}
