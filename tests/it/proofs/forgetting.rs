//! People are forgotten, and every proof outlives them.

use projections::transparency::{KEY_USAGE, Names};
use proofs::{Checkpoint, Hash, inclusion};
use serde_json::Value;

use super::scene::Scene;
use crate::privacy::kit::{ask_to_forget, completed_at, shop_redact};

async fn forget_ada(scene: &Scene) -> String {
    let ada = scene.ada().id().await;
    let asked = ask_to_forget(&scene.shop, &ada).await;
    let request = asked.body["id"].as_str().unwrap().to_owned();
    completed_at(&scene.installation, &scene.shop, &request).await;
    request
}

#[tokio::test]
async fn the_log_and_its_read_models_are_verified_after_somebody_was_forgotten() {
    let scene = Scene::sealed().await;
    forget_ada(&scene).await;
    scene.seal().await.unwrap();
    let report = scene.verify().await;
    assert!(report.is_sound(), "{:?}", report.findings);
    assert_eq!(report.not_in_trees_yet, 0);
}

#[tokio::test]
async fn a_certificate_carries_the_proof_of_its_last_step() {
    let scene = Scene::sealed().await;
    let request = forget_ada(&scene).await;
    scene.seal().await.unwrap();
    let certificate = scene.shop.api.get(&format!("/v1/gdpr_requests/{request}/certificate")).document().await;
    let proof = &certificate["inclusion_proof"];
    let key = scene.installation.gateway.vault.installation().unwrap().signer(KEY_USAGE);
    let note = certificate["checkpoint"].as_str().expect("a signed checkpoint");
    let checkpoint = Checkpoint::open(note, &Names::new(key.public(), 0).key()).unwrap();
    let hash = |text: &Value| Hash::parse(text.as_str().unwrap()).unwrap();
    let hashes: Vec<Hash> = proof["hashes"].as_array().unwrap().iter().map(hash).collect();
    let (leaf, index) = (hash(&proof["leaf_hash"]), proof["leaf_index"].as_u64().unwrap());
    assert_eq!(inclusion(leaf, index, checkpoint.size, checkpoint.root, &hashes), Ok(()));
    assert_eq!(proof["position"], certificate["steps"].as_array().unwrap().last().unwrap()["position"]);
}

#[tokio::test]
async fn the_log_is_verified_after_a_whole_shop_was_forgotten() {
    let scene = Scene::sealed().await;
    // Asked for before: afterwards the shop's key opens nothing.
    assert!(shop_redact(&scene.shop).await.is_accepted());
    let subject = newest_request(&scene).await;
    completed_at(&scene.installation, &scene.shop, &subject).await;
    scene.seal().await.unwrap();
    let report = scene.verify().await;
    assert!(report.is_sound(), "{:?}", report.findings);
}

/// The only privacy request that the log knows.
async fn newest_request(scene: &Scene) -> String {
    let db = scene.database().await;
    let head = scene.journal().await.last_position().await.unwrap();
    let progress = &scene.installation.gateway.progress;
    assert!(progress.reached("gdpr_requests", head, std::time::Duration::from_secs(30)).await);
    let request: uuid::Uuid =
        sqlx::query_scalar("select request from read.gdpr_requests").fetch_one(&db).await.unwrap();
    aggregates::id::GdprRequestId(request).to_string()
}
