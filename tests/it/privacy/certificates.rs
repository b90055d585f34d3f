//! What a certificate says, and that it says nothing personal.

use serde_json::{Value, json};

use super::kit::forget;
use crate::support::Shop;

/// In the order in which a person is forgotten.
const STEPS: [&str; 9] = [
    "fence",
    "forfeit",
    "deletion_journal",
    "destroy_keys",
    "rotate_bucket",
    "scrub_read_models",
    "drop_caches",
    "erase",
    "verify",
];

#[tokio::test]
async fn a_certificate_says_what_was_done_when_and_where_in_the_log() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(50_00).deliver().await.is_accepted());
    let id = ada.id().await;
    let asked = forget(&shop, &id).await;
    let path = format!("/v1/gdpr_requests/{asked}/certificate");
    let certificate = shop.api.get(&path).document().await;

    let steps = certificate["steps"].as_array().unwrap();
    let names: Vec<&str> = steps.iter().map(|step| step["step"].as_str().unwrap()).collect();
    assert_eq!(names, STEPS);
    let positions: Vec<u64> = steps.iter().map(|step| step["position"].as_u64().unwrap()).collect();
    assert!(positions.is_sorted() && positions[0] > certificate["received_position"].as_u64().unwrap());
    assert_eq!((&certificate["outcome"], &certificate["scope"]), (&json!("erased"), &json!("person")));
    assert_eq!((&certificate["key_ids"], &certificate["customer_ids"]), (&json!([id]), &json!([id])));
    assert!(!certificate["bucket_keys"].as_array().unwrap().is_empty());
    assert!(certificate["old_key_copies_gone_by"].is_string() && certificate["deletion_sequence"].is_u64());
    assert_eq!(steps[1]["evidence"], json!({ "points_forfeited": 50, "codes_disabled": 0 }));

    let page = shop.api.get(&path).header("Accept", "text/html").send().await;
    assert!(page.header("content-type").starts_with("text/html"), "{:?}", page.headers);
    let Value::String(page) = page.body else { panic!("not a page") };
    for told in [asked.as_str(), id.as_str(), "Certificate of erasure", "points forfeited: 50"] {
        assert!(page.contains(told), "{told}");
    }
    let personal = [ada.external_id.to_string(), format!("shopper-{}", ada.external_id), "Probst".to_owned()];
    for personal in personal {
        assert!(!page.contains(&personal) && !certificate.to_string().contains(&personal), "{personal}");
    }
}
