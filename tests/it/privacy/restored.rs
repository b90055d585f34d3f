//! The log and the deletion journal know of each other: whichever of the two was brought back from before, it is noticed.

use std::{fs, path::Path};

use aggregates::id::{CustomerId, GdprRequestId};
use gateway::clock::new_id;
use loyalnest::composition;
use uuid::Uuid;
use vault::{DeletionEntry, DeletionSubject};

use super::kit::{ask_to_forget, completed_at, customer, request};
use crate::support::{Installation, Shop, on_shared_runtime};

fn person(id: &str) -> CustomerId {
    CustomerId(Uuid::parse_str(id.strip_prefix("cus_").unwrap()).unwrap())
}

#[tokio::test]
async fn what_the_deletion_journal_says_and_the_log_has_lost_is_executed_again() {
    let installation = Installation::own().await;
    let shop = Shop::open_at(&installation).await;
    let ada = shop.shopper();
    assert!(ada.order(50_00).deliver().await.is_accepted());
    let id = ada.id().await;
    let lost = GdprRequestId(new_id());
    // As a log from before the request has it: not at all.
    let entry = DeletionEntry {
        request: lost,
        merchant: shop.merchant,
        subject: DeletionSubject::Person(person(&id)),
        keys: Vec::new(),
        at: shop.now(),
    };
    let (config, vault) = (installation.config.clone(), installation.gateway.vault.clone());
    on_shared_runtime(async move {
        let deletions = composition::deletions::open(&config, &vault).unwrap();
        deletions.append(vec![entry]).await.unwrap();
    })
    .await;

    installation.another_process().await;
    completed_at(&installation, &shop, &lost.to_string()).await;
    assert_eq!(request(&shop, &lost.to_string()).await["source"], "deletion_journal");
    assert_eq!(customer(&shop, &id).await["state"], "erased");
}

#[tokio::test]
async fn beside_a_deletion_journal_that_has_lost_its_end_nobody_is_served() {
    let installation = Installation::own().await;
    let shop = Shop::open_at(&installation).await;
    let ada = shop.shopper();
    assert!(ada.order(50_00).deliver().await.is_accepted());
    let asked = ask_to_forget(&shop, &ada.id().await).await;
    completed_at(&installation, &shop, asked.body["id"].as_str().unwrap()).await;
    for place in &installation.config.deletion_journal {
        without_its_last_line(place);
    }
    let refused = installation.try_another_process().await.err().expect("it must not start");
    assert!(refused.contains("deletion journal"), "{refused}");
}

fn without_its_last_line(path: &Path) {
    let text = fs::read_to_string(path).unwrap();
    let cut = text.trim_end().rfind('\n').unwrap() + 1;
    fs::write(path, &text[..cut]).unwrap();
}
