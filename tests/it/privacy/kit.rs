//! How shops and merchants ask, and how a test waits for the end of a request.

use aggregates::gdpr::GdprEvent;
use futures::StreamExt;
use journal::{Follow, Subject, SubjectId};
use projections::projection::events_of;
use reqwest::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Answer, Delivery, Installation, Shop, Shopper, on_shared_runtime};

/// `customers/redact` as the shop sends it; the orders make one request different from the next.
pub fn redact_of(shopper: Shopper<'_>, orders: &[u64]) -> String {
    let customer = json!({ "id": shopper.external_id, "email": null, "phone": null });
    json!({ "shop_id": 1, "shop_domain": shopper.shop.domain, "customer": customer, "orders_to_redact": orders })
        .to_string()
}

pub async fn redact(shopper: Shopper<'_>) -> Delivery {
    shopper.shop.deliver("customers/redact", &redact_of(shopper, &[])).await
}

pub async fn shop_redact(shop: &Shop) -> Delivery {
    let body = json!({ "shop_id": 1, "shop_domain": shop.domain });
    shop.deliver("shop/redact", &body.to_string()).await
}

/// The merchant asks to have a customer forgotten.
pub async fn ask_to_forget(shop: &Shop, customer: &str) -> Answer {
    let asked = json!({ "type": "customers/redact", "customer_id": customer });
    let answer = shop.api.post_once("/v1/gdpr_requests", &asked).send().await;
    shop.has_seen(answer.body["position"].as_u64());
    answer
}

/// Asks, and waits until it is done; gives the request's id.
pub async fn forget(shop: &Shop, customer: &str) -> String {
    let asked = ask_to_forget(shop, customer).await;
    assert_eq!(asked.status, StatusCode::CREATED, "{}", asked.body);
    let id = asked.body["id"].as_str().unwrap().to_owned();
    completed(shop, &id).await;
    id
}

/// The newest request of the shop, as the list has it.
pub async fn newest_request(shop: &Shop) -> Value {
    let page = shop.api.get("/v1/gdpr_requests").query("min_position", shop.seen()).document().await;
    page["data"].as_array().unwrap().last().unwrap_or_else(|| panic!("no request: {page}")).clone()
}

/// Waits until a request of the shared installation is completed.
pub async fn completed(shop: &Shop, request: &str) {
    completed_at(Installation::shared(), shop, request).await;
}

/// Waits for the event in the log itself: nothing tells of it earlier.
pub async fn completed_at(installation: &Installation, shop: &Shop, request: &str) {
    let request = Uuid::parse_str(request.strip_prefix("gdr_").unwrap()).unwrap();
    let (journal, merchant) = (installation.gateway.journal.clone(), shop.merchant);
    let position = on_shared_runtime(async move {
        let mut commits = journal.follow(0, Follow::Merchant(merchant)).await.unwrap();
        loop {
            let commit = commits.next().await.unwrap().unwrap();
            let Subject { context: aggregates::Context::Gdpr, id: SubjectId::Uuid(id), .. } = commit.subject else {
                continue;
            };
            let ends = |event: &GdprEvent| matches!(event, GdprEvent::Completed(_));
            if id == request && events_of::<GdprEvent>(&commit).unwrap().iter().any(ends) {
                return commit.position;
            }
        }
    })
    .await;
    shop.has_seen(Some(position));
}

/// The customer by our id, after everything that was answered so far.
pub async fn customer(shop: &Shop, id: &str) -> Value {
    shop.api.get(&format!("/v1/customers/{id}")).query("min_position", shop.seen()).document().await
}

pub async fn request(shop: &Shop, id: &str) -> Value {
    shop.api.get(&format!("/v1/gdpr_requests/{id}")).document().await
}
