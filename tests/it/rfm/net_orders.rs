//! What counts is merchandise that was paid for and kept.

use aggregates::money::Currency;
use gateway::shopify::sample::CustomerSample;

use super::kit::{counted, inhabited, next_window, rfm_of, segments, standing, stands};
use crate::support::Shop;

#[tokio::test]
async fn buyers_have_segments_from_the_first_window_on_and_others_are_prospects() {
    let shop = Shop::open().await;
    let (ada, visitor) = (shop.shopper(), shop.shopper());
    assert!(ada.order(50_00).deliver().await.is_accepted());
    let profile = CustomerSample { updated_at: shop.now(), ..CustomerSample::new(visitor.external_id) }.body();
    assert!(shop.deliver("customers/create", &profile).await.is_accepted());
    let before = rfm_of(ada).await;
    assert!(before["segment"].is_null() && before["window"].is_null(), "{before}");
    assert_eq!(before["numbers"]["orders"], 1);
    let waiting = segments(&shop).await;
    assert_eq!((&waiting["window"], &waiting["prospects"]), (&serde_json::Value::Null, &1.into()));

    next_window(&shop).await;
    let answer = rfm_of(ada).await;
    assert_eq!(standing(&answer), stands("new", "511", 1, 50_00));
    assert_eq!(answer["window"]["method"], "fixed_thresholds_for_few_buyers");
    assert_eq!(answer["numbers"]["spend"]["currency"], "EUR");
    assert_eq!(answer["reasons"][1]["text"], "1 order counted: less than 2 orders scores 1.");
    assert_eq!(answer["reasons"].as_array().unwrap().len(), 3);
    let nobody = rfm_of(visitor).await;
    assert_eq!((&nobody["segment"], &nobody["scores"]), (&"prospect".into(), &serde_json::Value::Null));

    let all = segments(&shop).await;
    assert_eq!(inhabited(&all), counted([("new", 1)]));
    assert_eq!((&all["buyers"], &all["window"]["definition_version"]), (&1.into(), &1.into()));
    assert_eq!(all["segments"].as_array().unwrap().len(), 11);
    assert_eq!(all["prospects"], 1, "who has bought nothing");
}

#[tokio::test]
async fn what_went_back_or_never_was_does_not_count() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let kept = ada.order(0).with(|order| order.lines = vec![(70_00, 1), (30_00, 1)]);
    let returned = ada.order(60_00);
    let cancelled = ada.order(40_00);
    let never = [
        ada.order(80_00).with(|order| order.test = true),
        ada.order(90_00).with(|order| order.financial_status = "voided".to_owned()),
        ada.order(0).with(|order| {
            order.lines = Vec::new();
            order.gift_cards = vec![(100_00, 1)];
        }),
    ];
    for order in [&kept, &returned, &cancelled].into_iter().chain(&never) {
        let delivery = order.deliver().await;
        assert!(delivery.is_accepted(), "{delivery:?}");
    }
    assert!(kept.refund_of(&[(1, 1)]).deliver().await.is_accepted());
    assert!(returned.full_refund().deliver().await.is_accepted());
    assert!(cancelled.cancelled().tell("orders/cancelled").await.is_accepted());
    next_window(&shop).await;
    assert_eq!(standing(&rfm_of(ada).await), stands("new", "511", 1, 70_00));
}

#[tokio::test]
async fn who_gives_everything_back_is_a_prospect_again() {
    let shop = Shop::open().await;
    let (ada, bob) = (shop.shopper(), shop.shopper());
    let only = ada.order(50_00);
    assert!(only.deliver().await.is_accepted());
    assert!(bob.order(50_00).deliver().await.is_accepted());
    next_window(&shop).await;
    assert_eq!(inhabited(&segments(&shop).await), counted([("new", 2)]));
    assert!(only.full_refund().deliver().await.is_accepted());
    shop.settle().await;
    assert_eq!(rfm_of(ada).await["segment"], "prospect");
    let all = segments(&shop).await;
    assert_eq!((inhabited(&all), &all["prospects"]), (counted([("new", 1)]), &1.into()));
}

#[tokio::test]
async fn a_merge_makes_one_buyer_of_two() {
    let shop = Shop::open().await;
    let (a, b) = (shop.shopper(), shop.shopper());
    let returned = a.order(300_00);
    for order in [a.order(200_00), returned.clone(), b.order(100_00)] {
        assert!(order.deliver().await.is_accepted());
    }
    next_window(&shop).await;
    assert_eq!(standing(&rfm_of(a).await), stands("promising", "523", 2, 500_00));
    assert_eq!(inhabited(&segments(&shop).await), counted([("new", 1), ("promising", 1)]));

    let gone = a.id().await;
    let apart = shop.seen();
    assert!(shop.merge(b, a).await.is_accepted());
    shop.settle().await;
    // Asked for by the id that is gone, it is the kept profile that is told; before the merge it was somebody else.
    let path = format!("/v1/customers/{gone}/rfm");
    let by_gone = shop.api.get(&path).query("min_position", shop.seen()).document().await;
    assert_eq!((&by_gone["customer_id"], standing(&by_gone)), (&b.id().await.into(), standing(&rfm_of(b).await)));
    let before = shop.api.get(&path).query("as_of", apart).document().await;
    assert_eq!((&before["customer_id"], standing(&before)), (&gone.into(), stands("promising", "523", 2, 500_00)));
    assert_eq!(segments(&shop).await["prospects"], 0);
    assert_eq!(standing(&rfm_of(b).await), stands("promising", "523", 3, 600_00));
    assert_eq!(inhabited(&segments(&shop).await), counted([("promising", 1)]));
    // A's order comes back, and it is B who has given it back.
    assert!(returned.full_refund().deliver().await.is_accepted());
    shop.settle().await;
    assert_eq!(standing(&rfm_of(b).await), stands("promising", "522", 2, 300_00));
}

#[tokio::test]
async fn orders_in_a_currency_that_the_shop_has_given_up_are_left_out() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let old = ada.order(10_00).with(|order| order.currency = Currency::parse("SEK").unwrap());
    for order in [old, ada.order(20_00), ada.order(30_00)] {
        assert!(order.deliver().await.is_accepted());
    }
    next_window(&shop).await;
    let answer = rfm_of(ada).await;
    assert_eq!(standing(&answer), stands("promising", "521", 2, 50_00));
    assert_eq!(answer["window"]["currency"], "EUR");
}

#[tokio::test]
async fn foreign_buyers_do_not_exist() {
    let (shop, other) = (Shop::open().await, Shop::open().await);
    let ada = shop.shopper();
    assert!(ada.order(50_00).deliver().await.is_accepted());
    next_window(&shop).await;
    let foreign = other.api.get(&ada.path("rfm").await).send().await;
    assert_eq!((foreign.status.as_u16(), foreign.code()), (404, "not_found"));
    assert_eq!(segments(&other).await["buyers"], 0);
}
