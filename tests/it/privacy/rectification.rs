//! A profile was wrong and is corrected: what it said before is in no read model, and finds nobody any more.

use gateway::shopify::sample::CustomerSample;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Installation, Shop, on_shared_runtime};

async fn sealed_profile(shop: &Shop, id: &str) -> Vec<u8> {
    let customer = Uuid::parse_str(id.strip_prefix("cus_").unwrap()).unwrap();
    let (db, merchant) = (Installation::shared().gateway.db.clone(), shop.merchant.0);
    on_shared_runtime(async move {
        sqlx::query_scalar("select profile from read.customers where merchant = $1 and customer = $2")
            .bind(merchant)
            .bind(customer)
            .fetch_one(&db)
            .await
            .unwrap()
    })
    .await
}

/// Everything binary in the schema of the read models.
async fn somewhere(value: Vec<u8>) -> Vec<String> {
    let db = Installation::shared().gateway.db.clone();
    on_shared_runtime(async move {
        let columns: Vec<(String, String)> = sqlx::query_as(
            "select table_name::text, column_name::text from information_schema.columns
              where table_schema = 'read' and data_type = 'bytea'",
        )
        .fetch_all(&db)
        .await
        .unwrap();
        let mut places = Vec::new();
        for (table, column) in columns {
            let look = format!("select exists (select from read.{table} where position($1 in {column}) > 0)");
            let found: bool = sqlx::query_scalar(sqlx::AssertSqlSafe(look)).bind(&value).fetch_one(&db).await.unwrap();
            places.extend(found.then(|| format!("{table}.{column}")));
        }
        places
    })
    .await
}

#[tokio::test]
async fn what_was_wrong_is_in_no_read_model_and_finds_nobody() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let wrong = format!("wrong-{}@example.com", ada.external_id);
    let right = format!("right-{}@example.com", ada.external_id);
    let profile = CustomerSample {
        email: Some(wrong.clone()),
        phone: Some("+12025550143".to_owned()),
        updated_at: shop.now(),
        ..CustomerSample::new(ada.external_id)
    };
    assert!(shop.deliver("customers/create", &profile.body()).await.is_accepted());
    let id = ada.id().await;
    let before = sealed_profile(&shop, &id).await;
    assert_eq!(somewhere(before.clone()).await, ["customers.profile"]);

    let corrected = CustomerSample {
        email: Some(right.clone()),
        phone: None,
        updated_at: profile.updated_at.plus_seconds(60),
        ..profile.clone()
    };
    assert!(shop.deliver("customers/update", &corrected.body()).await.is_accepted());
    assert_eq!(ada.find().await["email"], Value::from(right.clone()));
    assert_eq!(somewhere(before).await, Vec::<String>::new());
    // A late telling of the wrong one makes it findable no more than before.
    assert!(!shop.deliver("customers/update", &profile.body()).await.is_accepted());
    for (search, found) in
        [(json!({ "email": wrong }), 0), (json!({ "phone": "+12025550143" }), 0), (json!({ "email": right }), 1)]
    {
        let page = shop.api.post("/v1/customers/search", &search).query("min_position", shop.seen()).document().await;
        assert_eq!(page["data"].as_array().unwrap().len(), found, "{search}");
    }
}
