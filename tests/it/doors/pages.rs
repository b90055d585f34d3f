//! Lists come in pages that fit together, whatever is added meanwhile.

use futures::{StreamExt, stream};
use serde_json::Value;

use crate::support::{Shop, Shopper};

const LINES: i64 = 120;
const AT_ONCE: usize = 8;

async fn page(shop: &Shop, path: &str, limit: usize, cursor: Option<&str>) -> Value {
    let call = shop.api.get(path).query("limit", limit).query("min_position", shop.seen());
    match cursor {
        Some(cursor) => call.query("cursor", cursor).document().await,
        None => call.document().await,
    }
}

/// All pages; `meanwhile` is done after each.
async fn all(shop: &Shop, path: &str, limit: usize, meanwhile: impl AsyncFn()) -> Vec<Vec<Value>> {
    let mut pages = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = page(shop, path, limit, cursor.as_deref()).await;
        pages.push(page["data"].as_array().unwrap().clone());
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        assert_eq!(page["has_more"], cursor.is_some());
        if cursor.is_none() {
            return pages;
        }
        meanwhile().await;
    }
}

async fn with_many_lines(shop: &Shop) -> Shopper<'_> {
    let ada = shop.shopper();
    assert!(ada.order(1_00).deliver().await.is_accepted());
    let adjustments = (1..LINES).map(|points| ada.adjust(points, "one of many"));
    stream::iter(adjustments).buffer_unordered(AT_ONCE).for_each(async |answer| assert_eq!(answer.status, 201)).await;
    ada
}

#[tokio::test]
async fn pages_of_a_ledger_fit_together_while_new_lines_arrive() {
    let shop = Shop::open().await;
    let ada = with_many_lines(&shop).await;
    let path = ada.path("points_transactions").await;
    let meanwhile = async || assert_eq!(ada.adjust(1_000_000, "meanwhile").await.status, 201);
    let pages = all(&shop, &path, 50, meanwhile).await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [50, 50, 20]);

    let lines = pages.concat();
    let mut points: Vec<i64> = lines.iter().map(|line| line["points"].as_i64().unwrap()).collect();
    let positions: Vec<u64> = lines.iter().map(|line| line["position"].as_u64().unwrap()).collect();
    assert!(positions.is_sorted_by(|newer, older| newer > older), "newest first: {positions:?}");
    points.sort_unstable();
    assert_eq!(points, [[1].as_slice(), &(1..LINES).collect::<Vec<_>>()].concat(), "each line once, and none of later");
    let ids: std::collections::BTreeSet<&str> = lines.iter().map(|line| line["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), lines.len());

    let newest = page(&shop, &path, 2, None).await;
    assert_eq!((&newest["data"][0]["points"], &newest["data"][1]["points"]), (&1_000_000.into(), &1_000_000.into()));
    let default = shop.api.get(&path).document().await;
    assert_eq!(default["data"].as_array().unwrap().len(), 50);
    let largest = page(&shop, &path, 100_000, None).await;
    assert_eq!(largest["data"].as_array().unwrap().len(), 122);
}

#[tokio::test]
async fn pages_of_customers_fit_together() {
    let shop = Shop::open().await;
    for _ in 0..7 {
        assert!(shop.shopper().order(1_00).deliver().await.is_accepted());
    }
    let enrol = async || assert!(shop.shopper().order(1_00).deliver().await.is_accepted());
    let pages = all(&shop, "/v1/customers", 3, enrol).await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 1]);
}

#[tokio::test]
async fn a_cursor_that_was_not_given_out_is_refused() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(1_00).deliver().await.is_accepted());
    let lists = ["/v1/customers".to_owned(), "/v1/gdpr_requests".to_owned(), ada.path("points_transactions").await];
    for path in lists {
        for cursor in ["x", "****", "AAAA"] {
            let refused = shop.api.get(&path).query("cursor", cursor).send().await;
            assert_eq!((refused.status.as_u16(), refused.code()), (400, "invalid_cursor"), "{path} {cursor}");
        }
    }
}
