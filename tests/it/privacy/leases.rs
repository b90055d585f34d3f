//! A process that stands still while somebody is forgotten: it holds nothing up, and finds nothing when it goes on.

use aggregates::id::CustomerId;
use gateway::{
    clock::new_id,
    commands::{CommandError, Request, adjust::Idempotency},
};
use journal::{Actor, Subject};
use uuid::Uuid;
use vault::VaultError;

use super::kit::forget;
use crate::support::{Installation, Shop, on_shared_runtime};

#[tokio::test]
async fn a_paused_process_cannot_hold_an_erasure_up_and_wakes_to_nothing() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(50_00).deliver().await.is_accepted());
    let id = ada.id().await;
    let person = CustomerId(Uuid::parse_str(id.strip_prefix("cus_").unwrap()).unwrap());
    let merchant = shop.merchant;
    // Nobody listens in this one: it has the keys and the account in memory and hears of nothing.
    let paused = Installation::shared().another_process().await;
    let (gateway, subject) = (paused.clone(), Subject::points(merchant, person));
    on_shared_runtime(async move {
        gateway.vault.person(merchant, person).await.unwrap();
        gateway.accounts.load(subject).await.unwrap();
    })
    .await;

    forget(&shop, &id).await;

    on_shared_runtime(async move {
        let keys = paused.vault.person(merchant, person).await;
        assert!(matches!(keys, Err(VaultError::Destroyed { .. })), "its lease has run out: {:?}", keys.map(|_| ()));
        let now = paused.now_of(merchant).await.unwrap();
        let actor = Actor::Operator("test".to_owned());
        let request = Request { merchant, now, actor, correlation: new_id(), traceparent: None };
        let key = Idempotency { route: "points_adjustments", key: "late".to_owned(), content: Vec::new() };
        let late = paused.adjust_points(&request, person, &key, 5, "late").await;
        assert!(matches!(late, Err(CommandError::CustomerErased)), "{:?}", late.map(|_| ()));
    })
    .await;
}
