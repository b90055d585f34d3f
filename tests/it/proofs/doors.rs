//! Checkpoints, proofs and tiles over HTTP, checked with nothing but the public key.

use projections::transparency::{KEY_USAGE, Names, TreeId};
use proofs::{Checkpoint, Frontier, Hash, consistency, inclusion};
use reqwest::StatusCode;
use serde_json::Value;

use super::scene::Scene;
use crate::support::Shop;

fn open(scene: &Scene, note: &str) -> Checkpoint {
    let key = scene.installation.gateway.vault.installation().unwrap().signer(KEY_USAGE);
    Checkpoint::open(note, &Names::new(key.public(), 0).key()).expect("signed by the installation")
}

fn origin(scene: &Scene, tree: TreeId) -> String {
    let key = scene.installation.gateway.vault.installation().unwrap().signer(KEY_USAGE);
    Names::new(key.public(), 0).origin(tree)
}

fn hashes(document: &Value) -> Vec<Hash> {
    document["hashes"].as_array().unwrap().iter().map(hash).collect()
}

fn hash(text: &Value) -> Hash {
    Hash::parse(text.as_str().unwrap()).unwrap()
}

async fn note(shop: &Shop, path: &str) -> String {
    shop.api.get(path).document().await.as_str().expect("a note is text").to_owned()
}

#[tokio::test]
async fn every_commit_of_a_merchant_is_proven_to_be_in_its_tree() {
    let scene = Scene::sealed().await;
    let newest = scene.newest_on_account(scene.ada()).await.position;
    let proof = scene.shop.api.get("/v1/audit/proofs/inclusion").query("position", newest).document().await;
    let checkpoint = open(&scene, proof["checkpoint"].as_str().unwrap());
    assert_eq!(checkpoint.origin, origin(&scene, TreeId::of(scene.shop.merchant)));
    let (leaf, index) = (hash(&proof["leaf_hash"]), proof["leaf_index"].as_u64().unwrap());
    assert_eq!(inclusion(leaf, index, checkpoint.size, checkpoint.root, &hashes(&proof)), Ok(()));
}

#[tokio::test]
async fn a_commit_that_is_not_signed_yet_will_be() {
    let scene = Scene::sealed().await;
    let position = scene.ada().order(10_00).deliver().await.position.unwrap();
    let progress = &scene.installation.gateway.progress;
    assert!(progress.reached("transparency", position, std::time::Duration::from_secs(30)).await);
    let ask = || scene.shop.api.get("/v1/audit/proofs/inclusion").query("position", position).send();
    let early = ask().await;
    assert_eq!((early.status, early.code()), (StatusCode::SERVICE_UNAVAILABLE, "read_model_behind"));
    scene.seal().await.unwrap();
    assert_eq!(ask().await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_checkpoint_that_was_kept_is_proven_to_be_the_beginning_of_the_newest() {
    let scene = Scene::sealed().await;
    let before = open(&scene, &note(&scene.shop, "/v1/audit/checkpoint").await);
    let top_before = open(&scene, &note(&scene.shop, "/audit/checkpoint").await);
    for _ in 0..3 {
        scene.ben().order(10_00).deliver().await;
        scene.seal().await.unwrap();
    }
    for (path, before) in [("/v1/audit/proofs/consistency", before), ("/audit/proofs/consistency", top_before)] {
        let proof = scene.shop.api.get(path).query("from", before.size).document().await;
        let after = open(&scene, proof["checkpoint"].as_str().unwrap());
        assert!(after.size > before.size && after.origin == before.origin);
        let (old, new) = ((before.size, before.root), (after.size, after.root));
        assert_eq!(consistency(old, new, &hashes(&proof)), Ok(()), "{path}");
        let backwards = scene.shop.api.get(path).query("from", after.size + 1).send().await;
        assert_eq!((backwards.status, backwards.code()), (StatusCode::BAD_REQUEST, "malformed_request"));
    }
}

#[tokio::test]
async fn a_merchants_checkpoint_is_proven_to_be_in_the_top_log() {
    let scene = Scene::sealed().await;
    let proof = scene.shop.api.get("/v1/audit/proofs/anchor").document().await;
    let checkpoint = open(&scene, proof["checkpoint"].as_str().unwrap());
    let top = open(&scene, proof["top_checkpoint"].as_str().unwrap());
    assert_eq!(top.origin, origin(&scene, TreeId::TOP));
    let leaf = Hash::of_leaf(&[checkpoint.text().as_bytes()]);
    assert_eq!(leaf, hash(&proof["leaf_hash"]));
    let index = proof["leaf_index"].as_u64().unwrap();
    assert_eq!(inclusion(leaf, index, top.size, top.root, &hashes(&proof)), Ok(()));
}

#[tokio::test]
async fn tiles_give_the_root_that_was_signed() {
    let scene = Scene::sealed().await;
    let checkpoint = open(&scene, &note(&scene.shop, "/v1/audit/checkpoint").await);
    let mut tree = Frontier::default();
    let path = format!("{}/v1/audit/tile/0/000.p/{}", scene.installation.url, checkpoint.size);
    let tile = reqwest::Client::new().get(path).bearer_auth(scene.shop.api.key()).send().await.unwrap();
    assert_eq!(tile.headers()["content-type"], "application/octet-stream");
    for leaf in tile.bytes().await.unwrap().chunks(32) {
        tree.push(Hash::from_bytes(leaf).unwrap(), |_, _| {});
    }
    assert_eq!((tree.size(), tree.root()), (checkpoint.size, checkpoint.root));
    for beyond in
        [format!("0/000.p/{}", checkpoint.size + 1), "0/000".to_owned(), "1/000.p/1".to_owned(), "x".to_owned()]
    {
        let answer = scene.shop.api.get(&format!("/v1/audit/tile/{beyond}")).send().await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{beyond}");
    }
}

#[tokio::test]
async fn nobody_sees_the_leaves_of_another_merchant() {
    let scene = Scene::sealed().await;
    let other = Shop::open_at(&scene.installation).await;
    scene.seal().await.unwrap();
    let theirs = scene.newest_on_account(scene.ada()).await.position;
    let answer = other.api.get("/v1/audit/proofs/inclusion").query("position", theirs).send().await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let checkpoint = open(&scene, &note(&other, "/v1/audit/checkpoint").await);
    assert_eq!(checkpoint.origin, origin(&scene, TreeId::of(other.merchant)));
    for path in
        ["checkpoint", "proofs/inclusion?position=1", "proofs/consistency?from=1", "proofs/anchor", "tile/0/000.p/1"]
    {
        let keyless = other.api.keyless(reqwest::Method::GET, &format!("/v1/audit/{path}")).send().await;
        assert_eq!(keyless.status, StatusCode::UNAUTHORIZED, "{path}");
    }
}
