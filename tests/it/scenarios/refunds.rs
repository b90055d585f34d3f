//! What a refund takes back: the share of what the order was given, whatever the rules say by then and in whatever order
//! the shop tells it.

use futures::future::join_all;
use serde_json::json;

use crate::support::{Explanation, Order, Refund, Shop, Shopper};

#[tokio::test]
async fn a_full_refund_takes_back_what_was_awarded_though_the_rule_pays_double_by_now() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let order = ada.order(50_00);
    assert!(order.deliver().await.is_accepted());
    assert_eq!(ada.available().await, 50);

    shop.pays("2").await;
    assert!(ada.order(10_00).deliver().await.is_accepted());
    assert_eq!(ada.available().await, 70, "the new rule is in force");
    assert!(order.full_refund().deliver().await.is_accepted());
    assert_eq!(ada.available().await, 20, "exactly 50 went back");
}

#[tokio::test]
async fn a_full_refund_takes_back_what_was_awarded_though_the_rule_is_gone() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let order = ada.order(50_00);
    assert!(order.deliver().await.is_accepted());
    assert!(ada.adjust(7, "a kind word").await.status.is_success());

    shop.publish(json!({ "earning_rules": [] })).await;
    assert!(ada.order(10_00).deliver().await.is_accepted());
    assert_eq!(ada.available().await, 57, "nothing is earned any more");
    assert!(order.full_refund().deliver().await.is_accepted());
    assert_eq!(ada.available().await, 7, "exactly 50 went back");
}

#[tokio::test]
async fn partial_refunds_take_back_their_share_and_never_more_than_there_was() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let order = ada.order(0).with(|order| order.lines = vec![(10_00, 2), (30_00, 1)]);
    assert!(order.deliver().await.is_accepted());
    assert_eq!(ada.available().await, 50);

    assert!(order.refund_of(&[(0, 1)]).deliver().await.is_accepted());
    assert_eq!(ada.available().await, 40, "one piece of 10.00");
    assert!(order.refund_of_amount(16_67).deliver().await.is_accepted());
    assert_eq!(ada.available().await, 23, "16.67 by hand leaves 23.33, of which whole points are kept");
    assert!(order.full_refund().deliver().await.is_accepted());
    assert_eq!(ada.available().await, 0, "more money went back than was ever paid, but no more points");

    let lot = ada.explanation().await.lot_of(order.id()).clone();
    assert_eq!((lot.source.awarded, lot.source.reversed, lot.remaining), (Some(50), Some(50), 0));
    ada.books_balance().await;
}

#[tokio::test]
async fn a_refund_that_arrives_before_its_order_waits_for_it() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let order = ada.order(0).with(|order| order.lines = vec![(20_00, 1), (30_00, 1)]);
    let refund = order.refund_of(&[(0, 1)]);

    let early = refund.deliver().await;
    assert!(early.is_accepted(), "{early:?}");
    let again = refund.deliver().await;
    assert!(again.is_duplicate(), "{again:?}");
    assert_eq!(again.position, early.position);

    assert!(order.deliver().await.is_accepted());
    assert_eq!(ada.available().await, 30);
    let late = refund.deliver().await;
    assert!(late.is_duplicate(), "{late:?}");
    assert_eq!(late.position, early.position, "a duplicate names the position where it was first recorded");
    assert_eq!(ada.available().await, 30);
}

/// The four tellings of one order that is cancelled with its money back.
#[derive(Clone)]
struct Tellings<'a> {
    created: Order<'a>,
    cancelled: Order<'a>,
    refund: Refund<'a>,
    /// Carries the refund inside.
    updated: Order<'a>,
}

impl<'a> Tellings<'a> {
    fn of(shopper: Shopper<'a>) -> Tellings<'a> {
        let created = shopper.order(50_00);
        let cancelled = created.cancelled();
        let refund = cancelled.full_refund();
        let updated = cancelled.later(|order| {
            order.refunds = vec![refund.sample.clone()];
            order.financial_status = "refunded".to_owned();
        });
        Tellings { created, cancelled, refund, updated }
    }

    async fn deliver(&self, which: usize) {
        let delivery = match which {
            0 => self.created.deliver().await,
            1 => self.cancelled.tell("orders/cancelled").await,
            2 => self.refund.deliver().await,
            _ => self.updated.tell("orders/updated").await,
        };
        assert!(delivery.is_accepted() || delivery.is_duplicate(), "{which}: {delivery:?}");
    }
}

#[tokio::test]
async fn a_cancellation_and_its_refund_are_one_reversal_in_whatever_order_they_are_told() {
    let shop = Shop::open().await;
    let tell = |order: [usize; 4]| {
        let shop = &shop;
        async move {
            let shopper = shop.shopper();
            let tellings = Tellings::of(shopper);
            for which in order {
                tellings.deliver(which).await;
            }
            shopper.books_balance().await;
            (tellings.created.id(), shopper.explanation().await)
        }
    };
    let ends: Vec<(u64, Explanation)> = join_all(permutations().into_iter().map(tell)).await;
    assert_eq!(ends.len(), 24);
    for (order_id, end) in ends {
        assert_eq!((end.balance.available, end.balance.lifetime_earned, end.debt), (0, 0, 0), "{end:#?}");
        let lot = end.lot_of(order_id);
        assert_eq!((lot.source.awarded, lot.source.reversed), (Some(50), Some(50)), "{lot:#?}");
        assert_eq!((lot.granted, lot.reversed, lot.remaining), (50, 50, 0), "{lot:#?}");
    }
}

/// All orders of four things.
fn permutations() -> Vec<[usize; 4]> {
    let mut all = Vec::new();
    for code in 0..256 {
        let order = [code & 3, (code >> 2) & 3, (code >> 4) & 3, (code >> 6) & 3];
        if (0..4).all(|which| order.contains(&which)) {
            all.push(order);
        }
    }
    all
}

#[tokio::test]
async fn an_order_that_was_voided_earned_nothing() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let order = ada.order(50_00);
    assert!(order.deliver().await.is_accepted());
    let voided = order.later(|order| order.financial_status = "voided".to_owned());
    assert!(voided.tell("orders/updated").await.is_accepted());
    assert_eq!(ada.available().await, 0);
    assert_eq!(ada.ledger().await, [("reversal".to_owned(), -50), ("earn".to_owned(), 50)]);
}
