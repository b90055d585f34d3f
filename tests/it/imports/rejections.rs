//! Rows that are turned away, and files that are.

use serde_json::json;

use super::kit::{hand_in, import, outcome, rejections};
use crate::support::Shop;

#[tokio::test]
async fn every_row_that_is_turned_away_says_why_and_nothing_else() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let file = format!(
        "\u{feff}external_id;email;points;expires_at\r\n\
         {0};ada@example.com;100;\r\n\
         {0};ada@example.com;100;\r\n\
         ;not-an-address;5;\r\n\
         ;bob@example.com;many;\r\n\
         ;bob@example.com;5;03/04/2041\r\n\
         ;bob@example.com;5;2020-01-01\r\n\
         ;bob@example.com;5\r\n",
        ada.external_id
    );
    let done = import(&shop, "", &file).await;
    assert_eq!(outcome(&done), [1, 0, 0, 6]);
    let row = |line, column: &str, reason: &str| (line, column.to_owned(), reason.to_owned());
    assert_eq!(
        rejections(&shop, &done).await,
        [
            row(3, "row", "duplicate_row"),
            row(4, "email", "not_an_email"),
            row(5, "points", "not_a_whole_number"),
            row(6, "expires_at", "ambiguous_date"),
            row(7, "expires_at", "expired_already"),
            row(8, "row", "wrong_number_of_fields"),
        ]
    );
    assert_eq!(ada.available().await, 100);
}

#[tokio::test]
async fn people_who_are_there_already_can_be_left_alone() {
    let shop = Shop::open().await;
    let (known, fresh) = (shop.shopper(), shop.shopper());
    assert!(known.order(10_00).deliver().await.is_accepted());
    let file = format!("external_id,points\n{},100\n{},100\n", known.external_id, fresh.external_id);
    let done = import(&shop, "?existing=reject", &file).await;
    assert_eq!(outcome(&done), [1, 0, 0, 1]);
    assert_eq!(rejections(&shop, &done).await, [(2, "row".to_owned(), "customer_exists".to_owned())]);
    assert_eq!((known.available().await, fresh.available().await), (10, 100));
}

#[tokio::test]
async fn whoever_was_forgotten_is_not_brought_back() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(10_00).deliver().await.is_accepted());
    let redact = json!({ "shop_id": 1, "shop_domain": shop.domain, "customer": { "id": ada.external_id } });
    assert!(shop.deliver("customers/redact", &redact.to_string()).await.is_accepted());
    shop.advance_days(5).await;
    let done = import(&shop, "", &format!("external_id,points\n{},100\n", ada.external_id)).await;
    assert_eq!(outcome(&done), [0, 0, 0, 1]);
    assert_eq!(rejections(&shop, &done).await, [(2, "row".to_owned(), "customer_erased".to_owned())]);
}

#[tokio::test]
async fn a_file_that_is_none_is_refused_and_leaves_nothing() {
    let shop = Shop::open().await;
    for (query, file, status) in [
        ("", "", 422),
        ("", "name,points\nAda,5\n", 422),
        ("?source=nobodys", "email,points\n", 400),
        ("?encoding=ebcdic", "email,points\n", 400),
    ] {
        let answer = hand_in(&shop, query, file).await;
        assert_eq!(answer.status.as_u16(), status, "{query} {file:?}: {}", answer.body);
    }
    let list = shop.api.get("/v1/imports").query("min_position", shop.seen()).document().await;
    assert_eq!(list["data"], json!([]));
    let empty = hand_in(&shop, "", "email,points\n").await;
    assert_eq!((empty.status.as_u16(), empty.body["state"].as_str()), (201, Some("finished")), "no rows, no work");
}
