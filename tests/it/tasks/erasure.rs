//! What was still to be done for somebody who is forgotten is not done, and nobody can read what it was.

use policies::tasks::NewPayload;
use serde_json::json;

use super::kit::{Probe, customer_id, enqueue, shown};
use crate::{
    privacy::kit::forget,
    support::{Installation, Shop, on_shared_runtime},
};

#[tokio::test]
async fn a_task_for_somebody_who_is_forgotten_is_discarded_and_its_content_is_gone() {
    let (shop, probe) = (Shop::open().await, Probe::new());
    let ada = shop.shopper();
    assert!(ada.order(10_00).deliver().await.is_accepted());
    let customer = ada.id().await;
    let personal = |key: &str, days| {
        let mut task = probe.task(key);
        task.customer = Some(customer_id(&customer));
        task.payload = NewPayload::Personal(b"ada@example.com: welcome".to_vec());
        task.not_before = Some(shop.now().plus_days(days));
        task
    };
    let now = probe.enqueue(&shop, personal("now", 0)).await.id;
    probe.run_due(&shop).await;
    assert_eq!(*probe.calls.lock().unwrap(), [(now, 1, b"ada@example.com: welcome".to_vec())]);

    let later = probe.enqueue(&shop, personal("later", 3)).await.id;
    forget(&shop, &customer).await;
    let db = Installation::shared().gateway.db.clone();
    let merchant = shop.merchant.0;
    let sealed: i64 = on_shared_runtime(async move {
        sqlx::query_scalar("select count(*) from read.queue_tasks where merchant = $1 and sealed_payload is not null")
            .bind(merchant)
            .fetch_one(&db)
            .await
            .unwrap()
    })
    .await;
    assert_eq!(sealed, 0);
    assert!(matches!(enqueue(&shop, personal("again", 0)).await, Err(policies::TaskError::CustomerErased)));

    shop.advance_days(4).await;
    probe.run_due(&shop).await;
    assert_eq!(probe.called(), 1);
    let discarded = shown(&shop, later).await;
    assert_eq!((&discarded["state"], &discarded["result"]), (&json!("discarded"), &json!("customer_erased")));
}
