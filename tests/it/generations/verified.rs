//! Whoever changes a row behind the projections is found out, with the row and what of it.

use projections::generation::compare::How;

use super::kit::{all_caught_up, generations, sql, verify};
use crate::support::{Installation, Shop};

#[tokio::test]
async fn rows_that_were_changed_removed_or_invented_are_named() {
    let installation = Installation::own().await;
    let shop = Shop::open_at(&installation).await;
    let ada = shop.shopper();
    assert!(ada.order(50_00).deliver().await.is_accepted());
    assert!(ada.order(20_00).deliver().await.is_accepted());
    all_caught_up(&installation).await;
    let customer = ada.id().await.replace("cus_", "");

    sql(&installation, "update read.points_transactions set points = points + 1 where points = 20").await;
    let report = verify(&installation, "points_transactions").await;
    let table = &report.tables[0];
    assert_eq!((table.table.as_str(), table.rows, table.differing), ("read.points_transactions", 2, 1));
    let first = table.first.as_ref().unwrap();
    assert!(first.key.contains(&customer), "{first:?}");
    assert_eq!(first.how, How::Columns(vec!["points".to_owned()]));

    sql(&installation, "delete from read.customers").await;
    let report = verify(&installation, "customers").await;
    assert_eq!(report.tables[0].first.as_ref().map(|first| &first.how), Some(&How::Missing));

    sql(&installation, "insert into read.books_days values (gen_random_uuid(), '2020-01-01', 1, 0, 0, 0, 0, 0)").await;
    let report = verify(&installation, "books").await;
    assert_eq!((report.tables[0].differing, report.tables[1].differing), (1, 0), "{report:#?}");
    assert_eq!(report.tables[0].first.as_ref().map(|first| &first.how), Some(&How::Invented));
    assert_eq!(generations(&installation, "books").await.len(), 1, "what was made for it is gone");
}
