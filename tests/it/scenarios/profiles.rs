//! Profiles as the shop states them, one after the other.

use serde_json::json;

use crate::support::Shop;

#[tokio::test]
async fn a_profile_that_is_changed_back_is_believed() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    for (email, minute) in [("one@example.com", 1), ("two@example.com", 2), ("one@example.com", 3)] {
        let updated_at = format!("2026-11-22T10:0{minute}:00Z");
        let stated = json!({ "id": ada.external_id, "email": email, "updated_at": updated_at }).to_string();
        assert!(shop.deliver("customers/update", &stated).await.is_accepted());
        assert!(shop.deliver("customers/update", &stated).await.is_duplicate());
    }
    assert_eq!(ada.find().await["email"], "one@example.com");
}
