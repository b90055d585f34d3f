//! A whole shop is forgotten: everything of it at once.

use reqwest::StatusCode;
use sqlx::AssertSqlSafe;

use super::kit::{completed, shop_redact};
use crate::support::{Installation, Shop, on_shared_runtime};

/// Rows of the merchant in every table that names one, but those that prove the erasure.
async fn rows_of(shop: &Shop) -> Vec<(String, i64)> {
    let (db, merchant) = (Installation::shared().gateway.db.clone(), shop.merchant.0);
    on_shared_runtime(async move {
        let tables: Vec<String> = sqlx::query_scalar(
            "select distinct table_schema || '.' || table_name from information_schema.columns
              where table_schema in ('read', 'vault') and column_name = 'merchant'
                and table_name not in ('gdpr_requests', 'audit_logs', 'person_keys') order by 1",
        )
        .fetch_all(&db)
        .await
        .unwrap();
        let mut rows = Vec::new();
        for table in tables {
            let count = AssertSqlSafe(format!("select count(*) from {table} where merchant = $1"));
            let count: i64 = sqlx::query_scalar(count).bind(merchant).fetch_one(&db).await.unwrap();
            if count > 0 {
                rows.push((table, count));
            }
        }
        rows
    })
    .await
}

#[tokio::test]
async fn a_forgotten_shop_is_let_in_no_more_and_nothing_of_it_is_left() {
    let (shop, other) = (Shop::open().await, Shop::open().await);
    let (ada, bob) = (shop.shopper(), other.shopper());
    assert!(ada.order(50_00).deliver().await.is_accepted());
    assert!(bob.order(30_00).deliver().await.is_accepted());
    ada.redeem(10).await;
    let unfit = serde_json::json!({ "id": "no number" }).to_string();
    assert!(shop.deliver("orders/create", &unfit).await.is("parked"));
    let id = ada.id().await;
    assert!(!rows_of(&shop).await.is_empty());

    let told = shop_redact(&shop).await;
    assert!(told.is_accepted(), "{told:?}");
    let asked = request_of(&shop).await;
    completed(&shop, &asked).await;
    let projected = shop.seen();
    other.has_seen(Some(projected));
    bob.available().await;

    let refused = shop.api.get(&format!("/v1/customers/{id}")).send().await;
    assert_eq!((refused.status, refused.code()), (StatusCode::UNAUTHORIZED, "unauthorized"));
    let unsigned = ada.order(10_00).deliver().await;
    assert_eq!(unsigned.status, StatusCode::UNAUTHORIZED, "{unsigned:?}");
    assert_eq!(shop_redact(&shop).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(rows_of(&shop).await, Vec::new());
    assert_eq!(bob.available().await, 30, "another shop notices nothing");

    // The shop installs the app again: a new merchant, with whom the old one has nothing to do.
    let again = shop.opened_again().await;
    assert_ne!(again.merchant, shop.merchant);
    assert!(again.known_as(ada.external_id).order(20_00).deliver().await.is_accepted());
    assert_eq!(again.known_as(ada.external_id).available().await, 20);
}

/// The only request of the shop, from the log: its own key opens no door any more.
async fn request_of(shop: &Shop) -> String {
    use futures::StreamExt;
    use journal::{Follow, SubjectId};
    let (journal, merchant) = (Installation::shared().gateway.journal.clone(), shop.merchant);
    let id = on_shared_runtime(async move {
        let mut commits = journal.follow(0, Follow::Merchant(merchant)).await.unwrap();
        loop {
            let commit = commits.next().await.unwrap().unwrap();
            if let (aggregates::Context::Gdpr, SubjectId::Uuid(id)) = (commit.subject.context, commit.subject.id) {
                return id;
            }
        }
    });
    format!("gdr_{}", id.await)
}
