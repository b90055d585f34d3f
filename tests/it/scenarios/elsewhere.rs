//! What one gateway has done and the other has not heard of yet.

use serde_json::json;

use crate::support::{Installation, Shop, Shopper};

#[tokio::test]
async fn a_code_bought_at_one_is_known_where_the_account_is_in_memory_as_it_was() {
    let shop = Shop::open().await;
    let elsewhere = shop.at(Installation::second_gateway());
    let ada = shop.shopper();
    let ada_elsewhere = Shopper { shop: &elsewhere, external_id: ada.external_id };
    assert!(ada_elsewhere.order(100_00).deliver().await.is_accepted());
    ada.shop.has_seen_everything_of(Installation::second_gateway()).await;
    let redemption = ada.redeem(60).await;

    let using = ada_elsewhere.order(40_00).with_code(&redemption.code);
    assert!(using.deliver().await.is_accepted());
    let refused = ada.cancel(&redemption).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (409, "redemption_used"));
    assert!(using.full_refund().deliver().await.is_accepted());
    elsewhere.has_seen_everything_of(Installation::second_gateway()).await;
    assert_eq!(ada_elsewhere.available().await, 100);
}

#[tokio::test]
async fn a_merge_at_one_is_followed_by_the_other() {
    let shop = Shop::open().await;
    let elsewhere = shop.at(Installation::second_gateway());
    let (kept, deleted) = (shop.shopper(), shop.shopper());
    assert!(kept.order(50_00).deliver().await.is_accepted());
    assert!(deleted.order(50_00).deliver().await.is_accepted());
    let kept_id = kept.id().await;
    let merged = elsewhere.merge(
        Shopper { shop: &elsewhere, external_id: kept.external_id },
        Shopper { shop: &elsewhere, external_id: deleted.external_id },
    );
    let merged = merged.await;
    assert!(merged.is_accepted(), "{merged:?}");
    shop.has_seen(merged.position);
    assert_eq!(deleted.find().await["id"], kept_id.as_str());
    let stated = json!({ "id": deleted.external_id, "email": "late@example.com" }).to_string();
    assert!(shop.deliver("customers/update", &stated).await.is("ignored"));
    assert_eq!(kept.available().await, 100);
}

#[tokio::test]
async fn settings_published_at_one_do_not_turn_refunds_away_at_the_other() {
    let shop = Shop::open().await;
    let elsewhere = shop.at(Installation::second_gateway());
    let ada = shop.shopper();
    assert!(elsewhere.shopper().order(1_00).deliver().await.is_accepted(), "it has the old settings in memory");
    shop.pays("3").await;
    let order = ada.order(50_00);
    assert!(order.deliver().await.is_accepted());
    let told = elsewhere.webhook("refunds/create", order.full_refund().sample.body()).send().await;
    assert!(told.is_accepted(), "{told:?}");
    shop.has_seen(told.position);
    assert_eq!(ada.available().await, 0);
}
