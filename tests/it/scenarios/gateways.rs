//! Two gateways in front of one log: whoever takes a webhook in, it counts once.

use std::collections::BTreeSet;

use futures::future::join_all;

use crate::support::{Installation, Shop, Shopper};

#[tokio::test]
async fn two_gateways_that_see_a_shopper_for_the_first_time_at_once_make_one_person() {
    let shop = Shop::open().await;
    let elsewhere = shop.at(Installation::second_gateway());
    let ada = shop.shopper();
    let ada_elsewhere = Shopper { shop: &elsewhere, external_id: ada.external_id };

    let orders: Vec<_> =
        (0..8).map(|n| if n % 2 == 0 { ada.order(50_00) } else { ada_elsewhere.order(50_00) }).collect();
    let deliveries = join_all(orders.iter().map(|order| order.deliver())).await;
    assert!(deliveries.iter().all(|delivery| delivery.is_accepted()), "{deliveries:?}");

    let positions: BTreeSet<_> = deliveries.iter().map(|delivery| delivery.position).collect();
    assert_eq!(positions.len(), 8, "{deliveries:?}");
    assert_eq!(ada.available().await, 400);
    assert_eq!(ada_elsewhere.available().await, 400);
    assert_eq!(ada.id().await, ada_elsewhere.id().await);
    let members = shop.api.get("/v1/customers").query("min_position", shop.seen()).document().await;
    assert_eq!(members["data"].as_array().unwrap().len(), 1, "{members}");
}
