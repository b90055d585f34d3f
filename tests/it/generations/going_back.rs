//! A rebuild while a shop goes on, and the way back.

use projections::generation::{
    fill::own_tables,
    switch::{self, ByWorkers, SwitchError},
};

use super::kit::{all_caught_up, generations, model, rebuild, rows, sql, verify};
use crate::{
    privacy::kit::{ask_to_forget, completed_at},
    support::{Installation, Shop, on_shared_runtime},
};

async fn have_read(installation: &Installation, name: &'static str, number: i32) -> Result<i32, SwitchError> {
    let db = installation.gateway.db.clone();
    on_shared_runtime(async move {
        let tables = own_tables(model(name).as_ref()).unwrap();
        switch::switch(&db, name, tables, number, &mut ByWorkers).await
    })
    .await
}

/// A hundred orders, each of them shown before the next is told.
async fn goes_on(shop: &Shop) {
    let ada = shop.shopper();
    for orders in 1..=100 {
        assert!(ada.order(10_00).deliver().await.is_accepted());
        assert_eq!(ada.available().await, orders * 10, "nobody reads less than they have written");
    }
}

#[tokio::test]
async fn a_shop_goes_on_while_its_read_models_are_made_anew_and_while_they_are_taken_back() {
    let installation = Installation::own().await;
    let shop = Shop::open_at(&installation).await;
    let ben = shop.shopper();
    assert!(ben.order(50_00).deliver().await.is_accepted());
    let changes = async {
        let (new, before) = rebuild(&installation, "balances", true).await;
        assert_eq!(before, Some(1));
        rebuild(&installation, "customers", true).await;
        assert_eq!(have_read(&installation, "balances", 1).await.unwrap(), new, "back to the first");
        assert_eq!(have_read(&installation, "balances", new).await.unwrap(), 1, "and to the second again");
        new
    };
    let (new, ()) = tokio::join!(changes, goes_on(&shop));
    all_caught_up(&installation).await;
    assert!(verify(&installation, "balances").await.is_clean());
    let found = generations(&installation, "balances").await;
    assert_eq!(found.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [new, 1]);
    assert_eq!(ben.available().await, 50);
    assert!(matches!(have_read(&installation, "balances", new).await, Err(SwitchError::AlreadyLive(_))));
    assert!(matches!(have_read(&installation, "balances", 99).await, Err(SwitchError::Unknown(99))));
}

#[tokio::test]
async fn the_generation_before_is_kept_up_until_it_is_dropped_and_nobody_forgotten_stays_in_it() {
    let installation = Installation::own().await;
    let shop = Shop::open_at(&installation).await;
    let (ada, bob) = (shop.shopper(), shop.shopper());
    for shopper in [ada, bob] {
        assert!(shopper.order(50_00).deliver().await.is_accepted());
    }
    rebuild(&installation, "customers", true).await;
    rebuild(&installation, "points_transactions", true).await;
    assert!(ada.order(20_00).deliver().await.is_accepted());
    assert!(shop.shopper().order(10_00).deliver().await.is_accepted());
    let asked = ask_to_forget(&shop, &ada.id().await).await;
    completed_at(&installation, &shop, asked.body["id"].as_str().unwrap()).await;
    all_caught_up(&installation).await;
    for (live, spare) in [
        ("read.customers", "spare_customers_1.customers"),
        ("read.points_transactions", "spare_points_transactions_1.points_transactions"),
    ] {
        is_kept_up(&installation, live, spare).await;
    }
    drop_first(&installation, "customers").await;
    assert_eq!(generations(&installation, "customers").await.len(), 1);
    assert!(bob.order(10_00).deliver().await.is_accepted());
    assert_eq!(bob.available().await, 60, "what is read goes on");
}

#[tokio::test]
async fn a_page_goes_on_in_the_next_generation_where_it_ended_in_the_one_before() {
    let installation = Installation::own().await;
    let shop = Shop::open_at(&installation).await;
    let ada = shop.shopper();
    for price in [10_00, 20_00, 30_00, 40_00] {
        assert!(ada.order(price).deliver().await.is_accepted());
    }
    let whole = ada.transactions().await;
    let path = ada.path("points_transactions").await;
    let first = shop.api.get(&path).query("limit", 2).document().await;
    rebuild(&installation, "points_transactions", true).await;
    let second = shop.api.get(&path).query("cursor", first["next_cursor"].as_str().unwrap()).document().await;
    let pages = [&first, &second].map(|page| page["data"].as_array().unwrap().clone()).concat();
    assert_eq!(pages, whole);
}

/// Spares are fed by the same workers, each for itself.
async fn is_kept_up(installation: &Installation, live: &str, spare: &str) {
    const LOOKS: usize = 1_000;
    for _ in 0..LOOKS {
        if rows(installation, live).await == rows(installation, spare).await {
            return;
        }
    }
    panic!("{spare} is not what {live} is");
}

async fn drop_first(installation: &Installation, name: &'static str) {
    let db = installation.gateway.db.clone();
    on_shared_runtime(async move { switch::drop_generation(&db, name, 1).await.unwrap() }).await;
}

#[tokio::test]
async fn a_log_that_was_moved_and_is_quiet_since_is_still_the_log_of_the_generation_that_is_read() {
    let installation = Installation::own_without_policies().await;
    let shop = Shop::open_at(&installation).await;
    let ada = shop.shopper();
    assert!(ada.order(50_00).deliver().await.is_accepted());
    all_caught_up(&installation).await;
    // A stream has its birthday in its name, and another one after the move; nothing has been written since.
    sql(&installation, "update read.checkpoint set stream = 'JOURNAL of yesterday' where projection = 'balances'")
        .await;
    assert_eq!(rebuild(&installation, "balances", true).await, (2, Some(1)));
    assert_eq!(ada.available().await, 50);
}
