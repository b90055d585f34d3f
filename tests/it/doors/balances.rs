//! Balances for many readers at once.

use futures::future::join_all;

use crate::support::Shop;

/// More than are answered by one query.
const READERS: usize = 60;

#[tokio::test]
async fn readers_who_share_a_query_are_each_answered_about_their_own() {
    let shop = Shop::open().await;
    let (ada, bea) = (shop.shopper(), shop.shopper());
    assert!(ada.order(50_00).deliver().await.is_accepted());
    assert!(bea.order(30_00).deliver().await.is_accepted());
    let known = [(ada.path("balance").await, 50), (bea.path("balance").await, 30)];
    assert_eq!((ada.available().await, bea.available().await), (50, 30), "the read model is there");
    let nobody = format!("/v1/customers/cus_{}/balance", gateway::clock::new_id());

    let shop = &shop;
    let answers = join_all((0..READERS).map(|reader| {
        let (path, points) = known.get(reader % 3).map_or((&nobody, None), |(path, points)| (path, Some(*points)));
        async move { (shop.api.get(path).send().await, points) }
    }));

    for (answer, points) in answers.await {
        match points {
            Some(points) => assert_eq!(answer.body["available"], points),
            None => assert_eq!(answer.status.as_u16(), 404),
        }
    }
}
